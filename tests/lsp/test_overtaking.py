"""Requests and edits that overtake each other."""

import random
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from tests.support.editor import DEADLINE, Editor, editing

PULLS = types.TextDocumentClientCapabilities(diagnostic=types.DiagnosticClientCapabilities())

TEXT = "".join(
    f"local M{n} = {{ a = {n} }}\nfunction M{n}.f(x) local y = x + M{n}.a; return y, M{n} end\n"
    for n in range(300)
)

ALLOWED = {types.LSPErrorCodes.RequestFailed, types.LSPErrorCodes.ServerCancelled}


def requests(editor: Editor, line: int) -> list[tuple[str, Any]]:
    """What an editor asks after a keystroke."""
    document = editor.identifier("a.lua")
    at: dict[str, Any] = {"text_document": document, "position": types.Position(line, 9)}
    return [
        (types.TEXT_DOCUMENT_COMPLETION, types.CompletionParams(**at)),
        (types.TEXT_DOCUMENT_DIAGNOSTIC, types.DocumentDiagnosticParams(document)),
        (types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL, types.SemanticTokensParams(document)),
        (types.TEXT_DOCUMENT_DOCUMENT_SYMBOL, types.DocumentSymbolParams(document)),
        (types.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT, types.DocumentHighlightParams(**at)),
        (types.TEXT_DOCUMENT_HOVER, types.HoverParams(**at)),
        (types.TEXT_DOCUMENT_DEFINITION, types.DefinitionParams(**at)),
        (types.TEXT_DOCUMENT_CODE_LENS, types.CodeLensParams(document)),
    ]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("pulls", [True, False], ids=["pulling", "pushed"])
def test_typing_while_answers_are_under_way(tmp_path: Path, seed: int, pulls: bool) -> None:
    """Every request is answered although the text changes meanwhile, and the last one rightly."""
    chosen = random.Random(seed)
    capabilities = {"text_document": PULLS} if pulls else {}
    under_way: list[tuple[str, Future[Any]]] = []
    with editing(tmp_path, **capabilities) as editor:
        editor.open("a.lua", TEXT)
        for _ in range(25):
            line = chosen.randrange(600)
            place = types.Position(line, 0)
            new = chosen.choice(["\n", " ", "local z = 1\n", "end ", "-- c\n", "x", "M3.a = 1;"])
            end = types.Position(line + chosen.choice([0, 0, 1]), 0)
            editor.change("a.lua", new, types.Range(place, end))
            asked = chosen.sample(requests(editor, line), 3)
            under_way += [(method, editor.begin(method, params)) for method, params in asked]
        for method, answer in under_way:
            error = answer.exception(DEADLINE)
            assert error is None or _is_allowed(error), f"{method}: {error}"
        editor.change("a.lua", "local last = 1\n")
        params = types.DocumentSymbolParams(editor.identifier("a.lua"))
        (symbol,) = editor.ask(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL, params)
        assert "last" == symbol.name


def _is_allowed(error: BaseException) -> bool:
    return isinstance(error, JsonRpcException) and error.code in ALLOWED
