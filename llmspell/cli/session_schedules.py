"""``llmspell session``: replays that run by themselves."""

import argparse
from collections.abc import Mapping
from typing import Any

from llmspell.cli.actions import Action
from llmspell.cli.numbers import amount, at_least_one
from llmspell.cli.results import Results, table
from llmspell.cli.session_looks import Ask, id_argument, moment
from llmspell.cli.session_replay import set_argument


def _schedule_options(parser: argparse.ArgumentParser) -> None:
    id_argument(parser)
    parser.add_argument("--after", type=amount, metavar="S", help="once, in S seconds")
    parser.add_argument("--every", type=amount, metavar="S", help="every S seconds")
    parser.add_argument(
        "--most", type=at_least_one, metavar="N", help="with --every: N times at most"
    )
    parser.add_argument("--cron", metavar="EXPR", help="minute hour day month weekday, in UTC")
    parser.add_argument(
        "--from-step", type=at_least_one, metavar="N", help="compared and counted from it"
    )
    parser.add_argument("--to-step", type=at_least_one, metavar="N", help="the last one")
    set_argument(parser)
    parser.add_argument("--timeout", type=amount, metavar="S", help="end each after S seconds")


def _schedule(chosen: argparse.Namespace, results: Results, ask: Ask) -> int:
    answer = ask(
        "schedule",
        id=chosen.id,
        after=chosen.after,
        every=chosen.every,
        most=chosen.most,
        cron=chosen.cron,
        mode="modified" if chosen.set else None,
        from_step=chosen.from_step,
        to_step=chosen.to_step,
        modifications=chosen.set or None,
        timeout_seconds=chosen.timeout,
    )
    made = answer["schedule"]
    text = f"Schedule {made['id'][:12]}: it is replayed at {moment(made['next_run'])}"
    results.show(answer, f"{text} if a kernel that uses sessions runs then.")
    return 0


def _schedules(chosen: argparse.Namespace, results: Results, ask: Ask) -> int:
    answer = ask("schedules", id=chosen.id)
    rows = [_row(each) for each in answer["schedules"]]
    head = ("ID", "TYPE", "STATE", "NEXT", "RUNS", "FAILED", "LAST ERROR")
    results.show(answer, table(head, rows) if rows else "It has no schedules.")
    return 0


def _row(each: Mapping[str, Any]) -> tuple[Any, ...]:
    return (
        each["id"][:12],
        each["type"],
        each["state"],
        moment(each["next_run"]),
        each["runs"],
        each["failed_runs"],
        each["last_error"],
    )


def _unschedule_options(parser: argparse.ArgumentParser) -> None:
    id_argument(parser)
    parser.add_argument("schedule", metavar="SCHEDULE", help="its id, or the beginning of it")


def _unschedule(chosen: argparse.Namespace, results: Results, ask: Ask) -> int:
    answer = ask("cancel_schedule", id=chosen.id, schedule=chosen.schedule)
    results.show(answer, f"Schedule {answer['schedule']['id'][:12]} runs no more.")
    return 0


SCHEDULE_ACTIONS: Mapping[str, Action] = {
    "schedule": Action(
        "Have a session replayed by itself: once, at intervals, or by a cron expression.",
        _schedule_options,
        _schedule,
        (
            "llmspell session schedule tuesday --after 3600",
            "llmspell session schedule tuesday --cron '0 3 * * *' --from-step 3",
        ),
    ),
    "schedules": Action(
        "List when a session is replayed by itself.",
        id_argument,
        _schedules,
        ("llmspell session schedules tuesday",),
    ),
    "unschedule": Action(
        "End a schedule.",
        _unschedule_options,
        _unschedule,
        ("llmspell session unschedule tuesday 3f9c",),
    ),
}
"""Words behind ``llmspell session``."""
