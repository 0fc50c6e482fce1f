"""Requests that an editor takes back."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest
from lsprotocol import types

from kernel.transport.memory import memory_pair
from llmspell.wiring import LuaCatalogues
from lsp_server.features import FEATURES
from lsp_server.serve import serve
from lsp_server.server import LuaLanguageServer
from lua_debug.checker import SyntaxChecker
from tests.support.editor import DEADLINE

HELLO = {"method": "initialize", "id": 0, "params": {"capabilities": {}, "processId": None}}


def folding(number: int) -> dict[str, Any]:
    """A request about a file that is not there."""
    params = {"textDocument": {"uri": "file:///a.lua"}}
    return {"method": types.TEXT_DOCUMENT_FOLDING_RANGE, "id": number, "params": params}


def cancelling(number: int) -> dict[str, Any]:
    """The notification that a request's answer is not wanted any more."""
    return {"method": types.CANCEL_REQUEST, "params": {"id": number}}


def answers_to(*messages: dict[str, Any]) -> dict[int, Any]:
    """What a server answers to messages that come all at once: the errors' codes, or None."""

    async def talk() -> bytes:
        ours, theirs = memory_pair()
        server = LuaLanguageServer(SyntaxChecker(), lambda _folder: "5.4", LuaCatalogues())
        serving = asyncio.create_task(serve(server, theirs))
        contents = [json.dumps({"jsonrpc": "2.0", **each}).encode() for each in messages]
        await ours.send(b"".join(b"Content-Length: %d\r\n\r\n%b" % (len(c), c) for c in contents))
        await serving
        told = b""
        while data := await ours.receive():
            told += data
        return told

    told = asyncio.run(asyncio.wait_for(talk(), DEADLINE))
    found = [json.loads(b"{" + each.rpartition(b"}")[0] + b"}") for each in told.split(b"\n{")[1:]]
    return {each["id"]: each["error"]["code"] if "error" in each else None for each in found}


def test_a_request_that_waits_is_not_served(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It is answered as cancelled; those that have their answers are nobody's concern."""
    served = []
    row = FEATURES[types.TEXT_DOCUMENT_FOLDING_RANGE]
    note = replace(row, function=lambda *_: served.append(1), takes_huge=True)
    monkeypatch.setitem(FEATURES, types.TEXT_DOCUMENT_FOLDING_RANGE, note)
    cancels = [cancelling(number) for number in (1, 2, 99)]
    answers = answers_to(HELLO, folding(1), folding(2), folding(3), *cancels, {"method": "exit"})
    cancelled = types.LSPErrorCodes.RequestCancelled.value
    assert {0: None, 1: cancelled, 2: cancelled, 3: None} == answers
    assert ([1], []) == (served, caplog.messages)
