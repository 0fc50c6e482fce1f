"""Annotations of parameters: what they ask for, in the script's words."""

import types
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass
from functools import lru_cache
from typing import Annotated, Any, Literal, TypeAlias, Union, get_args, get_origin, get_type_hints

from kernel.core.script_values import Callback


@dataclass(frozen=True, slots=True)
class ScriptType:
    """In ``Annotated``: the type as the catalogue writes it, such as ``fun(text: string)``."""

    text: str


@dataclass(frozen=True, slots=True)
class Choices:
    """In ``Annotated``: the only texts that the function takes, as the catalogue has them."""

    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Described:
    """In ``Annotated``: the parameter takes anything; what is no data comes as `Opaque`."""


Shown: TypeAlias = Annotated[Any, Described()]
"""Any value of a script, to be shown."""


def inner(annotation: Any) -> Any:
    """Without ``Annotated``."""
    return get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation


def is_options(annotation: Any) -> bool:
    """Whether an annotation is a dataclass: a table with named fields."""
    return isinstance(annotation, type) and is_dataclass(annotation)


@lru_cache(maxsize=256)
def fields_of(options: Any) -> Mapping[str, Any]:
    """The fields of a dataclass and their annotations."""
    hints = get_type_hints(options, include_extras=True)
    return {each.name: hints[each.name] for each in fields(options)}


def is_optional_field(options: Any, name: str) -> bool:
    """Whether a field may be left out."""
    found = next(each for each in fields(options) if each.name == name)
    return found.default is not MISSING or found.default_factory is not MISSING


def is_union(annotation: Any) -> bool:
    """Whether an annotation is one of several."""
    return get_origin(annotation) in (Union, types.UnionType)


def is_object(annotation: Any) -> bool:
    """Whether an annotation is the class of host objects."""
    from kernel.core.functions import HostObject

    return isinstance(annotation, type) and issubclass(annotation, HostObject)


_WORDS: Mapping[Any, str] = {
    str: "string",
    bytes: "string",
    bool: "boolean",
    int: "integer",
    float: "number",
    Any: "value",
    None: "nil",
    type(None): "nil",
    Callback: "function",
}


def expected_words(annotation: Any) -> str:
    """What is asked for: ``string``, ``number or table``, ``"exact" or "modified"``."""
    annotation = inner(annotation)
    if is_union(annotation):
        words = [expected_words(each) for each in get_args(annotation) if each is not type(None)]
        every = dict.fromkeys(words)
        return " or ".join(each for each in every if each != "integer" or "number" not in every)
    if get_origin(annotation) is Literal:
        names = [f'"{each}"' for each in get_args(annotation)]
        return ", ".join(names[:-1]) + (" or " if len(names) > 1 else "") + names[-1]
    if is_object(annotation):
        return str(annotation.name)
    return _WORDS.get(annotation, "table")


def mentions_callback(annotation: Any) -> bool:
    """Whether a function may be somewhere in what an annotation takes."""
    annotation = inner(annotation)
    if annotation is Callback:
        return True
    if is_options(annotation):
        return any(map(mentions_callback, fields_of(annotation).values()))
    return any(map(mentions_callback, get_args(annotation)))


def described(annotation: Any) -> bool:
    """Whether an annotation takes anything, to show it."""
    return get_origin(annotation) is Annotated and Described() in get_args(annotation)[1:]


def choices_of(annotation: Any) -> tuple[str, ...]:
    """The only texts that are taken, of ``Choices`` or a ``Literal``; empty where all are."""
    if get_origin(annotation) is Annotated:
        for each in get_args(annotation)[1:]:
            if isinstance(each, Choices):
                return each.texts
    bare = inner(annotation)
    parts = [inner(each) for each in get_args(bare)] if is_union(bare) else [bare]
    wanted = [each for each in parts if each is not type(None)]
    if len(wanted) != 1 or get_origin(wanted[0]) is not Literal:
        return ()
    return tuple(each for each in get_args(wanted[0]) if isinstance(each, str))


def doc_of(annotation: Any) -> str:
    """The text in an ``Annotated``, and the choices there are."""
    texts = []
    if get_origin(annotation) is Annotated:
        texts = [each for each in get_args(annotation)[1:] if isinstance(each, str)]
    bare = inner(annotation)
    for each in (bare, *get_args(bare)):
        if get_origin(inner(each)) is Literal:
            texts.append(f"One of {', '.join(map(repr_of, get_args(inner(each))))}.")
    return " ".join(texts)


def repr_of(choice: Any) -> str:
    """A choice as scripts write it."""
    return f'"{choice}"' if isinstance(choice, str) else str(choice)
