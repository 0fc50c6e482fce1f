"""``llmspell doctor``: what is installed, and why a breakpoint is not hit."""

import argparse
import sys
from collections.abc import Sequence

from kernel.core.errors import UserError
from llmspell.cli.global_options import GlobalOptions
from llmspell.cli.parsing import CliParser
from llmspell.cli.results import Results


def make_parser() -> CliParser:
    """The command's parser."""
    parser = CliParser(
        prog="llmspell doctor",
        description="Explain the installation; with FILE:LINE, why a breakpoint there is or is "
        "not hit.",
        examples=(
            "llmspell doctor  # what is installed, and what each part gives",
            "llmspell doctor lib.lua:12 --program main.lua  # why a breakpoint there is not hit",
        ),
    )
    parser.add_argument(
        "place", nargs="?", metavar="FILE:LINE", type=_place, help="a line of a script"
    )
    parser.add_argument("--lua", default="", metavar="VERSION", help="5.1 … 5.5, luajit (5.4)")
    parser.add_argument("--program", metavar="MAIN.lua", help="the script that should load FILE")
    return parser


def main(arguments: Sequence[str], options: GlobalOptions) -> int:
    """Print what was found; 1 if there is an obstacle."""
    chosen = make_parser().parse_args(arguments)
    from llmspell.config.lua_choice import configured_lua
    from lua_debug.versions import DEFAULT_VERSION, find_version

    named = chosen.lua or (configured_lua() if chosen.place else "")
    try:
        lua = find_version(named or DEFAULT_VERSION)
    except UserError as error:
        sys.stderr.write(f"llmspell: {error}\n")
        return 2
    results = Results(options.output)
    if chosen.place is None:
        from llmspell.installation import Installation

        installation = Installation()
        results.show(installation.document, installation.lines)
        return 0
    from llmspell.breakpoint_doctor import examine

    path, line = chosen.place
    findings = list(examine(path, line, lua, chosen.program))
    results.show(
        {
            "file": path,
            "line": line,
            "is_hit": not any(each.is_obstacle for each in findings),
            "findings": [{"text": each.text, "is_obstacle": each.is_obstacle} for each in findings],
        },
        [f"{'!' if each.is_obstacle else '-'} {each.text}" for each in findings],
    )
    return int(any(each.is_obstacle for each in findings))


def _place(text: str) -> tuple[str, int]:
    path, _, line = text.rpartition(":")
    if not path or not line.isdecimal() or int(line) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no FILE:LINE")
    return path, int(line)
