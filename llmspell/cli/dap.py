"""``llmspell dap``: the debug adapter."""

import argparse
from collections.abc import Sequence


def main(arguments: Sequence[str]) -> int:
    """Serve the client at stdin and stdout, or all that connect."""
    parser = argparse.ArgumentParser(
        prog="llmspell dap",
        description="Be a debug adapter (Debug Adapter Protocol) on stdin and stdout, "
        "as editors start it, or for any number of clients over TCP.",
    )
    parser.add_argument(
        "--listen",
        metavar="HOST:PORT",
        type=_address,
        help="accept connections and give each a process of its own; port 0 lets the system "
        "choose one; the address is said on stderr",
    )
    chosen = parser.parse_args(arguments)
    from llmspell.wiring import serve_dap

    return serve_dap(["--listen", chosen.listen] if chosen.listen else ["--stdio"])


def _address(text: str) -> str:
    from llmspell.wiring import check_address

    return check_address(text)
