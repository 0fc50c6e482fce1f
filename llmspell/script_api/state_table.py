"""State: values kept beyond the script, by scope and key."""

from dataclasses import asdict, dataclass
from typing import Annotated, Any

from annotated_types import Ge, Gt

from kernel.core.argument_types import Choices
from kernel.core.errors import KernelError, UserError
from kernel.core.functions import HostTable, host_function
from kernel.hooks.base import Component
from kernel.hooks.points import POINTS
from kernel.hooks.thread_hooks import ThreadHooks
from kernel.state import scopes
from kernel.state.backup import Backup, Backups
from kernel.state.migrations import MigrationStatus, schema_versions
from kernel.state.schemas import Schemas
from kernel.state.scopes import GLOBAL, Scope, ScopeKind, script_place
from kernel.state.state import ABSENT, State
from llmspell.script_api.kept_values import from_json, to_json

ScopeName = Annotated[str, scopes.SAID, Choices(scopes.FORMS)]
ScopeOrKey = Annotated[str, scopes.SAID]
GLOBAL_NAME = "global"


@dataclass(frozen=True)
class SaveOptions:
    """How a value is kept."""

    ttl: Annotated[float | None, Gt(0), "Seconds it stays; otherwise for ever."] = None


@dataclass(frozen=True)
class CleanupOptions:
    """Which backups stay."""

    keep: Annotated[int | None, Ge(1), "How many of the newest."] = 10
    max_age_seconds: Annotated[float | None, Gt(0), "How old they may be."] = None


class StateTable(HostTable):
    """Values kept beyond the script, by scope and key."""

    name = "State"

    def __init__(
        self,
        state: State,
        backups: Backups | None = None,
        schemas: Schemas | None = None,
        hooks: ThreadHooks | None = None,
    ) -> None:
        self._state = state
        self._backups = backups
        self._schemas = schemas or Schemas()
        self._hooks = hooks

    # --- by scope and key -----------------------------------------------------------------------

    @host_function("State.save")
    @host_function("State.set_scoped", alias_of="save")
    def save(
        self, scope: ScopeName, key: str, value: Any, options: SaveOptions | None = None
    ) -> None:
        """Keeps a value; nil forgets it."""
        place, key = script_place(scope, key)
        if value is None:
            self._state.delete(place, key)
        else:
            self._state.put(place, key, to_json(value), ttl=options.ttl if options else None)

    @host_function("State.load")
    @host_function("State.get_scoped", alias_of="load")
    def load(self, scope: ScopeName, key: str) -> Any:
        """A kept value; nil if there is none."""
        return from_json(self._state.get(*script_place(scope, key)))

    @host_function("State.delete")
    @host_function("State.delete_scoped", alias_of="delete")
    def delete(self, scope: ScopeOrKey, key: str | None = None) -> bool:
        """Forgets a value; false if there was none. With a key alone, one of the global scope."""
        place, key = (GLOBAL, scope) if key is None else script_place(scope, key)
        return self._state.delete(place, key)

    @host_function("State.list_keys")
    @host_function("State.list_scoped", alias_of="list_keys")
    def list_keys(
        self, scope: ScopeName, prefix: Annotated[str, "What they begin with."] = ""
    ) -> list[str]:
        """The keys of a scope, sorted."""
        return self._state.keys(Scope.parse(scope), prefix)

    # --- of the global scope --------------------------------------------------------------------

    @host_function("State.get")
    def get(self, key: str, default: Any = None) -> Any:
        """A value of the global scope, or a default."""
        kept = self._state.kept(GLOBAL, key)
        return from_json(kept.value) if kept else default

    @host_function("State.set")
    def set(self, key: str, value: Any, options: SaveOptions | None = None) -> None:
        """Keeps a value in the global scope; nil forgets it."""
        self.save(GLOBAL_NAME, key, value, options)

    @host_function("State.exists")
    def exists(self, key: str, scope: ScopeName = GLOBAL_NAME) -> bool:
        """Whether a scope has a key."""
        return self._state.kept(*script_place(scope, key)) is not None

    @host_function("State.list")
    @host_function("State.keys", alias_of="list")
    def keys(self, scope: ScopeName = GLOBAL_NAME) -> list[str]:
        """The keys of the global scope, or of another one."""
        return self._state.keys(Scope.parse(scope))

    @host_function("State.all")
    def all(self, scope: ScopeName = GLOBAL_NAME) -> dict[str, Any]:
        """All values of the global scope by key, or of another one."""
        return {key: from_json(value) for key, value in self._state.items(Scope.parse(scope))}

    @host_function("State.clear")
    @host_function("State.clear_scope", alias_of="clear")
    def clear(self, scope: ScopeName = GLOBAL_NAME) -> int:
        """Forgets all values of the global scope, or of another one; how many they were."""
        return self._state.clear(Scope.parse(scope))

    # --- changes that nobody can come between ---------------------------------------------------

    @host_function("State.increment")
    def increment(
        self, key: str, by: float | int = 1, scope: ScopeName = GLOBAL_NAME
    ) -> int | float:
        """Adds to a number, to 0 if there is none; gives the sum."""
        return self._state.increment(*script_place(scope, key), by=by)

    @host_function("State.append")
    def append(self, key: str, item: Any, scope: ScopeName = GLOBAL_NAME) -> int:
        """Adds an item to a list, to an empty one if there is none; gives how many there are."""
        return self._state.append(*script_place(scope, key), to_json(item))

    @host_function("State.compare_and_swap")
    def compare_and_swap(
        self,
        key: str,
        expected: Annotated[Any, "What must be there now; nil: nothing."],
        value: Any,
        scope: ScopeName = GLOBAL_NAME,
    ) -> bool:
        """Keeps a value if what is there is what one expects; whether it was."""
        place, key = script_place(scope, key)
        old = ABSENT if expected is None else to_json(expected)
        return self._state.compare_and_swap(place, key, old, to_json(value))

    # --- of workflows, agents and tools ---------------------------------------------------------

    @host_function("State.workflow_get")
    def workflow_get(self, workflow_id: str, step: str) -> Any:
        """What a step of a workflow gave; nil if nothing."""
        return from_json(self._state.get(Scope(ScopeKind.WORKFLOW, workflow_id), step))

    @host_function("State.workflow_list")
    def workflow_list(self, workflow_id: str) -> dict[str, Any]:
        """What the steps of a workflow gave, by step."""
        items = self._state.items(Scope(ScopeKind.WORKFLOW, workflow_id))
        return {key: from_json(value) for key, value in items}

    @host_function("State.agent_get")
    def agent_get(self, id: str, key: str) -> Any:
        """A value of an agent; nil if there is none."""
        return from_json(self._state.get(Scope(ScopeKind.AGENT, id), key))

    @host_function("State.agent_set")
    def agent_set(self, id: str, key: str, value: Any) -> None:
        """Keeps a value for an agent."""
        self.save(f"agent:{id}", key, value)

    @host_function("State.tool_get")
    def tool_get(self, id: str, key: str) -> Any:
        """A value of a tool; nil if there is none."""
        return from_json(self._state.get(Scope(ScopeKind.TOOL, id), key))

    @host_function("State.tool_set")
    def tool_set(self, id: str, key: str, value: Any) -> None:
        """Keeps a value for a tool."""
        self.save(f"tool:{id}", key, value)

    # --- forms ----------------------------------------------------------------------------------

    @host_function("State.migrate")
    def migrate(
        self, version: int, schema: Annotated[str | None, "Which one, if there are several."] = None
    ) -> dict[str, Any]:
        """Brings what is kept into the form of a version; how far it is then.

        Schemas are files in the folder that `runtime.state_persistence.schema_directory` names.
        """
        name = self._schemas.find(schema).schema
        version = self._asked(name, version)
        status = self._schemas.migrate(self._state.store, name, version)
        return {**_told(status), "success": True, "of": name}

    def _asked(self, schema: str, version: int) -> int:
        """The version as hooks have it; raises `HookCancelled`."""
        if self._hooks is None:
            return version
        data = {"schema": schema, "version": version}
        told = self._hooks.before(POINTS["StateMigration"], Component("state", schema), data)
        wanted = told.get("version", version) if isinstance(told, dict) else version
        return int(wanted)

    @host_function("State.get_migration_status")
    def get_migration_status(self) -> dict[str, Any]:
        """How far what is kept has been brought, by schema."""
        found = self._schemas.status(self._state.store)
        return {name: _told(each) for name, each in found.items()}

    @host_function("State.get_schema_versions")
    def get_schema_versions(self) -> dict[str, int]:
        """The versions of the forms in which things are kept, by schema."""
        return schema_versions(self._state.store)

    # --- backups --------------------------------------------------------------------------------

    @host_function("State.create_backup")
    def create_backup(self, note: str = "") -> dict[str, Any]:
        """Copies what is kept; `success`, and the backup's `id`, `entries` and `size_bytes`."""
        return _attempt(lambda: _backup(self._folder().create(self._state.store, note)))

    @host_function("State.list_backups")
    def list_backups(self) -> list[dict[str, Any]]:
        """The backups there are, the newest first."""
        return [_backup(each) for each in self._folder().all()]

    @host_function("State.restore_backup")
    def restore_backup(self, id: str) -> dict[str, Any]:
        """Makes everything what it was at a backup; `success`, and how many `entries` there are."""
        return _attempt(lambda: {"entries": self._folder().restore(id, self._state.store)})

    @host_function("State.validate_backup")
    def validate_backup(self, id: str) -> dict[str, Any]:
        """Whether a backup is whole: `success`, and an `error` that says what is wrong."""
        return _attempt(lambda: _backup(self._folder().validate(id)))

    @host_function("State.get_storage_usage")
    def get_storage_usage(self) -> dict[str, Any]:
        """How much room everything takes: entries and bytes by scope, and that of backups."""
        scopes, total = {}, 0
        for scope in self._state.scopes():
            sizes = [len(entry.value) for _, entry in self._state.store.scan(str(scope))]
            scopes[str(scope)] = {"entries": len(sizes), "bytes": sum(sizes)}
            total += sum(sizes)
        backups = self._backups.usage() if self._backups else 0
        return {"total_bytes": total, "backup_bytes": backups, "scopes": scopes}

    @host_function("State.cleanup_backups")
    def cleanup_backups(self, options: CleanupOptions | None = None) -> dict[str, Any]:
        """Deletes old backups: `success`, and the ids of those that are `deleted`."""
        chosen = options or CleanupOptions()
        return _attempt(
            lambda: {"deleted": self._folder().clean_up(chosen.keep, chosen.max_age_seconds)}
        )

    def _folder(self) -> Backups:
        if self._backups is None:
            raise UserError(
                "There is no place for backups; set runtime.state_persistence.backup.backup_dir."
            )
        return self._backups


def _backup(it: Backup) -> dict[str, Any]:
    told = {"id": it.name, "created_at": it.created, "entries": it.entries, "size_bytes": it.size}
    return {**told, "note": it.note, "damage": it.damage or None}


def _told(status: MigrationStatus) -> dict[str, Any]:
    return asdict(status)


def _attempt(work: Any) -> dict[str, Any]:
    """What scripts test with ``.success``, as they always could."""
    try:
        return {"success": True, **work()}
    except (KernelError, OSError) as error:
        return {"success": False, "error": str(error)}
