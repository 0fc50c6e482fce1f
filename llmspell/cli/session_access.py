"""``llmspell session``: changing sessions, who may do what with them, and who did."""

import argparse
from collections.abc import Iterator, Mapping
from typing import Any

from kernel.core.errors import UserError
from llmspell.cli.actions import Action
from llmspell.cli.numbers import at_least_one, time
from llmspell.cli.pairs import NOTES, gathered, metadata_option, setting
from llmspell.cli.results import Results, pairs, table, written
from llmspell.cli.session_looks import Ask, id_argument, moment
from llmspell.cli.state import counted

ROLES = ("reader", "writer", "admin")


# --- what is noted of one -------------------------------------------------------------------------


def _update_options(parser: argparse.ArgumentParser) -> None:
    id_argument(parser)
    parser.add_argument("--name", metavar="NAME", help="what it is called from then on")
    parser.add_argument("--description", metavar="TEXT", help="what it is about")
    parser.add_argument(
        "--tag", action="append", metavar="TAG", help="add a word; may be repeated, as all below"
    )
    parser.add_argument("--untag", action="append", metavar="TAG", help="take a word away")
    metadata_option(parser, f"{NOTES}; null takes it away")
    parser.add_argument(
        "--policy",
        action="append",
        type=setting,
        default=[],
        metavar="POLICY.SETTING=VALUE",
        help="a setting of a policy of its own, which holds beside the kernel's",
    )
    parser.add_argument(
        "--no-policy", action="append", default=[], metavar="POLICY", help="take its own one away"
    )


def _update(chosen: argparse.Namespace, results: Results, ask: Ask) -> int:
    policies = {**gathered(chosen.policy), **dict.fromkeys(chosen.no_policy)}
    changes = {
        "name": chosen.name,
        "description": chosen.description,
        "add_tags": chosen.tag,
        "remove_tags": chosen.untag,
        "metadata": dict(chosen.metadata) or None,
        "policies": policies or None,
    }
    if all(each is None for each in changes.values()):
        raise UserError("Say what becomes of it; `llmspell session update --help` has what can.")
    answer = ask("update", id=chosen.id, **changes)
    session = answer["session"]
    results.show(answer, f"Session {session['id']} ({session['name']}) is changed.")
    return 0


def _policies(chosen: argparse.Namespace, results: Results, ask: Ask) -> int:
    answer = ask("policies", id=chosen.id)
    results.show(answer, lambda: _policies_told(answer))
    return 0


def _policies_told(answer: Mapping[str, Any]) -> Iterator[str]:
    for title, name in (("OF ALL SESSIONS", "kernel"), ("OF ITS OWN", "own")):
        rows = [
            (policy, each, written(value, "json").strip())
            for policy, settings in answer[name].items()
            for each, value in settings.items()
        ]
        if rows:
            yield from ([""] if name == "own" else [])
            yield from table((title, "SETTING", "VALUE"), rows)


# --- who may do what ------------------------------------------------------------------------------


def _user_options(parser: argparse.ArgumentParser) -> None:
    id_argument(parser)
    parser.add_argument("user", metavar="USER", help="a user of the same tenant")


def _grant_options(parser: argparse.ArgumentParser) -> None:
    _user_options(parser)
    parser.add_argument("role", choices=ROLES, metavar="ROLE", help=", ".join(ROLES))


def _grant(chosen: argparse.Namespace, results: Results, ask: Ask) -> int:
    answer = ask("grant", id=chosen.id, user=chosen.user, role=chosen.role)
    results.show(answer, lambda: _roles(answer["session"]))
    return 0


def _revoke(chosen: argparse.Namespace, results: Results, ask: Ask) -> int:
    answer = ask("revoke", id=chosen.id, user=chosen.user)
    results.show(answer, lambda: _roles(answer["session"]))
    return 0


def _transfer(chosen: argparse.Namespace, results: Results, ask: Ask) -> int:
    answer = ask("transfer", id=chosen.id, user=chosen.user)
    results.show(answer, lambda: _roles(answer["session"]))
    return 0


def _roles(session: Mapping[str, Any]) -> list[str]:
    roles = [*session["roles"].items(), (session["owner"], "owner")]
    return [f"Session {session['id']} ({session['name']})", *pairs(roles)]


# --- who did --------------------------------------------------------------------------------------


def _trail_options(parser: argparse.ArgumentParser) -> None:
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("id", nargs="?", metavar="ID", help="an id, its beginning, or a name")
    which.add_argument(
        "--all", action="store_true", help="the whole tenant's, of deleted ones too; for its admins"
    )
    parser.add_argument("--user", metavar="NAME", help="only what this user did")
    parser.add_argument("--verb", metavar="WORD", help="only this, such as suspend")
    parser.add_argument("--refused", action="store_true", help="only what was not allowed")
    parser.add_argument("--since", type=time, metavar="TIME", help="a date, or with its time")
    parser.add_argument("--until", type=time, metavar="TIME", help="the same")
    parser.add_argument("--limit", type=at_least_one, metavar="N", help="at most N")


def _trail(chosen: argparse.Namespace, results: Results, ask: Ask) -> int:
    answer = ask(
        "trail",
        id=chosen.id,
        all=chosen.all,
        user=chosen.user,
        verb=chosen.verb,
        refused=chosen.refused,
        since=chosen.since,
        until=chosen.until,
        limit=chosen.limit,
    )
    rows = [
        (
            moment(each["time"]),
            each["actor"],
            each["action"],
            "done" if each["is_done"] else "refused",
            *([each["session"] or "-"] if chosen.all else []),
            each["detail"],
        )
        for each in answer["records"]
    ]
    head = ("TIME", "USER", "VERB", "", *(["SESSION"] if chosen.all else []), "DETAIL")
    results.show(answer, table(head, rows) if rows else "There is nothing of the kind.")
    return 0


def _collect(chosen: argparse.Namespace, results: Results, ask: Ask) -> int:
    del chosen
    answer = ask("collect")
    done = answer["collected"]
    what = counted(done["contents"], "content", "contents")
    said = (
        "Nothing was done: artifacts are being read or written."
        if done["is_postponed"]
        else f"Removed {what} that nothing has any more ({done['bytes']} bytes)."
    )
    results.show(answer, said)
    return 0


ACCESS_ACTIONS: Mapping[str, Action] = {
    "update": Action(
        "Change what is noted of a session, and its own policies.",
        _update_options,
        _update,
        (
            "llmspell session update tuesday --tag done --untag demo --metadata model=small",
            "llmspell session update tuesday --policy timeout.cell_seconds=60",
        ),
    ),
    "policies": Action(
        "Show the policies that a session is held to.",
        id_argument,
        _policies,
        ("llmspell session policies tuesday",),
    ),
    "grant": Action(
        "Give a user a role in a session.",
        _grant_options,
        _grant,
        ("llmspell session grant tuesday ann writer",),
    ),
    "revoke": Action(
        "Take a user's role away.",
        _user_options,
        _revoke,
        ("llmspell session revoke tuesday ann",),
    ),
    "transfer": Action(
        "Make another user the owner of a session.",
        _user_options,
        _transfer,
        ("llmspell session transfer tuesday ann",),
    ),
    "trail": Action(
        "Show who did what with a session when, and what was refused.",
        _trail_options,
        _trail,
        (
            "llmspell session trail tuesday",
            "llmspell session trail tuesday --refused",
            "llmspell session trail --all --user ann",
        ),
    ),
    "collect": Action(
        "Give back the room of artifacts that were deleted; for admins of the tenant.",
        lambda _parser: None,
        _collect,
        ("LLMSPELL_SESSIONS_ADMIN=true llmspell session collect",),
    ),
}
"""Words behind ``llmspell session``."""
