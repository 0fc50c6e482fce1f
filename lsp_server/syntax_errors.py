"""Where in a text a compiler's complaint is."""

from __future__ import annotations

import re

from tree_sitter import Node

from lsp_server.compiler import SyntaxProblem
from lsp_server.document import Document
from lsp_server.rules.registry import Finding

_ELSEWHERE = re.compile(r"(?:goto>?|loop|label '.*') at line (\d+)")
"""Messages about something that lies before the token that the compiler had come to."""
_LABEL = re.compile(r"label '(.*?)'")
_OPENED = re.compile(r"\(to close (.+) at line (\d+)\)")


def place_problem(document: Document, problem: SyntaxProblem) -> Finding:
    """The complaint, at the token it names, or at its line."""
    elsewhere = _ELSEWHERE.search(problem.message)
    opened = _OPENED.search(problem.message)
    related: tuple[tuple[int, int, str], ...] = ()
    if opened:
        related = ((*_line(document, int(opened[2])), f"{opened[1]} was opened here."),)
    if elsewhere:
        start, end = _line(document, int(elsewhere[1]))
        start, end = _word(document, _LABEL.search(problem.message), start, end)
    else:
        start, end = _token(document, problem)
    return Finding(start, end, problem.message, related=related)


def _token(document: Document, problem: SyntaxProblem) -> tuple[int, int]:
    if problem.near == "":
        end = len(document.raw.rstrip())
        return max(0, end - 1), end
    start, end = _line(document, problem.line)
    if not problem.near:
        return _word(document, _LABEL.search(problem.message), start, end)
    near = problem.near.encode("utf-8")
    places = [start + match.start() for match in _occurrences(near, document.raw[start:end])]
    if not places:
        return start, end
    error = _first_error(document.root, start, end)
    best = places[-1] if error is None else min(places, key=lambda place: abs(place - error))
    return best, best + len(near)


def _word(document: Document, named: re.Match[str] | None, start: int, end: int) -> tuple[int, int]:
    """The name that a message is about, if it is on the line."""
    name = b"" if named is None else named[1].encode("utf-8")
    places = list(_occurrences(name, document.raw[start:end])) if name else []
    return (start + places[0].start(), start + places[0].end()) if places else (start, end)


def _occurrences(near: bytes, line: bytes) -> list[re.Match[bytes]]:
    word = re.escape(near)
    if near[:1].isalnum() or near[:1] == b"_":
        word = rb"(?<![\w])" + word + rb"(?![\w])"
    return list(re.finditer(word, line))


def _line(document: Document, number: int) -> tuple[int, int]:
    """A line as Lua counts, without the space around what is on it."""
    starts = document.source.line_starts
    start = starts[min(number, len(starts)) - 1]
    text = document.source.line_bytes(min(number, len(starts)))
    indent = len(text) - len(text.lstrip())
    return start + indent, start + max(indent, len(text.rstrip()))


def _first_error(root: Node, start: int, end: int) -> int | None:
    """Where the parser stumbled on a line; only subtrees with errors are looked at."""
    left = [root]
    while left:
        node = left.pop()
        if node.is_error or node.is_missing:
            if start <= node.start_byte <= end:
                return node.start_byte
        elif not node.has_error or node.end_byte < start or node.start_byte > end:
            continue
        left.extend(reversed(node.children))
    return None
