"""Reads a catalogue from TOML, in which a member is a signature and what is said of it.

    [tables.string]
    doc = "Everything about strings."

    [tables.string.members]
    "rep(s: string, n: integer): string" = "Repeats a string."
    "pack(fmt: string, ...: any): string" = { doc = "Packs values.", in = "5.3+" }

A leading colon marks a method, a ``?`` behind a name what may be left out. ``[functions]`` has
the global functions and values, ``[types.…]`` the types of values, ``[modules.…]`` what only
``require`` finds, ``[keywords]`` the reserved words. ``in`` names the versions that have it,
``alias`` the preferred name of the same, ``deprecated`` the reason not to use it, ``about`` what
the parameters mean.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kernel.core.catalogue import Catalogue, Field, Function, Keyword, Member, Parameter, Table

_HEAD = re.compile(r"(:?)([\w-]+)(\??)\s*(\(|:|$)")


def read_catalogue(text: str, versions: Sequence[str] = ()) -> Catalogue:
    """The catalogue a TOML text describes. ``versions``: all there are, older ones first."""
    return Reader(versions).catalogue(tomllib.loads(text))


class Reader:
    """Knows which versions there are, and so what ``5.3+`` means."""

    def __init__(self, versions: Sequence[str]) -> None:
        self.versions = versions

    def catalogue(self, told: Mapping[str, Any]) -> Catalogue:
        """The whole document."""
        return Catalogue(
            values=tuple(self._members(told.get("functions", {}))),
            tables={name: self._table(name, each) for name, each in _part(told, "tables")},
            types={name: self._table(name, each) for name, each in _part(told, "types")},
            modules={name: self._table(name, each) for name, each in _part(told, "modules")},
            keywords=tuple(
                Keyword(name, about["doc"], self._versions(about))
                for name, each in _part(told, "keywords")
                for about in [_about(each)]
            ),
        )

    def _table(self, name: str, told: Mapping[str, Any]) -> Table:
        call = told.get("call")
        return Table(
            name=name,
            doc=told["doc"],
            members=tuple(self._members(told.get("members", {}))),
            versions=self._versions(told),
            call=self.member(call, told) if call else None,  # type: ignore[arg-type]
            is_open=told.get("open", False),
        )

    def _members(self, told: Mapping[str, Any]) -> Iterator[Member]:
        return (self.member(signature, _about(each)) for signature, each in told.items())

    def member(self, signature: str, about: Mapping[str, Any]) -> Member:
        """The function or field that a signature describes."""
        head = _HEAD.match(signature)
        if head is None:
            raise ValueError(f"{signature!r} is no signature")
        colon, name, optional, mark = head.groups()
        said = {
            "doc": about["doc"],
            "versions": self._versions(about),
            "alias_of": about.get("alias", ""),
            "deprecated": about.get("deprecated", ""),
        }
        rest = signature[head.end() :]
        if mark != "(":
            return Field(name, rest.strip() or "any", is_optional=bool(optional), **said)
        inside, behind = _until_closed(rest)
        meanings = about.get("about", {})
        return Function(
            name,
            parameters=tuple(_parameter(each, meanings) for each in _split(inside)),
            returns=tuple(_split(behind.lstrip().removeprefix(":"))),
            is_method=bool(colon),
            **said,
        )

    def _versions(self, about: Mapping[str, Any]) -> frozenset[str]:
        named: set[str] = set()
        for word in about.get("in", "").split():
            if word.endswith("+"):
                named |= {*self.versions[self.versions.index(word[:-1]) :]} - self._jits()
            else:
                named |= self._jits() if word == "jit" else {word}
        return frozenset(named)

    def _jits(self) -> set[str]:
        """The versions beside the line of versions that ``+`` means."""
        return {name for name in self.versions if not name[0].isdecimal()}


def _part(told: Mapping[str, Any], name: str) -> Iterator[tuple[str, Any]]:
    return iter(told.get(name, {}).items())


def _about(told: str | Mapping[str, Any]) -> Mapping[str, Any]:
    return {"doc": told} if isinstance(told, str) else told


def _parameter(text: str, meanings: Mapping[str, str]) -> Parameter:
    name, _, type_ = (part.strip() for part in text.partition(":"))
    bare = name.removesuffix("?")
    return Parameter(bare, type_ or "any", name.endswith("?"), meanings.get(bare, ""))


def _until_closed(text: str) -> tuple[str, str]:
    """What stands before the parenthesis that closes one opened before, and what behind it."""
    depth = 1
    for index, character in enumerate(text):
        depth += (character in "({<") - (character in ")}>")
        if depth == 0:
            return text[:index], text[index + 1 :]
    raise ValueError(f"no ) closes {text!r}")


def _split(text: str) -> list[str]:
    """The parts between commas that stand in no parentheses."""
    parts, depth, start = [], 0, 0
    for index, character in enumerate(text):
        depth += (character in "({<") - (character in ")}>")
        if character == "," and depth == 0:
            parts.append(text[start:index])
            start = index + 1
    return [part.strip() for part in (*parts, text[start:]) if part.strip()]
