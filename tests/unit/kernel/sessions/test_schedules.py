"""Replays run by themselves: once, at intervals, by cron; they can rest and outlive kernels."""

import asyncio
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.core.errors import UserError
from kernel.sessions.cells import Cell, Outcome
from kernel.sessions.model import Role
from kernel.sessions.replay.model import ReplaySettings
from kernel.sessions.replay.schedule import (
    SCHEDULE_LIFE,
    Cron,
    Interval,
    Once,
    ScheduledReplay,
    ScheduleState,
    ScheduleVerb,
    next_schedule_state,
)
from kernel.sessions.replay.schedules import LONGEST_RUN, Schedules
from tests.support.sessions import OWNER, WRITER, make_kit, sums_only

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    """The loop is asyncio's."""
    return "asyncio"


class Planned:
    """A session with a cell, and schedules of its replays."""

    def __init__(self, cell: Cell = Cell("a = 1", "sums"), **options) -> None:  # noqa: B008
        self.runners = []
        self.options = {"make_runner": sums_only(self.runners), **options}
        self.kit = make_kit(**self.options)
        self.session = self.kit.session()
        self.kit.record(self.session.id, (cell, Outcome(value=1)))

    def plan(self, schedule, actor=OWNER, **settings) -> str:
        """A new schedule's id."""
        made = self.kit.services.schedules.schedule(
            actor, self.session.id, schedule, ReplaySettings(**settings)
        )
        return made.id

    def look(self, number: str):
        """A schedule as it is now."""
        there = self.kit.services.schedules.schedules(OWNER, self.session.id)
        return next(each for each in there if each.id == number)

    async def after(self, seconds: float) -> int:
        """Let time pass; how many replays then ran."""
        self.kit.clock.advance(seconds)
        return len(await self.kit.services.schedules.run_due())


@pytest.fixture
def planned() -> Planned:
    """A session that can be replayed."""
    return Planned()


async def test_once_is_once(planned) -> None:
    """A replay after a delay, and then the schedule is complete."""
    number = planned.plan(Once(10))
    assert [0, 1, 0] == [await planned.after(seconds) for seconds in (9, 1, 1000)]
    found = planned.look(number)
    assert (ScheduleState.COMPLETED, 1, None, "") == (
        found.state,
        found.runs,
        found.next_run,
        found.last_error,
    )
    results = planned.kit.services.replays.replay_results(OWNER, planned.session.id)
    assert [found.last_result] == [each.correlation for each in results]


async def test_intervals_keep_step_and_make_up_for_nothing(planned) -> None:
    """What was missed is one run, and the next is where it would have been."""
    number = planned.plan(Interval(10, initial=5, most=4))
    begun = planned.kit.clock.now()
    assert [0, 1, 0, 1] == [await planned.after(seconds) for seconds in (4, 1, 9, 1)]
    assert 1 == await planned.after(43)
    assert begun + 65 == planned.look(number).next_run
    assert [1, 0] == [await planned.after(seconds) for seconds in (7, 100)]
    assert (ScheduleState.COMPLETED, 4) == (
        planned.look(number).state,
        planned.look(number).runs,
    )


async def test_cron_is_utc(planned) -> None:
    """The expression's times are those of UTC, one after the other."""
    start = datetime(2026, 3, 27, 23, 50, tzinfo=UTC).timestamp()  # a Friday
    planned.kit.clock.advance(start - planned.kit.clock.now())
    number = planned.plan(Cron("30 2 * * MON-FRI"))
    seen = []
    for _ in range(3):
        when = planned.look(number).next_run
        seen.append(datetime.fromtimestamp(when, UTC).strftime("%a %d %H:%M"))
        assert 1 == await planned.after(when - planned.kit.clock.now())
    assert ["Mon 30 02:30", "Tue 31 02:30", "Wed 01 02:30"] == seen
    assert ScheduleState.SCHEDULED is planned.look(number).state


@given(interval=st.floats(0.5, 1e6), late=st.floats(0, 1e7), planned=st.floats(1e9, 2e9))
def test_the_next_interval_is_always_to_come(interval, late, planned) -> None:
    """However late a run was, the next one is in the future, and no more than one interval off."""
    now = planned + late
    following = Interval(interval).following(planned, now, 1)
    assert following is not None
    assert now - 1e-3 <= following <= now + interval + 1e-3


@pytest.mark.parametrize(
    "make",
    [
        lambda: Interval(0),
        lambda: Interval(1, most=0),
        lambda: Cron("every day"),
        lambda: Cron("61 * * * *"),
        lambda: Cron(""),
    ],
)
def test_schedules_that_make_no_sense_are_refused(make) -> None:
    """A mistake is told when the schedule is made."""
    with pytest.raises(UserError):
        make()


async def test_a_paused_schedule_waits(planned) -> None:
    """Paused nothing runs; resumed it goes on with one run for what was missed."""
    number = planned.plan(Interval(10))
    schedules, session = planned.kit.services.schedules, planned.session.id
    assert 1 == await planned.after(0)
    assert ScheduleState.PAUSED is schedules.pause_schedule(OWNER, session, number).state
    assert 0 == await planned.after(100)
    with pytest.raises(UserError, match="is paused: pause is not possible, only resume, cancel"):
        schedules.pause_schedule(OWNER, session, number)
    schedules.resume_schedule(OWNER, session, number)
    assert [1, 0, 1] == [await planned.after(seconds) for seconds in (0, 9, 1)]
    cancelled = schedules.cancel_schedule(OWNER, session, number)
    assert (ScheduleState.CANCELLED, None) == (cancelled.state, cancelled.next_run)
    assert 0 == await planned.after(1000)
    with pytest.raises(UserError, match="nor is anything else"):
        schedules.resume_schedule(OWNER, session, number)
    with pytest.raises(UserError, match="has no schedule none"):
        schedules.cancel_schedule(OWNER, session, "none")


@pytest.mark.parametrize("state", ScheduleState)
@pytest.mark.parametrize("verb", ScheduleVerb)
def test_the_life_of_a_schedule_is_its_table(state, verb) -> None:
    """Each verb in each state leads where the table says or is refused."""
    replay = ScheduledReplay("id", "session", Once(), "olive", False, 0.0, 0.0, state=state)
    if verb in SCHEDULE_LIFE[state]:
        assert SCHEDULE_LIFE[state][verb] is next_schedule_state(replay, verb)
    else:
        with pytest.raises(UserError, match="is not possible"):
            next_schedule_state(replay, verb)


async def test_a_replay_that_fails_is_told_and_tried_again(planned) -> None:
    """A schedule that goes on goes on; one that is over has failed."""
    planned.kit.record(planned.session.id, (Cell("x", "fortran"), Outcome()))
    once, often = planned.plan(Once()), planned.plan(Interval(10, most=2))
    assert 2 == await planned.after(0)
    assert ScheduleState.FAILED is planned.look(once).state
    assert (ScheduleState.SCHEDULED, 1, "Nothing runs fortran here.") == (
        planned.look(often).state,
        planned.look(often).failed_runs,
        planned.look(often).last_error,
    )
    await planned.after(10)
    assert (ScheduleState.FAILED, 2) == (planned.look(often).state, planned.look(often).runs)


async def test_a_schedule_has_the_rights_its_maker_has_then(planned) -> None:
    """Who lost the role does not replay any more."""
    number = planned.plan(Once(10), WRITER)
    planned.kit.services.sessions.revoke(OWNER, planned.session.id, WRITER.user)
    assert 0 == await planned.after(10)
    found = planned.look(number)
    assert ScheduleState.FAILED is found.state
    assert "There is no session" in found.last_error
    planned.kit.services.sessions.grant(OWNER, planned.session.id, "walt", Role.WRITER)


async def test_schedules_outlive_kernels(planned) -> None:
    """Another kernel over the same store runs what is due, and only one of two does."""
    planned.plan(Once(10))
    planned.kit.clock.advance(10)
    others = [
        make_kit(store=planned.kit.store, clock=planned.kit.clock, **planned.options)
        for _ in range(3)
    ]
    ran = await asyncio.gather(*(each.services.schedules.run_due() for each in others))
    assert [0, 0, 1] == sorted(map(len, ran))


async def test_what_a_dead_kernel_was_running_is_given_up() -> None:
    """A run whose kernel ended in the middle counts as failed, and the schedule goes on."""
    planned = Planned(Cell("wait", "sums"))
    number = planned.plan(Interval(10))
    running = asyncio.ensure_future(planned.kit.services.schedules.run_due())
    while not planned.runners:
        await asyncio.sleep(0)
    assert ScheduleState.RUNNING is planned.look(number).state
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert 0 == await planned.after(LONGEST_RUN)
    assert ScheduleState.RUNNING is planned.look(number).state
    assert 0 == await planned.after(60)
    found = planned.look(number)
    assert (ScheduleState.SCHEDULED, 1, "The kernel that ran it has ended.") == (
        found.state,
        found.failed_runs,
        found.last_error,
    )


async def test_cancelled_while_it_runs_it_is_the_last(planned) -> None:
    """A run under way is finished, and the schedule stays cancelled."""
    number = planned.plan(Interval(10))
    schedules = planned.kit.services.schedules
    claimed = schedules._claim("acme", planned.look(number))
    schedules.cancel_schedule(OWNER, planned.session.id, number)
    schedules._finish("acme", claimed, None, "")
    found = planned.look(number)
    assert (ScheduleState.CANCELLED, 1, None) == (found.state, found.runs, found.next_run)


async def test_the_task_looks_now_and_again(planned) -> None:
    """The task runs what is due, waits, and survives a round that fails."""
    waits: list[float] = []
    ended = asyncio.Event()

    async def sleep(seconds: float) -> None:
        waits.append(seconds)
        planned.kit.clock.advance(10)
        if len(waits) == 4:
            ended.set()
            await asyncio.Event().wait()

    services = planned.kit.services
    schedules = Schedules(services.schedules._gate, services.replays, 7.0, sleep)
    number = planned.plan(Interval(10))
    task = asyncio.ensure_future(schedules.keep_running())
    await ended.wait()
    task.cancel()
    assert ([7.0] * 4, 4) == (waits, planned.look(number).runs)
