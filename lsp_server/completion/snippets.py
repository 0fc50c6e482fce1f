"""Snippets: whole statements, and statements made of the expression before the cursor."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lsp_server.completion.candidates import Candidate, Kind, saying
from lsp_server.cursor.place import Cursor

STATEMENTS = {
    "function": ("function … end", "function ${1:name}(${2})\n\t$0\nend"),
    "local function": ("local function … end", "local function ${1:name}(${2})\n\t$0\nend"),
    "if": ("if … then … end", "if ${1:condition} then\n\t$0\nend"),
    "if else": (
        "if … then … else … end",
        "if ${1:condition} then\n\t${2}\nelse\n\t$0\nend",
    ),
    "for": ("for i = 1, n do … end", "for ${1:i} = ${2:1}, ${3:n} do\n\t$0\nend"),
    "for pairs": (
        "for k, v in pairs(t) do … end",
        "for ${1:k}, ${2:v} in pairs(${3:t}) do\n\t$0\nend",
    ),
    "for ipairs": (
        "for i, v in ipairs(t) do … end",
        "for ${1:i}, ${2:v} in ipairs(${3:t}) do\n\t$0\nend",
    ),
    "while": ("while … do … end", "while ${1:condition} do\n\t$0\nend"),
    "repeat": ("repeat … until …", "repeat\n\t$0\nuntil ${1:condition}"),
}
"""By what one types: what it is, and what it becomes."""

POSTFIXES = {
    "if": "if {} then\n\t$0\nend",
    "ifnot": "if not {} then\n\t$0\nend",
    "pairs": "for ${{1:k}}, ${{2:v}} in pairs({}) do\n\t$0\nend",
    "ipairs": "for ${{1:i}}, ${{2:v}} in ipairs({}) do\n\t$0\nend",
    "print": "print({})$0",
    "return": "return {}$0",
    "local": "local ${{1:name}} = {}$0",
}
"""By what is typed behind a dot: what the statement becomes, ``{}`` being the expression."""


def statements() -> Iterator[Candidate]:
    """Whole statements."""
    for name, (detail, body) in STATEMENTS.items():
        yield Candidate(
            name,
            Kind.Snippet,
            saying(detail),
            saying(f"```lua\n{plain(body)}\n```"),
            rank=6,
            insert=body,
            is_snippet=True,
        )


def postfixes(cursor: Cursor) -> Iterator[Candidate]:
    """The expression before the dot as part of a statement; it has to stand on this line."""
    chain, document = cursor.typed.chain, cursor.document
    if chain is None or cursor.typed.separator != ".":
        return
    end = cursor.typed.start - 1
    expression = document.text(chain.start, end).rstrip()
    if not expression or "\n" in document.text(chain.start, cursor.offset):
        return
    escaped = expression.replace("\\", "\\\\").replace("$", "\\$").replace("}", "\\}")
    for name, body in POSTFIXES.items():
        yield Candidate(
            name,
            Kind.Snippet,
            saying(plain(body.format(expression)).replace("\n\t", " ").replace("\n", " ")),
            rank=7,
            insert=body.format(escaped),
            is_snippet=True,
            start=chain.start,
        )


def plain(body: str) -> str:
    """A snippet without its marks."""
    return re.sub(r"\$\{\d+:?([^}]*)\}|\$\d", r"\1", body)
