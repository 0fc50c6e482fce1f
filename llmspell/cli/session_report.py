"""``llmspell session report``: what was done and used, for people."""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kernel.repl.timing import duration
from llmspell.cli.actions import Action
from llmspell.cli.results import Results, pairs, table
from llmspell.cli.session_looks import Ask, moment

Plain = Mapping[str, Any]

UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB")


def _options(parser: argparse.ArgumentParser) -> None:
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("id", nargs="?", metavar="ID", help="of this session")
    which.add_argument("--all", action="store_true", help="of all of them")


def _report(chosen: argparse.Namespace, results: Results, ask: Ask) -> int:
    answer = ask("report", id=chosen.id, all=chosen.all)
    results.show(answer, lambda: told(answer["report"]))
    return 0


def told(report: Plain) -> Iterator[str]:
    """Lines about a session, or about all; what is 0 or empty is left out."""
    is_one = "session" in report
    yield _of_one(report) if is_one else _of_all(report)
    yield from pairs(_figures(report))
    titles = (
        ("errors", "ERROR"),
        ("actions", "ACTION"),
        ("statuses", "STATUS"),
        ("owners", "OWNER"),
        ("tags", "TAG"),
        ("busiest", "SESSION WITH THE MOST CELLS"),
    )
    for name, title in titles:
        yield from _counts(report.get(name) or (), title)
    yield from _times(report["buckets"])


def _of_one(report: Plain) -> str:
    return f"Session {report['session']} is {report['status']}."


def _of_all(report: Plain) -> str:
    count = report["sessions"]
    return f"{count} {'session' if count == 1 else 'sessions'} of tenant {report['tenant']}."


def _figures(report: Plain) -> Iterator[tuple[str, str]]:
    usage, lasted = report["usage"], report["durations"]
    yield "cells", _cells(usage)
    if "active_seconds" in report:
        yield "active", duration(report["active_seconds"])
    if lasted["count"]:
        yield "run time", f"{duration(lasted['total'])} in {lasted['count']} cells"
        yield (
            "each cell",
            f"mean {duration(lasted['mean'])}, median {duration(lasted['median'])}, "
            f"95% within {duration(lasted['p95'])}, longest {duration(lasted['longest'])}",
        )
    if usage["instructions"]:
        yield "instructions", f"{usage['instructions']:,}"
    if usage["peak_memory"]:
        yield "memory", f"{size(usage['peak_memory'])} was the most seen"
    if usage["artifacts"]:
        yield "artifacts", f"{usage['artifacts']}, {size(usage['artifact_bytes'])}"
    for name in ("operations", "tokens", "cost"):
        if usage[name]:
            yield name, f"{usage[name]:,}"
    if usage["last_activity"]:
        yield "last activity", moment(usage["last_activity"])


def _cells(usage: Plain) -> str:
    count, failed = usage["cells"], usage["failed_cells"]
    return f"{count}, {failed} of them failed ({failed / count:.0%})" if failed else f"{count}"


def _counts(counted: Mapping[str, int] | Sequence[Sequence[Any]], title: str) -> list[str]:
    rows = counted.items() if isinstance(counted, Mapping) else counted
    shown = sorted(((count, name) for name, count in rows), key=lambda row: -row[0])
    return ["", *table(("COUNT", title), shown)] if shown else []


def _times(buckets: Sequence[Plain]) -> list[str]:
    rows = [
        (
            moment(each["start"]),
            each["cells"],
            each["failed"],
            duration(each["seconds"]) if each["cells"] else "-",
            each["artifacts"],
        )
        for each in buckets
    ]
    head = ("HOUR FROM", "CELLS", "FAILED", "RUN TIME", "ARTIFACTS")
    return ["", *table(head, rows)] if rows else []


def size(octets: float) -> str:
    """A number of bytes for people."""
    unit = 0
    while octets >= 1024 and unit < len(UNITS) - 1:
        octets, unit = octets / 1024, unit + 1
    return f"{octets:.1f} {UNITS[unit]}" if unit else f"{octets:.0f} {UNITS[0]}"


REPORT_ACTIONS: Mapping[str, Action] = {
    "report": Action(
        "Sum up what was done and used.",
        _options,
        _report,
        ("llmspell session report tuesday", "llmspell session report --all --output json"),
    ),
}
"""Words behind ``llmspell session``."""
