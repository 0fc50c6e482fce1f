"""Whatever the text, and wherever the cursor: there is an answer and no bug."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lsprotocol import types

from llmspell.wiring import LuaCatalogues
from lsp_server.document import Document
from lsp_server.documents import Documents
from lsp_server.insight import Insight
from lsp_server.library import Library
from lsp_server.rules import RULES
from lsp_server.rules.registry import Context
from lsp_server.settings import Settings
from lua_debug.checker import SyntaxChecker
from tests.support.editor import editing

PIECES = [
    *("local", "function", "end", "if", "then", "for", "in", "do", "return", "goto", "::", "..."),
    *("x", "y", "self", "setmetatable", "require", "ipairs", "string", "Agent", "builder", "foo"),
    *(".", ":", ",", ";", "=", "(", ")", "{", "}", "[", "]", "..", "+", "#", "not", "and", "or"),
    *("'a'", '"', "'", "[[", "]]", "--", "--[[", "\n", " ", "1", "1.", "0x", "ü", "𝄞", "\\", "\r"),
    *("---@type x\n", "---@class x\n", "---@field x x[]\n", "---@param x x|y\n", "---@return x\n"),
    *("x.", "x:", "f(", "('x'):", "x.y = {", "__index", "setmetatable({}, x)", "\0", "<const>"),
]

TEXTS = st.lists(st.sampled_from(PIECES), max_size=40).map(" ".join) | st.lists(
    st.sampled_from(PIECES) | st.text(max_size=5), max_size=40
).map("".join)


@pytest.fixture(scope="module")
def editor(tmp_path_factory):
    """One editor for all texts, with the API in the catalogue."""
    folder = tmp_path_factory.mktemp("workspace")
    (folder / "x.lua").write_text("local x = require('x')\nx.y = x\nreturn x")
    with editing(folder, {"scriptApi": {"later": True}}) as made:
        yield made


@pytest.fixture(scope="module")
def insight():
    """What rules ask, with the API in the catalogue."""
    chosen = Settings(has_later_api=True)
    return Insight(LuaCatalogues(), Documents(lambda _: "5.4"), lambda _: chosen, list)


@settings(max_examples=300, deadline=None)
@given(TEXTS)
def test_rules_of_misuse_take_any_text(insight, text):
    """No text makes a rule fail, also one that its parser only half understood."""
    document = Document("untitled:a", text.encode("utf-8", "replace"), "5.4")
    inference = insight.inference(document)
    library = Library(SyntaxChecker(), "5.4")
    context = Context(Settings(), library, inference)
    for rule in ("unknown-member", "wrong-argument"):
        for found in RULES[rule].check(document, context):
            assert 0 <= found.start <= found.end <= len(document.raw)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(TEXTS, st.data())
def test_any_place_of_any_text_is_answered(editor, text, data):
    """Completion, hover and signature help never fail, at no place of no text."""
    editor.open("a.lua", text)
    lines = text.split("\n")
    line = data.draw(st.integers(0, len(lines)))
    column = data.draw(st.integers(0, len(lines[line]) + 1 if line < len(lines) else 3))
    where = {
        "text_document": editor.identifier("a.lua"),
        "position": types.Position(line, column),
    }
    found = editor.ask(types.TEXT_DOCUMENT_COMPLETION, types.CompletionParams(**where))
    for each in found.items[:3]:
        editor.ask(types.COMPLETION_ITEM_RESOLVE, each)
    editor.ask(types.TEXT_DOCUMENT_HOVER, types.HoverParams(**where))
    editor.ask(types.TEXT_DOCUMENT_SIGNATURE_HELP, types.SignatureHelpParams(**where))
