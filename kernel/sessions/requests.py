"""SessionRequests: sessions asked for as data, with a kernel (``session_request``) or without one.

docs/reference/kernel-protocol.md has the requests and their answers.
"""

from collections.abc import Mapping
from typing import Any

from kernel.core.actions import serve_action
from kernel.sessions.access import Actor
from kernel.sessions.access_requests import AccessRequests
from kernel.sessions.artifact_requests import ArtifactRequests
from kernel.sessions.current import CurrentSession
from kernel.sessions.desk import SessionDesk
from kernel.sessions.life_requests import LifeRequests
from kernel.sessions.replay_requests import ReplayRequests
from kernel.sessions.schedule_requests import ScheduleRequests
from kernel.sessions.services import SessionServices


class _AllRequests(
    LifeRequests, AccessRequests, ReplayRequests, ScheduleRequests, ArtifactRequests
):
    """The actions, done as one actor."""


class SessionRequests(_AllRequests):
    """Implements `kernel.jupyter.calls.Endpoint` by `serve`; used on a loop's thread.

    Everything is done as ``actor``, unless a request names another one: whoever can send requests
    is trusted. ``id`` may be an id, the beginning of one, or a name (`find_session`); where it is
    not said, the current session is meant.
    """

    def __init__(
        self, services: SessionServices, actor: Actor, current: CurrentSession | None = None
    ) -> None:
        super().__init__(SessionDesk(services, actor, current or CurrentSession(), actor))

    async def serve(self, content: Mapping[str, Any]) -> Mapping[str, Any]:
        """Do what ``action`` says, as the ``actor`` that is said; raises `UserError`."""
        said = content.get("actor")
        asked = {name: value for name, value in content.items() if name != "actor"}
        target = self if said is None else _AllRequests(self._desk.for_actor(said))
        return await serve_action(target, asked)
