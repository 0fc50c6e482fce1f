"""Functions of the host: one typed definition says what they take, and what is told of them."""

from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

import pytest
from annotated_types import Ge

from kernel.core.argument_types import ScriptType
from kernel.core.errors import BadArgument
from kernel.core.function_catalogue import catalogue_of, schema_of
from kernel.core.functions import HostObject, HostTable, functions_of, host_function
from kernel.core.script_values import Callback


@dataclass(frozen=True)
class SaveOptions:
    """How a value is kept."""

    ttl: Annotated[float | None, "Seconds it stays."] = None
    mode: Literal["exact", "loose"] = "exact"
    tags: list[str] = field(default_factory=list)
    depth: Annotated[int, Ge(0), "Levels."] = 0


@dataclass(frozen=True)
class Saved:
    """What was kept."""

    version: int
    note: str | None = None


class Handle(HostObject):
    """A thing that is held."""

    name = "Handle"

    @host_function("close")
    def close(self) -> bool:
        """Closes it."""
        return True


class Shelf(HostTable):
    """Things that are kept."""

    name = "Shelf"

    @host_function("Shelf.put")
    @host_function("Shelf.set", alias_of="put")
    def put(
        self,
        key: Annotated[str, "Where."],
        value: Any,
        options: SaveOptions | None = None,
    ) -> Saved:
        """Puts a thing somewhere.

        More is not said to scripts.
        """
        return Saved(1)

    @host_function("Shelf.each")
    def each(
        self,
        visit: Annotated[Callback, ScriptType("fun(key: string)")],
        limit: int = 10,
        *keys: str,
    ) -> None:
        """Visits things."""

    @host_function("Shelf.give")
    def give(self, handle: Handle, mode: Literal["a", "b"] = "a") -> tuple[str, int]:
        """Gives a thing back."""
        return "", 0


def refusal(name: str, *given: Any) -> str:
    """What is said of arguments that a function does not take."""
    [function] = [each for each in functions_of(Shelf) if each.name == name]
    with pytest.raises(BadArgument) as caught:
        function.arguments(given)
    return str(caught.value)


def taken(name: str, *given: Any) -> list[Any]:
    """What the Python function is called with."""
    [function] = [each for each in functions_of(Shelf) if each.name == name]
    return function.arguments(given)


@pytest.mark.parametrize(
    ("name", "given", "words"),
    [
        ("Shelf.put", ({}, 1), "bad argument #1 to 'Shelf.put' (string expected, got table)"),
        ("Shelf.put", ("a",), "bad argument #2 to 'Shelf.put' (value expected, got no value)"),
        ("Shelf.set", (True, 1), "bad argument #1 to 'Shelf.set' (string expected, got boolean)"),
        ("Shelf.put", (b"\xff", 1), "bad argument #1 to 'Shelf.put' (valid UTF-8 expected, got other bytes)"),
        ("Shelf.put", ("a", 1, 5), "bad argument #3 to 'Shelf.put' (table expected, got number)"),
        ("Shelf.put", ("a", 1, {"ttl": "x"}), 'Shelf.put: options.ttl must be a number, got "x"'),
        ("Shelf.put", ("a", 1, {"tll": 1}), 'Shelf.put: options has no field "tll"; did you mean "ttl"?'),
        ("Shelf.put", ("a", 1, {"zz": 1}), 'Shelf.put: options has no field "zz"; there are ttl, mode, tags, depth'),
        ("Shelf.put", ("a", 1, {"mode": "c"}), 'Shelf.put: options.mode must be "exact" or "loose", got "c"'),
        ("Shelf.put", ("a", 1, {"tags": ["x", {}]}), "Shelf.put: options.tags[2] must be a string, got a table"),
        ("Shelf.put", ("a", 1, {"depth": -1}), "Shelf.put: options.depth should be greater than or equal to 0, got -1"),
        ("Shelf.put", ("a", 1, {"depth": 1.5}), "Shelf.put: options.depth must be an integer, got 1.5"),
        ("Shelf.each", (5,), "bad argument #1 to 'Shelf.each' (function expected, got number)"),
        ("Shelf.give", ({},), "bad argument #1 to 'Shelf.give' (Handle expected, got table)"),
        ("Shelf.give", (Handle(), "c"), "bad argument #2 to 'Shelf.give' (\"a\" or \"b\" expected, got \"c\")"),
    ],
)  # fmt: skip
def test_mistakes_are_told_as_scripts_know_them(name, given, words):
    """A wrong argument is named by its place, a wrong field by its path, with what it must be."""
    assert words == refusal(name, *given)


def test_arguments_are_converted_as_scripts_mean_them():
    """Numbers do as texts, whole floats as integers, empty tables as either kind, nil as left out."""
    assert ["1", None, SaveOptions(ttl=2, tags=[], depth=3)] == taken(
        "Shelf.put", 1, None, {"ttl": 2, "tags": {}, "depth": 3.0}
    )
    assert ["a", 1, None] == taken("Shelf.put", "a", 1, None)
    assert ["a", 1, SaveOptions()] == taken("Shelf.put", "a", 1, [])


def test_further_arguments_are_checked_each():
    """What comes behind the named parameters is checked by the annotation of the rest."""

    class Called:
        def call(self, *arguments: Any) -> Any: ...

        def call_soon(self, *arguments: Any, done: Any = None) -> None: ...

        async def call_at_stop(self, *arguments: Any) -> Any: ...

    function = Called()
    assert [function, 2, "x", "3"] == taken("Shelf.each", function, 2, "x", 3)
    words = "bad argument #4 to 'Shelf.each' (string expected, got table)"
    assert words == refusal("Shelf.each", function, 2, "x", [])


def test_the_catalogue_is_made_from_the_definition():
    """Signatures, sentences and the types that they name come from annotations and docstrings."""
    catalogue = catalogue_of([Shelf])
    table = catalogue.tables["Shelf"]
    assert "Things that are kept." == table.doc
    assert [
        "put(key: string, value: any, options?: SaveOptions): Saved",
        "set(key: string, value: any, options?: SaveOptions): Saved",
        "each(visit: fun(key: string), limit?: integer, ...: string)",
        "give(handle: Handle, mode?: string): string, integer",
    ] == [each.label for each in table.members]
    [put] = table.find("put")
    assert "Puts a thing somewhere." == put.doc
    assert "Where." == put.parameters[0].doc
    assert {"SaveOptions", "Saved", "Handle"} == catalogue.types.keys()
    assert ["ttl?: number", "mode?: string", "tags?: string[]", "depth?: integer"] == [
        each.label for each in catalogue.types["SaveOptions"].members
    ]
    assert "Seconds it stays." == catalogue.types["SaveOptions"].members[0].doc
    [close] = catalogue.types["Handle"].members
    assert (True, "close(): boolean") == (close.is_method, close.label)


def test_the_schema_is_made_from_the_definition():
    """The JSON Schema of a function names its parameters, their types and what may be left out."""
    [put] = [each for each in functions_of(Shelf) if each.name == "Shelf.put"]
    schema = schema_of(put)
    assert ["key", "value"] == schema["required"]
    assert {"type": "string", "title": "Key", "description": "Where."} == schema["properties"][
        "key"
    ]
    assert ["exact", "loose"] == schema["$defs"]["SaveOptions"]["properties"]["mode"]["enum"]
