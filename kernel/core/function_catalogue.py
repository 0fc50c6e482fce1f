"""The catalogue and the schemas of functions that are defined in Python.

What language servers, consoles and the reference say of a function comes from its signature and
docstring, so that it cannot say anything else than what is done.
"""

import inspect
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal, get_args, get_origin

from kernel.core.argument_types import (
    ScriptType,
    choices_of,
    doc_of,
    fields_of,
    inner,
    is_object,
    is_optional_field,
    is_options,
    is_union,
)
from kernel.core.arguments import Argument
from kernel.core.catalogue import Catalogue, Field, Function, Parameter, Table
from kernel.core.functions import (
    HostFunction,
    HostObject,
    HostTable,
    functions_of,
    has_many_results,
)

_NAMES: Mapping[Any, str] = {
    str: "string",
    bytes: "string",
    bool: "boolean",
    int: "integer",
    float: "number",
    Any: "any",
    None: "nil",
    type(None): "nil",
    dict: "table",
    list: "any[]",
}


def catalogue_of(tables: Iterable[type[HostTable]]) -> Catalogue:
    """The entries of tables, and of all types that their functions take and give."""
    found = [*tables]
    types: dict[str, Table] = {}
    globals_ = {each.name: _table(each) for each in found if "." not in each.name}
    for each in found:
        if "." in each.name:
            types[type_of_table(each.name)] = _table(each, type_of_table(each.name))
    wanted = [each for table in found for each in _mentioned(table)]
    while wanted:
        type_ = wanted.pop()
        name = type_name(type_)
        if name in types:
            continue
        types[name] = _object(type_) if is_object(type_) else _options(type_)
        wanted += _mentioned(type_) if is_object(type_) else _in_fields(type_)
    return Catalogue(tables=globals_, types=dict(sorted(types.items())))


def schema_of(function: HostFunction) -> dict[str, Any]:
    """The JSON Schema of a function's arguments, by their names."""
    from pydantic import ConfigDict, create_model
    from pydantic import Field as ModelField

    from kernel.core.argument_checks import checked

    told: dict[str, Any] = {}
    for each in function.parameters:
        default = ... if each.is_required else each.default
        annotation = checked(each.annotation)
        told[each.name] = (annotation, ModelField(default, description=each.doc or None))
    config = ConfigDict(extra="forbid", arbitrary_types_allowed=True)
    model = create_model(function.member, __config__=config, **told)
    schema: dict[str, Any] = model.model_json_schema()
    schema["description"] = function.doc
    return schema


def type_of_table(name: str) -> str:
    """The type of a table in a table: ``Replay.modes`` is a ``ReplayModes``."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("."))


def type_name(annotation: Any) -> str:
    """An annotation as LuaLS and EmmyLua write it."""
    if get_origin(annotation) is Annotated:
        for each in get_args(annotation)[1:]:
            if isinstance(each, ScriptType):
                return each.text
        return type_name(get_args(annotation)[0])
    if annotation in _NAMES:
        return _NAMES[annotation]
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Literal:
        return " | ".join(dict.fromkeys(type_name(type(each)) for each in arguments))
    if is_union(annotation):
        return "|".join(dict.fromkeys(map(type_name, arguments)))
    if origin in (list, Sequence):
        return f"{type_name(arguments[0])}[]"
    if origin in (dict, Mapping):
        return f"table<{', '.join(map(type_name, arguments))}>"
    if is_object(annotation):
        return str(annotation.name)
    return getattr(annotation, "__name__", "any")


def objects_of(tables: Iterable[type[HostTable]]) -> list[type[HostObject]]:
    """The kinds of objects that functions of tables take and give, and their methods."""
    found: list[type[HostObject]] = []
    owners: list[type[HostTable] | type[HostObject]] = [*tables]
    while owners:
        owner = owners.pop(0)
        for each in _mentioned(owner):
            if is_object(each) and each not in found:
                found.append(each)
                owners.append(each)
    return found


# --- pieces ---------------------------------------------------------------------------------------


def _table(table: type[HostTable], name: str = "") -> Table:
    functions = [*functions_of(table)]
    call = next((each for each in functions if each.name == table.name), None)
    members = [_function(each) for each in functions if each is not call]
    return Table(
        name=name or table.name,
        doc=_doc(table),
        members=(*table.fields, *members),
        call=_function(call) if call else None,
        is_open=table.is_open,
    )


def _object(type_: type[HostObject]) -> Table:
    members = [_function(each, is_method=True) for each in functions_of(type_)]
    return Table(type_.name, _doc(type_), (*type_.fields, *members))


def _options(type_: Any) -> Table:
    members = tuple(
        Field(
            name,
            _without_nil(annotation),
            doc_of(annotation) or f"Its {name.replace('_', ' ')}.",
            is_optional=is_optional_field(type_, name),
            choices=choices_of(annotation),
        )
        for name, annotation in fields_of(type_).items()
    )
    return Table(type_.__name__, _doc(type_), members)


def _function(function: HostFunction, *, is_method: bool = False) -> Function:
    parameters = [_parameter(each) for each in function.parameters]
    if function.rest:
        parameters.append(Parameter("...", type_name(function.rest.annotation)))
    return Function(
        function.member,
        parameters=tuple(parameters),
        returns=tuple(_results(function.returns)),
        doc=function.doc,
        is_method=is_method,
        alias_of=function.alias_of,
        deprecated=function.deprecated,
    )


def _results(returns: Any) -> Iterator[str]:
    if has_many_results(returns):
        yield from map(type_name, get_args(inner(returns)))
    elif returns not in (None, type(None)):
        yield type_name(returns)


def _parameter(argument: Argument) -> Parameter:
    is_optional = not argument.is_required
    shown = _without_nil(argument.annotation) if is_optional else type_name(argument.annotation)
    choices = choices_of(argument.annotation)
    return Parameter(argument.name, shown, is_optional, argument.doc, choices)


def _without_nil(annotation: Any) -> str:
    return type_name(annotation).removesuffix("|nil")


def _doc(thing: Any) -> str:
    return " ".join((inspect.getdoc(thing) or "").partition("\n\n")[0].split())


def _mentioned(owner: type[HostTable] | type[HostObject]) -> Iterator[Any]:
    yield from owner.objects
    yield from getattr(owner, "types", ())
    for function in functions_of(owner):
        for parameter in function.parameters:
            yield from _types_in(parameter.annotation)
        yield from _types_in(function.returns)


def _in_fields(type_: Any) -> list[Any]:
    return [each for annotation in fields_of(type_).values() for each in _types_in(annotation)]


def _types_in(annotation: Any) -> Iterator[Any]:
    annotation = inner(annotation)
    if is_options(annotation) or is_object(annotation):
        yield annotation
    for each in get_args(annotation):
        yield from _types_in(each)
