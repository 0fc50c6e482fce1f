"""How long completion and diagnostics take for somebody who types, with the pauses of fingers.

In the pauses the server begins to diagnose the text, and must let go of it at the next letter.
What is typed opens strings, comments, blocks and brackets, which change what all that follows is.
"""

import asyncio
import statistics
import sys
import time

from lsprotocol import types
from pygls.lsp.client import LanguageClient

from bench.language_server import URI, program

WORDS = ("Cart.add_12", "string.form", "total_co", "Cart:add_7")
OPENERS = {
    "a string": 'x = "abc',
    "a long comment": "--[[ abc",
    "a block": "if x then",
    "a function": "local function f(a)",
    "a bracket": "x = f({ a",
    "a loop": "for k, v in pairs(t) do",
}
"""What is typed at the top and in the middle, and taken away again."""

REST = 1.0
"""Seconds before a word, in which the text is diagnosed to the end."""
PAUSE = 0.12
"""Seconds between letters: some 500 a minute."""


def measure(lines: int = 10_000) -> dict[str, float]:
    """Milliseconds from a letter to the list of what it could become, and to the diagnostics."""
    return asyncio.run(_measure(program(lines)))


async def _measure(text: str) -> dict[str, float]:
    typist = Typist(text)
    await typist.begin()
    end = text.count("\n") - 1  # before the last return
    words = [took for word in WORDS for took in await typist.word(end, word)]
    found = {
        "completion while typing words": statistics.median(words),
        "… the slowest of 10": _slowest_of_10(words),
    }
    for where, line in (("at the top", 5), ("in the middle", text.count("\n") // 28 * 14 + 6)):
        for what, opener in OPENERS.items():
            took = await typist.word(line, opener)
            found[f"completion while typing {what} {where}"] = statistics.median(took)
            found[f"… the slowest of 10, {what} {where}"] = _slowest_of_10(took)
            found[f"… diagnostics behind {what} {where}"] = await typist.diagnosed(line, opener)
            await typist.take_away(line)
    await typist.end()
    return found


def _slowest_of_10(took: list[float]) -> float:
    return sorted(took)[int(len(took) * 0.9)]


class Typist:
    """A client that types words on lines of their own, and is told the diagnostics."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._client = LanguageClient("bench", "1")
        self._version = 1
        self._told = asyncio.Condition()
        self._told_version = 0

    async def begin(self) -> None:
        """Start the server and open the file."""
        client = self._client

        async def published(params: types.PublishDiagnosticsParams) -> None:
            async with self._told:
                self._told_version = params.version or 0
                self._told.notify_all()

        client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)(published)
        await client.start_io(sys.executable, "-P", "-m", "llmspell", "lsp")
        await client.initialize_async(types.InitializeParams(types.ClientCapabilities()))
        client.initialized(types.InitializedParams())
        item = types.TextDocumentItem(URI, "lua", 1, self._text)
        client.text_document_did_open(types.DidOpenTextDocumentParams(item))

    async def word(self, line: int, word: str) -> list[float]:
        """Type a word on a new line; how long each letter's completion took."""
        self._press(types.Position(line, 0), "\n")
        await asyncio.sleep(REST)
        found = []
        for column, letter in enumerate(word):
            await asyncio.sleep(PAUSE)
            before = time.perf_counter()
            self._press(types.Position(line, column), letter)
            await self._complete(types.Position(line, column + 1))
            found.append((time.perf_counter() - before) * 1000)
        return found

    async def diagnosed(self, line: int, word: str) -> float:
        """How long the diagnostics take after one more letter."""
        before = time.perf_counter()
        self._press(types.Position(line, len(word)), "b")
        async with self._told:
            await self._told.wait_for(lambda: self._told_version == self._version)
        return (time.perf_counter() - before) * 1000

    async def take_away(self, line: int) -> None:
        """Make the text what it was before the last word."""
        self._press(types.Position(line, 0), "", types.Position(line + 1, 0))
        async with self._told:
            await self._told.wait_for(lambda: self._told_version == self._version)

    async def end(self) -> None:
        """The server is needed no longer."""
        await self._client.shutdown_async(None)
        self._client.exit(None)
        await self._client.stop()

    def _press(self, place: types.Position, text: str, end: types.Position | None = None) -> None:
        self._version += 1
        change = types.TextDocumentContentChangePartial(types.Range(place, end or place), text)
        document = types.VersionedTextDocumentIdentifier(self._version, URI)
        params = types.DidChangeTextDocumentParams(document, [change])
        self._client.text_document_did_change(params)

    async def _complete(self, place: types.Position) -> None:
        params = types.CompletionParams(types.TextDocumentIdentifier(URI), place)
        await self._client.text_document_completion_async(params)
