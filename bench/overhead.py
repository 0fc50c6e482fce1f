"""What being debugged costs: ratios to the same work without a debugger."""

import os
import statistics
import sys
from collections.abc import Callable, Sequence

from bench.programs import OURS, Suite, Times, debugged, geometric_mean, plain, ratios

Case = tuple[str, Callable[[str, Suite], Times]]

CASES: Sequence[Case] = (
    ("plain again", plain),
    ("attached, no breakpoint", debugged),
    ("known, elsewhere", lambda lua, suite: debugged(lua, suite, known="cold")),
    ("known, in the hot functions", lambda lua, suite: debugged(lua, suite, known="hot")),
    ("added later, elsewhere", lambda lua, suite: debugged(lua, suite, late="cold")),
    ("added later, in the hot functions", lambda lua, suite: debugged(lua, suite, late="hot")),
)


def measure(lua: str, rounds: int, suite: Suite = OURS) -> None:
    """Print a row for each case; the cases take turns, so that noise hits all alike."""
    base: list[Times] = []
    found: dict[str, list[Times]] = {name: [] for name, _ in CASES}
    for _ in range(rounds):
        base.append(plain(lua, suite))
        for name, run in CASES:
            found[name].append(run(lua, suite))
    seconds = [f"{statistics.median(each[name] for each in base):9.4f}" for name in suite.names]
    _row(lua, "plain, seconds", seconds, "")
    for name, _ in CASES:
        row = ratios(found[name], base)
        cells = [f"{row[each]:9.2f}" for each in suite.names]
        _row(lua, name, cells, f"{geometric_mean(list(row.values())):8.3f}")


def head(suite: Suite = OURS) -> None:
    """Print the head of the table."""
    cells = "  ".join(f"{name:>9}" for name in suite.names)
    _tell(f"{'lua':10} {'hooks':7} {'':34} {cells}  {'geomean':>8}")


def _row(lua: str, name: str, cells: Sequence[str], mean: str) -> None:
    hooks = os.environ.get("LLMSPELL_HOOKS", "auto")
    _tell(f"{lua:10} {hooks:7} {name:34} {'  '.join(cells)}  {mean}")


def _tell(text: str) -> None:
    sys.stdout.write(text.rstrip() + "\n")
    sys.stdout.flush()
