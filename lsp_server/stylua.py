"""StyLua, the formatter: finding it and running it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
from collections.abc import Iterable

from kernel.core.errors import UserError
from lsp_server.document import Document

DEADLINE = 10.0
"""Seconds that formatting a text may take."""


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
    """The text formatted; raises `UserError` with what StyLua says."""
    words = ["--search-parent-directories"]
    folder = None
    if document.path is not None:
        words += ["--stdin-filepath", document.path]
        folder = os.path.dirname(document.path)
    if span is not None:
        words += ["--range-start", str(span[0]), "--range-end", str(span[1])]
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
    if process.returncode:
        raise UserError(f"StyLua: {complaint.decode('utf-8', 'replace').strip()}")
    return out
