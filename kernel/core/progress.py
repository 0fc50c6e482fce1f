"""Progress: work that takes long says how far it is, to whoever watches.

The work calls `report_progress` and does not know who that is. Who asked for it watches: a command
in the same process, or for a client of a kernel the message that is being served. The watcher in
force is kept in a context variable, which tasks inherit and `asyncio.to_thread` hands on.
"""

from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far something is."""

    done: int
    total: int
    """0: nobody knows."""
    unit: str = ""
    """What is counted: ``steps``, ``entries``, ``bytes``."""


Watch = Callable[[Progress], None]
"""Told how far it is, on the thread of the work; to be quick."""

_watch: ContextVar[Watch | None] = ContextVar("progress", default=None)


def report_progress(done: int, total: int, unit: str = "") -> None:
    """Tell whoever watches; harmless where nobody does."""
    watch = _watch.get()
    if watch is not None:
        watch(Progress(done, total, unit))


def reporting(things: Collection[T], unit: str) -> Iterator[T]:
    """The things one after the other, telling how many are done."""
    total = len(things)
    for done, each in enumerate(things):
        report_progress(done, total, unit)
        yield each
    report_progress(total, total, unit)


@contextmanager
def watched(watch: Watch) -> Iterator[None]:
    """What is done inside is watched."""
    token = _watch.set(watch)
    try:
        yield
    finally:
        _watch.reset(token)


def current_watch() -> Watch | None:
    """Who watches here, to be told of what is done elsewhere."""
    return _watch.get()
