"""What being debugged costs: ratios to the same work without a debugger."""

import os
import sys
from collections.abc import Callable, Sequence

from bench.programs import WORKLOADS, Times, debugged, geometric_mean, marked, plain, ratios

Case = tuple[str, Callable[[str], Times]]

CASES: Sequence[Case] = (
    ("plain again", plain),
    ("attached, no breakpoint", debugged),
    ("known, elsewhere", lambda lua: debugged(lua, known=marked("cold"))),
    ("known, in the hot functions", lambda lua: debugged(lua, known=marked("hot"))),
    ("added later, elsewhere", lambda lua: debugged(lua, late=marked("cold"))),
    ("added later, in the hot functions", lambda lua: debugged(lua, late=marked("hot"))),
)


def measure(lua: str, rounds: int) -> None:
    """Print a row for each case; the cases take turns, so that noise hits all alike."""
    hooks = os.environ.get("LLMSPELL_HOOKS", "auto")
    base: list[Times] = []
    found: dict[str, list[Times]] = {name: [] for name, _ in CASES}
    for _ in range(rounds):
        base.append(plain(lua))
        for name, run in CASES:
            found[name].append(run(lua))
    for name, _ in CASES:
        row = ratios(found[name], base)
        cells = "  ".join(f"{row[each]:9.2f}" for each in WORKLOADS)
        mean = geometric_mean(list(row.values()))
        _tell(f"{lua:10} {hooks:7} {name:34} {cells}  {mean:8.3f}")


def head() -> None:
    """Print the head of the table."""
    cells = "  ".join(f"{name:>9}" for name in WORKLOADS)
    _tell(f"{'lua':10} {'hooks':7} {'':34} {cells}  {'geomean':>8}")


def _tell(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
