"""StateWrites: the current session's policies are asked about each write of state by scripts."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from kernel.sessions.current import CurrentSession

if TYPE_CHECKING:
    from kernel.sessions.access import Actor
    from kernel.sessions.services import SessionServices


class StateWrites:
    """Called before each write, on any thread. Without a session nothing is loaded nor asked."""

    def __init__(
        self,
        services: "Callable[[], SessionServices]",
        actor: "Callable[[], Actor]",
        current: CurrentSession,
    ) -> None:
        """``actor``: as whom scripts act."""
        self._services, self._actor, self._current = services, actor, current

    def __call__(self) -> None:
        """Count a write; raises `PolicyRefused`.

        A session that has ended holds back nothing: its cell may write what it has found out.
        """
        session = self._current.id
        if session is None:
            return
        from kernel.sessions.lifecycle import IllegalMove
        from kernel.sessions.model import SessionNotFound
        from kernel.sessions.policies.base import STATE_UPDATE

        try:
            self._services().runs.admit(self._actor(), session, STATE_UPDATE)
        except (IllegalMove, SessionNotFound):
            return
