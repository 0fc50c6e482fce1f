"""Where in a text a compiler's complaint is."""

from __future__ import annotations

import re

from tree_sitter import Node

from lsp_server.analysis.model import Access
from lsp_server.compiler import SyntaxProblem
from lsp_server.document import Document
from lsp_server.documents import is_huge
from lsp_server.rules.registry import Finding

_ELSEWHERE = re.compile(r"(?:<?goto\b.*?|<break>|loop|label '.*') at line (\d+)")
"""Messages about something that lies before the token that the compiler had come to."""
_OPENED = re.compile(r"\(to close (.+) at line (\d+)\)")
_VARIABLE = re.compile(r"(const )?variable '(.*?)'")
_BYTE = re.compile(r"<\\\d+>|char\(\d+\)|\ufffd")
"""How compilers write a byte that begins no token; Lua 5.1 writes the byte itself."""
_LONG = re.compile(rb"[\xc0-\xff][\x80-\xbf]*")

_SPELLED = (
    (re.compile(r"unknown attribute '(?P<name>.*?)'"), rb"<\s*(%s)\s*>"),
    (re.compile(r"label '(?P<name>.*?)' already|duplicate label '(?P<same>.*?)'"), rb"::\s*(%s)"),
    (re.compile(r"label '(?P<name>.*?)'|<goto (?P<same>\w.*?)>"), rb"goto\s+(%s)(?!\w)"),
    (re.compile(r"(?P<name>break)"), rb"(?<!\w)(%s)(?!\w)"),
)
"""Messages that name something without the token before which the compiler stopped, and how that
stands in a text."""

Place = tuple[int, int]


def place_problem(document: Document, problem: SyntaxProblem) -> Finding:
    """The complaint, at the token it names, or at its line."""
    opened = _OPENED.search(problem.message)
    related: tuple[tuple[int, int, str], ...] = ()
    if opened:
        related = ((*_line(document, int(opened[2])), f"{opened[1]} was opened here."),)
    start, end = _place(document, problem)
    return Finding(start, end, problem.message, related=related)


def _place(document: Document, problem: SyntaxProblem) -> Place:
    elsewhere = _ELSEWHERE.search(problem.message)
    line = _line(document, int(elsewhere[1]) if elsewhere else problem.line)
    if elsewhere or problem.near is None:
        named = _variables(document, problem.message) or _spelled(document, problem.message, line)
        return _first_on(line, named) or line
    if problem.near == "":
        end = len(document.raw.rstrip())
        return max(0, end - 1), end
    return _token(document, problem.near, line) or line


# --- tokens that the compiler had come to -------------------------------------------------------


def _token(document: Document, named: str, line: Place) -> Place | None:
    start, end = line
    near = named.encode("utf-8")
    if _BYTE.fullmatch(named):
        return _character(document, line)
    places = [start + match.start() for match in _occurrences(near, document.raw[start:end])]
    if not places:
        return None
    error = _first_error(document, start, end)
    best = places[-1] if error is None else min(places, key=lambda place: abs(place - error))
    return best, best + len(near)


def _character(document: Document, line: Place) -> Place | None:
    """The character of several bytes, of which compilers take the first for a token."""
    error = _first_error(document, *line)
    found = _LONG.search(document.raw, line[0] if error is None else error, line[1])
    return None if found is None else found.span()


def _occurrences(near: bytes, line: bytes) -> list[re.Match[bytes]]:
    word = re.escape(near)
    if near[:1].isalnum() or near[:1] == b"_":
        word = rb"(?<![\w])" + word + rb"(?![\w])"
    return list(re.finditer(word, line))


# --- what is named without one ------------------------------------------------------------------


def _variables(document: Document, message: str) -> list[Place]:
    """Where a variable is used in the way that a message forbids."""
    found = _VARIABLE.search(message)
    if found is None or is_huge(document):
        return []
    return [
        (each.start, each.end)
        for each in document.analysis.names
        if each.name == found[2] and (each.access is Access.WRITE if found[1] else each.is_global)
    ]


def _spelled(document: Document, message: str, line: Place) -> list[Place]:
    """Where the text has what a message names, as far as the end of a line."""
    for saying, spelling in _SPELLED:
        if found := saying.search(message):
            name = next(each for each in found.groups() if each).encode("utf-8")
            wanted = re.compile(spelling % re.escape(name))
            places = [match.span(1) for match in wanted.finditer(document.raw, 0, line[1])]
            # The second of two labels is the one too many.
            return places[-1:] if spelling.startswith(b"::") else places
    return []


def _first_on(line: Place, places: list[Place]) -> Place | None:
    """The first on a line, or else the last before it: compilers stop behind what they name."""
    on_line = [each for each in places if line[0] <= each[0] < line[1]]
    before = [each for each in places if each[0] < line[0]]
    return on_line[0] if on_line else before[-1] if before else None


# --- lines --------------------------------------------------------------------------------------


def _line(document: Document, number: int) -> Place:
    """A line as Lua counts, without the space around what is on it."""
    starts = document.source.line_starts
    start = starts[min(number, len(starts)) - 1]
    text = document.source.line_bytes(min(number, len(starts)))
    indent = len(text) - len(text.lstrip())
    return start + indent, start + max(indent, len(text.rstrip()))


def _first_error(document: Document, start: int, end: int) -> int | None:
    """Where the parser stumbled on a line; only subtrees with errors are looked at."""
    left: list[Node] = [] if is_huge(document) else [document.root]
    while left:
        node = left.pop()
        if node.is_error or node.is_missing:
            if start <= node.start_byte <= end:
                return node.start_byte
        elif not node.has_error or node.end_byte < start or node.start_byte > end:
            continue
        left.extend(reversed(node.children))
    return None
