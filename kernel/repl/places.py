"""Where a breakpoint shall be, as it is typed: ``FILE:LINE if COND hit 3 log TEXT``."""

import re
from dataclasses import dataclass

from kernel.execution.cell_files import SUFFIX
from kernel.repl.table import BadCommand

USAGE = (
    "break [FILE:]LINE or [FILE:]FUNCTION, then what you like of: if CONDITION, hit COUNT "
    "(3, >3, >=3, %3), log TEXT with {expressions}"
)

_WHERE = re.compile(r"(?:(?P<file>.+):)?(?P<line>\d+)")
_FUNCTION = re.compile(r"[A-Za-z_][\w]*(?:[.:][A-Za-z_]\w*)*")
_FUNCTION_OF = re.compile(
    rf"(?P<file>.+?{re.escape(SUFFIX)}|.*/[^:]+):(?P<function>{_FUNCTION.pattern})"
)
_CLAUSE = re.compile(r"(?:^|\s)(if|hit|log)\s+")
_HIT = re.compile(r"(?:==|>=|<=|>|<|%)?\s*\d+")


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a file (of the current one without ``file``), a function, or where we are.

    A function with a file is that of this file only.
    """

    file: str | None = None
    line: int | None = None
    function: str | None = None

    @property
    def is_here(self) -> bool:
        """Whether nothing was said."""
        return self.line is None and self.function is None


@dataclass(frozen=True, slots=True)
class Wanted:
    """A place, and on what terms."""

    place: Place
    condition: str | None = None
    hit: str | None = None
    log: str | None = None


def parse_place(text: str) -> Place:
    """Raises `BadCommand`."""
    text = text.strip()
    if not text:
        return Place()
    if found := _WHERE.fullmatch(text):
        return Place(found["file"], int(found["line"]))
    if found := _FUNCTION_OF.fullmatch(text):
        return Place(found["file"], function=found["function"])
    if _FUNCTION.fullmatch(text):
        return Place(function=text)
    raise BadCommand(
        f"{text!r} is no place: it is FILE:LINE, LINE, FILE:FUNCTION or a function's name."
    )


def parse_wanted(text: str) -> Wanted:
    """A place with its clauses; raises `BadCommand`.

    A log message takes the rest of the line; a condition ends before ``hit COUNT`` or ``log``.
    """
    place, clauses = _split(text.strip())
    hit = clauses.get("hit")
    if hit is not None and not _HIT.fullmatch(hit):
        raise BadCommand(f"{hit!r} is no count of hits: it is 3, ==3, >3, >=3, <3, <=3 or %3.")
    for word in ("if", "log"):
        if clauses.get(word) == "":
            raise BadCommand(f"Something has to stand behind {word!r}: {USAGE}")
    return Wanted(parse_place(place), clauses.get("if"), hit, clauses.get("log"))


def _split(text: str) -> tuple[str, dict[str, str]]:
    found: dict[str, str] = {}
    first = _CLAUSE.search(f"{text} ")
    if first is None:
        return text, found
    place, rest, word = text[: first.start()], f"{text} "[first.end() :], first[1]
    while True:
        following = _next_clause(word, rest)
        if following is None:
            found[word] = rest.strip()
            return place, found
        found[word] = rest[: following.start()].strip()
        word, rest = following[1], rest[following.end() :]


def _next_clause(word: str, rest: str) -> "re.Match[str] | None":
    if word == "log":
        return None
    wanted = {"if": ("hit", "log"), "hit": ("if", "log")}[word]
    for each in _CLAUSE.finditer(rest):
        if each[1] not in wanted:
            continue
        if each[1] == "hit" and not re.match(_HIT, rest[each.end() :]):
            continue
        return each
    return None
