"""What is known of the thing at a place in a text: for help on a function, a value, a keyword."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from kernel.core.catalogue import Catalogue, Function, Member

_CHAIN = re.compile(r"[^\W\d]\w*(?:\s*[.:]\s*[^\W\d]\w*)*", re.ASCII)
_CLOSING = {")": "(", "]": "[", "}": "{"}
_HEAD = re.compile(r"\bfunction\b[^()]*\(([^()]*)\)")
_LINE = re.compile(r"\s*---?\s?(.*)")


def expression_at(code: str, cursor: int) -> str | None:
    """The names (``a.b.c``) at ``cursor``, or those that the call around it is made by.

    Of a chain only the part up to the name at the cursor; a method's colon becomes a dot.
    """
    line_start = code.rfind("\n", 0, cursor) + 1
    line_end = code.find("\n", cursor)
    line = code[line_start : len(code) if line_end < 0 else line_end]
    place = cursor - line_start
    for found in _CHAIN.finditer(line):
        if found.start() <= place <= found.end():
            return _up_to(found[0], place - found.start())
    return _called_around(code, cursor)


def _up_to(chain: str, place: int) -> str:
    name = re.compile(r"[.:]|\Z")
    cut = name.search(chain, max(1, place))
    text = chain[: cut.start() if cut else None]
    return re.sub(r"\s*[.:]\s*", ".", text.rstrip(" .:"))


def _called_around(code: str, cursor: int) -> str | None:
    open_brackets: list[str] = []
    for place in range(min(cursor, len(code)) - 1, -1, -1):
        character = code[place]
        if character in _CLOSING:
            open_brackets.append(_CLOSING[character])
        elif open_brackets and character == open_brackets[-1]:
            open_brackets.pop()
        elif character == "(" and not open_brackets:
            before = code[:place].rstrip()
            ends = [each for each in _CHAIN.finditer(before) if each.end() == len(before)]
            return _up_to(ends[0][0], len(ends[0][0])) if ends else None
    return None


def members_named(catalogue: Catalogue, name: str) -> tuple[Member, ...]:
    """The forms of ``string.rep`` or ``print`` in a catalogue."""
    owner, _, member = name.rpartition(".")
    if not owner:
        return catalogue.find(member)
    table = catalogue.tables.get(owner)
    return table.find(member) if table else ()


def describe(
    expression: str, told: Mapping[str, Any] | None, catalogue: Catalogue, text: bytes | None
) -> Iterator[tuple[str, str]]:
    """Heading and text of what is known, for people; nothing of what is not known.

    ``told`` is what the probe says of the value, ``text`` that of the file that defines it.
    """
    name = (told or {}).get("library") or expression
    members = members_named(catalogue, name)
    yield from _catalogued(name, members, catalogue)
    if told is None:
        return
    if told["type"] == "function":
        parameters = _parameters(told, text)
        if not members and parameters is not None:
            yield "Signature", f"function {expression}({parameters})"
        yield "Type", "function"
        yield from _definition(told, text)
        return
    yield "Type", told["type"]
    yield "Value", told["pretty"]


def _catalogued(
    expression: str, members: tuple[Member, ...], catalogue: Catalogue
) -> Iterator[tuple[str, str]]:
    owner = expression.rpartition(".")[0]
    prefix = f"{owner}." if owner in catalogue.tables else ""
    if members:
        labels = [f"{prefix}{each.label}" for each in members]
        yield ("Signature" if isinstance(members[0], Function) else "Name"), "\n".join(labels)
    doc = next((each.doc for each in members if each.doc), "")
    if not members:
        table = catalogue.tables.get(expression)
        word = next((each for each in catalogue.keywords if each.name == expression), None)
        doc = table.doc if table else word.doc if word else ""
    if doc:
        yield "Documentation", doc


def _parameters(told: Mapping[str, Any], text: bytes | None) -> str | None:
    """Lua 5.1 has to have them looked up in the text."""
    if "parameters" in told:
        return ", ".join([*told["parameters"], *(["..."] if told.get("is_vararg") else [])])
    lines = text.decode("utf-8", "replace").splitlines() if text and "first" in told else []
    found = _HEAD.search("\n".join(lines[told["first"] - 1 : told["last"]])) if lines else None
    return found[1].strip() if found else None


def _definition(told: Mapping[str, Any], text: bytes | None) -> Iterator[tuple[str, str]]:
    source = told.get("source")
    if not source:
        return
    lines = text.decode("utf-8", "replace").splitlines() if text else []
    first, last = told["first"], told["last"]
    if comment := _comment_above(lines, first):
        yield "Documentation", comment
    yield "File", f"{source.get('path') or source['name']}:{first}"
    if lines:
        yield "Source", "\n".join(lines[first - 1 : last])


def _comment_above(lines: list[str], first: int) -> str:
    found: list[str] = []
    for line in reversed(lines[: first - 1]):
        match = _LINE.fullmatch(line)
        if match is None:
            break
        found.append(match[1])
    return "\n".join(reversed(found))
