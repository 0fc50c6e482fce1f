"""CurrentSession: the session that a kernel, or a script without one, is in."""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kernel.sessions.model import SessionId


class CurrentSession:
    """At most one; shared by all who look at it or set it, from any thread."""

    def __init__(self, id: "SessionId | None" = None) -> None:
        self._id = id
        self.when_changed: Callable[[], object] = lambda: None
        """Called, in the thread that did it, when there is another one or none."""

    @property
    def id(self) -> "SessionId | None":
        """Its id; None: there is none."""
        return self._id

    def enter(self, session: "SessionId") -> None:
        """Be in this one from now on."""
        self._set(session)

    def leave(self) -> None:
        """Be in none from now on."""
        self._set(None)

    def _set(self, session: "SessionId | None") -> None:
        if session != self._id:
            self._id = session
            self.when_changed()
