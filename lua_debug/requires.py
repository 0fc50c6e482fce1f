"""What a script would load, read off its text: ``require``, ``dofile`` and ``loadfile`` by name."""

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_STRING = rb"""(?:"([^"\n]*)"|'([^'\n]*)'|\[\[([^\]\n]*)\]\])"""
_CALL = re.compile(rb"\b(require|dofile|loadfile)\s*\(?\s*" + _STRING + rb"(?!\s*\.\.)")
_UNSEEN = re.compile(
    rb"""\b(?:require|dofile|loadfile|load|loadstring)\s*\(?\s*(?:"""
    + _STRING
    + rb"""\s*\.\.|(?<=[(\s])(?!["'\[)=,])[\w(])"""
)
"""A call whose argument is no plain string."""

DEFAULT_TEMPLATES = ("./?.lua", "./?/init.lua")


@dataclass(frozen=True, slots=True)
class Loading:
    """A place that loads a file: ``how`` is the call as it reads."""

    by: str
    line: int
    how: str
    path: str


@dataclass(frozen=True, slots=True)
class Loaded:
    """All files a script would load; ``is_complete`` is False where names are computed."""

    loadings: dict[str, Loading]
    is_complete: bool


def files_loaded_by(program: str, templates: Sequence[str] = DEFAULT_TEMPLATES) -> Loaded:
    """Follow the calls with literal names from ``program`` on, in the folder of this process.

    Keys are real paths; what was loaded first counts. Files that are not there are left out.
    """
    found: dict[str, Loading] = {}
    waiting, is_complete = [os.path.realpath(program)], True
    seen = set(waiting)
    while waiting:
        path = waiting.pop()
        try:
            with open(path, "rb") as file:
                text = file.read()
        except OSError:
            continue
        is_complete = is_complete and not _UNSEEN.search(text)
        for loading in _loadings(path, text, templates):
            if loading.path not in seen:
                seen.add(loading.path)
                found[loading.path] = loading
                waiting.append(loading.path)
    return Loaded(found, is_complete)


def _loadings(by: str, text: bytes, templates: Sequence[str]) -> Iterator[Loading]:
    for match in _CALL.finditer(text):
        function = match[1].decode()
        name = os.fsdecode(match[2] or match[3] or match[4] or b"")
        line = text.count(b"\n", 0, match.start()) + 1
        path = _searched(name, templates) if function == "require" else name
        if path and os.path.isfile(path):
            yield Loading(by, line, f'{function} "{name}"', os.path.realpath(path))


def _searched(name: str, templates: Sequence[str]) -> str | None:
    candidates = (each.replace("?", name.replace(".", os.sep)) for each in templates)
    return next((each for each in candidates if os.path.isfile(each)), None)
