"""No text, no edit and no message ends the server."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from kernel.transport.memory import memory_pair
from llmspell.wiring import LuaCatalogues
from lsp_server.serve import serve
from lsp_server.server import LuaLanguageServer
from lua_debug.checker import SyntaxChecker
from tests.support.editor import DEADLINE, Editor, editing

WORDS = st.sampled_from(
    ["local ", "function ", "end ", "if ", "then ", "a.b", ":", "::", "=", "(", ")", "{", "}", "[[",
     "]]", "--", "\n", "\r\n", "'", "goto ", "repeat ", "until ", "...", "é", "𝄞", "\0", "return ",
     "for i = ", "do ", "global ", "<const>", "require 'x'", "self", "---@diagnostic disable\n"]
)  # fmt: skip
TEXTS = st.lists(WORDS | st.text(max_size=5), max_size=30).map("".join)


@pytest.fixture(scope="module")
def editor(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """One editor for all garbage: the server has to bear it in a row."""
    with editing(tmp_path_factory.mktemp("garbage")) as made:
        made.open("a.lua", "")
        yield made


def ask_everything(editor: Editor, place: types.Position) -> None:
    """One of each request; all must be answered, refusals included."""
    document = editor.identifier("a.lua")
    whole = types.Range(types.Position(0, 0), types.Position(99, 0))
    context = types.InlineValueContext(1, whole)
    at: dict[str, Any] = {"text_document": document, "position": place}
    for method, params in (
        (types.TEXT_DOCUMENT_DEFINITION, types.DefinitionParams(**at)),
        (
            types.TEXT_DOCUMENT_REFERENCES,
            types.ReferenceParams(types.ReferenceContext(True), **at),
        ),
        (types.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT, types.DocumentHighlightParams(**at)),
        (types.TEXT_DOCUMENT_RENAME, types.RenameParams(new_name="z", **at)),
        (types.TEXT_DOCUMENT_DOCUMENT_SYMBOL, types.DocumentSymbolParams(document)),
        (types.TEXT_DOCUMENT_FOLDING_RANGE, types.FoldingRangeParams(document)),
        (types.TEXT_DOCUMENT_SELECTION_RANGE, types.SelectionRangeParams(document, [place])),
        (types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL, types.SemanticTokensParams(document)),
        (types.TEXT_DOCUMENT_CODE_LENS, types.CodeLensParams(document)),
        (types.TEXT_DOCUMENT_INLINE_VALUE, types.InlineValueParams(document, whole, context)),
        (types.TEXT_DOCUMENT_DIAGNOSTIC, types.DocumentDiagnosticParams(document)),
    ):
        refusal = editor.refusal_of(method, params)
        assert refusal is None or refusal.code == types.LSPErrorCodes.RequestFailed, refusal
    check_outline(
        editor.ask(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL, types.DocumentSymbolParams(document))
    )
    tokens = editor.ask(
        types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL, types.SemanticTokensParams(document)
    )
    check_tokens(list(tokens.data))


def check_outline(symbols: Sequence[types.DocumentSymbol]) -> None:
    """Names lie within their symbols, and symbols within those around them."""
    for each in symbols:
        assert within(each.selection_range, each.range)
        assert all(within(child.range, each.range) for child in each.children or [])
        check_outline(each.children or [])


def within(inner: types.Range, outer: types.Range) -> bool:
    """Whether a range lies in another."""
    return outer.start <= inner.start and inner.end <= outer.end


def check_tokens(data: list[int]) -> None:
    """Tokens are in order, and none begins before the last one ends."""
    end = 0
    for step, start, length, _, _ in zip(*[iter(data)] * 5, strict=True):
        assert length > 0
        assert step > 0 or start >= end
        end = length


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(text=TEXTS, edit=WORDS, line=st.integers(0, 9), column=st.integers(0, 30))
def test_any_text_is_answered(editor: Editor, text: str, edit: str, line: int, column: int) -> None:
    """Whatever is typed, every request about it is answered, and none by a bug."""
    place = types.Position(line, column)
    editor.change("a.lua", text)
    ask_everything(editor, place)
    editor.change("a.lua", edit, types.Range(place, types.Position(line, column + 2)))
    ask_everything(editor, place)


@pytest.mark.parametrize(
    "text",
    [
        "x = " + "(" * 20_000,
        "x = " + "{" * 20_000 + "}" * 20_000,
        "do " * 5_000 + "end " * 5_000,
        "x = a" + ".b" * 6_000,
        "x = 1" + " + 1" * 10_000,
        "local x = [==[" + "]" * 200_000,
        "local x = [" + "=" * 200_000,
        "[" * 200_000,
        "f" * 300_000,
        "local a = 1\n" * 2_000,
    ],
    ids=[
        "parentheses",
        "tables",
        "blocks",
        "chain",
        "sum",
        "string",
        "level",
        "brackets",
        "name",
        "locals",
    ],
)
def test_texts_without_measure(editor: Editor, text: str) -> None:
    """Texts that go on for ever, in length or in depth, are answered like others."""
    editor.change("a.lua", text)
    ask_everything(editor, types.Position(0, 5))


def answer_to(content: bytes, header: bytes = b"Content-Length: %d\r\n\r\n") -> Any:
    """What a server answers to a message that is its first one."""

    async def talk() -> bytes:
        ours, theirs = memory_pair()
        server = LuaLanguageServer(SyntaxChecker(), lambda _folder: "5.4", LuaCatalogues())
        serving = asyncio.create_task(serve(server, theirs))
        await ours.send(header % len(content) + content)
        answer = await ours.receive()
        await ours.close()
        await serving
        return answer

    told = asyncio.run(asyncio.wait_for(talk(), DEADLINE))
    return json.loads(told.partition(b"\r\n\r\n")[2])


@pytest.mark.parametrize(
    ("content", "number", "code"),
    [
        (b"", None, -32700),
        (b'{"jsonrpc": "2.0", ', None, -32700),
        (b'{"method": "\xff"}', None, -32700),
        (b"[" * 100_000, None, -32700),
        (b"5", None, -32600),
        (b"{}", None, -32600),
        (b'[{"jsonrpc": "2.0", "id": 1, "method": "shutdown"}]', None, -32600),
        (b'{"jsonrpc": "2.0", "id": [1], "method": "shutdown"}', None, -32600),
        (b'{"jsonrpc": "2.0", "id": 1, "method": "shutdown"}', 1, -32002),
        (b'{"jsonrpc": "2.0", "id": "s", "method": "initialize", "params": 5}', "s", -32602),
    ],
)
def test_what_is_no_message_is_refused(
    content: bytes, number: Any, code: int, caplog: pytest.LogCaptureFixture
) -> None:
    """With the code that JSON-RPC has for it, and without a word to the log."""
    answer = answer_to(content)
    assert (number, code) == (answer["id"], answer["error"]["code"])
    assert [] == caplog.messages


@pytest.mark.parametrize(
    "header",
    [
        b"content-length: %d\r\n\r\n",
        b"Content-Length:%d\r\n\r\n",
        b"Content-Length: %d\n\n",
        b"Content-Type: application/vscode-jsonrpc; charset=utf-8\r\nContent-Length: %d\r\n\r\n",
    ],
)
def test_ways_to_write_headers(header: bytes) -> None:
    """Names are the same in small letters, blanks may be left out, and lines may end with LF."""
    answer = answer_to(b'{"jsonrpc": "2.0", "id": 1, "method": "shutdown"}', header)
    assert 1 == answer["id"]


def test_wrong_parameters_are_named(tmp_path: Path) -> None:
    """The answer says which; nothing else is told of it."""
    with editing(tmp_path) as editor:
        with pytest.raises(JsonRpcException, match=r"required field missing.*position"):
            editor.ask_raw(types.TEXT_DOCUMENT_HOVER, {"textDocument": {"uri": "file:///a.lua"}})
        with pytest.raises(JsonRpcException, match="Command name 'x' is not defined"):
            editor.ask_raw(types.WORKSPACE_EXECUTE_COMMAND, {"command": "x"})


def test_messages_that_make_no_sense(tmp_path: Path) -> None:
    """A request with wrong parameters is answered, and the next one is served."""
    with editing(tmp_path) as editor:
        editor.open("a.lua", "function f() end")
        with pytest.raises(JsonRpcException):
            editor.ask_raw("textDocument/nothing", {"x": 1})
        with pytest.raises(JsonRpcException):
            editor.ask_raw(types.TEXT_DOCUMENT_DEFINITION, {"textDocument": 7})
        params = types.DocumentSymbolParams(editor.identifier("a.lua"))
        assert 1 == len(editor.ask(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL, params))
