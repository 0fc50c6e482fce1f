"""What a hook is: one function of frozen details that says how things go on.

::

    def no_shell(details: HookDetails) -> HookResult:
        if details.component.name == "process_executor":
            return Cancel("Processes are not allowed here.")
        return CONTINUE
"""

from collections.abc import Awaitable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

from kernel.core.errors import UserError
from kernel.core.plain import PlainData
from kernel.hooks.points import HookPoint
from kernel.hooks.results import CONTINUE, HookResult

HIGHEST = -(2**31)
HIGH = -100
NORMAL = 0
LOW = 100
LOWEST = 2**31 - 1

PRIORITIES: Mapping[str, int] = {
    "highest": HIGHEST,
    "high": HIGH,
    "normal": NORMAL,
    "low": LOW,
    "lowest": LOWEST,
}
"""The words that scripts use; the lowest number is asked first."""


class Component(NamedTuple):
    """Whom a hook point is about: ``type`` is ``tool``, ``agent``, ``workflow``, ``system``, ..."""

    type: str
    name: str


SYSTEM = Component("system", "kernel")


NOTHING: Mapping[str, PlainData] = MappingProxyType({})


_made_of = tuple.__new__


class HookDetails(NamedTuple):
    """What a hook is told. Who wants something else returns a result; nothing here is changed.

    A named tuple, since every guarded operation makes two: frozen dataclasses take thrice as long.
    """

    point: HookPoint
    component: Component = SYSTEM
    data: PlainData = None
    """Before: what the operation is done with. After: what came of it."""
    input: PlainData = None
    """After and on errors: what the operation was done with."""
    error: BaseException | None = None
    """On errors: what it ended with."""
    metadata: Mapping[str, PlainData] = NOTHING
    """What else is known: ``session``, ``provider``, ``model``, ``debug``, ..."""
    correlation_id: str = ""
    language: str = ""
    attempt: int = 1
    """Counts how often the operation was begun."""

    def at(self, point: HookPoint) -> "HookDetails":
        """The same at another point."""
        return self._replace(point=point)

    def with_data(self, data: PlainData) -> "HookDetails":
        """The same with other data."""
        return self._replace(data=data)

    def after(self, point: HookPoint, result: PlainData) -> "HookDetails":
        """What hooks are told when an operation with these details gave ``result``."""
        # Past the constructor, which takes half as long again: each guarded operation comes here.
        told = (
            point,
            self.component,
            result,
            self.data,
            None,
            self.metadata,
            self.correlation_id,
            self.language,
            self.attempt,
        )
        return _made_of(HookDetails, told)

    def failed(self, point: HookPoint, error: BaseException) -> "HookDetails":
        """What hooks are told when an operation with these details ended with an error."""
        return self._replace(point=point, input=self.data, error=error)

    def as_plain(self) -> dict[str, PlainData]:
        """As plain data, for scripts and JSON paths."""
        return {
            "point": self.point.name,
            "component_id": {"type": self.component.type, "name": self.component.name},
            "correlation_id": self.correlation_id,
            "language": self.language,
            "metadata": dict(self.metadata),
            "data": self.data,
            "input": self.input,
            "error": None if self.error is None else str(self.error),
            "attempt": self.attempt,
        }


class Hook(Protocol):
    """A function, an ``async`` function, or an object that is called like one.

    What it raises is logged and counts as a failure; things go on as if it had said nothing,
    unless it was registered as one that must not be passed over.
    """

    def __call__(self, details: HookDetails, /) -> HookResult | Awaitable[HookResult]:
        """Say how things go on."""


class Said(NamedTuple):
    """What a hook said, or how it failed."""

    result: HookResult
    error: Exception | None = None
    seconds: float = 0.0
    """How long it took."""

    @property
    def says_continue(self) -> bool:
        """Whether the next hook is asked the very same thing."""
        return self.error is None and self.result is CONTINUE


class Companions(Protocol):
    """Hooks that are far from here, and are asked several at once where that can be done.

    A hook that is one of them has them as its attribute ``companions``.
    """

    def ask(
        self, hooks: Sequence[Any], details: HookDetails, /
    ) -> Sequence[Said] | Awaitable[Sequence[Said]]:
        """Ask hooks in this order, up to one that does not say Continue or fails; that is told."""


class HookCancelled(UserError):
    """A hook did not allow an operation; the text is its reason."""

    def __init__(self, reason: str, hook: str, point: str) -> None:
        super().__init__(f"{reason} (said by the hook {hook} at {point})")
        self.reason, self.hook, self.point = reason, hook, point
