"""The tables that scripts find as globals, made when a script looks into them.

What they stand on takes longer to load than most scripts run, so nothing of it is imported before.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kernel.core.functions import HostTable, LazyTable, MakeTables
from kernel.core.script_values import Script
from kernel.sessions.current import CurrentSession
from llmspell.script_api.arguments_table import ArgumentsTable

if TYPE_CHECKING:
    from kernel.events.model import KernelEvent
    from llmspell.script_api.comm_table import CommDoor
    from llmspell.script_api.script_services import ScriptServices


@dataclass(frozen=True)
class ScriptStart:
    """What one script is started with."""

    script: str = ""
    words: Sequence[str] = ()
    tell: "Callable[[KernelEvent], object]" = lambda _: None
    """Hears of `Displayed` and `DisplayCleared`, on the script's thread."""
    behind_output: "Callable[[Callable[[], object]], object]" = lambda do: do()
    """Has something done on the loop's thread, behind what the script has written; on its own."""
    comms: "CommDoor | None" = None
    """Where clients are; None for a script that runs alone."""
    current: CurrentSession = field(default_factory=CurrentSession)
    ask: "Callable[[str, bool], Awaitable[str | None]] | None" = None
    """Asks the client whose cell it is, on the loop's thread; None: nobody can be asked."""


def make_tables(services: "ScriptServices", start: ScriptStart) -> MakeTables:
    """What makes the tables of one script."""

    def make(script: Script) -> Sequence[HostTable | LazyTable]:
        one = _OneScript(services, start, script)
        return (
            ArgumentsTable(start.script, start.words),
            LazyTable("JSON", one.json),
            LazyTable("State", one.state),
            LazyTable("Session", one.session),
            LazyTable("Artifact", one.artifact),
            LazyTable("Event", one.event),
            LazyTable("Hook", one.hook),
            LazyTable("Replay", one.replay),
            LazyTable("Debug", one.debug),
            LazyTable("Config", one.config),
            LazyTable("display", one.display),
            LazyTable("Comm", one.comm),
        )

    return make


def table_types() -> dict[str, tuple[type[HostTable], ...]]:
    """What is defined in Python, by the parts of the catalogue."""
    from llmspell.script_api.artifact_table import ArtifactTable
    from llmspell.script_api.comm_table import CommTable
    from llmspell.script_api.config_table import ConfigTable
    from llmspell.script_api.debug_table import DebugTable
    from llmspell.script_api.display_table import DisplayTable
    from llmspell.script_api.event_table import EventTable
    from llmspell.script_api.hook_table import HookTable
    from llmspell.script_api.json_table import JsonTable
    from llmspell.script_api.replay_table import (
        ReplayModesTable,
        ReplaySchedulesTable,
        ReplayTable,
    )
    from llmspell.script_api.session_table import SessionTable
    from llmspell.script_api.state_table import StateTable

    return {
        "values": (ArgumentsTable, JsonTable, ConfigTable, DisplayTable, CommTable),
        "state": (StateTable, SessionTable, ArtifactTable),
        "events": (EventTable, HookTable, ReplayTable, ReplayModesTable, ReplaySchedulesTable),
        "debug": (DebugTable,),
    }


class _OneScript:
    """Makes the tables of a script when they are wanted."""

    def __init__(self, services: "ScriptServices", start: ScriptStart, script: Script) -> None:
        self._services, self._start, self._script = services, start, script
        self._language = "lua" if script.language.startswith("Lua") else script.language.lower()

    def json(self) -> Sequence[HostTable]:
        from llmspell.script_api.json_table import JsonTable

        return [JsonTable()]

    def state(self) -> Sequence[HostTable]:
        from llmspell.script_api.state_table import StateTable

        services = self._services
        state = services.script_state(self._start.current)
        return [StateTable(state, services.backups, services.schemas, services.thread_hooks)]

    def session(self) -> Sequence[HostTable]:
        from llmspell.script_api.session_table import SessionTable

        services = self._services
        return [SessionTable(services.sessions, services.actor, self._start.current)]

    def artifact(self) -> Sequence[HostTable]:
        from llmspell.script_api.artifact_table import ArtifactTable

        services = self._services
        return [ArtifactTable(services.sessions, services.actor, self._start.current)]

    def event(self) -> Sequence[HostTable]:
        from llmspell.script_api.event_table import EventRules, EventTable

        services = self._services
        chosen = services.configuration.events
        rules = EventRules(
            chosen.enabled,
            chosen.max_events_per_second,
            tuple(chosen.filtering.include_types),
            tuple(chosen.filtering.exclude_types),
        )
        size, hooks = chosen.buffer_size, services.thread_hooks
        return [EventTable(services.broker, self._language, size, hooks, rules)]

    def hook(self) -> Sequence[HostTable]:
        from llmspell.script_api.hook_table import HookTable

        services, behind = self._services, self._start.behind_output
        return [HookTable(services.hooks, self._language, services.hook_limits, behind)]

    def replay(self) -> Sequence[HostTable]:
        from llmspell.script_api.replay_table import (
            ReplayModesTable,
            ReplaySchedulesTable,
            ReplayTable,
        )

        services = self._services
        table = ReplayTable(lambda: services.sessions, services.actor)
        return [table, ReplayModesTable(), ReplaySchedulesTable()]

    def debug(self) -> Sequence[HostTable]:
        from llmspell.script_api.debug_table import DebugTable
        from llmspell.script_api.log import ScriptLog

        chosen = self._services.configuration.debug
        return [DebugTable(self._script, ScriptLog(chosen.level, chosen.enabled))]

    def config(self) -> Sequence[HostTable]:
        from llmspell.script_api.config_table import ConfigTable

        services = self._services
        own = services.configuration.model_copy(deep=True)
        hooks, tell = services.thread_hooks, services.broker.publish
        return [ConfigTable(own, services.permissions, hooks, tell)]

    def display(self) -> Sequence[HostTable]:
        from llmspell.script_api.display_table import DisplayTable

        return [DisplayTable(self._start.tell, self._start.ask)]

    def comm(self) -> Sequence[HostTable]:
        from llmspell.script_api.comm_table import CommTable

        return [CommTable(self._start.comms)]
