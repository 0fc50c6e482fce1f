"""How long completion takes for somebody who types words, with the pauses that fingers make.

In the pauses the server begins to diagnose the text, and must let go of it at the next letter.
"""

import asyncio
import statistics
import sys
import time

from lsprotocol import types
from pygls.lsp.client import LanguageClient

from bench.language_server import URI, program

WORDS = ("Cart.add_12", "string.form", "total_co", "Cart:add_7")
REST = 1.0
"""Seconds before a word, in which the text is diagnosed to the end."""
PAUSE = 0.12
"""Seconds between letters: some 500 a minute."""


def measure(lines: int = 10_000) -> dict[str, float]:
    """Milliseconds from a letter to the list of what it could become."""
    found = asyncio.run(_typing(program(lines)))
    return {
        "completion while typing words": statistics.median(found),
        "… the slowest of 10": sorted(found)[int(len(found) * 0.9)],
    }


async def _typing(text: str) -> list[float]:
    client = LanguageClient("bench", "1")
    client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)(lambda _: None)
    await client.start_io(sys.executable, "-P", "-m", "llmspell", "lsp")
    await client.initialize_async(types.InitializeParams(types.ClientCapabilities()))
    client.initialized(types.InitializedParams())
    item = types.TextDocumentItem(URI, "lua", 1, text)
    client.text_document_did_open(types.DidOpenTextDocumentParams(item))
    found: list[float] = []
    line, version = text.count("\n") - 1, 1  # before the last return
    for word in WORDS:
        await asyncio.sleep(REST)
        for column, letter in enumerate(f"{word}\n"):
            await asyncio.sleep(PAUSE)
            version += 1
            before = time.perf_counter()
            _press(client, version, types.Position(line, column), letter)
            if letter != "\n":
                await _complete(client, types.Position(line, column + 1))
                found.append((time.perf_counter() - before) * 1000)
        line += 1
    await client.shutdown_async(None)
    client.exit(None)
    await client.stop()
    return found


def _press(client: LanguageClient, version: int, place: types.Position, letter: str) -> None:
    change = types.TextDocumentContentChangePartial(types.Range(place, place), letter)
    document = types.VersionedTextDocumentIdentifier(version, URI)
    client.text_document_did_change(types.DidChangeTextDocumentParams(document, [change]))


async def _complete(client: LanguageClient, place: types.Position) -> None:
    params = types.CompletionParams(types.TextDocumentIdentifier(URI), place)
    await client.text_document_completion_async(params)
