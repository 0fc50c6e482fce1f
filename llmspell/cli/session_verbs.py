"""``llmspell session``: beginning sessions, letting them rest, ending and deleting them."""

import argparse
import sys
from collections.abc import Callable, Mapping
from typing import Any

from kernel.core.errors import UserError
from llmspell.cli.actions import Action
from llmspell.cli.pairs import metadata_option
from llmspell.cli.parsing import CliParser
from llmspell.cli.results import Results
from llmspell.cli.session_looks import Ask, cells_and_artifacts, id_argument
from llmspell.cli.state import confirmed, counted, unconfirmed

LEFT = (
    "the kernel was in that session and is in none now; its cells are not recorded until "
    "`llmspell session use` names another one"
)


def _create_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="what it is called")
    parser.add_argument("--description", metavar="TEXT", help="what it is about")
    parser.add_argument("--tag", action="append", metavar="TAG", help="may be repeated")
    metadata_option(parser)
    parser.add_argument("--parent", metavar="ID", help="the session it comes from")
    parser.add_argument(
        "--use", action="store_true", help="have the kernel record its cells there from now on"
    )


def _create(chosen: argparse.Namespace, results: Results, ask: Ask) -> int:
    answer = ask(
        "create",
        name=chosen.name,
        description=chosen.description,
        tags=chosen.tag,
        metadata=dict(chosen.metadata) or None,
        parent=chosen.parent,
        use=chosen.use,
    )
    session = answer["session"]
    results.show(answer, f"Session {session['id']} ({session['name']}) is {session['status']}.")
    return 0


def _use_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("id", nargs="?", metavar="ID", help="this one; none: in no session")
    parser.add_argument("--create", action="store_true", help="begin it if there is none")


def _use(chosen: argparse.Namespace, results: Results, ask: Ask) -> int:
    if ask("current")["mode"] == "embedded":
        raise UserError(
            "No kernel runs that could be in a session; "
            "`llmspell kernel start --daemon` starts one."
        )
    answer = ask("use", id=chosen.id or "", create=chosen.create)
    session = answer["session"]
    said = (
        f"The kernel is in session {session['id']}." if session else "The kernel is in no session."
    )
    results.show(answer, said)
    return 0


def _changing(action: str) -> Callable[[argparse.Namespace, Results, Ask], int]:
    def change(chosen: argparse.Namespace, results: Results, ask: Ask) -> int:
        answer = ask(
            action, id=chosen.id, **({"reason": chosen.reason} if action == "fail" else {})
        )
        session = answer["session"]
        results.show(answer, f"Session {session['id']} ({session['name']}) is {session['status']}.")
        return 0

    return change


def _fail_options(parser: CliParser) -> None:
    id_argument(parser)
    parser.add_argument("--reason", default="", metavar="TEXT", help="why")


def _delete_options(parser: argparse.ArgumentParser) -> None:
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("id", nargs="?", metavar="ID", help="an id, its beginning, or a name")
    which.add_argument("--all", action="store_true", help="all of them")
    parser.add_argument("--yes", "-y", action="store_true", help="do not ask before")


def _delete(chosen: argparse.Namespace, results: Results, ask: Ask) -> int:
    if chosen.all and not chosen.yes and not confirmed("Delete all sessions and their artifacts?"):
        raise unconfirmed("deleted", "--all needs --yes where nobody can be asked")
    if chosen.id and not chosen.yes:
        _ask_for_contents(ask("show", id=chosen.id)["session"])
    answer = ask("delete", id=chosen.id, all=chosen.all or None)
    results.show(answer, f"Deleted {counted(answer['deleted'], 'session', 'sessions')}.")
    if answer["left"]:
        sys.stderr.write(f"llmspell: {LEFT}\n")
    return 0


def _ask_for_contents(session: Mapping[str, Any]) -> None:
    """Ask whether what a session has may go with it; raises `UserError` if not."""
    what = cells_and_artifacts(session["usage"])
    named = f"session {session['id']} ({session['name']})"
    if what and not confirmed(f"Delete {named} with its {what}?"):
        raise unconfirmed("deleted", f"{named} has {what}, and --yes deletes it unasked")


VERB_ACTIONS: Mapping[str, Action] = {
    "create": Action(
        "Begin a session.",
        _create_options,
        _create,
        (
            "llmspell session create tuesday --tag demo --use",
            "llmspell session create tuesday --metadata model=small",
        ),
    ),
    "use": Action(
        "Have a kernel be in a session, or in none.",
        _use_options,
        _use,
        ("llmspell --kernel lab session use tuesday", "llmspell --kernel lab session use"),
    ),
    "suspend": Action(
        "Let a session rest.",
        id_argument,
        _changing("suspend"),
        ("llmspell session suspend tuesday",),
    ),
    "resume": Action(
        "Let a session that rests go on.",
        id_argument,
        _changing("resume"),
        ("llmspell session resume tuesday",),
    ),
    "complete": Action(
        "End a session whose work is done.",
        id_argument,
        _changing("complete"),
        ("llmspell session complete tuesday",),
    ),
    "fail": Action(
        "End a session that cannot do what it was made for.",
        _fail_options,
        _changing("fail"),
        ("llmspell session fail tuesday --reason 'no data'",),
    ),
    "archive": Action(
        "Put a session away; it can be read, and not be changed any more.",
        id_argument,
        _changing("archive"),
        ("llmspell session archive tuesday",),
    ),
    "delete": Action(
        "Remove a session with all that belongs to it.",
        _delete_options,
        _delete,
        ("llmspell session delete 1f3a", "llmspell session delete --all --yes"),
    ),
}
"""Words behind ``llmspell session``."""
