"""``llmspell lsp``: the language server."""

import argparse
from collections.abc import Sequence


def main(arguments: Sequence[str]) -> int:
    """Serve the client at stdin and stdout, or all that connect."""
    parser = argparse.ArgumentParser(
        prog="llmspell lsp",
        description="Be a language server for Lua (Language Server Protocol) on stdin and stdout, "
        "as editors start it, or for any number of clients over TCP.",
    )
    parser.add_argument(
        "--listen",
        metavar="HOST:PORT",
        type=_address,
        help="accept connections; port 0 lets the system choose one; the address is said on stderr",
    )
    parser.add_argument(
        "--lua",
        default="5.4",
        metavar="VERSION",
        help="5.1 … 5.5, luajit (5.4), for clients that have no setting llmspell.lua.version",
    )
    # What vscode-languageclient adds to the command of every server.
    parser.add_argument("--stdio", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    from llmspell.wiring import serve_lsp

    return serve_lsp(chosen.listen, chosen.lua)


def _address(text: str) -> str:
    from llmspell.wiring import check_address

    return check_address(text)
