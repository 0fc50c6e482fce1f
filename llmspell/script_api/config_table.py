"""Config: the configuration a script runs under."""

import copy
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Annotated, Any

from pydantic import BaseModel, ValidationError

from kernel.core.errors import UserError
from kernel.core.functions import HostTable, host_function
from kernel.events.lifecycle import ConfigurationChanged
from kernel.events.model import KernelEvent
from kernel.hooks.base import Component
from kernel.hooks.points import POINTS
from kernel.hooks.thread_hooks import ThreadHooks
from llmspell.config.model import Configuration
from llmspell.config.sections.providers import ProviderConfig
from llmspell.config.sections.runtime import SecurityConfig
from llmspell.script_api.kept_values import from_json, to_json

HIDDEN = "[hidden]"
_SECRETS = ("api_key", "password", "secret", "token")


@dataclass(frozen=True)
class ConfigPermissions:
    """What a script may do with the configuration."""

    read: Annotated[bool, "Look at it."] = True
    modify_providers: Annotated[bool, "Change providers."] = False
    modify_tools: Annotated[bool, "Change tools."] = False
    modify_runtime: Annotated[bool, "Change limits of the runtime."] = False
    modify_security: Annotated[bool, "Change what scripts may do."] = False
    access_secrets: Annotated[bool, "See keys and passwords."] = False


class ConfigTable(HostTable):
    """The configuration the script runs under. What changes it needs the permission to."""

    name = "Config"

    def __init__(
        self,
        configuration: Configuration,
        permissions: ConfigPermissions | None = None,
        hooks: ThreadHooks | None = None,
        tell: Callable[[KernelEvent], object] = lambda _event: None,
    ) -> None:
        """``configuration`` is the script's own copy; that it changes is said to ``tell``."""
        self._tell = tell
        self._configuration = configuration
        self._permissions = permissions or ConfigPermissions()
        self._hooks = hooks
        self._snapshots: dict[int, Configuration] = {}

    # --- looking --------------------------------------------------------------------------------

    @host_function("Config.get")
    def get(self) -> dict[str, Any]:
        """The whole configuration; secrets only for those who may see them."""
        self._need("read")
        return self._shown(self._configuration)

    @host_function("Config.getSection")
    def get_section(
        self, name: Annotated[str, 'Such as "tools" or "runtime.security".']
    ) -> dict[str, Any] | None:
        """One section of it; nil if there is none of that name."""
        found: Any = self.get()
        for part in name.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
        return dict(found) if isinstance(found, Mapping) else None

    @host_function("Config.getDefaultEngine")
    def get_default_engine(self) -> str:
        """The language scripts are in unless somebody says otherwise."""
        self._need("read")
        return self._configuration.default_engine

    @host_function("Config.listProviders")
    def list_providers(self) -> list[str]:
        """The names of the configured providers."""
        self._need("read")
        return sorted(self._configuration.providers.providers)

    @host_function("Config.getProvider")
    def get_provider(self, name: str) -> dict[str, Any] | None:
        """The settings of a provider; nil if there is none of that name."""
        self._need("read")
        found = self._configuration.providers.providers.get(name)
        return self._shown(found) if found else None

    @host_function("Config.getSecurity")
    def get_security(self) -> dict[str, Any]:
        """What scripts may and may not do."""
        self._need("read")
        return self._shown(self._configuration.runtime.security)

    @host_function("Config.getTools")
    def get_tools(self) -> dict[str, Any]:
        """The settings of the tools."""
        self._need("read")
        return self._shown(self._configuration.tools)

    @host_function("Config.isFileAccessAllowed")
    def is_file_access_allowed(self) -> bool:
        """Whether scripts may use files."""
        return self._configuration.runtime.security.allow_file_access

    @host_function("Config.isNetworkAccessAllowed")
    def is_network_access_allowed(self) -> bool:
        """Whether scripts may use the network."""
        return self._configuration.runtime.security.allow_network_access

    @host_function("Config.getPermissions")
    def get_permissions(self) -> ConfigPermissions:
        """What the script may do with the configuration."""
        return self._permissions

    @host_function("Config.toJson")
    def to_json(self) -> str:
        """The whole configuration as JSON text."""
        import json

        return json.dumps(self.get(), ensure_ascii=False)

    # --- changing -------------------------------------------------------------------------------

    @host_function("Config.setProvider")
    def set_provider(self, name: str, settings: dict[str, Any]) -> None:
        """Adds or changes a provider; needs `modify_providers`."""
        self._need("modify_providers")
        settings = self._asked(f"providers.{name}", settings)
        told = {"name": name, "provider_type": name, **settings}
        made = _validated(ProviderConfig, told, f"the provider {name}")
        self._configuration.providers.providers[name] = made
        self._changed(f"providers.providers.{name}")

    @host_function("Config.setSecurity")
    def set_security(self, settings: dict[str, Any]) -> None:
        """Changes what scripts may do, where it is named; needs `modify_security`."""
        self._need("modify_security")
        settings = self._asked("runtime.security", settings)
        now = self._configuration.runtime.security.model_dump()
        made = _validated(SecurityConfig, {**now, **settings}, "security")
        self._configuration.runtime.security = made
        self._changed(*(f"runtime.security.{key}" for key in settings))

    @host_function("Config.addAllowedPath")
    def add_allowed_path(self, path: str) -> None:
        """Lets tools use files below a path; needs `modify_security`."""
        self._need("modify_security")
        asked = self._asked("tools.file_operations", {"allowed_paths": path})
        path = str(asked.get("allowed_paths", path))
        allowed = self._configuration.tools.file_operations.allowed_paths
        if path not in allowed:
            allowed.append(path)
            self._changed("tools.file_operations.allowed_paths")

    @host_function("Config.snapshot")
    def snapshot(self) -> int:
        """Remembers the configuration as it is; gives what restoreSnapshot takes."""
        self._need("read")
        stamp = time.time_ns() // 1000
        while stamp in self._snapshots:
            stamp += 1
        self._snapshots[stamp] = copy.deepcopy(self._configuration)
        return stamp

    @host_function("Config.restoreSnapshot")
    def restore_snapshot(self, timestamp: int) -> None:
        """Brings back what snapshot remembered; needs every permission to change."""
        for each in fields(ConfigPermissions):
            if each.name.startswith("modify_"):
                self._need(each.name)
        found = self._snapshots.get(timestamp)
        if found is None:
            raise UserError(f"There is no snapshot {timestamp}; Config.snapshot() gives one.")
        self._asked("", {"snapshot": timestamp})
        changed: list[str] = []
        for name in type(found).model_fields:
            is_same = getattr(self._configuration, name) == getattr(found, name)
            setattr(self._configuration, name, copy.deepcopy(getattr(found, name)))
            if not is_same:
                changed.append(name)
        self._changed(*changed)

    def _changed(self, *keys: str) -> None:
        if keys:
            self._tell(ConfigurationChanged(keys))

    def _asked(self, section: str, settings: dict[str, Any]) -> dict[str, Any]:
        """The settings as hooks have them; raises `HookCancelled`."""
        if self._hooks is None or not self._hooks.listens(POINTS["ConfigurationChange"]):
            return settings
        data = {"section": section, "settings": to_json(settings)}
        component = Component("configuration", section)
        told = self._hooks.before(POINTS["ConfigurationChange"], component, data)
        wanted = told.get("settings") if isinstance(told, dict) else None
        return from_json(wanted) if isinstance(wanted, dict) else settings

    def _need(self, permission: str) -> None:
        if asdict(self._permissions)[permission]:
            return
        refusal = (
            f"Permission denied: this script may not {permission.replace('_', ' ')}; "
            f"Config.getPermissions().{permission} is false."
        )
        if self._hooks is not None:
            data = {"operation": permission, "reason": refusal}
            component = Component("configuration", permission)
            self._hooks.ask(POINTS["SecurityViolation"], component, data)
        raise UserError(refusal)

    def _shown(self, section: BaseModel) -> dict[str, Any]:
        told = section.model_dump(mode="json", exclude_none=True)
        return told if self._permissions.access_secrets else _without_secrets(told)


def _validated(model: Any, told: dict[str, Any], what: str) -> Any:
    try:
        return model.model_validate(told)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        place = ".".join(map(str, first["loc"]))
        message = str(first["msg"]).replace("Input should", "should")
        raise UserError(f"{what}: {place} {message}, and is {first['input']!r}.") from None


def _without_secrets(told: Any) -> Any:
    if isinstance(told, dict):
        return {
            key: HIDDEN if _is_secret(key) and each else _without_secrets(each)
            for key, each in told.items()
        }
    return [_without_secrets(each) for each in told] if isinstance(told, list) else told


def _is_secret(key: str) -> bool:
    return key.endswith(_SECRETS)
