"""``llmspell events``: the audit log of what happened, in a kernel or without one."""

import argparse
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from llmspell.cli.actions import Action, add_actions
from llmspell.cli.global_options import GlobalOptions
from llmspell.cli.numbers import at_least_one, count, time
from llmspell.cli.parsing import CliParser
from llmspell.cli.reaching import ask
from llmspell.cli.results import Results, table, written

Ask = Callable[..., Mapping[str, Any]]

WIDEST = 80
"""Characters of an event's data in a list."""

EMPTY = "There are none; [events.persistence] of the configuration says which events are kept."


def make_parser() -> CliParser:
    """The command's parser."""
    parser = CliParser(
        prog="llmspell events",
        description="Events say what happened in kernels. They are kept where the configuration "
        "has `enabled = true` in [events.persistence].",
        examples=(
            "llmspell events show --last 20",
            "llmspell events show --pattern 'session.*' --since 2026-01-31",
        ),
    )
    add_actions(parser, ACTIONS)
    return parser


def main(arguments: Sequence[str], options: GlobalOptions) -> int:
    """Run one of `ACTIONS`."""
    chosen = make_parser().parse_args(arguments)

    def ask_events(action: str, **given: Any) -> Mapping[str, Any]:  # noqa: ANN401 - of requests
        mode, answer = ask(options, "events", action, given)
        return {"mode": mode, **answer}

    return int(chosen.run(chosen, Results(options.output), ask_events))


def _show_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--pattern", metavar="GLOB", help="only these names, such as session.*")
    parser.add_argument("--message", metavar="ID", help="only what this client's message caused")
    parser.add_argument("--since", type=time, metavar="TIME", help="a date, or with its time")
    parser.add_argument("--until", type=time, metavar="TIME", help="the same")
    parser.add_argument("--after", type=count, metavar="N", help="behind number N")
    many = parser.add_mutually_exclusive_group()
    many.add_argument("--limit", type=at_least_one, metavar="N", help="the oldest N")
    many.add_argument("--last", type=at_least_one, metavar="N", help="the newest N")


def _show(chosen: argparse.Namespace, results: Results, ask_events: Ask) -> int:
    answer = ask_events(
        "show",
        pattern=chosen.pattern,
        message=chosen.message,
        since=chosen.since,
        until=chosen.until,
        after=chosen.after,
        limit=chosen.limit,
        last=chosen.last,
    )
    events = answer["events"]
    head = ("NUMBER", "TIME", "NAME", "MESSAGE", "DATA")
    results.show(answer, table(head, _rows(events)) if events else EMPTY)
    return 0


def _rows(events: Sequence[Mapping[str, Any]]) -> Iterator[Sequence[object]]:
    for each in events:
        data = written(each["data"], "json").removesuffix("\n")
        at = datetime.fromtimestamp(each["time"])
        yield (
            each["number"],
            f"{at:%Y-%m-%d %H:%M:%S}",
            each["name"],
            (each["correlation_id"] or "-")[:12],
            data if len(data) <= WIDEST else f"{data[: WIDEST - 1]}…",
        )


ACTIONS: Mapping[str, Action] = {
    "show": Action(
        "Show what happened, the oldest first.",
        _show_options,
        _show,
        (
            "llmspell events show --last 20",
            "llmspell events show --pattern 'execution.*' --output json",
        ),
    ),
}
"""The words behind ``llmspell events``."""
