"""Uploads: contents that come in pieces before they are stored."""

import contextlib
import tempfile
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO

from kernel.core.errors import UserError
from kernel.sessions.access import Actor

MOST_AT_ONCE = 64
"""Uploads under way in one process."""

IDLE = 600.0
"""Seconds without a piece after which an upload may be given up."""


@dataclass(slots=True)
class _Upload:
    actor: Actor
    size: int
    file: IO[bytes]
    touched: float
    received: int = 0


class Uploads:
    """Pieces are kept in files that have no name, so nothing is left by a process that ends.

    For any thread. An upload belongs to who has begun it.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._there: dict[str, _Upload] = {}

    def begin(self, actor: Actor, size: int) -> str:
        """The name of an upload of so many bytes; raises `UserError` where there are too many."""
        with self._lock:
            self._give_up()
            if len(self._there) >= MOST_AT_ONCE:
                raise UserError(
                    f"{MOST_AT_ONCE} uploads are under way, the most there may be; "
                    "end one, or try again later."
                )
            name = uuid.uuid4().hex
            file = tempfile.TemporaryFile()  # noqa: SIM115 - it is closed when it was stored
            self._there[name] = _Upload(actor, size, file, self._now())
            return name

    def add(self, actor: Actor, name: str, start: int, octets: bytes) -> int:
        """Take the piece that begins at byte ``start``; how many bytes there are now."""
        with self._lock:
            upload = self._find(actor, name)
            if start != upload.received:
                raise UserError(
                    f"The upload has {upload.received} bytes; its next piece begins there, "
                    f"not at {start}."
                )
            if start + len(octets) > upload.size:
                raise UserError(f"The upload was to have {upload.size} bytes, and would have more.")
            upload.file.write(octets)
            upload.received += len(octets)
            upload.touched = self._now()
            return upload.received

    @contextlib.contextmanager
    def taken(self, actor: Actor, name: str) -> Iterator[IO[bytes]]:
        """The whole content, to be read; afterwards it is gone. Raises `UserError`."""
        with self._lock:
            upload = self._find(actor, name)
            if upload.received != upload.size:
                raise UserError(
                    f"The upload has {upload.received} of {upload.size} bytes; send the others."
                )
            del self._there[name]
        with upload.file:
            upload.file.seek(0)
            yield upload.file

    def _find(self, actor: Actor, name: str) -> _Upload:
        found = self._there.get(name)
        if found is None or found.actor != actor:
            raise UserError(f"There is no upload {name!r}; begin_upload begins one.")
        return found

    def _give_up(self) -> None:
        before = self._now() - IDLE
        for name in [name for name, each in self._there.items() if each.touched < before]:
            self._there.pop(name).file.close()
