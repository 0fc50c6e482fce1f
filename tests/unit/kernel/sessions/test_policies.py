"""Policies decide what may be done, how cells are held, and what becomes of sessions in time."""

from dataclasses import dataclass, replace
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.events.sessions import SessionWarned
from kernel.sessions.gate import PolicyRefused
from kernel.sessions.lifecycle import Verb
from kernel.sessions.model import Session, SessionId, Status, Usage
from kernel.sessions.policies.base import (
    ALLOW,
    RUN,
    STORE,
    Due,
    Ledger,
    Limits,
    Policy,
    Refuse,
    Request,
)
from kernel.sessions.policies.composition import Parallel, Sequential, Voting
from kernel.sessions.policies.idle import Idle
from kernel.sessions.policies.quota import Quota
from kernel.sessions.policies.rate_limit import RateLimit
from kernel.sessions.policies.timeout import Timeout
from kernel.sessions.policies.ttl import Ttl
from kernel.state.memory import MemoryStore
from tests.support.sessions import OUTSIDER, OWNER, make_kit

SESSION = Session(SessionId("s"), "acme", "olive", "work", created=0.0, updated=0.0, activated=0.0)


UNUSED = Usage()
FREE = Limits()


def request(at: float = 0.0, operation: str = RUN, usage: Usage = UNUSED, **more) -> Request:
    """Something that is asked of policies alone."""
    store = more.pop("store", None) or MemoryStore()
    return Request(operation, at, usage, Ledger(store, "t"), Ledger(store, "k"), **more)


@dataclass(frozen=True, slots=True)
class Says(Policy):
    """A policy that says what it was made to say."""

    name: ClassVar[str] = "says"
    reason: str = ""
    limit: Limits = FREE
    verb: Verb | None = None

    def check(self, request, session):
        """Refuse with the reason, if there is one."""
        return Refuse(self.reason) if self.reason else ALLOW

    def limits(self, request, session):
        """As given."""
        return self.limit

    def due(self, request, session):
        """As given."""
        return Due("because", self.verb) if self.verb else None


# --- rates --------------------------------------------------------------------------------------


def test_a_rate_allows_a_burst_and_then_its_pace() -> None:
    """At once as many as the burst says, then one in each interval; a refusal says how long."""
    kit = make_kit(policy=RateLimit(session_per_minute=60, burst=1.5))
    session = kit.session()
    for _ in range(90):
        kit.services.runs.admit(OWNER, session.id)
    with pytest.raises(PolicyRefused, match=r"limited to 60 a minute; try again in 1\.0 s"):
        kit.services.runs.admit(OWNER, session.id)
    kit.clock.advance(2)
    kit.services.runs.admit(OWNER, session.id)
    kit.services.runs.admit(OWNER, session.id)
    with pytest.raises(PolicyRefused):
        kit.services.runs.admit(OWNER, session.id)
    kit.clock.advance(3600)
    for _ in range(90):
        kit.services.runs.admit(OWNER, session.id)
    with pytest.raises(PolicyRefused):
        kit.services.runs.admit(OWNER, session.id)


def test_rates_of_operations_sessions_tenants_and_all_are_apart() -> None:
    """Each limit counts its own, and the one of everything counts over all tenants."""
    policy = RateLimit(
        per_minute=6, tenant_per_minute=4, session_per_minute=2, operations={"llm_call": 1}, burst=1
    )
    kit = make_kit(policy=policy)
    admit = kit.services.runs.admit
    one, two = kit.session(), kit.session()
    far = kit.services.sessions.create(OUTSIDER, "far")
    admit(OWNER, one.id)
    admit(OWNER, one.id)
    with pytest.raises(PolicyRefused, match=r"^The session is limited to 2 a minute"):
        admit(OWNER, one.id)
    admit(OWNER, one.id, "llm_call")
    with pytest.raises(PolicyRefused, match=r"^llm_call in the session is limited to 1 a minute"):
        admit(OWNER, one.id, "llm_call")
    admit(OWNER, two.id)
    with pytest.raises(PolicyRefused, match=r"^Tenant acme is limited to 4 a minute"):
        admit(OWNER, two.id)
    admit(OUTSIDER, far.id)
    admit(OUTSIDER, far.id)
    with pytest.raises(PolicyRefused, match=r"^All that is done is limited to 6 a minute"):
        admit(OUTSIDER, far.id, "llm_call")


@given(
    gaps=st.lists(st.floats(0, 30), min_size=1, max_size=60),
    rate=st.sampled_from([1.0, 7.0, 60.0, 1000.0]),
)
def test_no_stretch_of_time_has_more_than_burst_and_pace(gaps, rate) -> None:
    """Whenever requests come, any stretch has at most the burst and what its time allows."""
    policy = RateLimit(per_minute=1e9, tenant_per_minute=1e9, session_per_minute=rate, burst=1.5)
    store, now, admitted = MemoryStore(), 1e9, []
    for gap in gaps:
        now += gap / rate
        asked = request(now, store=store)
        if policy.check(asked, SESSION) is ALLOW:
            policy.note(asked, SESSION)
            admitted.append(now)
    for first, start in enumerate(admitted):
        for last, end in enumerate(admitted[first:], first):
            allowed = max(rate * 1.5, 1) + (end - start) * rate / 60
            assert last - first + 1 <= allowed + 1e-3


def test_a_refused_request_costs_nothing() -> None:
    """What one policy refuses is counted by none."""
    kit = make_kit(policy=Sequential((RateLimit(session_per_minute=2, burst=1), Quota(tokens=5))))
    session = kit.session()
    for _ in range(5):
        with pytest.raises(PolicyRefused, match="tokens"):
            kit.services.runs.admit(OWNER, session.id, "llm_call", tokens=6)
    kit.services.runs.admit(OWNER, session.id)
    kit.services.runs.admit(OWNER, session.id)
    assert 2 == kit.services.sessions.usage(OWNER, session.id).operations


# --- time ---------------------------------------------------------------------------------------


def test_a_session_that_was_active_too_long_warns_ends_and_fails() -> None:
    """Warnings at their times, nothing new after the time, failed after the grace."""
    kit = make_kit(policy=Timeout(seconds=100, grace_seconds=10, warn_seconds=(30, 5)))
    session = kit.session()
    sweep = kit.services.sweeper.sweep
    told = []
    for moment in (60, 75, 80, 96, 101):
        kit.clock.advance(moment - (kit.clock.now() - session.created))
        sweep()
        told.append([each.text for each in kit.told(SessionWarned)])
    assert [0, 1, 1, 2, 2] == [len(each) for each in told]
    assert "Nothing new can be run after 25 s more." == told[1][0]
    with pytest.raises(PolicyRefused, match="active for its 100 s"):
        kit.services.runs.admit(OWNER, session.id)
    kit.clock.advance(9)
    assert 1 == sweep().moved
    found = kit.services.sessions.get(OWNER, session.id)
    assert (Status.FAILED, "It was active for more than 100 s.") == (found.status, found.ending)


def test_a_cell_has_the_time_that_is_left() -> None:
    """A cell's limit is its own, or what is left of the session with its grace."""
    kit = make_kit(policy=Timeout(seconds=100, grace_seconds=10, cell_seconds=30))
    session = kit.session()
    assert 30 == kit.services.runs.admit(OWNER, session.id).timeout_seconds
    kit.clock.advance(95)
    assert 15 == kit.services.runs.admit(OWNER, session.id).timeout_seconds


def test_an_idle_session_rests() -> None:
    """Without anything done it is suspended; what is done begins the time anew."""
    kit = make_kit(policy=Idle(seconds=100, warn_seconds=(20,)))
    session = kit.session()
    sweep = kit.services.sweeper.sweep
    kit.clock.advance(85)
    assert 1 == sweep().warned
    assert 0 == sweep().warned
    kit.services.artifacts.store(OWNER, session.id, "note", "text")
    kit.clock.advance(85)
    assert (1, 0) == (sweep().warned, sweep().moved)
    kit.clock.advance(15)
    assert 1 == sweep().moved
    assert Status.SUSPENDED is kit.services.sessions.get(OWNER, session.id).status
    kit.clock.advance(1000)
    assert 0 == sweep().moved
    kit.services.sessions.resume(OWNER, session.id)
    assert 0 == sweep().moved


def test_a_cell_that_runs_is_no_idleness() -> None:
    """From its admission on a cell may take the time it has, and then the idle time begins."""
    kit = make_kit(policy=Sequential((Idle(seconds=100), Timeout(cell_seconds=300))))
    session = kit.session()
    kit.services.runs.admit(OWNER, session.id)
    kit.clock.advance(390)
    assert 0 == kit.services.sweeper.sweep().moved
    kit.clock.advance(11)
    assert 1 == kit.services.sweeper.sweep().moved


def test_a_session_expires_and_is_deleted_later() -> None:
    """At the end of its life a session is archived, whatever its status, then it is deleted."""
    kit = make_kit(policy=Ttl(seconds=100, delete_after=50, warn_seconds=(10,)))
    there = [kit.session(status) for status in (Status.ACTIVE, Status.SUSPENDED, Status.FAILED)]
    kit.services.artifacts.store(OWNER, there[0].id, "note", b"text")
    kit.clock.advance(100)
    with pytest.raises(PolicyRefused, match="100 s are over"):
        kit.services.runs.admit(OWNER, there[0].id)
    assert 3 == kit.services.sweeper.sweep().moved
    found = kit.services.sessions.list(OWNER)
    assert {Status.ARCHIVED} == {each.status for each in found}
    assert 0 == kit.services.sweeper.sweep().moved
    kit.clock.advance(50)
    assert 3 == kit.services.sweeper.sweep().deleted
    assert [] == kit.services.sessions.list(OWNER)
    with kit.blocks.clearing("acme") as clearing:
        assert [] == [*clearing.digests()]


def test_a_session_may_be_narrower_than_the_kernel_and_not_wider() -> None:
    """Both have to allow: a session's own policies can only shorten its life."""
    kit = make_kit(policy=Ttl(seconds=100))
    short = kit.services.sessions.create(OWNER, "short", policies={"ttl": {"seconds": 10}})
    long = kit.services.sessions.create(OWNER, "long", policies={"ttl": {"seconds": 1000}})
    kit.clock.advance(10)
    assert 1 == kit.services.sweeper.sweep().moved
    kit.clock.advance(90)
    assert 1 == kit.services.sweeper.sweep().moved
    status = [kit.services.sessions.get(OWNER, each.id).status for each in (short, long)]
    assert [Status.ARCHIVED] * 2 == status


def test_one_session_that_cannot_be_swept_keeps_none_of_the_others() -> None:
    """A policy that is broken, or gone since the session was made, is logged and passed over."""
    kit = make_kit(policy=Ttl(seconds=10))
    broken = kit.session()
    with kit.services.sweeper._gate.change(OWNER, broken.id, "update") as change:
        change.keep(replace(change.session, policies={"gone": {}}))
    kit.session()
    kit.clock.advance(10)
    swept = kit.services.sweeper.sweep()
    assert (1, 1) == (swept.failed, swept.moved)


# --- amounts ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("quota", "usage", "asked", "what"),
    [
        (Quota(operations=3), Usage(operations=3), {}, "operations"),
        (Quota(tokens=100), Usage(tokens=90), {"tokens": 11}, "tokens"),
        (Quota(tokens_per_operation=10), Usage(), {"tokens": 11}, "more than the 10"),
        (Quota(cost=1.0), Usage(cost=0.9), {"cost": 0.2}, "cost"),
        (Quota(instructions=10), Usage(instructions=10), {}, "instructions"),
        (Quota(artifacts=2), Usage(artifacts=2), {"operation": STORE}, "artifacts"),
        (
            Quota(artifact_bytes=10),
            Usage(artifact_bytes=5),
            {"operation": STORE, "size": 6},
            "artifact bytes",
        ),
    ],
)
def test_a_quota_that_is_used_up_refuses(quota, usage, asked, what) -> None:
    """Each quota holds by itself, and the reason names it."""
    decision = quota.check(request(usage=usage, **asked), SESSION)
    assert isinstance(decision, Refuse)
    assert what in decision.reason
    assert ALLOW == Quota().check(request(usage=usage, **asked), SESSION)


def test_quotas_are_told_in_whole_numbers() -> None:
    """However large they are."""
    used = request(usage=Usage(instructions=2_000_000))
    said = "The session has used 2,000,000 of its 2,000,000 instructions."
    assert Refuse(said) == Quota(instructions=2_000_000).check(used, SESSION)


def test_instructions_and_memory_are_limits() -> None:
    """Whoever runs a cell is told how many instructions are left, and how much memory there is."""
    quota = Quota(instructions=100, memory_mb=64)
    limits = quota.limits(request(usage=Usage(instructions=30)), SESSION)
    assert Limits(None, 70, 64) == limits


def test_shares_of_a_quota_are_warned_of_once() -> None:
    """The passing of a half, three quarters and nine tenths is told when it happens."""
    kit = make_kit(policy=Quota(tokens=100))
    session = kit.session()
    for tokens in (40, 20, 10, 25, 4):
        kit.services.runs.admit(OWNER, session.id, "llm_call", tokens=tokens)
    assert [
        "50% of the session's 100 tokens are used.",
        "90% of the session's 100 tokens are used.",
    ] == [each.text for each in kit.told(SessionWarned)]


def test_a_content_that_grows_too_large_is_given_up_early() -> None:
    """An endless stream ends when it passes the quota, and nothing of it is kept."""
    kit = make_kit(policy=Quota(artifact_bytes=3 * 1024 * 1024))
    session = kit.session()
    given_out = []

    def endless():
        while True:
            given_out.append(1)
            yield b"x" * 65536

    with pytest.raises(PolicyRefused, match="artifact bytes"):
        kit.services.artifacts.store(OWNER, session.id, "huge", endless())
    assert len(given_out) <= 65
    assert [] == kit.services.artifacts.list_artifacts(OWNER, session.id)
    assert 0 == kit.services.sessions.usage(OWNER, session.id).artifact_bytes


def test_usage_counts_what_is_there() -> None:
    """Stored adds, deleted takes away; the number of operations only grows."""
    kit = make_kit(policy=Quota(artifacts=1))
    session = kit.session()
    first = kit.services.artifacts.store(OWNER, session.id, "note", b"12345")
    with pytest.raises(PolicyRefused, match="artifacts"):
        kit.services.artifacts.store(OWNER, session.id, "note", b"1")
    kit.services.artifacts.delete_artifact(OWNER, first.id)
    kit.services.artifacts.store(OWNER, session.id, "note", b"123")
    usage = kit.services.sessions.usage(OWNER, session.id)
    assert (1, 3, 2) == (usage.artifacts, usage.artifact_bytes, usage.operations)


# --- several ------------------------------------------------------------------------------------

NO, NEVER, YES = Says("No."), Says("Never."), Says()


@pytest.mark.parametrize(
    ("policy", "reason"),
    [
        (Sequential(()), None),
        (Sequential((YES, NO, NEVER)), "No."),
        (Parallel((YES, NO, NEVER)), "No. Never."),
        (Parallel((YES, YES)), None),
        (Voting((YES, NO), 0.5), None),
        (Voting((YES, NO), 0.6), "No."),
        (Voting((YES, NO, NEVER), 0.3), None),
        (Voting((YES, NO, NEVER), 0.5), "No. Never."),
        (Voting((), 1.0), None),
        (Sequential((Voting((YES, NO), 0.5), Parallel((NEVER,)))), "Never."),
    ],
)
def test_several_policies_are_one(policy, reason) -> None:
    """In order, all together, by vote, and in each other."""
    wanted = ALLOW if reason is None else Refuse(reason)
    assert wanted == policy.check(request(), SESSION)


def test_limits_of_several_are_the_narrowest_or_elected() -> None:
    """In order and together the narrowest holds, in a vote what enough of them allow."""
    policies = tuple(
        Says(limit=limit)
        for limit in (Limits(10, None, 5), Limits(20, 100, None), Limits(None, 50, 7))
    )
    assert Limits(10, 50, 5) == Sequential(policies).limits(request(), SESSION)
    assert Limits(20, 100, 7) == Voting(policies, 0.5).limits(request(), SESSION)
    assert Limits(10, 50, 5) == Voting(policies, 1.0).limits(request(), SESSION)


def test_of_what_is_due_the_most_severe_is_done_or_elected() -> None:
    """In order the most severe; in a vote what enough ask for at least."""
    policies = (Says(verb=Verb.SUSPEND), Says(verb=Verb.DELETE), Says(verb=Verb.FAIL))
    for policy, verb in (
        (Sequential(policies), Verb.DELETE),
        (Voting(policies, 0.5), Verb.FAIL),
        (Voting(policies, 1.0), Verb.SUSPEND),
    ):
        due = policy.due(request(), SESSION)
        assert due is not None
        assert verb is due.verb


def test_policies_outlive_the_kernel() -> None:
    """What a rate has counted holds in another kernel over the same store."""
    policy = RateLimit(session_per_minute=2, burst=1)
    kit = make_kit(policy=policy)
    session = kit.session()
    kit.services.runs.admit(OWNER, session.id)
    kit.services.runs.admit(OWNER, session.id)
    again = make_kit(store=kit.store, clock=kit.clock, policy=policy)
    with pytest.raises(PolicyRefused):
        again.services.runs.admit(OWNER, session.id)
