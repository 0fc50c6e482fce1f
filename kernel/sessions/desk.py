"""SessionDesk: what requests about sessions are answered with, and as whom."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Annotated, Any

from annotated_types import Ge, Gt

from kernel.core.errors import BadArgument, UserError
from kernel.core.suggestions import unknown
from kernel.sessions.access import Actor, Permission, may
from kernel.sessions.artifacts.uploads import Uploads
from kernel.sessions.current import CurrentSession
from kernel.sessions.model import Session
from kernel.sessions.naming import find_session
from kernel.sessions.services import SessionServices
from kernel.sessions.shown import session_shown

Plain = dict[str, Any]
Step = Annotated[int, Ge(1)]
Seconds = Annotated[float, Gt(0)]

_PARTS: Mapping[str, type] = {"user": str, "tenant": str, "admin": bool}
"""What a request may say of who asks."""


@dataclass(frozen=True, slots=True)
class SessionDesk:
    """The services, the session that the kernel is in, and who asks."""

    services: SessionServices
    actor: Actor
    """Who asks."""
    current: CurrentSession
    owner: Actor
    """Who the kernel is: its cells are run as this one."""
    uploads: Uploads = field(default_factory=Uploads)

    def for_actor(self, said: object) -> "SessionDesk":
        """The same for whom a request names; what it does not say is as for the kernel.

        Raises `BadArgument`.
        """
        return replace(self, actor=_actor(said, self.owner))

    def find(self, word: str) -> Session:
        """A session by its id, the beginning of one, or its name; "" is the current one."""
        sessions = self.services.sessions
        if word:
            return find_session(sessions, self.actor, word)
        here = self.here()
        if here is None:
            raise UserError("The kernel is in no session; say the id of one.")
        return here

    def here(self) -> Session | None:
        """The session that the kernel is in.

        None as well for those who may not know of it, and where it was deleted elsewhere.
        """
        number = self.current.id
        if number is None:
            return None
        # Not by its id: who is refused leaves a record, and that has the id.
        there = self.services.sessions.list(self.actor)
        return next((each for each in there if each.id == number), None)

    def whole(self, session: Session) -> Plain:
        """All that is known of it."""
        usage = self.services.sessions.usage(self.actor, session.id)
        return {**session_shown(session, usage), "is_current": session.id == self.current.id}

    def check_entry(self, session: Session | None = None) -> None:
        """Whether the kernel's cells may be run in a session, None: one that the actor begins.

        Raises `UserError`.
        """
        kernel, asking = self.owner, self.actor
        if session is None:
            is_free = kernel.tenant == asking.tenant and (
                kernel.is_admin or kernel.user == asking.user
            )
        else:
            is_free = may(kernel, session, Permission.WRITE)
        if not is_free:
            where = f"session {session.id}" if session else f"a session of {asking.user}"
            way = (
                f"have it granted the role writer (`llmspell session grant … {kernel.user} writer`)"
                if kernel.tenant == asking.tenant
                else "use a kernel of that tenant"
            )
            raise UserError(
                f"The cells of this kernel are run as {kernel.user} of tenant {kernel.tenant}, who "
                f"may not write in {where}; {way}."
            )


class DeskRequests:
    """Base of what serves actions about sessions."""

    def __init__(self, desk: SessionDesk) -> None:
        self._desk = desk


def _actor(said: object, owner: Actor) -> Actor:
    if not isinstance(said, Mapping):
        raise BadArgument(f"actor is {said!r:.60}; it must be an object with user, tenant, admin.")
    for name, value in said.items():
        if name not in _PARTS:
            raise BadArgument(f"actor: {unknown('argument', str(name), _PARTS)}")
        if not isinstance(value, _PARTS[name]):
            raise BadArgument(
                f"actor: {name} is {value!r:.60}; that is no {_PARTS[name].__name__}."
            )
    is_same = (said.get("user", owner.user), said.get("tenant", owner.tenant)) == (
        owner.user,
        owner.tenant,
    )
    return Actor(
        said.get("user", owner.user),
        said.get("tenant", owner.tenant),
        said.get("admin", owner.is_admin and is_same),
    )
