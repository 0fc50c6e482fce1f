"""Annotations of parameters as pydantic is to check them: by the rules of `kernel.core.arguments`.

Imported when an argument is checked for the first time that is more than a text or a boolean:
pydantic takes longer to load than most scripts run.
"""

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields
from functools import lru_cache
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    Strict,
    StrictBool,
    WithJsonSchema,
    create_model,
)
from pydantic_core import PydanticCustomError

from kernel.core.argument_types import ScriptType, fields_of, is_object, is_options, is_union
from kernel.core.script_values import Callback


def checked(annotation: Any) -> Any:
    """What pydantic is to check in its place."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        rest = [each for each in arguments[1:] if not isinstance(each, str | ScriptType)]
        base = checked(arguments[0])
        return Annotated[(base, *rest)] if rest else base
    if annotation in _LEAVES:
        return _LEAVES[annotation]
    if annotation is Callback:
        return Annotated[
            Any, PlainValidator(_function), WithJsonSchema({"description": "a function"})
        ]
    if is_object(annotation):
        return Annotated[
            Any,
            PlainValidator(_instance_of(annotation)),
            WithJsonSchema({"description": f"a {annotation.name}"}),
        ]
    if is_options(annotation):
        return _options_type(annotation)
    if origin in (list, Sequence):
        return Annotated[list[checked(arguments[0])], BeforeValidator(_as_list)]  # type: ignore[misc]
    if origin in (dict, Mapping):
        key, value = arguments
        return Annotated[dict[checked(key), checked(value)], BeforeValidator(_as_mapping)]  # type: ignore[misc]
    if annotation in (dict, Mapping):
        return Annotated[dict[Any, Any], BeforeValidator(_as_mapping)]
    if is_union(annotation):
        return Union[tuple(map(checked, arguments))]  # noqa: UP007 - made of what is not known here
    return annotation


def _text(value: Any) -> Any:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value) if isinstance(value, int) else f"{value:.14g}"
    if isinstance(value, bytes):
        raise PydanticCustomError("encoding", "valid UTF-8 expected, got other bytes")
    return value


def _octets(value: Any) -> Any:
    text = _text(value) if not isinstance(value, bytes) else value
    return text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _as_list(value: Any) -> Any:
    return [] if value == {} else value


def _as_mapping(value: Any) -> Any:
    return {} if value == [] else value


def _function(value: Any) -> Any:
    if not isinstance(value, Callback):
        raise PydanticCustomError("kind", "a function is expected")
    return value


def _instance_of(cls: type) -> Any:
    def check(value: Any) -> Any:
        if not isinstance(value, cls):
            raise PydanticCustomError("kind", "another object is expected")
        return value

    return check


_LEAVES: Mapping[Any, Any] = {
    str: Annotated[str, BeforeValidator(_text)],
    bytes: Annotated[bytes, BeforeValidator(_octets)],
    bool: StrictBool,
    int: Annotated[int, Strict(), BeforeValidator(_whole)],
    float: Annotated[float, Strict()],
}


@lru_cache(maxsize=256)
def _options_type(options: Any) -> Any:
    """A model of a dataclass that refuses unknown keys and gives an instance of it."""
    told: dict[str, Any] = {}
    for each in fields(options):
        annotation = checked(fields_of(options)[each.name])
        default: Any = ...
        if each.default is not MISSING:
            default = each.default
        elif each.default_factory is not MISSING:
            default = Field(default_factory=each.default_factory)
        told[each.name] = (annotation, default)
    config = ConfigDict(extra="forbid", arbitrary_types_allowed=True)
    model = create_model(options.__name__, __config__=config, **told)

    def made(values: BaseModel) -> Any:
        return options(**{name: getattr(values, name) for name in told})

    return Annotated[model, AfterValidator(made), BeforeValidator(_as_mapping)]
