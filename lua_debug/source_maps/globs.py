"""Globs of chunk names, and the files that stand for what matches them."""

import os
import re
from collections.abc import Sequence
from functools import lru_cache

_STARS = r"\*\*/|\*+"


def file_for(raw: str, globs: Sequence[tuple[str, str]], folder: str) -> str | None:
    """The file that the first matching glob names for a chunk's raw source; None if none matches.

    A glob that begins with ``=`` or ``@`` is about the name as the host gave it, every other about
    a name of the host's choice or the file's path, which a relative glob has below ``folder``. A
    ``*`` stands for any text, ``**/`` for folders or nothing, in the file's name for the same as in
    the glob.
    """
    for glob, file in globs if raw.startswith(("=", "@")) else ():
        found = _match(raw, glob, folder)
        if found is not None:
            return os.path.normpath(os.path.join(folder, _filled(file, found)))
    return None


def _match(raw: str, glob: str, folder: str) -> Sequence[str] | None:
    text = os.fsdecode(raw.encode("latin-1"))
    if glob.startswith(("=", "@")):
        name, wanted = text, glob
    elif raw.startswith("="):
        name, wanted = text[1:], glob
    else:
        name = os.path.abspath(text[1:])
        wanted = os.path.join(folder, glob)
    found = _pattern(wanted).fullmatch(name)
    return None if found is None else found.groups()


@lru_cache
def _pattern(glob: str) -> re.Pattern[str]:
    pieces = re.split(rf"({_STARS}|\?)", glob)
    return re.compile("".join(map(_expression, pieces)), re.DOTALL)


def _expression(piece: str) -> str:
    if piece.startswith("*"):
        return "((?:.*/)?)" if piece == "**/" else "(.*)"
    return "." if piece == "?" else re.escape(piece)


def _filled(file: str, found: Sequence[str]) -> str:
    left = iter(found)
    return re.sub(_STARS, lambda _: next(left, ""), file)
