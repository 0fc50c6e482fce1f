"""What literals among arguments are, and what the parameters want."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from tree_sitter import Node

from kernel.core.catalogue import Field, Table
from kernel.core.suggestions import LIKENESS, closest
from lsp_server.document import Document
from lsp_server.inference.inference import Inference, entries
from lsp_server.inference.signatures import Signature, SignatureParameter
from lsp_server.modules import string_content
from lsp_server.rules.registry import Finding

_KINDS = {
    "string": "string",
    "number": "number",
    "true": "boolean",
    "false": "boolean",
    "nil": "nil",
    "table_constructor": "table",
    "function_definition": "function",
}
"""The types of literals."""

_TAKES = {
    "string": {"string"},
    "number": {"number", "integer", "string"},
    "boolean": {"boolean"},
    "nil": {"nil"},
    "table": {"table"},
    "function": {"function"},
}
"""The words for what a literal can be given to; numbers become strings by themselves."""

_NO_TABLES = frozenset({"string", "number", "integer", "boolean", "nil", "function", "thread"})

_NUMBER = re.compile(r"\s*[+-]?(0[xX][\da-fA-F.]+([pP][+-]?\d+)?|\d[\d.]*([eE][+-]?\d+)?)\s*")

DEPTH = 8
"""How deep tables in tables are looked at."""


def wrong_values(
    document: Document,
    inference: Inference,
    form: Signature,
    given: list[Node],
) -> Iterator[Finding]:
    """What is wrong with each argument that is a literal."""
    shape = _Shapes(document, inference)
    for node, parameter in zip(given, form.parameters, strict=False):
        if node.type not in _KINDS:
            continue
        if parameter.name == "...":
            return
        yield from shape.check(node, _wanted(parameter), DEPTH)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What a value is for, and what it may be."""

    what: str
    type: str
    is_optional: bool = False
    choices: tuple[str, ...] = ()


def _wanted(place: SignatureParameter | Field) -> _Wanted:
    return _Wanted(f"'{place.name}'", place.type or "any", place.is_optional, place.choices)


class _Shapes:
    def __init__(self, document: Document, inference: Inference) -> None:
        self._document = document
        self._types = inference.catalogued.catalogue.types

    def check(self, node: Node, wanted: _Wanted, depth: int) -> Iterator[Finding]:
        """What is wrong with a value."""
        kind = _KINDS.get(node.type)
        choices = _choices(wanted.type)
        is_left_out = kind == "nil" and wanted.is_optional
        if kind is None or "any" in choices or depth == 0 or is_left_out:
            return
        if not any(self._takes(choice, kind, node) for choice in choices):
            types = " or ".join(_spoken(each) for each in choices if each != "nil")
            said = f"{wanted.what} must be {types}, not {_spoken(kind)}."
            yield Finding(node.start_byte, node.end_byte, said)
        elif kind in ("string", "number") and wanted.choices:
            yield from self._choice(node, wanted)
        elif kind == "table":
            yield from self._table(node, choices, depth)

    def _takes(self, choice: str, kind: str, node: Node) -> bool:
        if choice in self._types or choice.endswith("[]") or choice.startswith("table<"):
            return kind == "table"
        if choice.startswith("fun("):
            return kind == "function"
        if kind == "string" and choice in ("number", "integer"):
            text = self._document.text(node.start_byte, node.end_byte)
            return _NUMBER.fullmatch(text.strip("\"'")) is not None
        known = {word for words in _TAKES.values() for word in words}
        return choice in _TAKES[kind] or choice not in known

    def _choice(self, node: Node, wanted: _Wanted) -> Iterator[Finding]:
        """A text, or a number that becomes one, where only some are taken."""
        is_text = node.type == "string"
        given = string_content(self._document, node) if is_text else _text(node)
        if given is None or any(_is_choice(given, each) for each in wanted.choices):
            return
        *most, last = [f"'{each.replace('*', '…')}'" for each in wanted.choices]
        listed = f"{', '.join(most)} or {last}" if most else last
        said = f"{wanted.what} must be {listed}, not {_text(node)}."
        whole = [each for each in wanted.choices if not each.endswith("*")]
        guess = guess_of(given, whole, LIKENESS)
        yield Finding(node.start_byte, node.end_byte, said + guess)

    def _table(self, node: Node, choices: list[str], depth: int) -> Iterator[Finding]:
        """A table that is written out: a list of things, or a thing with keys."""
        keyed = dict[str, Node]()
        for entry, name in entries(self._document, node):
            keyed[name] = entry
        fields = [each for each in node.named_children if each.type == "field"]
        is_list = len(keyed) < len(fields)
        for choice in choices:
            element = choice.removesuffix("[]")
            if is_list and choice.endswith("[]"):
                for each in fields:
                    value = each.child_by_field_name("value")
                    if value is not None and each.child_by_field_name("name") is None:
                        yield from self.check(value, _Wanted("the element", element), depth - 1)
                return
            if not is_list and choice in self._types:
                yield from self._keys(node, keyed, self._types[choice], depth)
                return

    def _keys(
        self, node: Node, keyed: dict[str, Node], shape: Table, depth: int
    ) -> Iterator[Finding]:
        known = {each.name: each for each in shape.members if isinstance(each, Field)}
        for name, entry in keyed.items():
            key, value = entry.child_by_field_name("name"), entry.child_by_field_name("value")
            if name not in known:
                if key is not None and not shape.is_open:
                    yield Finding(key.start_byte, key.end_byte, _unknown(name, shape, [*known]))
            elif value is not None:
                yield from self.check(value, _wanted(known[name]), depth - 1)
        missing = [
            each.name for each in known.values() if not each.is_optional and each.name not in keyed
        ]
        if missing:
            names = ", ".join(f"'{each}'" for each in missing)
            end = node.start_byte + 1
            yield Finding(node.start_byte, end, f"{shape.name} needs {names}.")


def _is_choice(given: str, choice: str) -> bool:
    begin = choice.removesuffix("*")
    return given == choice or (begin != choice and given.startswith(begin) and given != begin)


def _text(node: Node) -> str:
    return (node.text or b"").decode("utf-8", "replace")


def takes_table(type_: str) -> bool:
    """Whether something of a type can be a table, as far as the catalogue says."""
    return any(
        choice not in _NO_TABLES and not choice.startswith("fun(") for choice in _choices(type_)
    )


def _unknown(name: str, shape: Table, names: list[str]) -> str:
    return f"{shape.name} has no key '{name}'.{guess_of(name, names, LIKENESS)}"


def guess_of(name: str, names: Iterable[str], likeness: float = 0.7) -> str:
    """A guess, where one name is much like another (0 to 1)."""
    close = closest(name, sorted(names), likeness)
    return f" Did you mean '{close}'?" if close is not None else ""


def _choices(type_: str) -> list[str]:
    return [type_] if type_.startswith("fun(") else [each.strip() for each in type_.split("|")]


_ARTICLES = {"integer": "an integer", "nil": "nil", "function": "a function"}


def _spoken(type_: str) -> str:
    if type_.startswith("fun("):
        return "a function"
    if type_.endswith("[]"):
        return f"a list of {type_[:-2]}"
    article = "an" if type_[:1] in "AEIO" else "a"
    return _ARTICLES.get(type_, f"{article} {type_}")
