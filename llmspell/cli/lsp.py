"""``llmspell lsp``: the language server."""

import argparse
from collections.abc import Sequence

from llmspell.cli.global_options import GlobalOptions
from llmspell.cli.parsing import CliParser


def make_parser() -> CliParser:
    """The command's parser."""
    parser = CliParser(
        prog="llmspell lsp",
        description="Be a language server for Lua (Language Server Protocol) on stdin and stdout, "
        "as editors start it, or for any number of clients over TCP.",
        examples=(
            "llmspell lsp  # as editors start it",
            "llmspell lsp --listen 127.0.0.1:0  # for any number of clients",
        ),
    )
    parser.add_argument(
        "--listen",
        metavar="HOST:PORT",
        type=_address,
        help="accept connections; port 0 lets the system choose one; the address is said on stderr",
    )
    parser.add_argument(
        "--lua",
        default="",
        metavar="VERSION",
        help="5.1 … 5.5, luajit, for clients that have no setting llmspell.lua.version; otherwise "
        "the one that is configured (5.4)",
    )
    # What vscode-languageclient adds to the command of every server.
    parser.add_argument("--stdio", action="store_true", help=argparse.SUPPRESS)
    return parser


def main(arguments: Sequence[str], _options: GlobalOptions) -> int:
    """Serve the client at stdin and stdout, or all that connect."""
    chosen = make_parser().parse_args(arguments)
    from llmspell.wiring import serve_lsp

    return serve_lsp(chosen.listen, chosen.lua)


def _address(text: str) -> str:
    from llmspell.wiring import check_address

    return check_address(text)
