"""Source maps made by hand, and stories about programs that have one."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dap_server.client import Stop
from dap_server.protocol import generated as dap
from tests.support.scenario import Scenario

_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

Place = tuple[int, int, int, int]
"""Column of the generated line, source, line and column of the original; all count from 0."""


def encode(lines: Sequence[Sequence[Place]]) -> str:
    """The ``mappings`` for generated lines."""
    last, groups = [0, 0, 0], []
    for places in lines:
        column, pieces = 0, []
        for place in places:
            pieces.append(
                _number(place[0] - column)
                + "".join(_number(new - old) for new, old in zip(place[1:], last, strict=True))
            )
            column, last = place[0], list(place[1:])
        groups.append(",".join(pieces))
    return ";".join(groups)


def _number(value: int) -> str:
    left, digits = (-value << 1 | 1) if value < 0 else value << 1, ""
    while True:
        left, digit = left >> 5, left & 31
        digits += _DIGITS[digit | (32 if left else 0)]
        if not left:
            return digits


def line_map(lines: Mapping[int, int | tuple[int, int]], **fields: Any) -> str:
    """The JSON of a map from lines to lines, which count from 1 here.

    A value may be (source, line); the first source is meant without. Other fields, ``sources``
    above all, are as in the map.
    """
    groups: list[list[Place]] = [[] for _ in range(max(lines, default=0))]
    for line, original in lines.items():
        source, at = original if isinstance(original, tuple) else (0, original)
        groups[line - 1].append((0, source, at - 1, 0))
    return json.dumps({"version": 3, "names": [], "mappings": encode(groups), **fields})


# --- stories --------------------------------------------------------------------------------------

HERE = 'local here = arg[0]:match("^(.*)/")\n'
"""Where the program is."""

# A program of three lines of a language of our own, and the Lua of it: line 2 makes two lines, and
# what no line of it says stands between.
ORIGINAL = "set x 1\nadd x 2 twice\nsay x\n"
MADE = """
local x = 1
x = x + 2
x = x + 2
local _ = nil
print(x)
"""
LINES = {1: 1, 2: 2, 3: 2, 5: 3}


def make(
    d: Scenario,
    text: str = MADE,
    lines: Mapping[int, int] = LINES,
    original: str = ORIGINAL,
    **fields: Any,
) -> Path:
    """Write ``main.lua`` with a map beside it, and its original ``main.mini``."""
    d.write("main.lua", text)
    d.write("main.lua.map", line_map(lines, sources=["main.mini"], **fields))
    return d.write("main.mini", original)


def place(stop: Stop) -> tuple[str | None, int | None]:
    """The file's name and the line of a stop."""
    return Path(stop.path).name if stop.path else stop.frame.source.name, stop.line


def places(d: Scenario, verb: str, times: int) -> list[tuple[str | None, int | None]]:
    """Where the same verb stops, again and again."""
    return [place(getattr(d.client, verb)()) for _ in range(times)]


def break_in(
    d: Scenario, source: dap.Source | Path | str, *breakpoints: int | dap.SourceBreakpoint
) -> list[dap.Breakpoint]:
    """Breakpoints in a source: lines, or whole ones."""
    source = source if isinstance(source, dap.Source) else dap.Source(path=str(source))
    wanted = [
        dap.SourceBreakpoint(line=each) if isinstance(each, int) else each for each in breakpoints
    ]
    return d.requests.set_breakpoints(source=source, breakpoints=wanted).breakpoints
