"""``llmspell session store``: a file becomes an artifact."""

import argparse
import base64
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any

from kernel.core.errors import UserError
from kernel.core.progress import report_progress
from llmspell.cli.pairs import metadata_option
from llmspell.cli.progress import progress
from llmspell.cli.results import Results
from llmspell.cli.session_looks import Ask, id_argument

PIECE = 4 * 1024 * 1024
"""Bytes that are sent at once."""

TYPES = ("agent_output", "tool_result", "user_input", "system_generated", "custom")

STDIN = "-"


def store_options(parser: argparse.ArgumentParser) -> None:
    """What ``session store`` takes."""
    id_argument(parser)
    parser.add_argument("file", metavar="FILE", help="what to keep; - is stdin")
    parser.add_argument("--name", metavar="NAME", help="what it is called; else as the file is")
    parser.add_argument("--type", choices=TYPES, default="custom", help="what it is; else custom")
    parser.add_argument("--mime-type", metavar="TYPE", help="its form; else by its name")
    parser.add_argument("--description", metavar="TEXT", help="what it is about")
    parser.add_argument("--tag", action="append", metavar="TAG", help="may be repeated")
    metadata_option(parser)


def store(chosen: argparse.Namespace, results: Results, ask: Ask) -> int:
    """Keep a file; in a kernel, wherever it runs, it is sent in pieces."""
    name = chosen.name or ("" if chosen.file == STDIN else Path(chosen.file).name)
    if not name:
        raise UserError("What comes from stdin needs a --name.")
    notes = {
        "name": name,
        "type": chosen.type,
        "mime_type": chosen.mime_type,
        "description": chosen.description,
        "tags": chosen.tag,
        "metadata": dict(chosen.metadata) or None,
    }
    with _opened(chosen.file) as file, progress("Storing"):
        answer = ask("store", session=chosen.id, **notes, **_content(chosen.id, file, ask))
    kept = answer["artifact"]
    what = f"{kept['name']} (version {kept['version']}, {kept['size']} bytes)"
    results.show(answer, f"Stored {what} as number {kept['id']}.")
    return 0


def _content(session: str, file: IO[bytes], ask: Ask) -> Mapping[str, Any]:
    """What the request has of it: its place, or what was sent of it before."""
    if ask("list", limit=1)["mode"] == "embedded":
        return {"path": os.path.abspath(file.name)}
    size = os.fstat(file.fileno()).st_size
    upload = ask("begin_upload", session=session, size=size)["upload"]
    done = 0
    while octets := file.read(min(PIECE, size - done)):
        coded = base64.b64encode(octets).decode()
        done = ask("upload", upload=upload, start=done, base64=coded)["received"]
        report_progress(done, size, "bytes")
    return {"upload": upload}


@contextmanager
def _opened(path: str) -> Iterator[IO[bytes]]:
    """A file with a size; what is none (stdin, a pipe) is written to one first."""
    with ExitStack() as opened:
        try:
            source: IO[bytes] = sys.stdin.buffer
            if path != STDIN:
                source = opened.enter_context(Path(path).open("rb"))
            if path == STDIN or not Path(path).is_file():
                whole = opened.enter_context(tempfile.NamedTemporaryFile(prefix="llmspell-"))
                shutil.copyfileobj(source, whole)
                whole.flush()
                whole.seek(0)
                source = whole
        except OSError as error:
            raise UserError(f"{path} cannot be stored: {error.strerror}.") from error
        yield source
