"""Arguments of functions that scripts call: checked and converted by their annotations.

Rules, which are those of scripting languages rather than Python's: a number does where a text is
asked for; a float without a fraction does for an integer; an empty table does for a list and for a
mapping; booleans are booleans only. A dataclass is a table of options: its fields are checked,
unknown keys are refused.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

from kernel.core.argument_types import (
    described,
    doc_of,
    expected_words,
    fields_of,
    inner,
    is_options,
    is_union,
    mentions_callback,
)
from kernel.core.errors import BadArgument
from kernel.core.script_values import script_word
from kernel.core.suggestions import closest

if TYPE_CHECKING:
    from pydantic import TypeAdapter, ValidationError

__all__ = ["Argument", "BadArgument"]

_PLAIN = {str: str, bool: bool}
"""Types whose exact instances need no look."""


@dataclass(frozen=True)
class Argument:
    """One parameter: its name, its annotation, and what it takes."""

    name: str
    annotation: Any
    is_required: bool = True
    default: Any = None
    _bare: Any = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_bare", inner(self.annotation))

    @cached_property
    def adapter(self) -> "TypeAdapter[Any]":
        """What checks and converts; its schema is the parameter's."""
        from pydantic import TypeAdapter

        from kernel.core.argument_checks import checked

        return TypeAdapter(checked(self.annotation))

    @cached_property
    def doc(self) -> str:
        """What it means: a text in its ``Annotated``, and the choices of a ``Literal``."""
        return doc_of(self.annotation)

    @cached_property
    def takes_function(self) -> bool:
        """Whether a script's function may be in it."""
        return mentions_callback(self.annotation)

    @cached_property
    def takes_shown(self) -> bool:
        """Whether it takes anything, what is no data as `Opaque`."""
        return described(self.annotation)

    @cached_property
    def accepts_absence(self) -> bool:
        """Whether nothing at all may stand for it."""
        return type(None) in get_args(self._bare) or self._bare is None

    @cached_property
    def _plain(self) -> type | None:
        return _PLAIN.get(self._bare)

    @cached_property
    def _takes_all(self) -> bool:
        return self._bare is Any

    def converted(self, value: Any, function: str, number: int) -> Any:
        """``value`` as the function takes it; raises `BadArgument`."""
        if self._takes_all or type(value) is self._plain:
            return value
        adapter = self.adapter
        from pydantic import ValidationError

        try:
            return adapter.validate_python(value)
        except ValidationError as error:
            raise BadArgument(self._told(error, value, function, number)) from None

    def problem(self, function: str, number: int, found: str) -> str:
        """The words for an argument that is of another type."""
        expected = expected_words(self.annotation)
        return f"bad argument #{number} to '{function}' ({expected} expected, got {found})"

    def _told(self, error: "ValidationError", value: Any, function: str, number: int) -> str:
        """The first mistake in words."""
        found = error.errors(include_url=False)
        first = found[0]
        if isinstance(value, Mapping):  # given a table, nobody meant another member of a union
            first = next((each for each in found if len(each["loc"]) > 1), first)
        if not is_options(self._bare) and len(found) == 1 and not first["loc"]:
            detail = _detail(first, value)
            if detail:
                return f"bad argument #{number} to '{function}' ({detail})"
        if not _can_hold(self._bare, value) or not first["loc"]:
            return self.problem(function, number, _found(self._bare, value))
        return f"{function}: {_field_problem(self.name, self._bare, first, value)}"


def _can_hold(annotation: Any, value: Any) -> bool:
    """Whether a value is a table where one is asked for, so that its inside is to blame."""
    return isinstance(value, list | Mapping) and "table" in expected_words(annotation)


def _found(annotation: Any, value: Any) -> str:
    if isinstance(value, bytes) and "string" in expected_words(annotation):
        return "bytes that are not UTF-8"
    if get_origin(annotation) is Literal:
        return _shown(value)
    if isinstance(value, float) and expected_words(annotation) == "integer":
        return _shown(value)
    return script_word(value)


def _detail(error: Any, value: Any) -> str:
    """What a bound or another condition says; empty where just the type is wrong."""
    if error["type"] == "encoding":
        return str(error["msg"])
    if error["type"].startswith(("greater", "less", "string_pattern", "value_error", "too_")):
        return f"{_condition(error)}, got {_shown(value)}"
    if error["type"].startswith("string_too"):
        return _condition(error)
    return ""


def _condition(error: Any) -> str:
    text = str(error["msg"]).removeprefix("Value error, ")
    return text.replace("Input should", "should").replace("String should", "should")


def _field_problem(name: str, annotation: Any, error: Any, whole: Any) -> str:
    """A mistake inside a table: which field, what it must be, what it is."""
    path, value = name, whole
    for key in error["loc"]:
        if error["type"] in ("missing", "extra_forbidden") and key is error["loc"][-1]:
            break
        deeper = _inside(annotation, value, key)
        if deeper is None:
            continue  # the name of a member of a union
        annotation, value = deeper
        path += f"[{key + 1}]" if isinstance(key, int) else f".{key}"
    key = str(error["loc"][-1])
    if error["type"] == "missing":
        return f"{path}.{key} is missing"
    if error["type"] == "extra_forbidden":
        return f"{path} has no field {_shown(key)}{_hint(key, annotation)}"
    if detail := _detail(error, value):
        return f"{path} {detail}"
    expected = expected_words(annotation)
    article = "" if expected[0] == '"' else "an " if expected[0] in "aeiou" else "a "
    return f"{path} must be {article}{expected}, got {_shown(value)}"


def _inside(annotation: Any, value: Any, key: Any) -> tuple[Any, Any] | None:
    """What is asked for under a key of a table, and what is there."""
    annotation = _table_in(annotation)
    try:
        below = value[key]
    except (LookupError, TypeError):
        return None
    if is_options(annotation):
        return fields_of(annotation)[key], below
    arguments = get_args(annotation)
    return (arguments[-1] if arguments else Any), below


def _table_in(annotation: Any) -> Any:
    """The member of a union that is a table."""
    annotation = inner(annotation)
    if not is_union(annotation):
        return annotation
    return next(
        (inner(each) for each in get_args(annotation) if "table" in expected_words(each)),
        annotation,
    )


def _hint(key: str, annotation: Any) -> str:
    annotation = _table_in(annotation)
    names = list(fields_of(annotation)) if is_options(annotation) else []
    close = closest(key, names)
    if close is not None:
        return f'; did you mean "{close}"?'
    return f"; there are {', '.join(names)}" if names else ""


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return f'"{value}"' if len(value) <= 40 else f'"{value[:40]}…"'
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value)
    return f"a {script_word(value)}"
