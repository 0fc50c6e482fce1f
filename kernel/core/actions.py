"""Requests as data: ``{"action": "show", "key": "a"}`` goes in, plain data comes out.

An action is a method with a mark and typed keyword arguments: its signature says what a request may
hold. The same object serves a command without a kernel and, behind a message, a client of one.
"""

import asyncio
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, TypeVar, get_type_hints

from kernel.core.errors import BadArgument, UserError
from kernel.core.suggestions import unknown

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError

F = TypeVar("F", bound=Callable[..., Any])

_MARK = "__action__"

Content = Mapping[str, Any]


def action(name: str) -> Callable[[F], F]:
    """Marks a method as what serves the action of this name.

    A plain method is called in a thread, a coroutine function on the loop.
    """

    def mark(function: F) -> F:
        setattr(function, _MARK, name)
        return function

    return mark


async def serve_action(target: object, content: Content) -> Content:
    """Do what a request asks of ``target``.

    Raises `UserError`: no such action; `BadArgument`: arguments that it does not take; and what the
    action raises.
    """
    actions = actions_of(type(target))
    name = content.get("action")
    found = actions.get(name) if isinstance(name, str) else None
    if found is None:
        raise UserError(unknown("action", str(name), actions))
    arguments = found.arguments(content)
    if found.is_async:
        answer: Content = await found.function(target, **arguments)
        return answer
    return await asyncio.to_thread(found.function, target, **arguments)


@dataclass(frozen=True)
class Action:
    """One thing that can be asked for."""

    name: str
    function: Callable[..., Any]
    is_async: bool
    doc: str
    """The first paragraph of its documentation."""

    @cached_property
    def parameters(self) -> Mapping[str, inspect.Parameter]:
        """Its arguments, by their names."""
        return {
            each.name: each
            for each in inspect.signature(self.function).parameters.values()
            if each.kind is inspect.Parameter.KEYWORD_ONLY
        }

    @cached_property
    def model(self) -> "type[BaseModel]":
        """What checks them; its schema is that of the request without ``action``."""
        from pydantic import ConfigDict, create_model

        hints = get_type_hints(self.function, include_extras=True)
        fields: dict[str, Any] = {
            name: (hints[name], ... if each.default is each.empty else each.default)
            for name, each in self.parameters.items()
        }
        config = ConfigDict(extra="forbid", strict=True, arbitrary_types_allowed=True)
        return create_model(self.name, __config__=config, **fields)

    def arguments(self, content: Content) -> dict[str, Any]:
        """What to call the function with; null stands for what is not said."""
        from pydantic import ValidationError

        said = {
            name: value for name, value in content.items() if name != "action" and value is not None
        }
        try:
            checked = self.model.model_validate(said)
        except ValidationError as error:
            raise BadArgument(self._told(error)) from None
        return {name: getattr(checked, name) for name in self.parameters}

    def _told(self, error: "ValidationError") -> str:
        first = error.errors(include_url=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        match first["type"]:
            case "extra_forbidden":
                return f"{self.name}: {unknown('argument', place, self.parameters)}"
            case "missing":
                return f"{self.name} needs {place!r}."
        expected = first["msg"].replace("Input should be ", "it must be ")
        return f"{self.name}: {place} is {first['input']!r:.60}; {expected}."


def actions_of(kind: type[Any]) -> Mapping[str, Action]:
    """The actions of a class by their names, in their order, inherited ones first."""
    known: Callable[[Any], Mapping[str, Action]] = _actions_of
    return known(kind)


@lru_cache(maxsize=32)
def _actions_of(kind: Any) -> Mapping[str, Action]:
    found = {}
    for function in (each for base in reversed(kind.__mro__) for each in vars(base).values()):
        name = getattr(function, _MARK, None)
        if name is not None:
            doc = inspect.cleandoc(function.__doc__ or "").split("\n\n")[0]
            is_async = inspect.iscoroutinefunction(function)
            found[name] = Action(name, function, is_async, doc)
    return found
