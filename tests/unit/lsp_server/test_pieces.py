"""An analysis that takes over pieces of an earlier one says what a fresh one says."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

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


def told(document: Document) -> Any:
    """Everything that an analysis says, as plain data."""
    analysis = document.analysis
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
                [_name(use) for use in each.references],
                each.value and (each.value.type, each.value.start_byte),
                each.function.start,
            )
            for each in analysis.declarations
        ],
        "globals": {name: [each.start for each in uses] for name, uses in analysis.globals.items()},
        "functions": [
            (each.start, each.end, each.name, each.node.type, each.parent and each.parent.start)
            for each in analysis.functions
        ],
        "visible": [
            [_place(each) for each in analysis.visible_at(offset)]
            for offset in range(0, len(document.raw), 7)
        ],
    }


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
