"""A state in memory, and the time it sees."""

import pytest

from kernel.state.memory import MemoryStore
from kernel.state.state import State
from tests.support.clocks import ManualClock


@pytest.fixture
def clock() -> ManualClock:
    """The time."""
    return ManualClock()


@pytest.fixture
def store(clock: ManualClock) -> MemoryStore:
    """An empty store."""
    return MemoryStore(clock)


@pytest.fixture
def state(store: MemoryStore, clock: ManualClock) -> State:
    """A state over it."""
    return State(store, clock)
