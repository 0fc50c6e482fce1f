"""Sessions for tests: all services over a store, a clock that stands, and who asks."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from kernel.core.errors import UserError
from kernel.events.model import KernelEvent
from kernel.sessions.access import Actor
from kernel.sessions.artifacts.blocks import BlockStore
from kernel.sessions.artifacts.memory_blocks import MemoryBlocks
from kernel.sessions.cells import Cell, CellRunner, Outcome, Output
from kernel.sessions.model import Role, Session, Status
from kernel.sessions.policies.base import Limits, Policy
from kernel.sessions.policies.composition import Sequential
from kernel.sessions.services import SessionServices, open_sessions
from kernel.state.memory import MemoryStore
from kernel.state.store import StateStore
from tests.support.clocks import ManualClock

OWNER = Actor("olive", "acme")
READER = Actor("rita", "acme")
WRITER = Actor("walt", "acme")
MANAGER = Actor("mona", "acme")
STRANGER = Actor("sam", "acme")
GOVERNOR = Actor("gus", "acme", is_admin=True)
OUTSIDER = Actor("olive", "other", is_admin=True)
"""Somebody of another tenant, with the owner's name and all rights there."""

MEMBERS: Mapping[Role, Actor] = {
    Role.READER: READER,
    Role.WRITER: WRITER,
    Role.ADMIN: MANAGER,
    Role.OWNER: OWNER,
}

NO_POLICY = Sequential(())


@dataclass
class SessionKit:
    """Everything a test of sessions needs."""

    store: StateStore
    blocks: BlockStore
    clock: ManualClock
    services: SessionServices
    events: list[KernelEvent] = field(default_factory=list)

    def told(self, kind: type[KernelEvent]) -> list[Any]:
        """The events of one class, in order."""
        return [event for event in self.events if isinstance(event, kind)]

    def session(self, status: Status = Status.ACTIVE, **given: Any) -> Session:
        """A session of the owner's in a status, whose other members have their roles."""
        sessions = self.services.sessions
        made = sessions.create(OWNER, given.pop("name", "work"), **given)
        for role, member in MEMBERS.items():
            if role is not Role.OWNER:
                sessions.grant(OWNER, made.id, member.user, role)
        if status is Status.SUSPENDED:
            sessions.suspend(OWNER, made.id)
        elif status is Status.FAILED:
            sessions.fail(OWNER, made.id, "broken")
        elif status in (Status.COMPLETED, Status.ARCHIVED):
            sessions.complete(OWNER, made.id)
        if status is Status.ARCHIVED:
            sessions.archive(OWNER, made.id)
        return sessions.get(OWNER, made.id)

    def record(self, session: str, *cells: tuple[Cell, Outcome]) -> None:
        """Cells that were run in it."""
        for cell, outcome in cells:
            self.services.runs.record(OWNER, session, cell, outcome)


def make_kit(
    *,
    store: StateStore | None = None,
    blocks: BlockStore | None = None,
    clock: ManualClock | None = None,
    policy: Policy = NO_POLICY,
    **options: Any,
) -> SessionKit:
    """Services over memory, without policies unless some are given."""
    clock = clock or ManualClock()
    store = store if store is not None else MemoryStore(clock)
    blocks = blocks if blocks is not None else MemoryBlocks()
    events: list[KernelEvent] = []
    services = open_sessions(store, blocks, clock, events.append, policy=policy, **options)
    return SessionKit(store, blocks, clock, services, events)


class FakeCellRunner:
    """Implements `CellRunner` for a language of sums: ``a = 1 + 2``, ``print a``, ``fail text``.

    Also ``read a`` (a line of input), ``clock a`` and ``random a`` (what the cell was told) and
    ``wait`` (until it is broken off).
    """

    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.limits: list[Limits] = []
        self.is_closed = False

    async def run(self, cell: Cell, limits: Limits) -> Outcome:
        """See `CellRunner`."""
        self.limits.append(limits)
        inputs = iter(cell.inputs)
        outputs: list[Output] = []
        value: Any = None
        for line in cell.code.splitlines():
            word, _, rest = line.partition(" ")
            if word == "fail":
                return Outcome("error", None, tuple(outputs), rest)
            if word == "wait":
                try:
                    await asyncio.wait_for(asyncio.Event().wait(), limits.timeout_seconds)
                except TimeoutError:
                    return Outcome("interrupted", None, tuple(outputs), "timed out")
            if word == "print":
                value = self.values.get(rest)
                outputs.append(Output(f"{value}\n"))
            elif word in ("read", "clock", "random"):
                told = {"clock": cell.clock, "random": cell.seed}
                self.values[rest] = next(inputs, None) if word == "read" else told[word]
            elif "=" in line:
                name, _, terms = line.partition("=")
                value = sum(self._number(term.strip()) for term in terms.split("+"))
                self.values[name.strip()] = value
        return Outcome("ok", value, tuple(outputs), seconds=1.0, instructions=len(cell.code))

    def _number(self, term: str) -> int:
        return int(term) if term.isdigit() else int(self.values[term])

    async def close(self) -> None:
        """See `CellRunner`."""
        self.is_closed = True


def sums_only(made: list[FakeCellRunner]) -> Callable[[str], CellRunner]:
    """Makes runners for the language ``sums``, and remembers them."""

    def make(language: str) -> CellRunner:
        if language != "sums":
            raise UserError(f"Nothing runs {language} here.")
        made.append(FakeCellRunner())
        return made[-1]

    return make
