"""What people write for a session: its id, the beginning of one, or its name."""

from collections.abc import Callable

from kernel.core.errors import UserError
from kernel.core.suggestions import unknown
from kernel.sessions.access import Actor
from kernel.sessions.current import CurrentSession
from kernel.sessions.lifecycle import Verb, next_state
from kernel.sessions.model import Session, SessionId, SessionNotFound, Status, parse_session_id
from kernel.sessions.sessions import Sessions

_SHOWN = 8
"""Characters of an id that tell it from others, as a rule."""


class UnknownSession(UserError):
    """No session is called so."""


def find_session(sessions: Sessions, actor: Actor, word: str) -> Session:
    """The session meant, of those the actor may read; raises `UserError`.

    A whole id goes before the beginning of one, that before a name; of several sessions with one
    name the active one is meant, if there is one such.
    """
    number = _whole_id(word)
    if number is not None:
        return sessions.get(actor, number)
    there = sessions.list(actor)
    named = [each for each in there if each.name == word]
    active = [each for each in named if each.activated is not None]
    for found in ([each for each in there if each.id.startswith(word.lower())], active, named):
        if len(found) == 1:
            return found[0]
        if len(found) > 1 and found is not active:
            raise UserError(
                f"{word!r} may be one of {len(found)} sessions: {_listed(found)}. "
                "Write more of the id."
            )
    names = dict.fromkeys([*(each.name for each in there), *(each.id for each in there)])
    raise UnknownSession(unknown("session", word, names, most=10))


def enter_session(
    sessions: Sessions,
    actor: Actor,
    current: CurrentSession,
    word: str,
    *,
    creates: bool = False,
    check: Callable[[Session], object] = lambda _: None,
) -> Session:
    """Make the session meant the current one.

    ``creates``: begin one of this name where none is active or rests; one that rests is resumed.
    ``check`` is called with it before. Raises `UserError`, and `IllegalMove` if nothing can be run
    in it.
    """
    session = _begun(sessions, actor, word) if creates else find_session(sessions, actor, word)
    check(session)
    next_state(session.id, session.status, Verb.RUN)
    current.enter(session.id)
    return session


def _begun(sessions: Sessions, actor: Actor, word: str) -> Session:
    alive = (Status.ACTIVE, Status.SUSPENDED)
    there = [each for each in sessions.list(actor) if each.name == word and each.status in alive]
    try:
        found = there[0] if len(there) == 1 else find_session(sessions, actor, word)
    except SessionNotFound:
        raise
    except UserError:
        if there:
            raise  # it is not clear which one is meant
        return sessions.create(actor, word)
    if found.name == word and found.status not in alive:
        return sessions.create(actor, word)
    return sessions.resume(actor, found.id) if found.status is Status.SUSPENDED else found


def _whole_id(word: str) -> SessionId | None:
    """The id, where a text is one and not just the beginning of one."""
    try:
        return parse_session_id(word)
    except UserError:
        return None


def _listed(sessions: list[Session]) -> str:
    shown = ", ".join(f"{each.id[: _SHOWN + 5]} ({each.name})" for each in sessions[:5])
    return shown + (", …" if len(sessions) > 5 else "")
