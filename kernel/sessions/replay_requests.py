"""ReplayRequests: sessions once more, asked for as data."""

import asyncio
from typing import Literal

from pydantic import JsonValue

from kernel.core.actions import action
from kernel.sessions.desk import DeskRequests, Plain, Seconds, Step
from kernel.sessions.replay.model import settings_asked

ModeName = Literal["exact", "modified", "simulate", "debug"]


class ReplayRequests(DeskRequests):
    """The actions about replays."""

    @action("replay")
    async def replay(
        self,
        *,
        id: str = "",
        mode: ModeName = "exact",
        from_step: Step = 1,
        to_step: Step | None = None,
        stop_before: Step | None = None,
        modifications: list[dict[str, JsonValue]] | None = None,
        compare: bool = True,
        stop_on_error: bool = False,
        timeout_seconds: Seconds | None = None,
        speed: float = 1.0,
        with_pauses: bool = False,
        correlation: str = "",
    ) -> Plain:
        """Run it again, in mode simulate only tell it again; how that went, step by step.

        ``correlation``: a name for this replay, for `cancel_replay`.
        """
        desk = self._desk
        settings = settings_asked(
            mode=mode,
            modifications=modifications,
            compare=compare,
            timeout_seconds=timeout_seconds,
            stop_on_error=stop_on_error,
            from_step=from_step,
            to_step=to_step,
            stop_before=stop_before,
            speed=speed,
            with_pauses=with_pauses,
        )
        session = await asyncio.to_thread(desk.find, id)
        replays = desk.services.replays
        result = await replays.replay(desk.actor, session.id, settings, correlation)
        return {"result": result.as_plain()}

    @action("cancel_replay")
    async def cancel_replay(self, *, id: str = "", correlation: str = "") -> Plain:
        """End its replays that are under way, or the one of this name."""
        desk = self._desk
        session = await asyncio.to_thread(desk.find, id)
        ended = desk.services.replays.cancel_replay(desk.actor, session.id, correlation)
        return {"id": session.id, "cancelled": ended}

    @action("replays")
    def replays(self, *, id: str = "") -> Plain:
        """Its replays: those under way, with where debuggers attach, and what came of the last."""
        desk = self._desk
        replays, found = desk.services.replays, desk.find(id).id
        ended = replays.replay_results(desk.actor, found)
        return {
            "under_way": replays.under_way(desk.actor, found),
            "results": [each.as_plain() for each in ended],
        }
