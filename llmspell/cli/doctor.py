"""``llmspell doctor``: what is installed, and why a breakpoint is not hit."""

import argparse
import sys
from collections.abc import Sequence

from kernel.core.errors import UserError


def main(arguments: Sequence[str]) -> int:
    """Print what was found; 1 if there is an obstacle."""
    parser = argparse.ArgumentParser(
        prog="llmspell doctor",
        description="Explain the installation; with FILE:LINE, why a breakpoint there is or is "
        "not hit.",
    )
    parser.add_argument("place", nargs="?", metavar="FILE:LINE", type=_place)
    parser.add_argument("--lua", default="5.4", help="5.1 … 5.5, luajit (5.4)")
    parser.add_argument("--program", metavar="MAIN.lua", help="the script that should load FILE")
    chosen = parser.parse_args(arguments)
    from lua_debug.versions import find_version

    try:
        lua = find_version(chosen.lua)
    except UserError as error:
        sys.stderr.write(f"llmspell: {error}\n")
        return 2
    if chosen.place is None:
        from llmspell.installation import describe_installation

        sys.stdout.writelines(f"{line}\n" for line in describe_installation())
        return 0
    from llmspell.breakpoint_doctor import examine

    path, line = chosen.place
    findings = list(examine(path, line, lua, chosen.program))
    sys.stdout.writelines(f"{'!' if each.is_obstacle else '-'} {each.text}\n" for each in findings)
    return int(any(each.is_obstacle for each in findings))


def _place(text: str) -> tuple[str, int]:
    path, _, line = text.rpartition(":")
    if not path or not line.isdecimal() or int(line) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no FILE:LINE")
    return path, int(line)
