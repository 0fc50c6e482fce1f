"""Hooks are asked before and told after what happens to sessions."""

import pytest

from kernel.hooks.base import HookCancelled
from kernel.hooks.points import POINTS
from kernel.hooks.registry import HookRegistry
from kernel.hooks.results import CONTINUE, Cancel
from kernel.hooks.runner import HookRunner
from kernel.sessions.access import AccessDenied
from kernel.sessions.gate import PolicyRefused
from kernel.sessions.model import Status
from tests.support.sessions import OWNER, READER, make_kit

NAMES = ("SessionStart", "SessionSave", "SessionCheckpoint", "SessionRestore", "SessionEnd")


class Listening:
    """Services whose hooks remember what they were asked, and say no where they were told to."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, str]] = []
        self.refused: set[str] = set()
        self.kit = None
        registry = HookRegistry()
        for name in NAMES:
            registry.register(POINTS[name], self.ask)
        self.kit = make_kit(hooks=HookRunner(registry))

    def ask(self, details):
        """A hook; it may use the services itself."""
        self.asked.append((details.point.name, details.metadata["action"], details.data["status"]))
        self.kit.services.sessions.list(OWNER)
        return Cancel("Not today.") if details.point.name in self.refused else CONTINUE


def test_each_point_is_passed(tmp_path) -> None:
    """Beginning, saving, checkpoints, restores and ends, in their order, with what they mean."""
    it = Listening()
    sessions, snapshots = it.kit.services.sessions, it.kit.services.snapshots
    session = sessions.create(OWNER, "work")
    sessions.update(OWNER, session.id, name="other")
    snapshots.snapshot(OWNER, session.id, tmp_path / "saved")
    sessions.suspend(OWNER, session.id)
    sessions.complete(OWNER, session.id)
    snapshots.restore(OWNER, tmp_path / "saved")
    assert [
        ("SessionStart", "create", "active"),
        ("SessionSave", "update", "active"),
        ("SessionCheckpoint", "snapshot", "active"),
        ("SessionEnd", "complete", "completed"),
        ("SessionRestore", "restore", "active"),
    ] == it.asked


def test_a_hook_can_say_no(tmp_path) -> None:
    """What a hook cancels does not happen, and the trail says who wanted it."""
    it = Listening()
    session = it.kit.session()
    it.refused.update(NAMES)
    sessions = it.kit.services.sessions
    with pytest.raises(HookCancelled, match=r"Not today\."):
        sessions.create(OWNER, "another")
    with pytest.raises(HookCancelled):
        sessions.update(OWNER, session.id, name="other")
    with pytest.raises(HookCancelled):
        it.kit.services.snapshots.snapshot(OWNER, session.id, tmp_path / "saved")
    assert [session] == sessions.list(OWNER)
    trail = it.kit.services.audit.trail(OWNER, session.id)
    assert [("update", False), ("snapshot", False)] == [
        (each.action, each.is_done) for each in trail[-2:]
    ]
    assert Status.COMPLETED is sessions.complete(OWNER, session.id).status


def test_hooks_hear_nothing_of_what_is_refused_anyway() -> None:
    """Who may not do something cannot make hooks run."""
    it = Listening()
    session = it.kit.session()
    it.asked.clear()
    with pytest.raises(AccessDenied):
        it.kit.services.sessions.update(READER, session.id, name="mine")
    assert [] == it.asked


def test_hooks_hear_of_limits_and_of_who_may_not() -> None:
    """What a policy refuses, and what somebody may not do, each at its own point."""
    heard = []
    registry = HookRegistry()
    for name in ("ResourceLimitExceeded", "SecurityViolation"):
        registry.register(
            POINTS[name], lambda it: heard.append((it.point.name, it.data["operation"]))
        )
    kit = make_kit(hooks=HookRunner(registry), max_active=1)
    session = kit.session()
    with pytest.raises(PolicyRefused):
        kit.services.sessions.create(OWNER, "one too many")
    with pytest.raises(AccessDenied):
        kit.services.sessions.update(READER, session.id, name="mine")
    assert [("ResourceLimitExceeded", "create"), ("SecurityViolation", "update")] == heard
