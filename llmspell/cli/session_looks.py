"""``llmspell session``: looking at sessions."""

import argparse
import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from llmspell.cli.actions import Action
from llmspell.cli.numbers import at_least_one, count, time
from llmspell.cli.pairs import metadata_option
from llmspell.cli.results import Results, pairs, table
from llmspell.cli.state import counted

Ask = Callable[..., Mapping[str, Any]]

STATUSES = ("active", "suspended", "completed", "failed", "archived")

WIDEST = 100
"""Characters of an entry's data in a list."""

TIMES = ("created", "updated", "ended", "archived", "activated", "last_activity")
"""Fields that are seconds since 1970."""


def id_argument(parser: argparse.ArgumentParser) -> None:
    """Which session."""
    parser.add_argument("id", metavar="ID", help="an id, the beginning of one, or a name")


def moment(seconds: float | None) -> str:
    """A time as people read it."""
    return "-" if not seconds else f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%SZ}"


def cells_and_artifacts(counts: Mapping[str, Any]) -> str:
    """What there is of both, as "2 cells and 1 artifact"; empty: nothing."""
    words = {"cell": counts["cells"], "artifact": counts["artifacts"]}
    return " and ".join(counted(number, one, f"{one}s") for one, number in words.items() if number)


# --- list -----------------------------------------------------------------------------------------


def _list_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--detailed", "-d", action="store_true", help="with all that is known")
    parser.add_argument("--status", choices=STATUSES, help="only these")
    parser.add_argument("--tag", metavar="TAG", help="only those with it")
    parser.add_argument("--text", metavar="TEXT", help="only those that it is found in")
    metadata_option(parser, "only those of which this is noted, at a path such as model.name")
    parser.add_argument("--owner", metavar="USER", help="only those of this user")
    parser.add_argument("--parent", metavar="ID", help="only those that come from this session")
    parser.add_argument(
        "--since",
        type=time,
        metavar="TIME",
        help="only those begun then or later: a date, or with its time",
    )
    parser.add_argument("--until", type=time, metavar="TIME", help="only those begun before then")
    parser.add_argument("--limit", type=at_least_one, metavar="N", help="at most N")


def _list(chosen: argparse.Namespace, results: Results, ask: Ask) -> int:
    answer = ask(
        "list",
        detailed=chosen.detailed,
        status=chosen.status,
        tag=chosen.tag,
        text=chosen.text,
        metadata=dict(chosen.metadata) or None,
        owner=chosen.owner,
        parent=chosen.parent,
        created_since=chosen.since,
        created_before=chosen.until,
        limit=chosen.limit,
    )
    results.show(answer, lambda: _listed(answer, chosen.detailed))
    return 0


def _listed(answer: Mapping[str, Any], is_detailed: bool) -> Iterator[str]:
    if not answer["sessions"]:
        yield "There are no sessions."
        return
    if is_detailed:
        for place, each in enumerate(answer["sessions"]):
            yield from ([""] if place else [])
            yield from described(each)
        return
    rows = [
        (
            ("* " if each["id"] == answer["current"] else "  ") + each["id"],
            each["name"],
            each["status"],
            moment(max(each["updated"], each["last_activity"])),
            ", ".join(each["tags"]),
        )
        for each in answer["sessions"]
    ]
    yield from table(("  ID", "NAME", "STATUS", "UPDATED", "TAGS"), rows)


# --- show -----------------------------------------------------------------------------------------


def _show(chosen: argparse.Namespace, results: Results, ask: Ask) -> int:
    answer = ask("show", id=chosen.id)
    results.show(answer, lambda: described(answer["session"]))
    return 0


def described(session: Mapping[str, Any]) -> list[str]:
    """Lines about a session."""
    known = {**session, **session.get("usage", {})}
    rows = [
        (name.replace("_", " "), moment(value) if name in TIMES else _shown(value))
        for name, value in known.items()
        if name not in ("id", "usage") and value not in (None, "", [], {}, 0, False)
    ]
    return [f"Session {session['id']}", *pairs(rows)]


def _shown(value: Any) -> str:  # noqa: ANN401 - what JSON can say
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return ", ".join(value)
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


# --- history --------------------------------------------------------------------------------------


def _history_options(parser: argparse.ArgumentParser) -> None:
    id_argument(parser)
    parser.add_argument("--after", type=count, default=0, metavar="N", help="behind entry number N")
    parser.add_argument("--limit", type=at_least_one, metavar="N", help="at most N")


def _history(chosen: argparse.Namespace, results: Results, ask: Ask) -> int:
    answer = ask("history", id=chosen.id, after=chosen.after, limit=chosen.limit)
    results.show(answer, lambda: _told(answer["entries"]))
    return 0


def _told(entries: list[Mapping[str, Any]]) -> Iterator[str]:
    for each in entries:
        data = _cell(each["data"]) if each["kind"] == "cell" else _shown(each["data"])
        shown = data if len(data) <= WIDEST else f"{data[: WIDEST - 1]}…"
        yield f"{each['sequence']:>5}  {moment(each['time'])}  {each['kind']:<10}  {shown}"


def _cell(data: Mapping[str, Any]) -> str:
    """What was run, and how it ended."""
    number, status = data["cell"]["number"], data["outcome"]["status"]
    code = " ".join(data["cell"]["code"].split())
    return f"[{number}] {status}: {code}"


LOOKING_ACTIONS: Mapping[str, Action] = {
    "list": Action(
        "List sessions.",
        _list_options,
        _list,
        ("llmspell session list", "llmspell session list --status failed --output json"),
    ),
    "show": Action("Show a session.", id_argument, _show, ("llmspell session show tuesday",)),
    "history": Action(
        "Show what happened in a session.",
        _history_options,
        _history,
        ("llmspell session history tuesday --limit 20",),
    ),
}
"""Words behind ``llmspell session``."""
