"""LocalServices: what the kernel does for scripts, made when it is wanted for the first time."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from kernel.core.errors import UserError
from kernel.core.lazily import made_once
from kernel.core.settings import DebugSettings

if TYPE_CHECKING:
    from kernel.core.clock import Clock
    from kernel.events.broker import Broker
    from kernel.hooks.registry import HookRegistry
    from kernel.hooks.runner import HookRunner
    from kernel.hooks.thread_hooks import ThreadHooks
    from kernel.sessions.access import Actor
    from kernel.sessions.artifacts.blocks import BlockStore
    from kernel.sessions.current import CurrentSession
    from kernel.sessions.services import SessionServices
    from kernel.state.backup import Backups
    from kernel.state.schemas import Schemas
    from kernel.state.state import State
    from kernel.state.state import StateChanged as StateChange
    from kernel.state.state import StateConflicted as StateConflict
    from kernel.state.store import StateStore
    from llmspell.config.load import Loaded
    from llmspell.config.model import Configuration
    from llmspell.config.script_limits import ScriptLimits
    from llmspell.config.sections.hooks import HooksConfig
    from llmspell.script_api.config_table import ConfigPermissions
    from llmspell.script_api.script_hooks import HookLimits

    StateListeners = tuple[
        Callable[[StateChange], None] | None, Callable[[StateConflict], None] | None
    ]


ACTOR_KEYS = ("runtime.sessions.user", "runtime.sessions.tenant", "runtime.sessions.admin")
"""Keys that say as whom sessions are used."""


class LocalServices:
    """Implements `ScriptServices` for one process and one user.

    State and sessions are in memory, unless the configuration names a store by its URL.
    """

    def __init__(self, configuration_file: Path | None = None) -> None:
        self._file = configuration_file
        self.when_opened: Callable[[SessionServices], object] = lambda _: None
        """Called, on any thread, when sessions are used for the first time."""
        self.replay_settings = DebugSettings(libraries="closed")
        """The Lua in which sessions are replayed, and what of the process its cells may reach."""

    @made_once
    def loaded(self) -> "Loaded":
        """The configuration and what is odd about it; raises `UserError`."""
        import logging
        import os

        from llmspell.config.load import load_configuration
        from llmspell.config.places import find_file

        path = self._file or find_file(os.environ, Path.cwd())
        loaded = load_configuration(path)
        log, place = logging.getLogger("llmspell.config"), loaded.path or "environment"
        for each in loaded.warnings:
            # What is like a key that there is was meant; else it is one of another release.
            level = logging.WARNING if "did you mean" in each else logging.INFO
            log.log(level, "%s: %s", place, each)
        for each in loaded.notices:
            log.info("%s: %s", place, each)
        return loaded

    @property
    def may_be_configured(self) -> bool:
        """Whether anything says how sessions are; to read a configuration takes longer."""
        return self._is_said("runtime.sessions")

    def _is_said(self, *sections: str) -> bool:
        """Whether there is a configuration, or a variable that sets something of these sections."""
        import os

        from llmspell.config.places import find_file
        from llmspell.config.variables import are_set

        is_set = are_set(os.environ, sections)
        return is_set or (self._file or find_file(os.environ, Path.cwd())) is not None

    def are_said(self, *keys: str) -> bool:
        """Whether the configuration has one of these keys; raises `UserError` if it is no TOML."""
        import os

        from llmspell.config.places import find_file
        from llmspell.config.said import are_said

        return are_said(keys, os.environ, self._file or find_file(os.environ, Path.cwd()))

    @property
    def configuration(self) -> "Configuration":
        """What is configured."""
        return self.loaded.configuration

    @made_once
    def _clock(self) -> "Clock":
        from kernel.core.clock import SystemClock

        return SystemClock()

    @made_once
    def store(self) -> "StateStore":
        """Where everything is kept."""
        return self._open_store()

    @made_once
    def audit_store(self) -> "StateStore":
        """Where the log of events is: with everything else, unless a store is named for it."""
        named = self.configuration.events.persistence.store
        if not named:
            return self.store
        from llmspell.configured_stores import EVENTS, open_named

        return open_named(EVENTS, named, self._clock)

    def check_store(self) -> None:
        """Raise `UserError` for a configuration that is wrong, or names a store of no kind."""
        if not self._is_said("runtime.state_persistence"):
            return
        from llmspell.configured_stores import STATE, check_stores

        for key, problem in check_stores(self.configuration):
            if key == STATE:
                raise UserError(f"{key}: {problem}")

    def _open_store(self) -> "StateStore":
        from llmspell.configured_stores import STATE, open_named, state_url

        # Where there is no folder for a file, it is in memory.
        return open_named(STATE, state_url(self.configuration, "memory:"), self._clock)

    @made_once
    def state(self) -> "State":
        """Values that are kept."""
        from kernel.state.state import State

        changed, conflicted = self._state_listeners
        store = self._current_store
        return State(store, self._clock, changed=changed, conflicted=conflicted)

    @made_once
    def schemas(self) -> "Schemas":
        """The forms that values are kept in, and the steps between them."""
        from kernel.state.schemas import Schemas

        chosen = self.configuration.runtime.state_persistence
        if chosen.schema_directory is None:
            return Schemas()
        from kernel.state.schema_files import load_schemas

        folder, keeps = Path(chosen.schema_directory).expanduser(), chosen.backup_on_migration
        return Schemas(
            lambda: load_schemas(folder, self._clock), lambda: self.backups if keeps else None
        )

    @made_once
    def _current_store(self) -> "StateStore":
        """Where everything is kept, with values in the form of today, if that is wanted."""
        if self.configuration.runtime.state_persistence.migration_enabled:
            import logging

            for each in self.schemas.migrate_all(self.store):
                logging.getLogger(__name__).info(
                    "The data of %s were brought to version %d", each.schema, each.latest
                )
        return self.store

    def script_state(self, current: "CurrentSession") -> "State":
        """The same, for scripts in a session: hooks and policies are asked."""
        from kernel.hooks.hooked_state import HookedState

        changed, conflicted = self._state_listeners
        return HookedState(
            self._current_store,
            self.thread_hooks,
            self._clock,
            changed=changed,
            conflicted=conflicted,
            admit=self.admission_of(current),
        )

    def admission_of(self, current: "CurrentSession") -> "Callable[[], object]":
        """What is called before a script in a session writes state."""
        from kernel.sessions.state_writes import StateWrites

        return StateWrites(lambda: self.sessions, lambda: self.actor, current)

    @property
    def tells_debug_events(self) -> bool:
        """Whether what debuggers see is among the events."""
        if not self._is_said("events"):
            return True
        try:
            return self.configuration.events.emit_debug_events
        except UserError:  # said elsewhere
            return True

    @property
    def _state_listeners(self) -> "StateListeners":
        is_told = self.configuration.events.emit_state_events
        return (self._tell_state, self._tell_conflict) if is_told else (None, None)

    def _tell_state(self, change: "StateChange") -> None:
        from kernel.events.state import StateChanged, StateDeleted

        scope, key, version = str(change.scope), change.key, change.version
        self.broker.publish(
            StateChanged(scope, key, version) if version else StateDeleted(scope, key)
        )

    def _tell_conflict(self, conflict: "StateConflict") -> None:
        from kernel.events.state import StateConflicted

        scope, key = str(conflict.scope), conflict.key
        self.broker.publish(StateConflicted(scope, key, conflict.expected, conflict.found))

    @made_once
    def broker(self) -> "Broker":
        """Events."""
        from kernel.events.broker import Broker

        return Broker()

    @made_once
    def hooks(self) -> "HookRegistry":
        """Hooks."""
        from kernel.hooks.registry import HookRegistry

        chosen = self._chosen_hooks
        if chosen is None:
            return HookRegistry()
        from llmspell.configured_hooks import make_registry

        return make_registry(chosen, lambda event: self.broker.publish(event))

    @property
    def has_hooks(self) -> bool:
        """Whether there is any hook; nothing is loaded to find out."""
        made: HookRegistry | None = vars(self).get("hooks")
        return made is not None and not made.is_empty

    @made_once
    def _chosen_hooks(self) -> "HooksConfig | None":
        """What is configured of hooks; every kernel has hooks, and most have no configuration."""
        if not self._is_said("hooks"):
            return None
        try:
            return self.configuration.hooks
        except UserError as error:  # who wants more of it is told so, too
            import logging

            logging.getLogger(__name__).warning("Hooks are as by default: %s", error)
            return None

    @made_once
    def script_limits(self) -> "ScriptLimits":
        """What scripts and cells are held to; raises `UserError` for a configuration that is none.

        Whoever wants limits and makes a mistake shall not go without them.
        """
        from llmspell.config.script_limits import LIMITS, ScriptLimits, limits_of

        if not self.are_said(*LIMITS):
            return ScriptLimits()
        return limits_of(self.configuration)

    @property
    def hook_limits(self) -> "HookLimits":
        """What hooks of scripts are held to."""
        from llmspell.script_api.script_hooks import PATIENCE, HookLimits

        chosen = self._chosen_hooks
        if chosen is None:
            return HookLimits()
        patience = chosen.timeout_ms / 1000 if chosen.timeout_ms else PATIENCE
        return HookLimits(patience, chosen.rate_limit_per_minute)

    @made_once
    def runner(self) -> "HookRunner":
        """What asks them; there is one, whoever does something."""
        from kernel.hooks.builtin.caching import MemoryResults
        from kernel.hooks.runner import HookRunner

        return HookRunner(self.hooks, MemoryResults(), tell=self.broker.publish)

    @made_once
    def thread_hooks(self) -> "ThreadHooks":
        """What asks them about what scripts do."""
        from kernel.hooks.thread_hooks import ThreadHooks

        return ThreadHooks(self.runner)

    @made_once
    def sessions(self) -> "SessionServices":
        """Sessions and their artifacts."""
        from kernel.sessions.artifacts.memory_blocks import MemoryBlocks

        return self._open_sessions(MemoryBlocks())

    def _open_sessions(self, blocks: "BlockStore") -> "SessionServices":
        from kernel.sessions.policies.registry import PolicyRegistry
        from kernel.sessions.services import open_sessions
        from llmspell.replayed_cells import LuaReplays
        from llmspell.session_policies import session_policy

        chosen, registry = self.configuration.runtime.sessions, PolicyRegistry()
        replays = LuaReplays(self.replay_settings, self)
        services = open_sessions(
            self.store,
            blocks,
            self._clock,
            self.broker.publish,
            policy=session_policy(chosen, registry),
            registry=registry,
            max_active=chosen.max_sessions,
            make_runner=replays.make_runner,
            make_debugged=replays.make_debugged,
            hooks=self.runner,
            compresses_from=chosen.artifact_compression_threshold,
        )
        self.when_opened(services)
        return services

    @made_once
    def actor(self) -> "Actor":
        """As whom scripts act."""
        from kernel.sessions.access import Actor

        if not self._is_said(*ACTOR_KEYS):
            return Actor("local")
        chosen = self.configuration.runtime.sessions
        return Actor(chosen.user, chosen.tenant, chosen.admin)

    @property
    def said_actor(self) -> Mapping[str, str | bool]:
        """The actor as requests name one, if the configuration says anything of it.

        Raises `UserError`.
        """
        if not self._is_said(*ACTOR_KEYS):
            return {}
        chosen = self.configuration.runtime.sessions
        if not chosen.model_fields_set & {"user", "tenant", "admin"}:
            return {}
        return {"user": chosen.user, "tenant": chosen.tenant, "admin": chosen.admin}

    @made_once
    def backups(self) -> "Backups | None":
        """Where backups are; None if nowhere."""
        folder = self.configuration.runtime.state_persistence.backup.backup_dir
        return self._backups_in(Path(folder).expanduser()) if folder else None

    def _backups_in(self, folder: Path) -> "Backups":
        from kernel.state.backup import Backups

        chosen = self.configuration.runtime.state_persistence.backup
        level = chosen.compression_level if chosen.compression_enabled else None
        return Backups(folder, self._clock, level, chosen.max_backups)

    @made_once
    def permissions(self) -> "ConfigPermissions":
        """What scripts may do with the configuration: look at it, if it says nothing else."""
        from llmspell.script_api.config_table import ConfigPermissions

        chosen = self.configuration.runtime.config_permissions
        return ConfigPermissions(
            read=chosen.read,
            modify_providers=chosen.modify_providers,
            modify_tools=chosen.modify_tools,
            modify_runtime=chosen.modify_runtime,
            modify_security=chosen.modify_security,
            access_secrets=chosen.access_secrets,
        )

    def close(self) -> None:
        """Give files back, if any were opened."""
        if "broker" in vars(self):
            self.broker.close()
        for name in ("audit_store", "store"):  # the same one, perhaps, closed twice without harm
            if name in vars(self):
                vars(self)[name].close()
