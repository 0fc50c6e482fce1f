"""Sessions are made, found, changed and told of."""

import threading

import pytest

from kernel.core.errors import UserError
from kernel.events import sessions as e
from kernel.events.correlation import serving
from kernel.sessions.access import AccessDenied
from kernel.sessions.gate import PolicyRefused
from kernel.sessions.model import Role, SessionNotFound, Status
from kernel.sessions.search import SessionQuery
from kernel.sessions.services import open_sessions
from kernel.state.store import Conflict
from tests.support.sessions import (
    MANAGER,
    NO_POLICY,
    OWNER,
    READER,
    STRANGER,
    WRITER,
    make_kit,
)


def test_a_session_is_as_it_was_made() -> None:
    """What is given is kept; the rest is as the model says."""
    kit = make_kit()
    parent = kit.services.sessions.create(OWNER, "first")
    made = kit.services.sessions.create(
        OWNER,
        "work",
        description="on it",
        tags=["b", "a", "a"],
        metadata={"model": {"name": "small"}},
        parent=parent.id,
    )
    found = kit.services.sessions.get(OWNER, made.id)
    assert made == found
    assert ("olive", "acme", ("a", "b"), parent.id) == (
        found.owner,
        found.tenant,
        found.tags,
        found.parent,
    )
    assert (Status.ACTIVE, 1) == (found.status, found.version)


@pytest.mark.parametrize("text", ["", "x", "123", "../..", None])
def test_what_is_no_id_is_refused_by_name(text) -> None:
    """Scripts see the message they expect."""
    with pytest.raises(UserError, match=r"^Invalid session ID: "):
        make_kit().services.sessions.get(OWNER, text)


@pytest.mark.parametrize("name", ["", "  ", "x" * 201])
def test_a_session_has_a_name(name) -> None:
    """Nameless sessions cannot be told apart."""
    with pytest.raises(UserError, match="1 to 200 characters"):
        make_kit().services.sessions.create(OWNER, name)


def test_what_is_large_is_no_metadata() -> None:
    """A session is small, so that many can be looked through; the refusal says what to do."""
    kit = make_kit()
    session = kit.session()
    with pytest.raises(UserError, match="keep what is large as an artifact"):
        kit.services.sessions.update(OWNER, session.id, metadata={"text": "x" * 262_144})
    assert session == kit.services.sessions.get(OWNER, session.id)


def test_search_goes_by_everything() -> None:
    """Text, tags, status, owner, parent, metadata, time, order and pages, and all together."""
    kit = make_kit()
    sessions = kit.services.sessions
    names = ["Blue whale", "blue sky", "red sky"]
    made = []
    for place, name in enumerate(names):
        made.append(
            sessions.create(OWNER, name, tags=[name.split()[1]], metadata={"n": {"x": [place]}})
        )
        kit.clock.advance(10)
    sessions.complete(OWNER, made[0].id)
    started = made[0].created

    def found(**wanted):
        return [each.name for each in sessions.list(OWNER, SessionQuery(**wanted))]

    assert names == found()
    assert names[:2] == found(text="BLUE")
    assert ["blue sky"] == found(text="sky blue")
    assert names[1:] == found(tags=("sky",))
    assert [] == found(tags=("sky", "whale"))
    assert ["Blue whale"] == found(status=frozenset({Status.COMPLETED}))
    assert ["red sky"] == found(metadata={"n.x.0": 2})
    assert [] == found(metadata={"n.y": 2})
    assert ["blue sky"] == found(created_since=started + 10, created_before=started + 20)
    assert ["Blue whale"] == found(updated_since=started + 30)
    assert ["red sky", "blue sky"] == found(is_descending=True, limit=2)
    assert ["blue sky"] == found(offset=1, limit=1)
    assert ["Blue whale", "blue sky", "red sky"] == found(order="name")
    assert [] == found(owner="walt")
    assert ["red sky"] == found(text="sky", metadata={"n.x": [2]}, owner="olive")


def test_metadata_is_laid_over_what_is_there() -> None:
    """A key that is not named stays, one that is None goes."""
    kit = make_kit()
    session = kit.session(metadata={"a": 1, "b": 2})
    changed = kit.services.sessions.update(
        WRITER, session.id, metadata={"b": None, "c": [3]}, tags=["x"], name="other"
    )
    assert {"a": 1, "c": [3]} == changed.metadata
    assert (("x",), "other") == (changed.tags, changed.name)


def test_of_two_writers_who_saw_the_same_one_is_told() -> None:
    """A change of what has changed meanwhile is refused, and nothing is written."""
    kit = make_kit()
    session = kit.session()
    kit.services.sessions.update(OWNER, session.id, name="one", expected=session.version)
    with pytest.raises(Conflict):
        kit.services.sessions.update(OWNER, session.id, name="two", expected=session.version)
    with pytest.raises(Conflict):
        kit.services.sessions.complete(OWNER, session.id, expected=session.version)
    found = kit.services.sessions.get(OWNER, session.id)
    assert ("one", Status.ACTIVE) == (found.name, found.status)


def test_changes_of_many_threads_all_count() -> None:
    """Threads that change one session lose nothing of each other."""
    kit = make_kit()
    session = kit.session()

    def change(number: int) -> None:
        for place in range(5):
            kit.services.sessions.update(OWNER, session.id, metadata={f"{number}.{place}": number})

    threads = [threading.Thread(target=change, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    found = kit.services.sessions.get(OWNER, session.id)
    assert 40 == len(found.metadata)
    assert session.version + 40 == found.version


def test_every_change_is_an_event_a_log_entry_and_an_audit_record() -> None:
    """What happened can be heard, read in the session's log, and found by the auditor."""
    kit = make_kit()
    session = kit.services.sessions.create(OWNER, "work")
    with serving("message-1"):
        kit.services.sessions.suspend(OWNER, session.id)
    kit.services.sessions.resume(OWNER, session.id)
    kit.services.sessions.grant(OWNER, session.id, "walt", Role.WRITER)
    kit.services.sessions.complete(OWNER, session.id)
    assert [
        e.SessionCreated(session.id, "work", "olive"),
        e.SessionSuspended(session.id),
        e.SessionResumed(session.id),
        e.SessionChanged(session.id, "grant", "olive"),
        e.SessionCompleted(session.id),
    ] == kit.events
    history = kit.services.sessions.history(OWNER, session.id)
    wanted = ["create", "suspend", "resume", "grant", "complete"]
    assert wanted == [entry.kind for entry in history]
    assert [1, 2, 3, 4, 5] == [entry.sequence for entry in history]
    assert ["", "message-1", "", "", ""] == [entry.correlation for entry in history]
    trail = kit.services.audit.trail(OWNER, session.id)
    assert [(name, "olive", True) for name in wanted] == [
        (each.action, each.actor, each.is_done) for each in trail
    ]
    assert "walt: writer" == trail[3].detail
    assert wanted[3:] == [
        each.kind for each in kit.services.sessions.history(OWNER, session.id, after=3, limit=9)
    ]


def test_a_listener_that_fails_undoes_nothing() -> None:
    """A change has happened, whatever those who are told of it do."""
    kit = make_kit()

    def broken(event) -> None:
        raise RuntimeError(f"cannot bear {event}")

    services = open_sessions(kit.store, kit.blocks, kit.clock, broken, policy=NO_POLICY)
    session = services.sessions.create(OWNER, "work")
    assert Status.COMPLETED is services.sessions.complete(OWNER, session.id).status
    with pytest.raises(SessionNotFound):
        services.sessions.get(STRANGER, session.id)


def test_what_failed_left_nothing() -> None:
    """A refused change is no event, no log entry and no version; only the audit knows."""
    kit = make_kit()
    session = kit.session()
    kit.events.clear()
    length = len(kit.services.sessions.history(OWNER, session.id))
    with pytest.raises(AccessDenied, match="rita may not update"):
        kit.services.sessions.update(READER, session.id, name="mine")
    assert session == kit.services.sessions.get(OWNER, session.id)
    assert length == len(kit.services.sessions.history(OWNER, session.id))
    assert ["SessionRefused"] == [type(each).__name__ for each in kit.events]
    last = kit.services.audit.trail(OWNER, session.id)[-1]
    assert ("rita", "update", False) == (last.actor, last.action, last.is_done)


def test_roles_come_and_go() -> None:
    """Who is granted a role can use it, who loses it knows nothing of the session any more."""
    kit = make_kit()
    session = kit.services.sessions.create(OWNER, "work")
    with pytest.raises(SessionNotFound):
        kit.services.sessions.get(WRITER, session.id)
    kit.services.sessions.grant(OWNER, session.id, "walt", Role.WRITER)
    kit.services.sessions.update(WRITER, session.id, name="ours")
    kit.services.sessions.revoke(OWNER, session.id, "walt")
    with pytest.raises(SessionNotFound):
        kit.services.sessions.update(WRITER, session.id, name="mine")
    with pytest.raises(UserError, match="one owner"):
        kit.services.sessions.grant(OWNER, session.id, "walt", Role.OWNER)


def test_a_session_can_be_given_away() -> None:
    """The new owner owns it; the old one may manage and no longer delete it."""
    kit = make_kit()
    session = kit.session()
    kit.services.sessions.transfer(OWNER, session.id, WRITER.user)
    found = kit.services.sessions.get(WRITER, session.id)
    assert ("walt", Role.ADMIN) == (found.owner, found.roles["olive"])
    assert "walt" not in found.roles
    with pytest.raises(AccessDenied):
        kit.services.sessions.delete(OWNER, session.id)
    kit.services.sessions.delete(WRITER, session.id)


def test_managers_cannot_take_a_session() -> None:
    """Who may give roles away cannot make somebody else the owner."""
    kit = make_kit()
    session = kit.session()
    with pytest.raises(AccessDenied):
        kit.services.sessions.transfer(MANAGER, session.id, MANAGER.user)


def test_a_deleted_session_is_gone_with_all_it_kept() -> None:
    """Only audit records speak of it afterwards."""
    kit = make_kit()
    session = kit.session()
    kit.services.artifacts.store(OWNER, session.id, "note", "text")
    scope = kit.services.sessions.state_to_write(OWNER, session.id)
    kit.store.put(scope, "key", b"value")
    kit.services.sessions.delete(OWNER, session.id)
    left = [
        scope
        for scope in kit.store.scopes()
        for key, entry in kit.store.scan(scope)
        if session.id in scope + key or session.id.encode() in entry.value
    ]
    assert {"session-audit:acme"} == set(left)


def test_no_more_may_be_active_than_was_said() -> None:
    """The limit holds for making and for resuming, by tenant."""
    kit = make_kit(max_active=2)
    first = kit.services.sessions.create(OWNER, "1")
    kit.services.sessions.create(STRANGER, "2")
    with pytest.raises(PolicyRefused, match="2 active sessions"):
        kit.services.sessions.create(OWNER, "3")
    kit.services.sessions.suspend(OWNER, first.id)
    kit.services.sessions.create(OWNER, "3")
    with pytest.raises(PolicyRefused):
        kit.services.sessions.resume(OWNER, first.id)


def test_state_is_opened_by_role_and_status() -> None:
    """A session's state is read by readers, and written by writers while it is active."""
    kit = make_kit()
    session = kit.session()
    assert f"session:{session.id}" == kit.services.sessions.state_to_read(READER, session.id)
    assert f"session:{session.id}" == kit.services.sessions.state_to_write(WRITER, session.id)
    with pytest.raises(AccessDenied):
        kit.services.sessions.state_to_write(READER, session.id)
    kit.services.sessions.suspend(OWNER, session.id)
    with pytest.raises(UserError, match="is suspended"):
        kit.services.sessions.state_to_write(WRITER, session.id)
