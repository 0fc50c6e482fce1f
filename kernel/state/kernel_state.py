"""KernelState: what a kernel was doing, so that it can go on after any end.

It has three parts: execution, session and debug. Each subsystem owns the type of its part, a frozen
dataclass of what pydantic can write as JSON, and hands it in; nothing here knows what is in it. All
three are kept in one entry, so that they are always of the same moment.
"""

import json
import secrets
from dataclasses import dataclass
from enum import Enum
from typing import Any, Generic, TypeVar

from pydantic import TypeAdapter, ValidationError

from kernel.core.clock import Clock, SystemClock
from kernel.core.errors import UserError
from kernel.state.migrations import KERNEL_SCOPE
from kernel.state.store import Entry, StateStore

Execution = TypeVar("Execution")
Session = TypeVar("Session")
Debug = TypeVar("Debug")


@dataclass(frozen=True, slots=True)
class Snapshot(Generic[Execution, Session, Debug]):
    """The parts at one moment."""

    execution: Execution
    session: Session
    debug: Debug
    number: int
    """1 for the first that was saved, one more for each after it."""
    at: float
    """Seconds since 1970."""


class End(Enum):
    """How the run before this one ended."""

    NONE = "there was none"
    ORDERLY = "in order"
    REPLACED = "by replacing its program, whose code did not stop"
    UNEXPECTED = "without a word"
    """Killed, crashed, cut off from power; or it still runs, and is told when it saves next."""


@dataclass(frozen=True, slots=True)
class Beginning(Generic[Execution, Session, Debug]):
    """What a run finds when it begins."""

    last_end: End
    snapshot: Snapshot[Execution, Session, Debug] | None


class NotOurRun(UserError):
    """Another kernel of the same name has begun since; this one may save nothing more."""


class PartUnreadable(UserError):
    """What was saved does not fit the types of the parts, and no migration made it fit."""


class KernelState(Generic[Execution, Session, Debug]):
    """The saved parts of the kernel with this name; for one thread at a time.

    `begin` first, `save` whenever something changed, `end` last.
    """

    def __init__(
        self,
        store: StateStore,
        kernel: str,
        execution: type[Execution],
        session: type[Session],
        debug: type[Debug],
        clock: Clock | None = None,
    ) -> None:
        self._store, self._kernel = store, kernel
        self._clock = clock or SystemClock()
        self._execution = TypeAdapter(execution)
        self._session = TypeAdapter(session)
        self._debug = TypeAdapter(debug)
        self._run = secrets.token_hex(8)

    def begin(self) -> Beginning[Execution, Session, Debug]:
        """Take over from the run before. Raises `PartUnreadable`."""
        with self._store.transaction() as inside:
            before = inside.get(KERNEL_SCOPE, self._key("run"))
            snapshot = self._snapshot(inside.get(KERNEL_SCOPE, self._key("parts")))
            self._mark(inside, ended=None)
        last_end = End.NONE if before is None else _end(json.loads(before.value))
        return Beginning(last_end, snapshot)

    def save(self, execution: Execution, session: Session, debug: Debug) -> int:
        """Keep the parts, all or (after an error) none; the number of the snapshot.

        Raises `NotOurRun`.
        """
        parts = {
            "execution": self._execution.dump_python(execution, mode="json"),
            "session": self._session.dump_python(session, mode="json"),
            "debug": self._debug.dump_python(debug, mode="json"),
        }
        data = json.dumps(parts, separators=(",", ":")).encode()
        with self._store.transaction() as inside:
            if not self._is_ours(inside):
                raise NotOurRun(
                    f"Another kernel named {self._kernel!r} has begun since this one; "
                    "give one of the two another name."
                )
            return inside.put(KERNEL_SCOPE, self._key("parts"), data)

    def load(self) -> Snapshot[Execution, Session, Debug] | None:
        """What was saved last, by whichever run. Raises `PartUnreadable`."""
        return self._snapshot(self._store.get(KERNEL_SCOPE, self._key("parts")))

    def end(self, *, is_replaced: bool = False) -> None:
        """Say that this run ended in order; nothing happens if another one has begun since.

        ``is_replaced``: that its program is replaced instead, since its code did not stop.
        """
        with self._store.transaction() as inside:
            if self._is_ours(inside):
                self._mark(inside, ended=self._clock.now(), is_replaced=is_replaced)

    def forget(self) -> None:
        """Forget the kernel, as if it had never run."""
        with self._store.transaction() as inside:
            for what in ("run", "parts"):
                inside.delete(KERNEL_SCOPE, self._key(what))

    def _mark(self, store: StateStore, ended: float | None, *, is_replaced: bool = False) -> None:
        said = {"run": self._run, "ended": ended, "replaced": is_replaced}
        data = json.dumps(said).encode()
        store.put(KERNEL_SCOPE, self._key("run"), data)

    def _is_ours(self, store: StateStore) -> bool:
        found = store.get(KERNEL_SCOPE, self._key("run"))
        return found is not None and json.loads(found.value)["run"] == self._run

    def _key(self, what: str) -> str:
        return f"{what}/{self._kernel}"

    def _snapshot(self, entry: Entry | None) -> Snapshot[Execution, Session, Debug] | None:
        if entry is None:
            return None
        parts = json.loads(entry.value)
        return Snapshot(
            self._read(self._execution, parts, "execution"),
            self._read(self._session, parts, "session"),
            self._read(self._debug, parts, "debug"),
            entry.version,
            entry.updated,
        )

    def _read(self, adapter: TypeAdapter[Any], parts: dict[str, Any], name: str) -> Any:  # noqa: ANN401
        try:
            return adapter.validate_python(parts[name], strict=False)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(str(each) for each in (name, *first["loc"]))
            raise PartUnreadable(
                f"The state of the kernel {self._kernel!r} cannot be read: {place}: "
                f"{first['msg']}. Use the version that saved it, or forget the kernel."
            ) from error


def _end(said: dict[str, Any]) -> End:
    """How the run ended that has said this; earlier releases say nothing of replacements."""
    if said["ended"] is None:
        return End.UNEXPECTED
    return End.REPLACED if said.get("replaced") else End.ORDERLY
