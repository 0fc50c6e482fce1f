"""Registering hooks and finding them again."""

from kernel.hooks.base import HIGH, LOW
from kernel.hooks.breaker import Breaker, BreakerSettings, BreakerState
from kernel.hooks.points import POINTS
from kernel.hooks.registry import HookRegistry
from kernel.hooks.results import CONTINUE
from tests.support.clocks import ManualClock
from tests.support.hooks import saying

BEFORE, AFTER = POINTS["BeforeToolExecution"], POINTS["AfterToolExecution"]


def test_handles() -> None:
    """A handle has an id of its own, says where it belongs, and ends once."""
    registry = HookRegistry()
    one = registry.register(BEFORE, saying(CONTINUE), name="a")
    other = registry.register(BEFORE, saying(CONTINUE))
    assert one.id != other.id
    assert ("BeforeToolExecution", "a", "hook") == (one.point.name, one.name, other.name)
    assert [True, False, False] == [one.unregister(), one.unregister(), registry.unregister(one)]
    assert (other,) == registry.at(BEFORE)


def test_finding() -> None:
    """Hooks are found by point, language, priority and tag, alone and together."""
    registry = HookRegistry()
    a = registry.register(BEFORE, saying(CONTINUE), language="lua", tags=["audit"])
    b = registry.register(AFTER, saying(CONTINUE), language="lua", priority=HIGH)
    c = registry.register(BEFORE, saying(CONTINUE), priority=LOW)
    assert [b, a, c] == registry.find()
    assert [a, c] == registry.find(BEFORE)
    assert [b, a] == registry.find(language="lua")
    assert [a] == registry.find(BEFORE, language="lua")
    assert [c] == registry.find(priority=LOW)
    assert [a] == registry.find(tag="audit")
    assert [] == registry.find(AFTER, tag="audit")


def test_nobody_is_at_other_points() -> None:
    """Where nothing is registered, or not any more, there is nobody to ask."""
    registry = HookRegistry()
    assert () == registry.at(BEFORE)
    registry.register(BEFORE, saying(CONTINUE)).unregister()
    assert () == registry.at(BEFORE)


# --- the breaker -------------------------------------------------------------------------------


def breaker() -> tuple[Breaker, ManualClock]:
    """A breaker with the usual settings, and its clock."""
    clock = ManualClock()
    return Breaker(BreakerSettings(), clock.monotonic), clock


def test_failures_far_apart_do_not_count() -> None:
    """Three failures within 30 seconds open it, not three within a longer time."""
    made, clock = breaker()
    found = []
    for _ in range(5):
        found.append(made.note_failure())
        clock.advance(20)
    assert ([False] * 5, True) == (found, made.is_closed)
    found = [made.note_failure() for _ in range(2)]
    assert ([False, True], BreakerState.OPEN) == (found, made.state)


def test_half_open_admits_one() -> None:
    """After its rest one is let through; the others wait for what comes of it."""
    made, clock = breaker()
    for _ in range(3):
        made.note_failure()
    assert not made.admits()
    clock.advance(15)
    assert [True, False, False] == [made.admits() for _ in range(3)]
    made.note_success()
    assert (True, True) == (made.admits(), made.is_closed)


def test_a_failed_trial_opens_it_again() -> None:
    """The hook rests as long once more."""
    made, clock = breaker()
    for _ in range(3):
        made.note_failure()
    clock.advance(15)
    made.admits()
    assert (True, 2) == (made.note_failure(), made.trips)
    clock.advance(14)
    assert not made.admits()
    clock.advance(1)
    assert made.admits()
