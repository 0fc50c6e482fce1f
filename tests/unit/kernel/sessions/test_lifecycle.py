"""The life of a session is what its table says, whatever happens in which order."""

from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from kernel.core.errors import UserError
from kernel.sessions.cells import Cell, Outcome
from kernel.sessions.lifecycle import ABSENT, AS_SAVED, LIFECYCLE, IllegalMove, Verb, move
from kernel.sessions.model import SessionNotFound, Status
from tests.support.sessions import GOVERNOR, OWNER, SessionKit, make_kit


def do(kit: SessionKit, session: str, verb: Verb, folder: Any) -> None:
    """Have a verb done by the service that does it."""
    services = kit.services
    saved = folder / "saved"
    match verb:
        case Verb.RUN:
            services.runs.admit(OWNER, session)
        case Verb.STORE:
            services.artifacts.store(OWNER, session, "note", "text")
        case Verb.UPDATE:
            services.sessions.update(OWNER, session, description="changed")
        case Verb.FAIL:
            services.sessions.fail(OWNER, session, "broken")
        case Verb.SNAPSHOT:
            services.snapshots.snapshot(OWNER, session, folder / "other")
        case Verb.RESTORE:
            services.snapshots.restore(OWNER, saved)
        case Verb.EXPIRE:
            expire(kit, session)
        case Verb.CREATE:
            raise AssertionError("creating makes another session")
        case _:
            getattr(services.sessions, verb)(OWNER, session)


def expire(kit: SessionKit, session: str) -> None:
    """What the sweeper does; it asks the table first."""
    with kit.services.sweeper._gate.change(GOVERNOR, session, "expire") as change:
        change.keep(move(change.session, Verb.EXPIRE, change.now, "over"))


PRESENT = [status for status in LIFECYCLE if isinstance(status, Status)]
MOVES = [(status, verb) for status in PRESENT for verb in Verb if verb is not Verb.CREATE]


@pytest.mark.parametrize(("status", "verb"), MOVES)
def test_every_move_is_what_the_table_says(status, verb, tmp_path) -> None:
    """Each verb in each status leads where the table says, or is refused and changes nothing."""
    kit = make_kit()
    session = kit.session(status)
    kit.services.snapshots.snapshot(OWNER, session.id, tmp_path / "saved")
    before = kit.services.sessions.get(OWNER, session.id)
    target = LIFECYCLE[status].get(verb)
    if target is None and verb is Verb.EXPIRE:
        expire_is_refused(kit, session.id)
    elif target is None:
        with pytest.raises(IllegalMove, match=f"is {status}: {verb} is not possible"):
            do(kit, session.id, verb, tmp_path)
    else:
        do(kit, session.id, verb, tmp_path)
    if target is ABSENT:
        with pytest.raises(SessionNotFound):
            kit.services.sessions.get(OWNER, session.id)
        return
    after = kit.services.sessions.get(OWNER, session.id)
    wanted = status if target in (None, AS_SAVED) else target
    assert wanted == after.status
    if target is None:
        assert before == after


def expire_is_refused(kit: SessionKit, session: str) -> None:
    """The sweeper cannot expire it."""
    with pytest.raises(IllegalMove):
        expire(kit, session)


def test_a_refusal_says_what_is_possible() -> None:
    """Whoever tries what cannot be done learns what can."""
    kit = make_kit()
    session = kit.session(Status.SUSPENDED)
    with pytest.raises(UserError, match=r"is suspended: suspend is not possible, only .*resume"):
        kit.services.sessions.suspend(OWNER, session.id)


def test_time_active_is_counted_without_rests() -> None:
    """Suspended time is no active time, and the end stops the clock."""
    kit = make_kit()
    session = kit.session()
    for verb, seconds in (("suspend", 10), ("resume", 100), ("complete", 5)):
        kit.clock.advance(seconds)
        getattr(kit.services.sessions, verb)(OWNER, session.id)
    kit.clock.advance(1000)
    found = kit.services.sessions.get(OWNER, session.id)
    assert 15.0 == found.active_for(kit.clock.now())
    assert kit.clock.now() - 1000 == found.ended


class Life(RuleBasedStateMachine):
    """Any verbs in any order: the session is always where the table puts it."""

    @initialize()
    def begin(self) -> None:
        """One session."""
        self.kit = make_kit()
        self.folder = Path(mkdtemp(prefix="sessions-"))
        self.session = self.kit.session()
        self.kit.services.snapshots.snapshot(OWNER, self.session.id, self.folder / "saved")
        self.state: Any = Status.ACTIVE
        self.version = self.session.version

    @rule(verb=st.sampled_from([verb for verb in Verb if verb is not Verb.CREATE]))
    def act(self, verb: Verb) -> None:
        """The model is the table itself."""
        target = LIFECYCLE[self.state].get(verb)
        if target is AS_SAVED:
            target = Status.ACTIVE
            self.version = 0 if self.state is ABSENT else self.version
        try:
            do(self.kit, self.session.id, verb, self.folder)
        except SessionNotFound:
            assert self.state is ABSENT
        except IllegalMove:
            assert target is None
        else:
            assert target is not None
            self.state = target
        self.look()

    def teardown(self) -> None:
        """The files are for this life only."""
        rmtree(self.folder)

    def look(self) -> None:
        """The service says the same, and versions only grow."""
        if self.state is ABSENT:
            assert [] == [*self.kit.store.scan("session-active:acme")]
            with pytest.raises(SessionNotFound):
                self.kit.services.sessions.get(OWNER, self.session.id)
            return
        found = self.kit.services.sessions.get(OWNER, self.session.id)
        assert self.state == found.status
        assert self.version <= found.version
        assert (found.activated is not None) == (found.status is Status.ACTIVE)
        self.version = found.version
        marked = [key for key, _entry in self.kit.store.scan("session-active:acme")]
        assert ([found.id] if found.status is Status.ACTIVE else []) == marked

    @rule()
    def record(self) -> None:
        """What was run is recorded until it is archived."""
        if self.state in (ABSENT, Status.ARCHIVED):
            return
        before = self.kit.services.sessions.usage(OWNER, self.session.id).cells
        self.kit.record(self.session.id, (Cell("x"), Outcome()))
        assert before + 1 == self.kit.services.sessions.usage(OWNER, self.session.id).cells


Life.TestCase.settings = settings(max_examples=40, stateful_step_count=15, deadline=None)
TestLife = Life.TestCase
