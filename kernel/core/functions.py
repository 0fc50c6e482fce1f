r"""Functions of the host that scripts call, each defined once, as a typed Python function.

::

    class StateTable(HostTable):
        '''Values kept beyond the script, by scope and key.'''

        name = "State"

        @host_function("State.save")
        def save(self, scope: Annotated[str, "Such as global."], key: str, value: Any) -> None:
            '''Keeps a value.'''

The signature gives what is checked and converted (`kernel.core.arguments`), the schema, completion
and the reference (`kernel.core.function_catalogue`), the texts of errors, and the binding into the
script's language. An `async` function runs on the event loop while the script waits.
"""

import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import (
    Annotated,
    Any,
    ClassVar,
    TypeAlias,
    TypeVar,
    get_args,
    get_origin,
    get_type_hints,
)

from kernel.core.arguments import Argument, BadArgument
from kernel.core.catalogue import Field
from kernel.core.script_values import Script

F = TypeVar("F", bound=Callable[..., Any])

MakeTables: TypeAlias = Callable[[Script], Sequence["HostTable | LazyTable"]]
"""Makes the tables of one script, on its thread."""

_MARK = "__host_functions__"


@dataclass(frozen=True, slots=True)
class Named:
    """A name under which scripts find a function."""

    name: str
    alias_of: str = ""
    """The member's name that says the same and is to be preferred."""
    deprecated: str = ""


def host_function(name: str, *, alias_of: str = "", deprecated: str = "") -> Callable[[F], F]:
    """Let scripts call a function or method as ``State.save``; repeated for further names."""

    def mark(function: F) -> F:
        named = [*getattr(function, _MARK, ()), Named(name, alias_of, deprecated)]
        setattr(function, _MARK, named)
        return function

    return mark


class HostTable:
    """Base of what scripts find as a global table; the docstring says what it is for."""

    name: ClassVar[str]
    """``State``; a table in a table is called ``Replay.modes``."""
    fields: ClassVar[Sequence[Field]] = ()
    """Its members that are no functions."""
    objects: ClassVar[Sequence[type["HostObject"]]] = ()
    """Kinds of objects it hands out of which no annotation speaks."""
    types: ClassVar[Sequence[type[Any]]] = ()
    """Dataclasses of which only a ``ScriptType`` speaks."""
    is_open: ClassVar[bool] = False
    """Whether it may have members that nobody has listed."""

    def values(self) -> Mapping[str, Any]:
        """The values of ``fields``: plain data and host objects; that of ``""`` is the table."""
        return {}

    def begin(self, script: str, words: Sequence[str]) -> None:
        """The script begins, started with these words; ``values`` are asked for again."""

    def close(self) -> None:
        """The script has ended: give back what it held."""


@dataclass(frozen=True, slots=True)
class LazyTable:
    """A global table whose functions are made when a script looks into it for the first time."""

    name: str
    make: Callable[[], Sequence[HostTable]]
    """The table, and tables in it; raises `UserError` where it cannot be had."""


class HostObject:
    """Base of what lives here while scripts hold a handle; they call its methods by ``:``."""

    name: ClassVar[str]
    """The type's name in the catalogue."""
    fields: ClassVar[Sequence[Field]] = ()
    objects: ClassVar[Sequence[type["HostObject"]]] = ()
    is_on_display: ClassVar[bool] = False
    """Whether people see it already: a cell that gives nothing but one shows no result."""

    def values(self) -> Mapping[str, Any]:
        """The values of ``fields``, as they were when the script got the handle."""
        return {}

    def released(self) -> None:
        """The script has no handle any more."""


@dataclass(frozen=True, slots=True)
class HostFunction:
    """A function as scripts see it."""

    name: str
    """``State.save``; of a method ``DebugTimer:lap``."""
    attribute: str
    """The attribute of its owner that holds it."""
    parameters: tuple[Argument, ...]
    rest: Argument | None
    """What any further arguments are."""
    returns: Any
    """The annotation."""
    doc: str
    is_async: bool
    alias_of: str = ""
    deprecated: str = ""

    @property
    def member(self) -> str:
        """The name behind the last dot or colon."""
        return self.name.replace(":", ".").rpartition(".")[2]

    @property
    def table(self) -> str:
        """The name of the table it lies in; empty for a global function."""
        return self.name.replace(":", ".").rpartition(".")[0]

    def arguments(self, given: Sequence[Any]) -> list[Any]:
        """What to call the Python function with; raises `BadArgument`."""
        taken, count = [], len(given)
        for index, parameter in enumerate(self.parameters):
            value = given[index] if index < count else None
            if value is None and not parameter.is_required:
                taken.append(parameter.default)
            elif value is None and index >= count and not parameter.accepts_absence:
                raise BadArgument(parameter.problem(self.name, index + 1, "no value"))
            else:
                taken.append(parameter.converted(value, self.name, index + 1))
        if self.rest is not None:
            first = len(self.parameters)
            further = enumerate(given[first:], first + 1)
            taken += [self.rest.converted(value, self.name, index) for index, value in further]
        return taken

    def takes(self, kind: str) -> str:
        """For each argument ``1`` or ``0``: whether it may hold a ``function`` or be ``shown``."""
        asked = [*self.parameters, *([self.rest] if self.rest else [])]
        return "".join("1" if getattr(each, f"takes_{kind}") else "0" for each in asked)


def functions_of(owner: type[Any]) -> tuple[HostFunction, ...]:
    """The functions of a table or the methods of an object, in the order they are written."""
    known: Callable[[Any], tuple[HostFunction, ...]] = _functions_of
    return known(owner)


@lru_cache(maxsize=256)
def _functions_of(owner: Any) -> tuple[HostFunction, ...]:
    found = []
    for base in reversed(owner.__mro__):
        for attribute, value in vars(base).items():
            for named in reversed(getattr(value, _MARK, ())):
                found.append(_read(owner, attribute, value, named))
    return tuple(found)


def _read(
    owner: type[Any], attribute: str, function: Callable[..., Any], named: Named
) -> HostFunction:
    hints = get_type_hints(function, include_extras=True)
    parameters, rest = [], None
    for parameter in list(inspect.signature(function).parameters.values())[1:]:
        annotation = hints.get(parameter.name, Any)
        required = parameter.default is inspect.Parameter.empty
        default = None if required else parameter.default
        argument = Argument(parameter.name, annotation, is_required=required, default=default)
        if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
            rest = argument
        else:
            parameters.append(argument)
    is_method = issubclass(owner, HostObject)
    return HostFunction(
        name=f"{owner.name}:{named.name}" if is_method else named.name,
        attribute=attribute,
        parameters=tuple(parameters),
        rest=rest,
        returns=hints.get("return"),
        doc=_first_paragraph(inspect.getdoc(function) or ""),
        is_async=inspect.iscoroutinefunction(function),
        alias_of=named.alias_of,
        deprecated=named.deprecated,
    )


def has_many_results(returns: Any) -> bool:
    """Whether an annotation says that a function returns several values, as a tuple."""
    if get_origin(returns) is Annotated:
        returns = get_args(returns)[0]
    return get_origin(returns) is tuple or returns is tuple


def _first_paragraph(text: str) -> str:
    return " ".join(text.partition("\n\n")[0].split())
