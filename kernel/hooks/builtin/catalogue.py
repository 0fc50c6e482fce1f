"""Which hooks can be had by name, and how they are made from settings.

A package brings its own through the entry point group ``llmspell.hooks``: the entry's name is the
hook's, its value a frozen dataclass whose fields are the settings and which is called as a `Hook`.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, is_dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Annotated, Any, Literal, cast

from annotated_types import Ge, Gt
from pydantic import TypeAdapter, ValidationError

from kernel.core.errors import UserError
from kernel.core.suggestions import unknown
from kernel.events.model import KernelEvent
from kernel.hooks.backoff import BackOff, Exponential, Fibonacci, Fixed, Jitter, Linear, RetryPolicy
from kernel.hooks.base import Hook
from kernel.hooks.builtin.caching import CachingHook
from kernel.hooks.builtin.cost import CostHook
from kernel.hooks.builtin.logging import LoggingHook
from kernel.hooks.builtin.metrics import MetricsHook
from kernel.hooks.builtin.rate_limit import RateLimitHook
from kernel.hooks.builtin.security import SecurityHook, SecurityRules
from kernel.hooks.patterns import RetryHook

GROUP = "llmspell.hooks"

Tell = Callable[[KernelEvent], object]
"""Hears what hooks tell, such as that a budget is spent."""

Amount = Annotated[int, Ge(1)]
Seconds = Annotated[float, Gt(0)]
RULES = SecurityRules()


@dataclass(frozen=True)
class LoggingSettings:
    """A line in the log for every time a point is reached."""

    level: Annotated[Literal["debug", "info", "warning", "error"], "of the lines"] = "info"
    shows_data: Annotated[bool, "whether data follow, without secrets"] = False
    longest: Annotated[Amount, "characters of the data"] = 500

    def make(self, _tell: Tell) -> Hook:
        """The hook."""
        return LoggingHook(logging.getLevelName(self.level.upper()), self.shows_data, self.longest)


@dataclass(frozen=True)
class MetricsSettings:
    """Counts points, and measures operations; the figures are those of the kernel."""

    by_name: Annotated[bool, "each component by its name, not only by its type"] = False

    def make(self, _tell: Tell) -> Hook:
        """The hook."""
        return MetricsHook(by_name=self.by_name)


@dataclass(frozen=True)
class RateLimitSettings:
    """Only so many operations in so much time."""

    limits: Annotated[dict[str, str], "by type, `type:name` or `*`, as `60/minute`"]
    by: Annotated[tuple[str, ...], "metadata; each value of it has limits of its own"] = ()
    waits: Annotated[bool, "whether there is a wait for room, not a refusal at once"] = False
    max_attempts: Annotated[Amount, "waits until it is refused"] = 3

    def make(self, _tell: Tell) -> Hook:
        """The hook."""
        return RateLimitHook(
            self.limits, by=self.by, waits=self.waits, max_attempts=self.max_attempts
        )


@dataclass(frozen=True)
class CostSettings:
    """What agents spend on models, with budgets that warn and then refuse."""

    budgets: Annotated[dict[str, Seconds], "dollars, by metadata or `*`"] = field(
        default_factory=dict
    )
    blocks: Annotated[bool, "whether what goes beyond is refused, not only told"] = True

    def make(self, tell: Tell) -> Hook:
        """The hook."""
        return CostHook(self.budgets, tell=tell, blocks=self.blocks)


@dataclass(frozen=True)
class SecuritySettings:
    """Refuses paths, hosts and commands, and takes secrets out of results."""

    paths: Annotated[tuple[str, ...], "patterns of what must not be used"] = tuple(RULES.paths)
    hosts: Annotated[tuple[str, ...], "the same"] = tuple(RULES.hosts)
    commands: Annotated[
        tuple[str, ...], "the same, of first words (`rm`) or of whole commands (`rm -r*`)"
    ] = tuple(RULES.commands)
    redacts: Annotated[bool, "whether results go on without secrets"] = True

    def make(self, _tell: Tell) -> Hook:
        """The hook."""
        return SecurityHook(SecurityRules(self.paths, self.hosts, self.commands, self.redacts))


@dataclass(frozen=True)
class CachingSettings:
    """The same component with the same data is asked once."""

    ttl: Annotated[Seconds, "seconds that a result is kept"] = 300.0

    def make(self, _tell: Tell) -> Hook:
        """The hook."""
        return CachingHook(self.ttl)


@dataclass(frozen=True)
class RetrySettings:
    """What failed is done again, with waits between."""

    max_attempts: Annotated[Amount, "in all"] = 3
    back_off: Annotated[
        Literal["fixed", "linear", "exponential", "fibonacci"], "how the waits grow"
    ] = "exponential"
    first: Annotated[Seconds, "seconds of the first wait"] = 0.1
    most: Annotated[Seconds, "seconds of the longest"] = 60.0
    jitter: Annotated[Jitter, "what chance makes of them"] = Jitter.NONE

    def make(self, _tell: Tell) -> Hook:
        """The hook."""
        waits: Mapping[str, BackOff] = {
            "fixed": Fixed(self.first),
            "linear": Linear(self.first, self.first, self.most),
            "exponential": Exponential(self.first, most=self.most),
            "fibonacci": Fibonacci(self.first, self.most),
        }
        policy = RetryPolicy(self.max_attempts, waits[self.back_off], self.jitter, self.most)
        return RetryHook(policy)


@dataclass(frozen=True, slots=True)
class BuiltIn:
    """A hook that comes with the kernel."""

    settings: type[Any]
    points: tuple[str, ...]
    """Patterns of the points it is asked at, where nobody says others."""
    is_outermost: bool = False
    """Whether it is asked first of all before an operation and on errors, last of all after it."""
    is_required: bool = False


_CELLS_AND_TOOLS = ("PreCodeExecution", "BeforeToolExecution", "BeforeAgentExecution")
_THEIR_ENDS = ("PostCodeExecution", "AfterToolExecution", "AfterAgentExecution")

BUILT_IN: Mapping[str, BuiltIn] = {
    "logging": BuiltIn(LoggingSettings, ("*",)),
    "metrics": BuiltIn(MetricsSettings, ("*",), is_outermost=True),
    "rate_limit": BuiltIn(RateLimitSettings, _CELLS_AND_TOOLS),
    "cost": BuiltIn(CostSettings, ("BeforeAgentExecution", "AfterAgentExecution")),
    "security": BuiltIn(
        SecuritySettings, (*_CELLS_AND_TOOLS, *_THEIR_ENDS), is_outermost=True, is_required=True
    ),
    "caching": BuiltIn(CachingSettings, ("BeforeToolExecution",)),
    "retry": BuiltIn(RetrySettings, ("ToolError", "AgentError")),
}
"""By the names that settings use."""


class HookCatalogue:
    """Finds hooks by name: the kernel's, and those of other packages."""

    def __init__(self, entries: Sequence[EntryPoint] | None = None) -> None:
        found = entry_points(group=GROUP) if entries is None else entries
        self._entries = {each.name: each for each in found if each.name not in BUILT_IN}

    def names(self) -> list[str]:
        """What can be asked for."""
        return [*BUILT_IN, *sorted(self._entries)]

    def make(self, name: str, settings: Mapping[str, Any], tell: Tell) -> Hook:
        """The hook with these settings, others as by default; raises `UserError`."""
        built_in = BUILT_IN.get(name)
        kind = self._load(name) if built_in is None else built_in.settings
        known = [each.name for each in fields(kind)]
        for key in settings:
            if key not in known:
                raise UserError(f"Hook {name}: {unknown('setting', key, known)}")
        try:
            made = TypeAdapter(kind).validate_python(dict(settings))
        except ValidationError as error:
            raise UserError(f"Hook {name}: {_told(error)}") from None
        return cast("Hook", made if built_in is None else made.make(tell))

    def _load(self, name: str) -> type[Any]:
        entry = self._entries.get(name)
        if entry is None:
            raise UserError(unknown("hook", name, self.names()))
        try:
            kind = entry.load()
        except Exception as error:
            raise UserError(f"The hook {name} ({entry.value}) cannot be loaded: {error}") from error
        if not (isinstance(kind, type) and is_dataclass(kind) and "__call__" in dir(kind)):
            raise UserError(f"{entry.value} is no hook: it has to be a dataclass that is called.")
        return kind


def _told(error: ValidationError) -> str:
    parts = (
        f"{'.'.join(map(str, each['loc']))}: {each['msg']}"
        for each in error.errors(include_url=False)
    )
    return "; ".join(parts) + "."
