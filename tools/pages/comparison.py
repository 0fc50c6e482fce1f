"""The page that compares us with other Lua debuggers, from docs/features.toml."""

import itertools
import tomllib
from pathlib import Path
from typing import Any

from tools.pages.markdown import mark, table

DOCS = Path(__file__).resolve().parents[2] / "docs"

SIGNS = {"y": "yes", "n": "no", "p": "partly", "-": "n/a", "?": "?"}

INTRODUCTION = """
# Compared with other Lua debuggers

Each cell of ours links to the story (a test) that shows it; where there is no story, there is no claim (—).
The peers' cells are from a survey of {surveyed}: their source was read, and what is marked † was measured by running them.
*?* means that nobody looked, *n/a* that it does not apply.
Something wrong or out of date? The table is made from `docs/features.toml`.

The peers: {peers}.
"""

SPEED = """
## Speed

How many times longer a program takes under the debugger, with one statement a line: *attached* without a breakpoint, with a breakpoint in a function that is never called (*elsewhere*), and with one in the hot function on a line that is never reached (*hot*).
Shown as ratios to the same program without a debugger, of `os.clock`; under 1 is noise, and so is as much above it.

The peers were measured on {measured} ({machine}), the better of two runs.
Ours were measured on {ours[measured]} ({ours[machine]}) with the same kinds of work, written anew from their description: `.venv/bin/python -m bench 5.4 --only peers` does it on the machine at hand.
Breakpoints are set before the program starts, as editors do; those *added to loaded code* come when it has begun.
"""


def comparison_page() -> str:
    """The whole page."""
    data = tomllib.loads((DOCS / "features.toml").read_text(encoding="utf-8"))
    peers = data["peer"]
    listed = ", ".join(
        f"**{peer['code']}** [{peer['name']}](https://github.com/{peer['repository']})"
        f" {peer['version']}"
        for peer in peers
    )
    parts = [
        mark("docs/features.toml"),
        INTRODUCTION.format(surveyed=data["surveyed"], peers=listed),
    ]
    head = ["feature", "llmspell", *(peer["code"] for peer in peers)]
    for group, features in itertools.groupby(data["feature"], key=lambda each: each["group"]):
        parts += [f"\n## {group}\n\n", table(head, [_row(each) for each in features])]
    parts += [SPEED.format(**data["speed"]), "\n", *_speed(data["speed"], peers)]
    return "".join(parts)


def _row(feature: dict[str, Any]) -> list[str]:
    ours = "—"
    if story := feature["story"]:
        path, _, name = story.partition("::")
        ours = f'[{feature.get("ours", "yes")}](../{path} "{name}")'
    return [feature["name"], ours, *map(_peer_cell, feature["peers"])]


def _peer_cell(cell: str) -> str:
    """``n: hangs †`` in words."""
    words, measured, _ = cell.partition(" †")
    sign, _, rest = words.partition(":")
    return SIGNS[sign] + (f":{rest}" if rest else "") + measured


def _speed(speed: dict[str, Any], peers: list[dict[str, Any]]) -> list[str]:
    names = {peer["code"]: peer["name"] for peer in peers}
    head = ["workload", "debugger", "attached", "elsewhere", "hot"]
    rows = []
    for place, workload in enumerate(speed["workloads"]):
        text, key = workload["text"], workload["name"]
        for ours in speed["ours"]["rows"]:
            rows.append([text, f"**{ours['name']}**", *map(_shown, ours[key])])
        for code, seconds in speed["seconds"].items():
            ratios = [each / workload["base"] for each in seconds[place]]
            rows.append([text, names[code], *map(_shown, ratios)])
    return [table(head, rows)]


def _shown(ratio: float) -> str:
    """A ratio with the digits it deserves; 0 was not measured."""
    if not ratio:
        return ""
    return f"{ratio:.0f}" if ratio >= 10 else f"{ratio:.1f}"
