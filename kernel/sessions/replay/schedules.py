"""Schedules: replays that run by themselves; they outlive the kernel that made them."""

import asyncio
import logging
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import replace

from kernel.core.errors import KernelError, UserError
from kernel.sessions.access import Actor
from kernel.sessions.gate import Gate
from kernel.sessions.model import SessionId
from kernel.sessions.records import Records, tenants
from kernel.sessions.replay.model import ReplayResult, ReplaySettings
from kernel.sessions.replay.replays import Replays
from kernel.sessions.replay.schedule import (
    Schedule,
    ScheduledReplay,
    ScheduleState,
    ScheduleVerb,
    decode_schedule,
    encode_schedule,
    next_schedule_state,
)

LONGEST_RUN = 3600.0
"""Seconds after which a replay without a timeout of its own counts as given up."""

SHORTEST_REST = 0.1
"""Seconds between two looks, whatever is due."""

_log = logging.getLogger(__name__)


class Schedules:
    """The schedules of all tenants, and what runs them."""

    def __init__(
        self,
        gate: Gate,
        replays: Replays,
        interval: float = 60.0,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """``interval``: seconds between two looks at what is due, where nothing is sooner.

        What others schedule in the same store is seen at the next look.
        """
        self._gate = gate
        self._replays = replays
        self._interval = interval
        self._sleep = sleep
        self._wake: Callable[[], object] = lambda: None

    # --- for actors -----------------------------------------------------------------------------

    def schedule(
        self,
        actor: Actor,
        session: str,
        schedule: Schedule,
        settings: ReplaySettings | None = None,
    ) -> ScheduledReplay:
        """Replay a session later, in the actor's name and with what the actor may do then."""
        with self._gate.change(actor, session, "schedule") as change:
            made = ScheduledReplay(
                id=uuid.uuid4().hex,
                session=change.session.id,
                schedule=schedule,
                user=actor.user,
                is_admin=actor.is_admin,
                created=change.now,
                next_run=schedule.first(change.now),
                settings=settings or ReplaySettings(),
            )
            change.detail = f"{schedule.type} {made.id}"
            _put(change.records, made, 0)
        self._wake()
        return made

    def schedules(self, actor: Actor, session: str) -> list[ScheduledReplay]:
        """Those of a session, in the order of their ids."""
        records, found = self._gate.look(actor, session, "schedules")
        there = records.store.scan(records.scope("schedules"), f"{found.id}/")
        return [decode_schedule(entry.value) for _key, entry in there]

    def pause_schedule(self, actor: Actor, session: str, schedule: str) -> ScheduledReplay:
        """Let it rest; not while it runs."""
        return self._move(actor, session, schedule, "pause_schedule", ScheduleVerb.PAUSE)

    def resume_schedule(self, actor: Actor, session: str, schedule: str) -> ScheduledReplay:
        """Let it go on; what was missed is made up for by one run."""
        return self._move(actor, session, schedule, "resume_schedule", ScheduleVerb.RESUME)

    def cancel_schedule(self, actor: Actor, session: str, schedule: str) -> ScheduledReplay:
        """End it; a run under way is the last."""
        return self._move(actor, session, schedule, "cancel_schedule", ScheduleVerb.CANCEL)

    def _move(
        self, actor: Actor, session: str, schedule: str, action: str, verb: ScheduleVerb
    ) -> ScheduledReplay:
        with self._gate.change(actor, session, action) as change:
            found, version = _get(change.records, change.session.id, schedule)
            moved = replace(found, state=next_schedule_state(found, verb))
            if verb is ScheduleVerb.CANCEL:
                moved = replace(moved, next_run=None)
            change.detail = schedule
            _put(change.records, moved, version)
        self._wake()
        return moved

    # --- running --------------------------------------------------------------------------------

    async def keep_running(self) -> None:
        """Run what is due until cancelled; it sleeps until something is, or was changed."""
        changed, loop = asyncio.Event(), asyncio.get_running_loop()
        self._wake = lambda: loop.call_soon_threadsafe(changed.set)
        try:
            while True:
                changed.clear()
                await self._rest(changed, await self._round())
        finally:
            self._wake = lambda: None

    async def _round(self) -> float:
        """Run what is due; the seconds until the next look."""
        try:
            await self.run_due()
            return await asyncio.to_thread(self._until_next)
        except KernelError as error:
            _log.warning("A round of the scheduled replays failed: %s", error)
            return self._interval
        except Exception:
            _log.exception("A round of the scheduled replays failed")
            return self._interval

    async def _rest(self, changed: asyncio.Event, seconds: float) -> None:
        sleeps = asyncio.ensure_future(self._sleep(seconds))
        wakes = asyncio.ensure_future(changed.wait())
        try:
            await asyncio.wait((sleeps, wakes), return_when=asyncio.FIRST_COMPLETED)
        finally:
            sleeps.cancel()
            wakes.cancel()

    def _until_next(self) -> float:
        now, store = self._gate.clock.now(), self._gate.store
        times = [
            replay.next_run
            for tenant in tenants(store)
            for _key, entry in store.scan(Records(store, tenant).scope("schedules"))
            if (replay := decode_schedule(entry.value)).state is ScheduleState.SCHEDULED
            and replay.next_run is not None
        ]
        soonest = min(times, default=now + self._interval) - now
        return min(max(soonest, SHORTEST_REST), self._interval)

    async def run_due(self) -> list[ReplayResult]:
        """Run everything that is due now, one after the other; what came of it.

        A schedule is claimed first: of several kernels with one store, one runs it.
        """
        results = []
        for tenant, found in await asyncio.to_thread(self._due):
            claimed = await asyncio.to_thread(self._claim, tenant, found)
            if claimed is None:
                continue
            result, error = None, ""
            try:
                actor = Actor(claimed.user, tenant, claimed.is_admin)
                result = await self._replays.replay(actor, claimed.session, claimed.settings)
                error = result.failure
                results.append(result)
            except KernelError as problem:
                error = str(problem)
            except Exception as problem:
                _log.exception("The scheduled replay %s failed", claimed.id)
                error = f"{type(problem).__name__}: {problem}"
            await asyncio.to_thread(self._finish, tenant, claimed, result, error)
        return results

    def _due(self) -> list[tuple[str, ScheduledReplay]]:
        now = self._gate.clock.now()
        store = self._gate.store
        found = []
        for tenant in tenants(store):
            for _key, entry in store.scan(Records(store, tenant).scope("schedules")):
                replay = decode_schedule(entry.value)
                if _is_due(replay, now) or _is_given_up(replay, now):
                    found.append((tenant, replay))
        return found

    def _claim(self, tenant: str, seen: ScheduledReplay) -> ScheduledReplay | None:
        """Make it ours; None if somebody else was faster, or it was given up in the middle."""
        with self._gate.store.transaction() as store:
            records = Records(store, tenant)
            try:
                found, version = _get(records, seen.session, seen.id)
            except UserError:
                return None
            now = self._gate.clock.now()
            if _is_given_up(found, now):
                _put(records, _after(found, now, "", "The kernel that ran it has ended."), version)
                return None
            if not _is_due(found, now):
                return None
            claimed = replace(
                found,
                state=next_schedule_state(found, ScheduleVerb.START),
                claimed_until=now + (found.settings.timeout_seconds or LONGEST_RUN) + 60.0,
            )
            _put(records, claimed, version)
            return claimed

    def _finish(
        self, tenant: str, claimed: ScheduledReplay, result: ReplayResult | None, error: str
    ) -> None:
        with self._gate.store.transaction() as store:
            records = Records(store, tenant)
            try:
                found, version = _get(records, claimed.session, claimed.id)
            except UserError:
                return  # its session was deleted meanwhile
            number = result.correlation if result else ""
            _put(records, _after(found, self._gate.clock.now(), number, error), version)


def _is_due(replay: ScheduledReplay, now: float) -> bool:
    is_waiting = replay.state is ScheduleState.SCHEDULED
    return is_waiting and replay.next_run is not None and replay.next_run <= now


def _is_given_up(replay: ScheduledReplay, now: float) -> bool:
    return replay.state is ScheduleState.RUNNING and replay.claimed_until <= now


def _after(found: ScheduledReplay, now: float, result: str, error: str) -> ScheduledReplay:
    """The schedule after a run; one that was cancelled meanwhile stays so."""
    runs = found.runs + 1
    ran = replace(
        found,
        runs=runs,
        failed_runs=found.failed_runs + bool(error),
        last_result=result,
        last_error=error,
        claimed_until=0.0,
    )
    if found.state is not ScheduleState.RUNNING:
        return ran
    planned = found.next_run if found.next_run is not None else now
    following = found.schedule.following(planned, now, runs)
    if following is not None:
        verb = ScheduleVerb.AGAIN
    else:
        verb = ScheduleVerb.FAIL if error else ScheduleVerb.COMPLETE
    return replace(ran, next_run=following, state=next_schedule_state(found, verb))


def _get(records: Records, session: SessionId, schedule: str) -> tuple[ScheduledReplay, int]:
    entry = records.store.get(records.scope("schedules"), f"{session}/{schedule}")
    if entry is None:
        raise UserError(f"Session {session} has no schedule {schedule}; list its schedules.")
    return decode_schedule(entry.value), entry.version


def _put(records: Records, replay: ScheduledReplay, version: int) -> None:
    key = f"{replay.session}/{replay.id}"
    records.store.put(records.scope("schedules"), key, encode_schedule(replay), expected=version)
