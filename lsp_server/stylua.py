"""StyLua, the formatter: finding it and running it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from kernel.core.errors import UserError
from lsp_server.document import Document
from lsp_server.files import read_file

DEADLINE = 10.0
"""Seconds that formatting a text may take."""

_SYNTAX = {
    "5.1": "Lua51",
    "5.2": "Lua52",
    "5.3": "Lua53",
    "5.4": "Lua54",
    "luajit2.0": "LuaJit",
    "luajit2.1": "LuaJit",
}
"""What StyLua calls a version."""

_CONFIGURATIONS = {
    ("stylua.toml", ".stylua.toml"): b"line_endings",
    (".editorconfig",): b"end_of_line",
}
"""Its configuration files, those that count more first, and what in them is about ends of lines."""

_LARGEST = 100_000
"""Bytes of such a file that are looked at."""


def find_stylua(setting: str | None, folders: Iterable[str]) -> str:
    """The program: as the setting says, in a folder's ``node_modules``, or on the path.

    Raises `UserError`.
    """
    if setting is not None:
        found = shutil.which(os.path.expanduser(setting))
        if found is None:
            raise UserError(f"llmspell.stylua.path is {setting!r}, which is no program.")
        return found
    for folder in folders:
        found = shutil.which("stylua", path=os.path.join(folder, "node_modules", ".bin"))
        if found is not None:
            return found
    found = shutil.which("stylua")
    if found is None:
        raise UserError(
            "Formatting needs StyLua, which is not installed: npm install @johnnymorganz/stylua-bin"
            ", or set llmspell.stylua.path."
        )
    return found


async def run_stylua(program: str, document: Document, span: tuple[int, int] | None) -> bytes:
    """The text formatted, with the ends of lines it has; raises `UserError` with what StyLua says.

    It is told which Lua the text is written for. What it does not take then, it may take as its
    configuration file says, or as all versions at once; and old ones know nothing of that option.
    """
    words = ["--search-parent-directories", *_line_ends(document)]
    if document.path is not None:
        words += ["--stdin-filepath", document.path]
    if span is not None:
        words += ["--range-start", str(span[0]), "--range-end", str(span[1])]
    syntax = _SYNTAX.get(document.lua)
    if syntax is None:
        return _formatted(await _run(program, words, document))
    told = await _run(program, [*words, "--syntax", syntax], document)
    if told.status == 0:
        return told.out
    untold = await _run(program, words, document)
    knows_option = b"--syntax" not in told.complaint
    return _formatted(told if untold.status and knows_option else untold)


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    out: bytes
    complaint: bytes


def _formatted(answer: _Answer) -> bytes:
    if answer.status:
        raise UserError(f"StyLua: {answer.complaint.decode('utf-8', 'replace').strip()}")
    return answer.out


def _line_ends(document: Document) -> list[str]:
    """The option for the ends that the text has, unless a configuration file says others."""
    end = document.raw.find(b"\n")
    if end < 0 or _is_configured(document.path):
        return []
    is_windows = document.raw[max(0, end - 1) : end] == b"\r"
    return ["--line-endings", "Windows" if is_windows else "Unix"]


def _is_configured(path: str | None) -> bool:
    """Whether the configuration file that StyLua finds speaks of the ends of lines."""
    folders = Path(path).parents if path is not None else ()
    for names, word in _CONFIGURATIONS.items():
        for folder, name in product(folders, names):
            with contextlib.suppress(OSError):
                return word in read_file(str(folder / name), _LARGEST)
    return False


async def _run(program: str, words: list[str], document: Document) -> _Answer:
    folder = None if document.path is None else os.path.dirname(document.path)
    try:
        process = await asyncio.create_subprocess_exec(
            program,
            *words,
            "-",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=folder if folder and os.path.isdir(folder) else None,
        )
    except OSError as error:
        raise UserError(f"{program} cannot be started: {error.strerror}.") from error
    try:
        async with asyncio.timeout(DEADLINE):
            out, complaint = await process.communicate(document.raw)
    except TimeoutError:
        raise UserError(f"StyLua did not answer within {DEADLINE:.0f} seconds.") from None
    finally:
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
    return _Answer(process.returncode or 0, out, complaint)
