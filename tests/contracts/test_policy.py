"""What every policy of sessions promises, alone and composed."""

import dataclasses

import pytest

from kernel.sessions.lifecycle import LIFECYCLE
from kernel.sessions.model import Session, SessionId, Status, Usage
from kernel.sessions.policies.base import (
    RUN,
    STORE,
    SWEEP,
    Allow,
    Ledger,
    Limits,
    Policy,
    Refuse,
    Request,
)
from kernel.sessions.policies.composition import SEVERITY
from kernel.sessions.policies.registry import COMPOSITIONS, POLICIES, PolicyRegistry
from kernel.state.memory import MemoryStore

DAY = 86_400.0
MEMBERS = {name: {} for name in POLICIES}
NAMES = [*POLICIES, *COMPOSITIONS]


@pytest.fixture(params=NAMES)
def policy(request) -> Policy:
    """Each policy by its defaults; compositions are made of all of them."""
    settings = {"policies": MEMBERS} if request.param in COMPOSITIONS else {}
    return PolicyRegistry([]).make(request.param, settings)


def session(status: Status = Status.ACTIVE) -> Session:
    """A session that was made at the beginning of time."""
    activated = 0.0 if status is Status.ACTIVE else None
    return Session(SessionId("s"), "t", "u", "work", 0.0, 0.0, status=status, activated=activated)


def requests(store: MemoryStore):
    """Things that are asked, from the first moment to days later, little and much used."""
    ledger, of_all = Ledger(store, "ledger"), Ledger(store, "all")
    for at in (0.0, 1.0, 890.0, 3599.0, 3700.0, DAY - 1, DAY, 9 * DAY):
        for usage in (Usage(), Usage(operations=9_999, tokens=999_999, cost=99.0, artifacts=999)):
            for operation in (RUN, STORE, SWEEP, "llm_call", "anything"):
                yield Request(operation, at, usage, ledger, of_all, size=1, tokens=1, cost=0.1)


def everything(store: MemoryStore) -> dict[str, list[tuple[str, bytes]]]:
    """What is in a store."""
    return {
        scope: [(key, entry.value) for key, entry in store.scan(scope)] for scope in store.scopes()
    }


def test_it_is_frozen_data(policy) -> None:
    """Settings are told by the fields, and nobody changes them."""
    assert dataclasses.is_dataclass(policy)
    first = dataclasses.fields(policy)[0].name
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(policy, first, None)
    assert policy == dataclasses.replace(policy)


@pytest.mark.parametrize("status", Status)
def test_asking_changes_nothing(policy, status) -> None:
    """Checks, limits and what is due can be asked any number of times, with the same answer."""
    store = MemoryStore()
    for request in requests(store):
        answers = [
            (
                policy.check(request, session(status)),
                policy.limits(request, session(status)),
                policy.due(request, session(status)),
            )
            for _ in range(2)
        ]
        assert answers[0] == answers[1]
        assert isinstance(answers[0][0], Allow | Refuse)
        assert isinstance(answers[0][1], Limits)
    assert {} == everything(store)


def test_a_refusal_says_why(policy) -> None:
    """The reason is a sentence."""
    for request in requests(MemoryStore()):
        decision = policy.check(request, session())
        if isinstance(decision, Refuse):
            assert decision.reason[0].isupper() or decision.reason[0].isdigit()
            assert decision.reason.endswith(".")


@pytest.mark.parametrize("status", Status)
def test_what_is_due_is_known_and_legal(policy, status) -> None:
    """Only verbs that policies may ask for, and that the session's status allows."""
    for request in requests(MemoryStore()):
        due = policy.due(request, session(status))
        if due is not None:
            assert due.verb in SEVERITY
            assert due.verb is None or due.verb in LIFECYCLE[status]
            assert due.reason.endswith(".")
            assert due.verb is not None or due.mark


def test_what_is_remembered_of_a_session_begins_with_its_id(policy) -> None:
    """So it can be forgotten with the session; all else is marked as of many."""
    store = MemoryStore()
    for request in requests(store):
        policy.note(request, session())
    keys = [key for entries in everything(store).values() for key, _value in entries]
    assert [] == [key for key in keys if not key.startswith(("s/", "*/"))]
