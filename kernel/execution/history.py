"""What was run, by session and number, also after the kernel has ended: the port and SQLite.

All of the database is done in one thread of its own, so that nobody waits for a disk. What was
added before a question was asked is part of its answer. Otherwise what is added within `GATHERED`
is written together: to wake a thread for each cell would cost a short cell a fifth of its time.
"""

import asyncio
import logging
import queue
import sqlite3
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from kernel.core.octets import whole

T = TypeVar("T")

_log = logging.getLogger(__name__)

SCHEMA = """
CREATE TABLE IF NOT EXISTS sessions (
    session INTEGER PRIMARY KEY AUTOINCREMENT, began REAL NOT NULL);
CREATE TABLE IF NOT EXISTS entries (
    session INTEGER NOT NULL, line INTEGER NOT NULL, code TEXT NOT NULL, output TEXT,
    PRIMARY KEY (session, line)) WITHOUT ROWID;
"""

IN_MEMORY = ":memory:"

KEPT_IN_MEMORY = 10_000
"""Cells; up to `_FORGOTTEN_AT_ONCE` more."""

_FORGOTTEN_AT_ONCE = 1_000

GATHERED = 0.05
"""Seconds; what a kernel loses of its history when it is killed, at most."""

BUSY_TIMEOUT = 5.0
"""Seconds to wait for another kernel that writes to the same file."""


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """A cell that was run; ``session`` counts the kernels, ``line`` the cells of one."""

    session: int
    line: int
    code: str
    output: str | None = None


class History(Protocol):
    """Cells that were run. Called on the loop's thread; adding never waits."""

    async def begin(self) -> int:
        """Begin a session; its number."""

    def add(self, line: int, code: str) -> None:
        """A cell of this session is run."""

    def add_output(self, line: int, output: str) -> None:
        """What a cell of this session gave, as text."""

    async def tail(self, count: int) -> list[HistoryEntry]:
        """The last cells of all sessions, oldest first; 0 stands for all."""

    async def range(self, session: int, start: int, stop: int | None) -> list[HistoryEntry]:
        """Cells of a session from ``start`` to before ``stop``.

        ``session`` 0 is this one, -1 the one before it.
        """

    async def search(self, pattern: str, count: int, *, is_unique: bool) -> list[HistoryEntry]:
        """The last cells whose code matches a glob; unique: each code once, as it was run last."""

    async def clear(self) -> None:
        """Forget all cells of all sessions; the numbers of sessions go on."""

    async def close(self) -> None:
        """Write what is left; harmless when done twice."""


class SqliteHistory:
    """Implements `History` in a file, or with ``:memory:`` for as long as it lives.

    In memory only the last `KEPT_IN_MEMORY` cells are kept. A file that cannot be used is said in
    the log; the history then lasts as long as the kernel.
    """

    def __init__(self, path: Path | str) -> None:
        self._path = str(path)
        self._session = 0
        self._jobs: queue.SimpleQueue[Callable[[sqlite3.Connection], None] | None]
        self._jobs = queue.SimpleQueue()
        self._is_in_memory = False
        self._is_urgent = threading.Event()
        """Somebody waits for the thread; set behind the job, so that nothing is overlooked."""
        self._thread: threading.Thread | None = None

    async def begin(self) -> int:
        """Begin a session; its number."""
        self._thread = threading.Thread(target=self._work, name="history", daemon=True)
        self._thread.start()
        now = time.time()
        self._session = await self._ask(
            lambda db: int(
                db.execute("INSERT INTO sessions (began) VALUES (?)", (now,)).lastrowid or 0
            )
        )
        return self._session

    def add(self, line: int, code: str) -> None:
        """A cell of this session is run."""
        row = (self._session, line, code)
        self._tell("INSERT OR REPLACE INTO entries (session, line, code) VALUES (?, ?, ?)", row)
        if line % _FORGOTTEN_AT_ONCE == 0:
            self._jobs.put(lambda db: self._forget(db, line - KEPT_IN_MEMORY))

    def add_output(self, line: int, output: str) -> None:
        """What a cell of this session gave."""
        row = (output, self._session, line)
        self._tell("UPDATE entries SET output = ? WHERE session = ? AND line = ?", row)

    async def tail(self, count: int) -> list[HistoryEntry]:
        """The last cells, oldest first."""
        return await self._select("ORDER BY session DESC, line DESC LIMIT ?", (count or -1,))

    async def range(self, session: int, start: int, stop: int | None) -> list[HistoryEntry]:
        """Cells of one session."""
        number = session if session > 0 else self._session + session
        last = 2**62 if stop is None else stop
        where = "WHERE session = ? AND line >= ? AND line < ? ORDER BY line DESC"
        return await self._select(where, (number, start, last))

    async def search(self, pattern: str, count: int, *, is_unique: bool) -> list[HistoryEntry]:
        """The last cells that match."""
        group = (
            "AND NOT EXISTS (SELECT 1 FROM entries AS later WHERE later.code = entries.code "
            "AND (later.session, later.line) > (entries.session, entries.line))"
            if is_unique
            else ""
        )
        where = f"WHERE code GLOB ? {group} ORDER BY session DESC, line DESC LIMIT ?"
        return await self._select(where, (pattern, count or -1))

    async def clear(self) -> None:
        """Forget all cells."""

        def clear(db: sqlite3.Connection) -> None:
            db.execute("DELETE FROM entries")
            db.commit()

        await self._ask(clear)

    async def close(self) -> None:
        """Write what is left and end the thread."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._jobs.put(None)
            self._is_urgent.set()
            await asyncio.to_thread(thread.join)

    async def _select(self, rest: str, values: tuple[Any, ...]) -> list[HistoryEntry]:
        query = f"SELECT session, line, code, output FROM entries {rest}"

        def select(db: sqlite3.Connection) -> list[HistoryEntry]:
            db.commit()  # what we have been told of, others can see from now on
            return [HistoryEntry(*row) for row in db.execute(query, values)][::-1]

        return await self._ask(select)

    def _tell(self, statement: str, values: tuple[Any, ...]) -> None:
        self._jobs.put(lambda db: _run(db, statement, values))

    async def _ask(self, question: Callable[[sqlite3.Connection], T]) -> T:
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[T] = loop.create_future()

        def settle(value: T | None, error: Exception | None) -> None:
            if answer.done():
                return
            if error is not None:
                answer.set_exception(error)
            else:
                answer.set_result(value)  # type: ignore[arg-type]

        def work(db: sqlite3.Connection) -> None:
            try:
                loop.call_soon_threadsafe(settle, question(db), None)
            except Exception as error:
                loop.call_soon_threadsafe(settle, None, error)

        self._jobs.put(work)
        self._is_urgent.set()
        return await answer

    # --- the thread of the database -------------------------------------------------------------

    def _forget(self, db: sqlite3.Connection, last: int) -> None:
        if self._is_in_memory:
            _run(db, "DELETE FROM entries WHERE line <= ?", (last,))

    def _work(self) -> None:
        db, self._is_in_memory = _open(self._path)
        is_going_on = True
        while is_going_on:
            jobs = [self._jobs.get()]
            self._is_urgent.wait(GATHERED)
            self._is_urgent.clear()
            while not self._jobs.empty():
                jobs.append(self._jobs.get())
            for job in jobs:
                if job is None:
                    is_going_on = False
                else:
                    job(db)
            try:
                db.commit()
            except sqlite3.Error as error:
                _log.warning("The history could not be written: %s", error)
        db.close()


def _open(path: str) -> tuple[sqlite3.Connection, bool]:
    """The database, and whether it is in memory."""
    try:
        if path != IN_MEMORY:
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            Path(path).touch(mode=0o600)  # what people type is nobody else's
        return _prepared(path), path == IN_MEMORY
    except (OSError, sqlite3.Error) as error:
        _log.warning("The history in %s cannot be used, it will be forgotten: %s", path, error)
        return _prepared(IN_MEMORY), True


def _prepared(path: str) -> sqlite3.Connection:
    db = sqlite3.connect(path, timeout=BUSY_TIMEOUT)
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = NORMAL")
    db.executescript(SCHEMA)
    return db


def _run(db: sqlite3.Connection, statement: str, values: tuple[Any, ...]) -> None:
    try:
        db.execute(statement, [whole(it) if isinstance(it, str) else it for it in values])
    except sqlite3.Error as error:
        _log.warning("The history could not be written: %s", error)
