"""Session: what belongs together over several runs."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from annotated_types import Ge, Gt

from kernel.core.functions import HostObject, host_function
from kernel.sessions.access import Actor
from kernel.sessions.current import CurrentSession
from kernel.sessions.model import Session, Status, parse_session_id
from kernel.sessions.replay.model import ReplaySettings, settings_asked
from kernel.sessions.search import SessionQuery
from kernel.sessions.services import SessionServices
from llmspell.script_api.kept_values import from_json, to_json
from llmspell.script_api.moments import moment
from llmspell.script_api.replay_table import ReplayConfig
from llmspell.script_api.session_access import SessionAccess, SessionChanges


@dataclass(frozen=True)
class SessionOptions:
    """A new session."""

    name: Annotated[str, "What it is called."] = "session"
    description: Annotated[str, "What it is for."] = ""
    tags: Annotated[list[str], "Words to find it by."] = field(default_factory=list)
    created_by: Annotated[str | None, "Whose it is, for people."] = None
    parent_session_id: Annotated[str | None, "The session it comes from."] = None
    metadata: Annotated[dict[str, Any], "What scripts note of it."] = field(default_factory=dict)


@dataclass(frozen=True)
class SessionFilter:
    """Which sessions are wanted."""

    tags: Annotated[list[str], "Those with all of these words."] = field(default_factory=list)
    status: Annotated[
        Literal["active", "suspended", "completed", "failed", "archived"] | None,
        "Those that are so.",
    ] = None
    name: Annotated[str, "Those whose name or description holds this."] = ""
    metadata: Annotated[
        dict[str, Any], 'Those with these values at these paths, as `["model.name"] = "small"`.'
    ] = field(default_factory=dict)
    owner: Annotated[str | None, "Those of this user."] = None
    parent_session_id: Annotated[str | None, "Those that come from this session."] = None
    created_since: Annotated[float | None, "Begun then or later, in seconds since 1970."] = None
    created_before: Annotated[float | None, "Begun before then."] = None
    updated_since: Annotated[float | None, "Last changed then or later."] = None
    updated_before: Annotated[float | None, "Last changed before then."] = None
    limit: Annotated[int | None, Ge(1), "How many at most."] = None


@dataclass(frozen=True)
class SessionInfo:
    """A session."""

    id: Annotated[str, "Its id."]
    name: Annotated[str, "What it is called."]
    description: Annotated[str, "What it is for."]
    tags: Annotated[list[str], "Words to find it by."]
    status: Annotated[str, "active, suspended, completed, failed or archived."]
    created_at: Annotated[str, "When it began, in UTC."]
    updated_at: Annotated[str, "When it last changed, in UTC."]
    created_by: Annotated[str, "Whose it is."]
    custom_metadata: Annotated[dict[str, Any], "What scripts noted of it."]
    parent_session_id: Annotated[str | None, "The session it came from."] = None


@dataclass(frozen=True)
class ReplayOptions:
    """How a session is run again."""

    mode: Annotated[Literal["exact", "modified", "simulate", "debug"], "In which way."] = "exact"
    compare_results: Annotated[bool, "Whether results are compared with those recorded."] = True
    timeout_seconds: Annotated[float | None, Gt(0), "How long it may take."] = None
    stop_on_error: Annotated[bool, "Whether it ends at the first error."] = False
    from_step: Annotated[int, Ge(1), "The first step that is run."] = 1
    to_step: Annotated[int | None, Ge(1), "The last one."] = None
    stop_before: Annotated[
        int | None, Ge(1), "In mode debug: the step before which the debugger stops."
    ] = None
    speed: Annotated[float, "In mode simulate: 0.1 to 10 times as fast as it was."] = 1.0
    with_pauses: Annotated[
        bool, "In mode simulate: whether it waits between two cells as was waited."
    ] = False
    metadata: Annotated[dict[str, Any], "What is noted of it."] = field(default_factory=dict)


class SessionBuilder(HostObject):
    """A session in the making; every method but build gives the builder back."""

    name = "SessionBuilder"

    def __init__(self, create: Callable[[SessionOptions], str]) -> None:
        self._create = create
        self._told: dict[str, Any] = {"tags": []}

    @host_function("name")
    def set_name(self, name: str) -> "SessionBuilder":
        """What it is called."""
        return self._set("name", name)

    @host_function("description")
    def set_description(self, text: str) -> "SessionBuilder":
        """What it is for."""
        return self._set("description", text)

    @host_function("created_by")
    def set_created_by(self, name: str) -> "SessionBuilder":
        """Whose it is, for people."""
        return self._set("created_by", name)

    @host_function("tag")
    def add_tag(self, tag: str) -> "SessionBuilder":
        """A word to find it by."""
        return self._set("tags", [*self._told["tags"], tag])

    @host_function("tags")
    def add_tags(self, tags: list[str]) -> "SessionBuilder":
        """Words to find it by."""
        return self._set("tags", [*self._told["tags"], *tags])

    @host_function("build")
    def build(self) -> str:
        """Begins the session; gives its id."""
        return self._create(SessionOptions(**self._told))

    def _set(self, name: str, value: Any) -> "SessionBuilder":
        self._told[name] = value
        return self


class SessionTable(SessionChanges, SessionAccess):
    """Sessions: what belongs together over several runs. Functions take the id of a session."""

    name = "Session"

    def __init__(
        self, services: SessionServices, actor: Actor, current: CurrentSession | None = None
    ) -> None:
        super().__init__(services, actor)
        self.current = current or CurrentSession()

    # --- making and finding ---------------------------------------------------------------------

    @host_function("Session.create")
    def create(self, options: SessionOptions | None = None) -> str:
        """Begins a session; gives its id."""
        chosen = options or SessionOptions()
        metadata = dict(chosen.metadata)
        if chosen.created_by:
            metadata["created_by"] = chosen.created_by
        parent = parse_session_id(chosen.parent_session_id) if chosen.parent_session_id else None
        made = self._sessions.create(
            self._actor,
            chosen.name,
            description=chosen.description,
            tags=chosen.tags,
            metadata=to_json(metadata),
            parent=parent,
        )
        return made.id

    @host_function("Session.builder")
    def builder(self) -> SessionBuilder:
        """Begins a session step by step."""
        return SessionBuilder(self.create)

    @host_function("Session.get")
    def get(self, id: str) -> SessionInfo:
        """What is known of a session; raises `Invalid session ID: …`."""
        return info_of(self._sessions.get(self._actor, parse_session_id(id)))

    @host_function("Session.list")
    def find(self, filter: SessionFilter | None = None) -> list[SessionInfo]:
        """The sessions there are, the oldest first."""
        wanted = filter or SessionFilter()
        query = SessionQuery(
            text=wanted.name,
            tags=tuple(wanted.tags),
            status=frozenset({Status(wanted.status)} if wanted.status else ()),
            metadata=to_json(wanted.metadata),
            owner=wanted.owner,
            parent=parse_session_id(wanted.parent_session_id) if wanted.parent_session_id else None,
            created_since=wanted.created_since,
            created_before=wanted.created_before,
            updated_since=wanted.updated_since,
            updated_before=wanted.updated_before,
            limit=wanted.limit,
        )
        return [info_of(each) for each in self._sessions.list(self._actor, query)]

    # --- its life -------------------------------------------------------------------------------

    @host_function("Session.save")
    def save(self, id: str) -> None:
        """Sees to it that a session is kept beyond the process; every change is kept at once."""
        self._sessions.get(self._actor, parse_session_id(id))

    @host_function("Session.load")
    def load(self, id: str) -> str:
        """Finds a kept session; gives its id."""
        return self._sessions.get(self._actor, parse_session_id(id)).id

    @host_function("Session.complete")
    def complete(self, id: str) -> None:
        """Ends a session well."""
        self._sessions.complete(self._actor, parse_session_id(id))

    @host_function("Session.fail")
    def fail(self, id: str, reason: str = "") -> None:
        """Ends a session that cannot do what it was made for."""
        self._sessions.fail(self._actor, parse_session_id(id), reason)

    @host_function("Session.suspend")
    @host_function("Session.pause", alias_of="suspend")
    def suspend(self, id: str) -> None:
        """Lets a session rest."""
        self._sessions.suspend(self._actor, parse_session_id(id))

    @host_function("Session.resume")
    def resume(self, id: str) -> None:
        """Lets a resting session go on."""
        self._sessions.resume(self._actor, parse_session_id(id))

    @host_function("Session.archive")
    def archive(self, id: str) -> None:
        """Puts away a session that has ended; it can still be read and run again."""
        self._sessions.archive(self._actor, parse_session_id(id))

    @host_function("Session.delete")
    def delete(self, id: str) -> None:
        """Removes a session and what belongs to it."""
        found = parse_session_id(id)
        self._sessions.delete(self._actor, found)
        if self.current.id == found:
            self.current.leave()

    @host_function("Session.get_current")
    def get_current(self) -> str | None:
        """The session the script is in; nil if in none."""
        return self.current.id

    @host_function("Session.set_current")
    def set_current(self, id: str | None = None) -> None:
        """Says which session the script is in; nil: in none."""
        if id:
            self.current.enter(self._sessions.get(self._actor, parse_session_id(id)).id)
        else:
            self.current.leave()

    # --- running it again -----------------------------------------------------------------------

    @host_function("Session.can_replay")
    def can_replay(self, id: str) -> bool:
        """Whether a session can be run again."""
        return self._services.replays.can_replay(self._actor, parse_session_id(id))

    @host_function("Session.replay")
    async def replay(
        self, id: str, options: ReplayOptions | ReplayConfig | None = None
    ) -> dict[str, Any]:
        """Runs a session again from what was written down; how that went, step by step."""
        chosen = options or ReplayOptions()
        settings = chosen.settings() if isinstance(chosen, ReplayConfig) else settings_of(chosen)
        result = await self._services.replays.replay(self._actor, parse_session_id(id), settings)
        return result.as_plain()

    @host_function("Session.get_replay_metadata")
    def get_replay_metadata(self, id: str) -> dict[str, Any]:
        """What is known of a session for running it again: steps, languages, times, failures."""
        found = self._services.replays.replay_metadata(self._actor, parse_session_id(id))
        return {
            "session_id": found.session,
            "steps": found.steps,
            "languages": list(found.languages),
            "first": found.first,
            "last": found.last,
            "seconds": found.seconds,
            "inputs": found.inputs,
            "failed": found.failed,
            "is_reproducible": found.is_reproducible,
        }

    @host_function("Session.list_replayable")
    def list_replayable(self) -> list[str]:
        """The ids of the sessions that can be run again."""
        return [str(each) for each in self._services.replays.list_replayable(self._actor)]


def settings_of(options: ReplayOptions) -> ReplaySettings:
    """The kernel's words for how to run a session again."""
    return settings_asked(
        mode=options.mode,
        compare=options.compare_results,
        timeout_seconds=options.timeout_seconds,
        stop_on_error=options.stop_on_error,
        from_step=options.from_step,
        to_step=options.to_step,
        stop_before=options.stop_before,
        speed=options.speed,
        with_pauses=options.with_pauses,
        metadata=to_json(options.metadata),
    )


def info_of(session: Session) -> SessionInfo:
    """A session as scripts see it."""
    metadata = {key: from_json(value) for key, value in session.metadata.items()}
    return SessionInfo(
        id=session.id,
        name=session.name,
        description=session.description,
        tags=list(session.tags),
        status=session.status.value,
        created_at=moment(session.created),
        updated_at=moment(session.updated),
        created_by=str(metadata.pop("created_by", session.owner)),
        custom_metadata=metadata,
        parent_session_id=session.parent,
    )
