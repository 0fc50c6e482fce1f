"""How long an editor waits for the language server: over stdio, after a keystroke in a long file.

Times are those the client sees, from the change to the answer, serialising on both ends included.
"""

import asyncio
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any

from lsprotocol import types
from pygls.lsp.client import LanguageClient

URI = "file:///bench.lua"

FUNCTION = """\
--- Adds item {n} to the cart.
function Cart:add_{n}(item, price)
  local count = #self.items
  local key = item.name .. tostring({n})
  if price > 10 and self.open then
    self.items[count + 1] = {{ name = key, price = price, tax = price * 0.19 }}
  end
  for index, entry in ipairs(self.items) do
    log(index, entry.name, string.format("%d: %s", index, entry.price))
  end
  total_count = total_count + 1
  return count, key
end
"""
"""Thirteen lines as people write them, with an empty one behind."""


def program(lines: int) -> str:
    """A text of about so many lines."""
    head = "local Cart = {}\nCart.__index = Cart\nlocal total_count, log = 0, print\n\n"
    body = "\n".join(FUNCTION.format(n=n) for n in range(lines // 14))
    return f"{head}{body}\nreturn Cart\n"


Ask = Callable[[LanguageClient, int], Awaitable[Any]]


class Typist:
    """A client that types one letter after the other in the middle of a file."""

    def __init__(self, client: LanguageClient, lines: int) -> None:
        self.client = client
        self.text = program(lines)
        self.line = self.text[: len(self.text) // 2].count("\n") // 14 * 14 + 6
        self.version = 1
        self.published = asyncio.Event()

    async def begin(self, pulls: bool) -> types.ServerCapabilities:
        """Introduce the client, and open the file."""
        asking = types.DiagnosticClientCapabilities() if pulls else None
        texts = types.TextDocumentClientCapabilities(diagnostic=asking)
        answer = await self.client.initialize_async(
            types.InitializeParams(types.ClientCapabilities(text_document=texts))
        )
        self.client.initialized(types.InitializedParams())
        item = types.TextDocumentItem(URI, "lua", 1, self.text)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))
        return answer.capabilities

    def type(self, text: str) -> None:
        """Type it at the beginning of a line."""
        self.version += 1
        place = types.Position(self.line, 0)
        change = types.TextDocumentContentChangePartial(types.Range(place, place), text)
        document = types.VersionedTextDocumentIdentifier(self.version, URI)
        params = types.DidChangeTextDocumentParams(document, [change])
        self.client.text_document_did_change(params)

    async def median(self, ask: Ask, rounds: int) -> float:
        """Milliseconds from a keystroke to the answer."""
        took = []
        for round_ in range(rounds):
            start = time.perf_counter()
            self.type("\n" if round_ % 2 else " ")
            await ask(self.client, self.line)
            took.append((time.perf_counter() - start) * 1000)
        return statistics.median(took)


_DOCUMENT = types.TextDocumentIdentifier(URI)
_SCREEN = types.Range(types.Position(5000, 0), types.Position(5060, 0))

PULLED: dict[str, Ask] = {
    "completion": lambda client, line: client.text_document_completion_async(
        types.CompletionParams(_DOCUMENT, types.Position(line, 1))
    ),
    "diagnostics, asked for": lambda client, _: client.text_document_diagnostic_async(
        types.DocumentDiagnosticParams(_DOCUMENT)
    ),
    "outline": lambda client, _: client.text_document_document_symbol_async(
        types.DocumentSymbolParams(_DOCUMENT)
    ),
    "semantic tokens of a screen": lambda client, _: (
        client.text_document_semantic_tokens_range_async(
            types.SemanticTokensRangeParams(_DOCUMENT, _SCREEN)
        )
    ),
    "semantic tokens of the file": lambda client, _: (
        client.text_document_semantic_tokens_full_async(types.SemanticTokensParams(_DOCUMENT))
    ),
    "folding": lambda client, _: client.text_document_folding_range_async(
        types.FoldingRangeParams(_DOCUMENT)
    ),
    "definition": lambda client, line: client.text_document_definition_async(
        types.DefinitionParams(_DOCUMENT, types.Position(line - 1, 12))
    ),
}
"""What is measured with a client that asks."""


async def _measure(lines: int, rounds: int) -> dict[str, float]:
    found: dict[str, float] = {}
    typist = await _typist(lines)
    start = time.perf_counter()
    capabilities = await typist.begin(pulls=True)
    await PULLED["diagnostics, asked for"](typist.client, typist.line)
    found["opening, until its diagnostics"] = (time.perf_counter() - start) * 1000
    for name, ask in PULLED.items():
        if name != "completion" or capabilities.completion_provider is not None:
            found[name] = await typist.median(ask, rounds)
    await _end(typist)
    typist = await _typist(lines)

    def published(_: types.PublishDiagnosticsParams) -> None:
        typist.published.set()

    async def wait(_client: LanguageClient, _line: int) -> None:
        typist.published.clear()
        await typist.published.wait()

    typist.client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)(published)
    await typist.begin(pulls=False)
    await typist.published.wait()
    found["diagnostics, sent by themselves"] = await typist.median(wait, rounds)
    await _end(typist)
    return found


async def _typist(lines: int) -> Typist:
    client = LanguageClient("bench", "1")
    await client.start_io(sys.executable, "-P", "-m", "llmspell", "lsp")
    return Typist(client, lines)


async def _end(typist: Typist) -> None:
    await typist.client.shutdown_async(None)
    typist.client.exit(None)
    await typist.client.stop()


def measure(lines: int = 10_000, rounds: int = 15) -> dict[str, float]:
    """Medians in milliseconds."""
    return asyncio.run(_measure(lines, rounds))
