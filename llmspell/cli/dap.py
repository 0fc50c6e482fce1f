"""``llmspell dap``: the debug adapter."""

from collections.abc import Sequence

from llmspell.cli.global_options import GlobalOptions
from llmspell.cli.parsing import CliParser


def make_parser() -> CliParser:
    """The command's parser."""
    parser = CliParser(
        prog="llmspell dap",
        description="Be a debug adapter (Debug Adapter Protocol) on stdin and stdout, "
        "as editors start it, or for any number of clients over TCP. A program whose launch "
        "configuration names no `lua` runs on the one that is configured where it runs.",
        examples=(
            "llmspell dap  # as editors start it",
            "llmspell dap --listen 127.0.0.1:4711  # for any number of clients",
        ),
    )
    parser.add_argument(
        "--listen",
        metavar="HOST:PORT",
        type=_address,
        help="accept connections and give each a process of its own; port 0 lets the system "
        "choose one; the address is said on stderr",
    )
    return parser


def main(arguments: Sequence[str], _options: GlobalOptions) -> int:
    """Serve the client at stdin and stdout, or all that connect."""
    chosen = make_parser().parse_args(arguments)
    from llmspell.wiring import serve_dap

    return serve_dap(["--listen", chosen.listen] if chosen.listen else ["--stdio"])


def _address(text: str) -> str:
    from llmspell.wiring import check_address

    return check_address(text)
