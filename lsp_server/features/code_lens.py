"""Code lenses: Run and Debug above the code, for editors that have the commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from lsp_server.analysis.model import Function
from lsp_server.document import Document
from lsp_server.registry import feature
from lua_debug.syntax.grammar import body, statements

if TYPE_CHECKING:
    from lsp_server.server import LuaLanguageServer

RUN = "llmspell.run"
"""Runs the file whose URI is the argument. The editor's extension has these commands."""

DEBUG = "llmspell.debug"
"""Debugs the file whose URI is the first argument; a second is a line, from 0, to stop on."""


@feature(types.TEXT_DOCUMENT_CODE_LENS, types.CodeLensOptions())
def code_lenses(server: LuaLanguageServer, params: types.CodeLensParams) -> list[types.CodeLens]:
    """Run and Debug on the first statement, Debug this on what does something by itself."""
    document = server.document(params.text_document.uri)
    code = statements(document.root)
    if not (server.settings.of(document.uri).has_lenses and document.is_program and code):
        return []
    first = document.position(code[0].start_byte).line
    found = [
        _lens(first, "Run", RUN, document.uri),
        _lens(first, "Debug", DEBUG, document.uri),
    ]
    for each in document.analysis.functions[1:]:
        if _needs_nothing(each, document):
            line = document.position(each.start).line
            inside = document.position(body(each.node)[0].start_byte).line
            found.append(_lens(line, "Debug this", DEBUG, document.uri, inside))
    return found


def _needs_nothing(function: Function, document: Document) -> bool:
    return (
        function.name is not None
        and function.parent is document.analysis.functions[0]
        and not function.parameters
        and not function.is_vararg
        and body(function.node) != []
    )


def _lens(line: int, title: str, command: str, *arguments: str | int) -> types.CodeLens:
    place = types.Position(line, 0)
    return types.CodeLens(
        types.Range(place, place),
        types.Command(title=title, command=command, arguments=list(arguments)),
    )
