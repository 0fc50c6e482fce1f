"""Live values: what the stopped program has, in hovers and completions."""

import asyncio
from functools import partial

import pytest
from lsprotocol import types

from lsp_server.live_values import COMPLETIONS, CONTINUED, EVALUATE, STOPPED
from tests.support.cursor import item, labels, put, shown
from tests.support.editor import Editor

TEXT = (
    "local total = 1\nlocal function f(a)\n  local b = { x = 1 }\n  return a + b.x\nend\nf(total)\n"
)


class Debugging(Editor):
    """An editor with a debug session: ``values`` is what the program has."""

    def __init__(self, folder) -> None:
        super().__init__(folder)
        self.values: dict[str, tuple[str, str] | None] = {}
        self.members: list[dict[str, str]] | None = []
        self.asked: list[tuple[str, object]] = []
        self.is_slow = False
        self.client.feature(EVALUATE)(partial(Debugging._evaluate, self))
        self.client.feature(COMPLETIONS)(partial(Debugging._complete, self))

    def stop(self, line: int, name: str = "a.lua") -> None:
        """The program stops on a line."""
        self.tell(STOPPED, {"uri": self.uri(name), "line": line})

    def go_on(self) -> None:
        """The program goes on."""
        self.tell(CONTINUED, {"uri": self.uri("a.lua"), "line": 0})

    async def _evaluate(self, params):
        self.asked.append((params.expression, params.line))
        if self.is_slow:
            await asyncio.Event().wait()
        found = self.values.get(params.expression)
        return None if found is None else {"result": found[0], "type": found[1]}

    async def _complete(self, params):
        self.asked.append((params.text, params.column))
        return self.members


@pytest.fixture
def session(tmp_path):
    """An editor that has said that it answers."""
    editor = Debugging(tmp_path)
    editor.start_memory()
    editor.initialize(experimental={"llmspell": {"liveValues": True}})
    yield editor
    editor.close()


def test_hover_shows_the_value_first(session):
    """The value now, then what the name is."""
    session.values["total"] = ("42", "number")
    marked = TEXT.replace("f(total)", "f(tot¦al)")
    put(session, marked)
    session.stop(5)
    assert "```lua\ntotal = 42  -- number\n```\n\n---\n\n```lua\nlocal total = 1\n```" == shown(
        session, marked
    )
    session.go_on()
    assert "```lua\nlocal total = 1\n```" == shown(session, marked)


def test_fields_are_asked_as_they_are_written(session):
    """A chain of names is evaluated whole, up to the name that the mouse is on."""
    session.values |= {"b.x": ("7", "number")}
    session.stop(3)
    assert "b.x = 7" in shown(session, TEXT.replace("a + b.x", "a + b.¦x"))
    assert [("b.x", 3)] == session.asked


@pytest.mark.parametrize(
    "marked",
    [
        TEXT.replace("a + b.x", "¦a + b.x"),  # another function's parameter
        TEXT + "f(1).¦y = 2",  # would call
        TEXT + "t[f()].¦y = 2",  # would call
        TEXT + "local t = { ¦y = 2 }",  # is a key
        TEXT + "goto ¦on ::on::",
    ],
)
def test_what_is_not_asked(session, marked):
    """Nothing that would run code, and no variable that the stopped function does not see."""
    session.stop(5)
    shown(session, marked)
    assert [] == session.asked


def test_completion_marks_items_with_values(session):
    """What is known is marked with its value, and what only the program knows is added."""
    session.members = [
        {"label": "x", "type": "field", "detail": "7"},
        {"label": "made", "type": "field", "detail": "'late'"},
    ]
    marked = TEXT.replace("a + b.x", "a + b.¦")
    put(session, marked)
    session.stop(3)
    assert ["made", "x"] == labels(session, marked)
    assert [("b.", 2), ("b.", 2)] == [*session.asked, session.asked[0]]
    assert "= 7" == item(session, marked, "x").detail
    assert "7" == item(session, marked, "x").label_details.description


def test_names_are_completed_from_the_program(session):
    """Globals that another file made are offered while the program stands."""
    session.members = [
        {"label": "made_elsewhere", "type": "variable", "detail": "1"},
        {"label": "while", "type": "keyword", "detail": ""},
    ]
    marked = TEXT + "ma¦"
    put(session, marked)
    session.stop(5)
    found = labels(session, marked)
    assert "made_elsewhere" in found
    assert 1 == found.count("while")
    assert ("ma", 2) == session.asked[0]


def test_other_files_are_not_asked_about(session):
    """The program stands in one file."""
    session.stop(5, "other.lua")
    shown(session, TEXT.replace("f(total)", "f(tot¦al)"))
    assert [] == session.asked


def test_nobody_waits_for_a_client_that_does_not_answer(session):
    """After a moment the answer comes without the value."""
    session.is_slow = True
    session.stop(5)
    assert "local total = 1" in shown(session, TEXT.replace("f(total)", "f(tot¦al)"))


@pytest.mark.parametrize(
    "members", [None, [], [{"detail": "x"}], [{"label": 3}], {"label": "x"}, "x", [1]]
)
def test_odd_answers_count_for_nothing(session, members):
    """A client that answers something else gets what there is without it."""
    session.members = members
    session.stop(3)
    assert ["x"] == labels(session, TEXT.replace("a + b.x", "a + b.¦"))


@pytest.mark.parametrize("told", [None, {}, {"uri": 1}, {"uri": "x", "line": -1}, []])
def test_odd_notifications_count_for_nothing(session, told):
    """What makes no sense changes nothing."""
    session.stop(5)
    session.tell(STOPPED, told)
    session.values["total"] = ("1", "")
    assert "total = 1\n" in shown(session, TEXT.replace("f(total)", "f(tot¦al)"))


def test_clients_that_have_not_said_so_are_not_asked(tmp_path):
    """The requests are ours, so only who knows them gets them."""
    editor = Debugging(tmp_path)
    editor.start_memory()
    editor.initialize(experimental={"other": True})
    editor.stop(5)
    assert "local total = 1" in shown(editor, TEXT.replace("f(total)", "f(tot¦al)"))
    assert [] == editor.asked
    editor.close()


def test_the_capability_is_not_needed(tmp_path):
    """A client without experimental capabilities is a client, too."""
    editor = Debugging(tmp_path)
    editor.start_memory()
    editor.initialize()
    assert types.TextDocumentSyncKind.Incremental == editor.capabilities.text_document_sync.change
    editor.close()
