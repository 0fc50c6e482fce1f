"""Files that are no texts, and names that are none."""

import os
from pathlib import Path

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from tests.support.editor import Editor, editing


def symbols(editor: Editor) -> list[types.WorkspaceSymbol]:
    """All that the workspace defines."""
    return list(editor.ask(types.WORKSPACE_SYMBOL, types.WorkspaceSymbolParams("")))


def test_names_of_files_that_are_no_utf8(tmp_path: Path) -> None:
    """They are found like others, at an address that leads to them."""
    with open(os.fsencode(tmp_path) + b"/\xff.lua", "w") as file:
        file.write("function whole() end\n")
    with editing(tmp_path) as editor:
        (found,) = symbols(editor)
        assert found.location.uri.endswith("/%FF.lua")
        identifier = types.TextDocumentIdentifier(found.location.uri)
        asked = types.DocumentSymbolParams(identifier)
        (symbol,) = editor.ask(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL, asked)
        assert "whole" == symbol.name


@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_what_is_no_file_is_never_opened(tmp_path: Path, kind: str) -> None:
    """A pipe without a writer and a device without an end are passed over, and refused by name."""
    for name in ("a.lua", "node_modules/b.lua"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        if kind == "pipe":
            os.mkfifo(tmp_path / name)
        else:
            (tmp_path / name).symlink_to("/dev/zero")
    (tmp_path / "c.lua").write_text("function whole() end\n")
    with editing(tmp_path) as editor:
        assert ["whole"] == [each.name for each in symbols(editor)]
        params = types.DocumentDiagnosticParams(editor.identifier("node_modules/b.lua"))
        with pytest.raises(JsonRpcException, match=r"b\.lua cannot be read: it is no regular file"):
            editor.ask(types.TEXT_DOCUMENT_DIAGNOSTIC, params)
