"""``llmspell backup``: copies of everything that is kept."""

import argparse
import os
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from llmspell.cli.actions import Action, add_actions
from llmspell.cli.global_options import GlobalOptions
from llmspell.cli.numbers import at_least_one
from llmspell.cli.parsing import CliParser
from llmspell.cli.progress import progress
from llmspell.cli.reaching import ask
from llmspell.cli.results import Results, table
from llmspell.cli.session_looks import moment
from llmspell.cli.state import confirmed, unconfirmed

Ask = Callable[..., Mapping[str, Any]]


def make_parser() -> CliParser:
    """The command's parser."""
    parser = CliParser(
        prog="llmspell backup",
        description="A backup holds state, artifacts and the configuration as they were at one "
        "moment, with a checksum over all of it. Keys are not in it, unless asked for.",
        examples=(
            "llmspell backup create  # with the other backups",
            "llmspell backup create -o /media/stick/monday.llmspell-backup",
            "llmspell backup list",
            "llmspell backup restore 20260105T0900  # the beginning of an id is enough",
        ),
    )
    add_actions(parser, ACTIONS)
    return parser


def main(arguments: Sequence[str], options: GlobalOptions) -> int:
    """Run one of `ACTIONS`."""
    chosen = make_parser().parse_args(arguments)

    def ask_backups(action: str, **given: Any) -> Mapping[str, Any]:  # noqa: ANN401 - of requests
        mode, answer = ask(options, "backups", action, given)
        return {"mode": mode, **answer}

    return int(chosen.run(chosen, Results(options.output), ask_backups))


def _which(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("backup", metavar="BACKUP", help="an id, the beginning of one, or a file")


# --- create ---------------------------------------------------------------------------------------


def _create_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("-o", "--file", metavar="FILE", help="there, instead of with the others")
    parser.add_argument("--note", default="", metavar="TEXT", help="what it is for")
    parser.add_argument(
        "--with-secrets",
        action="store_true",
        help="also the file of keys, and what the configuration says of keys",
    )
    parser.add_argument(
        "--keep", type=at_least_one, metavar="N", help="then remove all but the N newest"
    )


def _create(chosen: argparse.Namespace, results: Results, ask_backups: Ask) -> int:
    with progress("Backing up"):
        answer = ask_backups(
            "create",
            path=os.path.abspath(chosen.file) if chosen.file else "",
            note=chosen.note,
            secrets=chosen.with_secrets,
            keep=chosen.keep,
        )
    lines = [
        f"Backup {answer['id']}: {answer['entries']} entries, {answer['artifacts']} blocks of "
        f"artifacts, {answer['bytes']} bytes.",
        f"  {answer['file']}",
        *(f"  removed {each}" for each in answer["removed"]),
    ]
    results.show(answer, lines)
    return 0


# --- list, verify, delete -------------------------------------------------------------------------


def _nothing(_parser: argparse.ArgumentParser) -> None:
    """It has no options."""


def _list(_chosen: argparse.Namespace, results: Results, ask_backups: Ask) -> int:
    answer = ask_backups("list")
    head = ("ID", "CREATED", "ENTRIES", "BLOCKS", "BYTES", "NOTE")
    rows = [
        (
            each["id"],
            moment(each.get("created")),
            each.get("entries", "-"),
            each.get("artifacts", "-"),
            each["bytes"],
            f"damaged: {each['damage']}" if each["damage"] else each["note"],
        )
        for each in answer["backups"]
    ]
    results.show(answer, table(head, rows) if rows else f"No backups in {answer['folder']}.")
    return 0


def _verify(chosen: argparse.Namespace, results: Results, ask_backups: Ask) -> int:
    with progress("Reading"):
        answer = ask_backups("verify", backup=_named(chosen))
    said = answer["damage"] or f"{answer['file']} is what was written."
    results.show({**answer, "id": chosen.backup}, said)
    return 0 if answer["valid"] else 1


def _delete(chosen: argparse.Namespace, results: Results, ask_backups: Ask) -> int:
    answer = ask_backups("delete", backup=_named(chosen))
    results.show(answer, f"Deleted {answer['deleted']}.")
    return 0


# --- restore --------------------------------------------------------------------------------------


def _restore_options(parser: argparse.ArgumentParser) -> None:
    _which(parser)
    parser.add_argument(
        "--no-configuration", action="store_true", help="leave the configuration as it is"
    )
    parser.add_argument("--yes", "-y", action="store_true", help="do not ask before")


def _restore(chosen: argparse.Namespace, results: Results, ask_backups: Ask) -> int:
    if not chosen.yes and not confirmed("Replace everything that is kept now?"):
        raise unconfirmed("restored", "--yes restores where nobody can be asked")
    with progress("Restoring"):
        answer = ask_backups(
            "restore",
            backup=_named(chosen),
            configuration=not chosen.no_configuration,
        )
    lines = [f"Restored {answer['entries']} entries and {answer['artifacts']} blocks of artifacts."]
    if answer["configuration"]:
        lines.append(f"  configuration: {answer['configuration']}")
    lines += [f"  not in the backup, and left out: {each}" for each in answer["missing"]]
    results.show(answer, lines)
    return 0


def _named(chosen: argparse.Namespace) -> str:
    """A file by its whole path, as a kernel may stand in another folder."""
    is_file = os.path.isfile(chosen.backup)
    return os.path.abspath(chosen.backup) if is_file else str(chosen.backup)


ACTIONS: Mapping[str, Action] = {
    "create": Action(
        "Take a backup.",
        _create_options,
        _create,
        ("llmspell backup create --note 'before the update'", "llmspell backup create --keep 7"),
    ),
    "restore": Action(
        "Put a backup back, wholly or not at all.",
        _restore_options,
        _restore,
        ("llmspell backup restore 20260105T0900", "llmspell backup restore laptop.llmspell-backup"),
    ),
    "list": Action("List backups, the newest first.", _nothing, _list, ("llmspell backup list",)),
    "verify": Action(
        "Read all of a backup; exit status 1 if it is damaged.",
        _which,
        _verify,
        ("llmspell backup verify 20260105T0900",),
    ),
    "delete": Action(
        "Remove a backup.", _which, _delete, ("llmspell backup delete 20260105T0900",)
    ),
}
"""The words behind ``llmspell backup``."""
