"""An analysis that takes over pieces of an earlier one says what a fresh one says."""

from typing import Any
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from lsp_server.analysis import statements
from lsp_server.analysis.analysis import Analysis
from lsp_server.analysis.linker import analyse
from lsp_server.analysis.model import Declaration, Name, Owner
from lsp_server.document import Document

STATEMENTS = st.sampled_from(
    [
        "local a = 1",
        "local b = a",
        "local a, b <const> = b, a",
        "a = b",
        "b.x = a.y",
        "local T = {}",
        "T.f = function(a) return a.x, b end",
        "function T:m(a) self.n = a; return self.n, b end",
        "local o = setmetatable({ k = 1 }, T)",
        "o.k = o.n",
        "function g(a) local b = a; return function() return a + b + c end end",
        "local function h() return h, a end",
        "for a = 1, b do local c = a end",
        "for k, v in pairs(T) do a = v; goto l end",
        "repeat local a = b until a",
        "::l::",
        "::m::",
        "goto m",
        "do goto m end",
        "do local a = 2; ::n:: goto n end",
        "global a",
        "global function g() return T.f end",
        "-- comment",
        "do local _ENV = {}; c = a end",
        "local _ENV = { print = print }",
        "if a then local b = 1 else b = 2 end",
    ]
)

EDITS = st.lists(
    st.tuples(st.integers(0, 12), st.integers(0, 2), st.lists(STATEMENTS, max_size=3)), max_size=6
)


OPENED = STATEMENTS | st.sampled_from(
    [
        "if a then",
        "elseif b then",
        "else",
        "function g(a, b)",
        "function T:m(a)",
        "function T.u:m(a)",
        "local function h(b)",
        "T.f = function(self)",
        "b(function(T) a = T.x end, function(a)",
        "for a = 1, b do",
        "for k, v in pairs(T) do",
        "while a do",
        "do",
        "repeat",
        "until a",
        "end",
        "end, a)",
        "self.k = a",
        "goto l",
        "a = 'b",
        "a = (b",
        "b = { k = 1",
    ]
)


def told(document: Document) -> Any:
    """Everything that an analysis says, as plain data."""
    return told_by(document.analysis, len(document.raw))


def told_by(analysis: Analysis, length: int) -> Any:
    """The same, of a text so long."""
    return {
        "names": [(*_name(each), each.is_upvalue) for each in analysis.names],
        "fields": [
            (each.start, each.name, each.access, _owner(each.owner), each.path, each.node.type)
            for each in analysis.fields
        ],
        "values": [each.value and each.value.start_byte for each in analysis.fields],
        "declarations": [
            (
                *_place(each),
                each.visible_from,
                _place(each.shadows),
                [_name(use) for use in sorted(each.references, key=_order)],
                each.value and (each.value.type, each.value.start_byte),
                each.function.start,
            )
            for each in sorted(analysis.declarations, key=_order)
        ],
        "globals": {name: [each.start for each in uses] for name, uses in analysis.globals.items()},
        "functions": [
            (each.start, each.end, each.name, each.node.type, each.parent and each.parent.start)
            for each in analysis.functions
        ],
        "visible": [
            [_place(each) for each in analysis.visible_at(offset)] for offset in range(0, length, 7)
        ],
    }


def _order(one: Name | Declaration) -> tuple[int, str]:
    return one.start, one.name


def _name(name: Name) -> tuple[Any, ...]:
    env = name.env and name.env.start
    return (name.start, name.end, name.name, name.access, _place(name.declaration), env)


def _place(declaration: Declaration | None) -> tuple[int, str] | tuple[()]:
    return () if declaration is None else (declaration.start, declaration.name)


def _owner(owner: Owner | None) -> object:
    return _place(owner) if isinstance(owner, Declaration) else owner


@settings(max_examples=100, deadline=None)
@given(start=st.lists(STATEMENTS, max_size=12), edits=EDITS)
def test_taking_over_changes_nothing(start: list[str], edits: list[Any]) -> None:
    """After any edits an analysis is what it would be, had the text been opened like this."""
    lines = start
    document = Document("file:///a.lua", "\n".join(lines).encode(), "5.5")
    document.analysis  # noqa: B018 - the next versions take it over
    for place, removed, new in edits:
        lines = [*lines[:place], *new, *lines[place + removed :]]
        raw = "\n".join(lines).encode()
        after = document.patched(raw)
        after._earlier = document._analysis
        document = after
        assert told(Document(document.uri, raw, "5.5")) == told(document)


@settings(max_examples=300, deadline=None)
@given(
    start=st.lists(OPENED, max_size=12),
    edits=st.lists(
        st.tuples(st.integers(0, 12), st.integers(0, 2), st.lists(OPENED, max_size=3)), max_size=6
    ),
)
def test_taking_bodies_apart_changes_nothing(start: list[str], edits: list[Any]) -> None:
    """Statements of bodies that are pieces say what they say as a part of a whole statement."""
    lines = start
    document = Document("file:///a.lua", "\n".join(lines).encode(), "5.4")
    with patch.object(statements, "LONG", 10):
        document.analysis  # noqa: B018 - the next versions take it over
    for place, removed, new in edits:
        lines = [*lines[:place], *new, *lines[place + removed :]]
        after = document.patched("\n".join(lines).encode())
        after._earlier = document._analysis
        document = after
        with patch.object(statements, "LONG", 10):
            apart = told(document)
        assert told_by(analyse(document.root, document.raw), len(document.raw)) == apart


def test_an_older_version_can_be_asked_again() -> None:
    """What a newer version has taken over is made anew."""
    older = Document("file:///a.lua", b"local a = 1\nprint(a)\n", "5.4")
    before = told(older)
    newer = older.edited([], 2)
    assert before == told(newer)
    assert not older.has_analysis
    assert before == told(older)
    assert before == told(newer)


def test_steps_that_others_overtake() -> None:
    """An analysis made bit by bit is given up when somebody has made it meanwhile."""
    text = b"".join(b"local a%d = %d\n" % (number, number) for number in range(3000))
    document = Document("file:///a.lua", text, "5.4")
    steps = document.analysing()
    next(steps)
    assert 3000 == len(document.analysis.declarations)
    assert [] == list(steps)
    newer = document.edited([], 2)
    steps = newer.edited([], 3).analysing()
    assert 3000 == len(newer.analysis.declarations)
    assert [] == list(steps)
