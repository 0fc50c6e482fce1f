"""How long the language server takes after a keystroke: edit and completion over stdio."""

import asyncio
import statistics
import sys
import time
from collections.abc import Sequence

from lsprotocol import types
from pygls.lsp.client import LanguageClient

LINES = 10_000
URI = "untitled:bench.lua"
WORDS = "M.config.size", "helper1", "string.for", "M.value70"
REST = 1.0
"""Seconds in which the server does what it does when nobody types."""


def long_text(lines: int = LINES) -> str:
    """A module as people write them, only longer: functions, tables, loops, comments."""
    parts = ["local M = { config = { size = 1 } }\n"]
    count, number = 1, 0
    while count < lines:
        number += 1
        part = f"""\
-- Function number {number}.
local function helper{number}(a, b)
  local total = a * {number} + #tostring(b)
  for index, value in ipairs(M.list{number} or {{}}) do
    total = total + string.len(value) * index
  end
  if total > 10 then M.config.size = M.config.size + total end
  return string.format("%d %s", total, b)
end
function M.f{number}(x) return helper{number}(x, "y") end
M.value{number} = M.f{number}({number})

"""
        parts.append(part)
        count += part.count("\n")
    return "".join(parts)


def latencies() -> Sequence[float]:
    """Milliseconds from each keystroke to the list of completions."""
    return asyncio.run(_typing(long_text()))


async def _typing(text: str) -> list[float]:
    client = LanguageClient("bench", "1")
    await client.start_io(sys.executable, "-P", "-m", "llmspell", "lsp")
    await client.initialize_async(types.InitializeParams(types.ClientCapabilities()))
    client.initialized(types.InitializedParams())
    item = types.TextDocumentItem(URI, "lua", 1, text)
    client.text_document_did_open(types.DidOpenTextDocumentParams(item))
    found: list[float] = []
    line, version = text.count("\n"), 1
    for word in WORDS:
        await asyncio.sleep(REST)
        for column, letter in enumerate(f"{word}\n"):
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
    client.text_document_did_change(
        types.DidChangeTextDocumentParams(
            types.VersionedTextDocumentIdentifier(version, URI), [change]
        )
    )


async def _complete(client: LanguageClient, place: types.Position) -> None:
    params = types.CompletionParams(types.TextDocumentIdentifier(URI), place)
    await client.text_document_completion_async(params)


def tell() -> None:
    """Print the median and the worst."""
    found = sorted(latencies())
    rows = {
        f"completion in {LINES:,} lines, median ms": statistics.median(found),
        f"completion in {LINES:,} lines, 95 of 100 ms": found[int(len(found) * 0.95)],
    }
    for name, value in rows.items():
        sys.stdout.write(f"{'lsp':10} {name:42} {value:.1f}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    tell()
