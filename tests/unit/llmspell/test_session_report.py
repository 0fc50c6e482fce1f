"""Reports of sessions as people read them."""

from typing import Any

from llmspell.cli.session_report import size, told

USAGE: dict[str, Any] = {
    "cells": 3,
    "failed_cells": 1,
    "run_seconds": 1.2,
    "instructions": 12345,
    "peak_memory": 3_000_000,
    "artifacts": 2,
    "artifact_bytes": 1500,
    "operations": 0,
    "tokens": 0,
    "cost": 0.0,
    "last_activity": 1_700_000_000.0,
}

DURATIONS = {"count": 3, "total": 1.2, "mean": 0.4, "median": 0.0003, "p95": 1.1, "longest": 1.19}

NO_DURATIONS = dict.fromkeys(DURATIONS, 0)

BUCKET = {"start": 1_699_999_200.0, "cells": 3, "failed": 1, "seconds": 1.2, "artifacts": 2}


def test_a_session_is_summed_up_in_figures_and_tables() -> None:
    """Numbers have their units, counts stand in tables with the most frequent first."""
    report = {
        "session": "1f3a",
        "status": "active",
        "usage": USAGE,
        "active_seconds": 400.2,
        "durations": DURATIONS,
        "error_rate": 1 / 3,
        "errors": {"cell:1: oh": 1},
        "actions": {"create": 1, "cell": 3},
        "buckets": [BUCKET],
    }
    expected = """\
Session 1f3a is active.
  cells          3, 1 of them failed (33%)
  active         6 min 40 s
  run time       1.20 s in 3 cells
  each cell      mean 400.0 ms, median 300 µs, 95% within 1.10 s, longest 1.19 s
  instructions   12,345
  memory         2.9 MiB was the most seen
  artifacts      2, 1.5 KiB
  last activity  2023-11-14 22:13:20Z

COUNT  ERROR
1      cell:1: oh

COUNT  ACTION
3      cell
1      create

HOUR FROM             CELLS  FAILED  RUN TIME  ARTIFACTS
2023-11-14 22:00:00Z  3      1       1.20 s    2"""
    assert expected.splitlines() == [*told(report)]


def test_all_sessions_are_summed_up_and_nothing_is_said_of_what_is_not_there() -> None:
    """With statuses, owners and the busiest; without figures that are 0."""
    nothing = {**dict.fromkeys(USAGE, 0), "cells": 2}
    report = {
        "tenant": "default",
        "sessions": 1,
        "statuses": {"active": 1},
        "owners": {},
        "usage": nothing,
        "durations": NO_DURATIONS,
        "error_rate": 0.0,
        "errors": {},
        "tags": {},
        "buckets": [],
        "busiest": [["1f3a", 2]],
    }
    expected = """\
1 session of tenant default.
  cells  2

COUNT  STATUS
1      active

COUNT  SESSION WITH THE MOST CELLS
2      1f3a"""
    assert expected.splitlines() == [*told(report)]


def test_sizes_have_units() -> None:
    """Bytes are whole, what is larger has a decimal."""
    sizes = (0, 1023, 1024, 5 * 1024**2, 3 * 1024**5)
    assert ["0 bytes", "1023 bytes", "1.0 KiB", "5.0 MiB", "3072.0 TiB"] == [*map(size, sizes)]
