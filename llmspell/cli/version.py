"""``llmspell version``: which version this is, and of what it is made."""

import platform
from collections.abc import Sequence

from llmspell.cli.global_options import GlobalOptions
from llmspell.cli.parsing import CliParser
from llmspell.cli.results import Results, pairs


def make_parser() -> CliParser:
    """The command's parser."""
    parser = CliParser(
        prog="llmspell version",
        description="Say which version this is; with --verbose also those of what it stands on.",
        examples=(
            "llmspell version  # the same as llmspell --version",
            "llmspell version --short  # the number alone",
            "llmspell version --output json  # everything, as an object",
        ),
    )
    parser.add_argument("--short", action="store_true", help="the number alone")
    parser.add_argument("--verbose", "-v", action="store_true", help="also Python, lupa and Luas")
    return parser


def main(arguments: Sequence[str], options: GlobalOptions) -> int:
    """Say it; 0."""
    chosen = make_parser().parse_args(arguments)
    from llmspell.cli.app import installed_version

    number, results = installed_version(), Results(options.output)
    document = {"version": number}
    if chosen.verbose or not results.is_text:
        from importlib.metadata import version

        from lua_debug.versions import VERSIONS

        document |= {
            "python": platform.python_version(),
            "lupa": version("lupa"),
            "luas": [*VERSIONS],  # type: ignore[dict-item]
            "platform": platform.platform(),
        }
    results.show(document, lambda: _lines(number, document, chosen.short))
    return 0


def _lines(number: str, document: dict[str, str], is_short: bool) -> list[str]:
    if is_short:
        return [number]
    rows = [
        (name, ", ".join(value) if isinstance(value, list) else value)
        for name, value in document.items()
        if name != "version"
    ]
    return [f"llmspell {number}", *pairs(rows)]
