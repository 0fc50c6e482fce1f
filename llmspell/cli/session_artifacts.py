"""``llmspell session``: what sessions keep, and sessions as files."""

import argparse
import base64
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kernel.core.errors import UserError
from kernel.core.progress import report_progress
from kernel.core.suggestions import unknown
from llmspell.cli.actions import Action
from llmspell.cli.progress import progress
from llmspell.cli.results import Results, table
from llmspell.cli.session_looks import Ask, cells_and_artifacts, id_argument, moment
from llmspell.cli.session_store import store, store_options
from llmspell.cli.state import confirmed
from llmspell.cli.whole_files import written_whole

PIECE = 4 * 1024 * 1024
"""Bytes of an artifact that are asked for at once."""


def _artifacts(chosen: argparse.Namespace, results: Results, ask: Ask) -> int:
    answer = ask("artifacts", id=chosen.id)
    rows = [
        (
            each["id"],
            each["name"],
            each.get("version", ""),
            each["size"],
            moment(each.get("created")),
            each["hash"][:12],
        )
        for each in answer["artifacts"]
    ]
    head = ("ID", "NAME", "VERSION", "BYTES", "CREATED", "HASH")
    results.show(answer, table(head, rows) if rows else "It keeps no artifacts.")
    return 0


def _artifact_options(parser: argparse.ArgumentParser) -> None:
    id_argument(parser)
    parser.add_argument("artifact", metavar="ARTIFACT", help="its name, number or hash")
    parser.add_argument("-o", "--file", metavar="FILE", help="write it there instead of stdout")


def _artifact(chosen: argparse.Namespace, results: Results, ask: Ask) -> int:
    there = ask("artifacts", id=chosen.id)["artifacts"]
    is_name = any(each["name"] == chosen.artifact for each in there)
    which = {"name": chosen.artifact} if is_name else {"id": chosen.artifact}
    first = _piece(ask, chosen.id, which, 0)
    if chosen.file:
        size = _write_file(Path(chosen.file), _pieces(ask, chosen.id, first))
        document = {"artifact": first.artifact, "file": chosen.file}
        results.show(document, f"Wrote {chosen.file} ({size} bytes).")
    elif results.is_text:
        sys.stdout.flush()
        for octets in _pieces(ask, chosen.id, first):
            sys.stdout.buffer.write(octets)
        sys.stdout.flush()
    else:  # one document has to have all of it
        whole = b"".join(_pieces(ask, chosen.id, first))
        results.show({"artifact": first.artifact, **_coded(whole)}, "")
    return 0


def _diff_options(parser: argparse.ArgumentParser) -> None:
    id_argument(parser)
    parser.add_argument("artifact", metavar="ARTIFACT", help="its name, or the old one's number")
    parser.add_argument(
        "other", metavar="OTHER", nargs="?", help="the new one's number or hash; else the last"
    )


def _diff(chosen: argparse.Namespace, results: Results, ask: Ask) -> int:
    there = ask("artifacts", id=chosen.id)["artifacts"]
    if any(each["name"] == chosen.artifact for each in there):
        which = {"name": chosen.artifact, "new": chosen.other}
    elif chosen.other is None:
        known = dict.fromkeys(each["name"] for each in there)
        raise UserError(unknown("artifact", chosen.artifact, known))
    else:
        which = {"old": chosen.artifact, "new": chosen.other}
    answer = ask("diff", session=chosen.id, **which)
    found = answer["difference"]
    text = found["unified"] if found["is_text"] else found["summary"]
    results.show(answer, text.rstrip("\n") or "identical")
    return 0 if found["is_identical"] else 1


@dataclass(frozen=True, slots=True)
class _Piece:
    """A part of an artifact, and what is known of it."""

    artifact: Mapping[str, Any]
    octets: bytes


def _piece(ask: Ask, session: str, which: Mapping[str, Any], start: int) -> _Piece:
    answer = ask("artifact", session=session, **which, start=start, end=start + PIECE)
    text = answer.get("text")
    octets = text.encode() if text is not None else base64.b64decode(answer["base64"])
    return _Piece(answer["artifact"], octets)


def _pieces(ask: Ask, session: str, first: _Piece) -> Iterator[bytes]:
    """All of an artifact, piece by piece, of the version that the first one is of."""
    size, done = int(first.artifact["size"]), len(first.octets)
    which = {"id": first.artifact["id"]}
    with progress("Reading"):
        report_progress(done, size, "bytes")
        yield first.octets
        while done < size:
            octets = _piece(ask, session, which, done).octets
            done += len(octets)
            report_progress(done, size, "bytes")
            yield octets


def _write_file(path: Path, pieces: Iterator[bytes]) -> int:
    """Write a file, all of it or nothing; how many bytes. Raises `UserError`."""
    try:
        with written_whole(path) as file:
            return sum(file.write(octets) for octets in pieces)
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror}.") from error


def _coded(octets: bytes) -> Mapping[str, str]:
    try:
        return {"text": octets.decode()}
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(octets).decode()}


def _snapshot_options(parser: argparse.ArgumentParser) -> None:
    id_argument(parser)
    parser.add_argument("file", metavar="FILE", help="where to")


def _snapshot(chosen: argparse.Namespace, results: Results, ask: Ask) -> int:
    with progress("Writing"):
        answer = ask("snapshot", id=chosen.id, path=os.path.abspath(chosen.file))
    results.show(answer, f"Wrote {chosen.file}.")
    return 0


def _restore_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", help="what snapshot wrote")
    parser.add_argument(
        "--new", action="store_true", help="beside the one there is, under another id"
    )
    parser.add_argument(
        "--yes", "-y", action="store_true", help="do not ask before what is newer goes"
    )


def _restore(chosen: argparse.Namespace, results: Results, ask: Ask) -> int:
    path = os.path.abspath(chosen.file)
    if not (chosen.new or chosen.yes):
        _ask_for_newer(ask("restore", path=path, dry_run=True)["newer"])
    with progress("Reading"):
        answer = ask("restore", path=path, new=chosen.new)
    session = answer["session"]
    results.show(answer, f"Session {session['id']} ({session['name']}) is there again.")
    return 0


def _ask_for_newer(newer: Mapping[str, Any]) -> None:
    """Ask whether what came after the snapshot may go; raises `UserError` if not."""
    what = cells_and_artifacts(newer)
    if not what:
        return
    session = f"Session {newer['session']} ({newer['name']})"
    if not confirmed(f"{session} has {what} that came after the snapshot. Take them away?"):
        raise UserError(
            f"Nothing was restored: {session} has {what} that came after the snapshot. --yes "
            "takes them away where nobody can be asked, --new puts the snapshot beside it."
        )


ARTIFACT_ACTIONS: Mapping[str, Action] = {
    "artifacts": Action(
        "List what a session keeps.",
        id_argument,
        _artifacts,
        ("llmspell session artifacts tuesday",),
    ),
    "artifact": Action(
        "Give out an artifact.",
        _artifact_options,
        _artifact,
        (
            "llmspell session artifact tuesday report.md",
            "llmspell session artifact 1f3a 4 -o a.png",
        ),
    ),
    "store": Action(
        "Keep a file as an artifact; under a name that is there, as its next version.",
        store_options,
        store,
        (
            "llmspell session store tuesday report.md",
            "llmspell session store tuesday - --name notes.txt --description 'by hand'",
        ),
    ),
    "diff": Action(
        "Compare two versions of an artifact, the last two by default; exit status 1 if they "
        "differ.",
        _diff_options,
        _diff,
        ("llmspell session diff tuesday report.md", "llmspell session diff tuesday 1 4"),
    ),
    "snapshot": Action(
        "Write a session with all that belongs to it to a file.",
        _snapshot_options,
        _snapshot,
        ("llmspell session snapshot tuesday tuesday.session",),
    ),
    "restore": Action(
        "Put a session back from a file.",
        _restore_options,
        _restore,
        ("llmspell session restore tuesday.session --new",),
    ),
}
"""Words behind ``llmspell session``."""
