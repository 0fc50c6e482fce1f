"""Hook: functions of scripts that are asked when something is done, and can change it."""

import uuid
from dataclasses import dataclass
from typing import Annotated, Literal

from kernel.core.argument_types import ScriptType
from kernel.core.functions import HostObject, HostTable, host_function
from kernel.core.script_values import Callback
from kernel.hooks.base import PRIORITIES
from kernel.hooks.points import HookPoint, find_point
from kernel.hooks.registry import HookRegistry, Registration
from llmspell.script_api.script_hooks import (
    UNLIMITED,
    Behind,
    HookContext,
    HookLimits,
    HooksOfScript,
    ScriptHook,
    at_once,
)

Priority = Literal["highest", "high", "normal", "low", "lowest"]

Answer = Annotated[
    Callback,
    ScriptType("fun(context: HookContext): string|table|nil"),
    'Gives "continue", "skip", "cancel", or a table with a type: modified, cancel, redirect, '
    "replace, retry, fork, cache, skip.",
]


@dataclass(frozen=True)
class HookFilter:
    """Which hooks are wanted."""

    hook_point: Annotated[str | None, "Those of a point."] = None
    language: Annotated[str | None, "Those in a language."] = None
    priority: Annotated[Priority | None, "Those of a priority."] = None
    tag: Annotated[str | None, "Those with a tag."] = None


@dataclass(frozen=True)
class HookInfo:
    """A hook in a list."""

    name: str
    priority: str
    language: str
    version: str
    description: str
    tags: list[str]
    hook_point: str
    id: str


class HookHandle(HostObject):
    """A registered hook."""

    name = "HookHandle"

    def __init__(self, registration: Registration) -> None:
        self.registration = registration

    @host_function("id")
    def id(self) -> str:
        """Its id."""
        return self.registration.id

    @host_function("hook_point")
    def hook_point(self) -> str:
        """Its point."""
        return self.registration.point.name

    @host_function("unregister")
    def unregister(self) -> bool:
        """Ends it; false if it had ended."""
        return self.registration.unregister()


class HookTable(HostTable):
    """Functions that are called when agents, tools and workflows act, and can change that."""

    name = "Hook"
    types = (HookContext,)

    def __init__(
        self,
        registry: HookRegistry,
        language: str = "lua",
        limits: HookLimits = UNLIMITED,
        behind_output: Behind = at_once,
    ) -> None:
        self._registry = registry
        self._language = language
        self._limits = limits
        self._companions = HooksOfScript(limits, behind_output=behind_output)
        self._mine: list[Registration] = []

    @host_function("Hook.register")
    def register(
        self,
        point: Annotated[str, 'Such as "BeforeToolExecution" or "AgentError".'],
        callback: Answer,
        priority: Priority = "normal",
    ) -> HookHandle:
        """Has a function called at a point; raises `Unknown hook point: …`."""
        registration = self._registry.register(
            find_point(point),
            ScriptHook(callback, self._language, self._limits, companions=self._companions),
            priority=PRIORITIES[priority],
            name=f"{self._language}_{uuid.uuid4()}",
            language=self._language,
            description=f"A function of a script, asked at {point}",
            slow=self._limits.patience,
        )
        self._mine.append(registration)
        return HookHandle(registration)

    @host_function("Hook.unregister")
    def unregister(self, handle: HookHandle) -> bool:
        """Ends a hook; false if it had ended."""
        return handle.unregister()

    @host_function("Hook.list")
    def find(self, filter: str | HookFilter | None = None) -> list[HookInfo]:
        """The hooks there are, of a point or by a filter."""
        wanted = HookFilter(hook_point=filter) if isinstance(filter, str) else filter
        wanted = wanted or HookFilter()
        point = find_point(wanted.hook_point) if wanted.hook_point else None
        priority = PRIORITIES[wanted.priority] if wanted.priority else None
        found = self._registry.find(
            point, language=wanted.language, priority=priority, tag=wanted.tag
        )
        return [_info(each) for each in found]

    def close(self) -> None:
        """The script has ended: its hooks are asked no more."""
        for each in self._mine:
            each.unregister()


def _info(it: Registration) -> HookInfo:
    word = next((name for name, each in PRIORITIES.items() if each == it.priority), None)
    return HookInfo(
        it.name,
        word or str(it.priority),
        it.language,
        it.version,
        it.description,
        sorted(it.tags),
        it.point.name,
        it.id,
    )


def points() -> tuple[HookPoint, ...]:
    """Every point that scripts can register at."""
    from kernel.hooks.points import POINTS

    return tuple(POINTS.values())
