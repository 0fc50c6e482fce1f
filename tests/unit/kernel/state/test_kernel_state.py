"""KernelState: a kernel goes on where it was."""

import random
import subprocess
import sys
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import pytest

from kernel.core.clock import SystemClock
from kernel.state.kernel_state import (
    Beginning,
    End,
    KernelState,
    NotOurRun,
    PartUnreadable,
    Snapshot,
)
from kernel.state.memory import MemoryStore
from kernel.state.state import State
from kernel.state.store import StateStore
from tests.support.clocks import ManualClock
from tests.support.stores import DURABLE

ROOT = Path(__file__).parents[4]


class Mode(Enum):
    IDLE = "idle"
    BUSY = "busy"


@dataclass(frozen=True)
class Execution:
    count: int
    mode: Mode = Mode.IDLE


@dataclass(frozen=True)
class Session:
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Breakpoint:
    path: str
    line: int
    condition: str | None = None


@dataclass(frozen=True)
class Debug:
    breakpoints: tuple[Breakpoint, ...] = ()


PARTS = (Execution, Session, Debug)


def kernel(store: StateStore, clock, name: str = "main") -> KernelState[Execution, Session, Debug]:
    return KernelState(store, name, *PARTS, clock)


FIRST = (Execution(3, Mode.BUSY), Session(("a", "é")), Debug((Breakpoint("/x.lua", 7),)))
SECOND = (Execution(4), Session(), Debug())


def test_a_kernel_goes_on(store: MemoryStore, clock: ManualClock) -> None:
    """What was saved last is what the next run finds, with its types."""
    before = kernel(store, clock)
    assert Beginning(End.NONE, None) == before.begin()
    assert [1, 2] == [before.save(*SECOND), before.save(*FIRST)]
    saved = clock.now()
    clock.advance(5)
    before.end()
    after = kernel(store, clock)
    assert Beginning(End.ORDERLY, Snapshot(*FIRST, 2, saved)) == after.begin()
    assert 3 == after.save(*SECOND)
    assert Snapshot(*SECOND, 3, clock.now()) == after.load()


def test_an_unexpected_end_is_known(store: MemoryStore, clock: ManualClock) -> None:
    """Whoever does not say that they end, ended unexpectedly; what they saved is there."""
    before = kernel(store, clock)
    before.begin()
    before.save(*FIRST)
    beginning = kernel(store, clock).begin()
    assert (End.UNEXPECTED, FIRST[2]) == (beginning.last_end, beginning.snapshot.debug)


def test_two_kernels_of_one_name(store: MemoryStore, clock: ManualClock) -> None:
    """The one that was overtaken is told; its state and its end are not taken for the other's."""
    one, other = kernel(store, clock), kernel(store, clock)
    one.begin()
    one.save(*FIRST)
    other.begin()
    with pytest.raises(NotOurRun, match="'main'"):
        one.save(*FIRST)
    other.save(*SECOND)
    with pytest.raises(NotOurRun, match="'main'"):
        one.save(*FIRST)
    one.end()
    assert End.UNEXPECTED is kernel(store, clock).begin().last_end
    assert SECOND[0] == other.load().execution


def test_kernels_have_names(store: MemoryStore, clock: ManualClock) -> None:
    """Each has a state of its own, which scripts do not see, and which can be forgotten."""
    one, other = kernel(store, clock, "one"), kernel(store, clock, "other")
    one.begin()
    one.save(*FIRST)
    assert Beginning(End.NONE, None) == other.begin()
    assert [] == State(store).scopes()
    one.forget()
    assert Beginning(End.NONE, None) == kernel(store, clock, "one").begin()


@dataclass(frozen=True)
class LaterSession:
    names: tuple[str, ...]
    owner: str


def test_parts_that_do_not_fit(store: MemoryStore, clock: ManualClock) -> None:
    """Parts of another version are an error that names the field; nothing was marked as begun."""
    before = kernel(store, clock)
    before.begin()
    before.save(*FIRST)
    before.end()
    later = KernelState(store, "main", Execution, LaterSession, Debug, clock)
    with pytest.raises(PartUnreadable, match=r"'main'.* session\.owner: Field required"):
        later.begin()
    assert End.ORDERLY is kernel(store, clock).begin().last_end


SAVING = """
import sys
from pathlib import Path
from kernel.core.clock import SystemClock
from tests.support.stores import DURABLE
from tests.unit.kernel.state.test_kernel_state import Debug, Breakpoint, Execution, Session, kernel
store = DURABLE[sys.argv[1]](Path(sys.argv[2]), SystemClock())
state = kernel(store, SystemClock())
found = state.begin()
number = found.snapshot.number if found.snapshot else 0
while True:
    number += 1
    state.save(Execution(number), Session((str(number),)), Debug((Breakpoint("x", number),) * 50))
    print(number, flush=True)
"""


@pytest.mark.parametrize("durable", ["sqlite", "lmdb"])
def test_a_killed_kernel_is_whole(durable: str, tmp_path: Path) -> None:
    """Killed at any moment: the last acknowledged snapshot is there, its parts of one moment."""
    chance, said = random.Random(durable), 0
    for _ in range(5):
        program = [sys.executable, "-c", SAVING, durable, str(tmp_path)]
        running = subprocess.Popen(program, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        for _ in range(chance.randrange(1, 100)):
            said = int(running.stdout.readline())
        running.kill()
        rest = [each for each in running.communicate()[0].splitlines(True) if each.endswith("\n")]
        said = int(rest[-1]) if rest else said
        store = DURABLE[durable](tmp_path, SystemClock())
        state = kernel(store, SystemClock())
        found = state.begin()
        seen = found.snapshot
        assert End.UNEXPECTED is found.last_end
        assert said <= seen.number <= said + 1
        parts = (Execution(seen.number), Session((str(seen.number),)))
        assert parts == (seen.execution, seen.session)
        assert (Breakpoint("x", seen.number),) * 50 == seen.debug.breakpoints
        store.close()


def test_a_run_whose_program_is_replaced(store: MemoryStore, clock: ManualClock) -> None:
    """Is told from one that ended in order, for the run after it alone."""
    before, after = kernel(store, clock), kernel(store, clock)
    before.begin()
    before.end(is_replaced=True)
    assert End.REPLACED is after.begin().last_end
    after.end()
    assert End.ORDERLY is kernel(store, clock).begin().last_end
