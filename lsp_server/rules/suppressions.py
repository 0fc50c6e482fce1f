"""Comments that turn rules off, as the Lua language server spells them.

``---@diagnostic disable: unused-local`` holds until an ``enable``, ``disable-next-line`` and
``disable-line`` for a line; without names all rules are meant.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from lsp_server.document import Document
from lsp_server.rules.registry import Rule

_COMMENT = re.compile(
    rb"---[ \t]*@diagnostic[ \t]+(disable-next-line|disable-line|disable|enable)\b"
    rb"[ \t]*(?::([^\r\n]*))?"
)


@dataclass(slots=True)
class Suppressions:
    """Which rules are off on which lines (from 0)."""

    _lines: dict[int, set[str]] = field(default_factory=dict)
    _switches: list[tuple[int, bool, frozenset[str]]] = field(default_factory=list)

    def cover(self, rule: Rule, line: int) -> bool:
        """Whether a comment turns a rule off on a line."""
        names = {rule.name, *rule.also, ""}
        if names & self._lines.get(line, set()):
            return True
        is_off = False
        for since, off, meant in self._switches:
            if since > line:
                break
            if names & meant:
                is_off = off
        return is_off


def suppressions_of(document: Document) -> Suppressions:
    """What the comments of a document say. ``""`` stands for all rules."""
    found = Suppressions()
    if b"@diagnostic" not in document.raw:
        return found
    for match in _COMMENT.finditer(document.raw):
        if not _is_comment(document, match.start()):
            continue
        line = document.position(match.start()).line
        listed = (match[2] or b"").decode("utf-8", "replace")
        names = frozenset(each for each in re.split(r"[\s,]+", listed) if each) or frozenset({""})
        match match[1]:
            case b"disable-next-line":
                found._lines.setdefault(line + 1, set()).update(names)
            case b"disable-line":
                found._lines.setdefault(line, set()).update(names)
            case how:
                found._switches.append((line, how == b"disable", names))
    return found


def _is_comment(document: Document, offset: int) -> bool:
    node = document.root.descendant_for_byte_range(offset, offset + 1)
    around = None if node is None else node.parent
    return any(each is not None and each.type == "comment" for each in (node, around))
