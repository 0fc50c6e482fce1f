"""Conditions on what a hook is told: frozen, and put together with ``&``, ``|`` and ``~``.

::

    ConditionalHook(HasMetadata("user") & ~JsonPath("$.data.arguments.dry_run", True), hook)
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from kernel.core.errors import UserError
from kernel.core.plain import PlainData
from kernel.events.patterns import compile_pattern
from kernel.hooks.base import HookDetails


class Condition(ABC):
    """Something that holds for details, or not: a function of them."""

    __slots__ = ()

    def __init_subclass__(cls) -> None:
        """What is called is what says whether it holds: hooks ask often."""
        if "_holds" in vars(cls):
            cls.__call__ = cls._holds  # type: ignore[method-assign]

    def __call__(self, details: HookDetails, /) -> bool:
        """Whether it does."""
        return self._holds(details)

    @abstractmethod
    def _holds(self, details: HookDetails, /) -> bool: ...

    def __bool__(self) -> bool:
        """Raises `TypeError`: ``and``, ``or`` and ``not`` would quietly mean something else."""
        raise TypeError(f"Put conditions together with &, | and ~; {self!r} is asked by a call.")

    def __and__(self, other: "Condition") -> "Condition":
        return All((self, other))

    def __or__(self, other: "Condition") -> "Condition":
        return AnyOf((self, other))

    def __invert__(self) -> "Condition":
        return Not(self)


@dataclass(frozen=True, slots=True)
class Always(Condition):
    """Holds."""

    def _holds(self, _details: HookDetails, /) -> bool:
        return True


@dataclass(frozen=True, slots=True)
class Never(Condition):
    """Does not hold."""

    def _holds(self, _details: HookDetails, /) -> bool:
        return False


@dataclass(frozen=True, slots=True)
class All(Condition):
    """All of these hold."""

    conditions: tuple[Condition, ...]

    def _holds(self, details: HookDetails, /) -> bool:
        return all(each(details) for each in self.conditions)


@dataclass(frozen=True, slots=True)
class AnyOf(Condition):
    """One of these holds."""

    conditions: tuple[Condition, ...]

    def _holds(self, details: HookDetails, /) -> bool:
        return any(each(details) for each in self.conditions)


@dataclass(frozen=True, slots=True)
class Not(Condition):
    """The other way round."""

    condition: Condition

    def _holds(self, details: HookDetails, /) -> bool:
        return not self.condition(details)


@dataclass(frozen=True, slots=True)
class HasMetadata(Condition):
    """The metadata have a key."""

    key: str

    def _holds(self, details: HookDetails, /) -> bool:
        return self.key in details.metadata


@dataclass(frozen=True, slots=True)
class MetadataEquals(Condition):
    """The metadata have this value under a key."""

    key: str
    value: PlainData

    def _holds(self, details: HookDetails, /) -> bool:
        return self.key in details.metadata and is_same(details.metadata[self.key], self.value)


@dataclass(frozen=True, slots=True)
class PointMatches(Condition):
    """The point's name matches a pattern, such as ``*Error``."""

    pattern: str

    def _holds(self, details: HookDetails, /) -> bool:
        return compile_pattern(self.pattern)(details.point.name)


@dataclass(frozen=True, slots=True)
class ComponentTypeIs(Condition):
    """It is about a ``tool``, an ``agent``, ..."""

    type: str

    def _holds(self, details: HookDetails, /) -> bool:
        return details.component.type == self.type


@dataclass(frozen=True, slots=True)
class ComponentMatches(Condition):
    """The component's name matches a pattern, such as ``web_*``."""

    pattern: str

    def _holds(self, details: HookDetails, /) -> bool:
        return compile_pattern(self.pattern)(details.component.name)


@dataclass(frozen=True, slots=True)
class HasError(Condition):
    """Something failed, with an error whose text has ``text`` in it."""

    text: str = ""

    def _holds(self, details: HookDetails, /) -> bool:
        return details.error is not None and self.text in str(details.error)


@dataclass(frozen=True, slots=True)
class DebugMode(Condition):
    """A debugger is there: the metadata say ``debug``."""

    def _holds(self, details: HookDetails, /) -> bool:
        return bool(details.metadata.get("debug"))


@dataclass(frozen=True, slots=True)
class ExecutionStateIs(Condition):
    """The metadata's ``execution_state`` is this: ``running``, ``stopped``, ..."""

    state: str

    def _holds(self, details: HookDetails, /) -> bool:
        return details.metadata.get("execution_state") == self.state


class _Anything:
    """The wish for a place whose value does not matter."""

    def __repr__(self) -> str:
        return "ANYTHING"


ANYTHING: Any = _Anything()


@dataclass(frozen=True, slots=True)
class JsonPath(Condition):
    """A JSON path (RFC 9535) leads somewhere in the details, and one value there is ``value``.

    The document is what `HookDetails.as_plain` gives: ``$.data.arguments.path``,
    ``$.metadata.user``, ``$.component_id.name``. Raises `UserError` for a path that is none.
    """

    path: str
    value: PlainData = ANYTHING

    def __post_init__(self) -> None:
        compile_path(self.path)

    def _holds(self, details: HookDetails, /) -> bool:
        found = compile_path(self.path)(details.as_plain())
        if self.value is ANYTHING:
            return bool(found)
        return any(is_same(each, self.value) for each in found)


def is_same(one: PlainData, other: PlainData) -> bool:
    """Whether values are the same in JSON, where true is not 1 as it is in Python."""
    match one, other:
        case (bool(), _) | (_, bool()):
            return one is other
        case dict(), dict():
            return one.keys() == other.keys() and all(is_same(one[key], other[key]) for key in one)
        case [*items], [*others]:
            return len(items) == len(others) and all(map(is_same, items, others))
    return bool(one == other)


@lru_cache(maxsize=256)
def compile_path(path: str) -> Callable[[Mapping[str, PlainData]], list[PlainData]]:
    """A JSON path as a function to all values it leads to; raises `UserError` for a wrong one."""
    import jsonpath  # only who has such conditions waits for it

    try:
        compiled = jsonpath.compile(path, strict=True)
    except jsonpath.JSONPathError as error:
        place = len(path) if error.token is None else error.token.index
        raise UserError(f"{path!r} is no JSON path: {_problem(path, place)}") from error
    return lambda document: list(compiled.findall(document))


def _problem(path: str, place: int) -> str:
    """What is wrong with a path; where that was seen is below 0 at its end."""
    if not path.startswith("$"):
        return "it begins with $, as $.data does."
    rest = path[place:] if place >= 0 else ""
    return f"{rest!r} is not understood there." if rest else "something is missing at its end."
