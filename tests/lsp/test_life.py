"""A client's life with the server: introducing, settings, mistakes, ends."""

from pathlib import Path

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from tests.support.commands import Running
from tests.support.editor import Editor, editing


def symbols(editor: Editor, name: str) -> list[str]:
    """The outline's first level."""
    params = types.DocumentSymbolParams(editor.identifier(name))
    return [each.name for each in editor.ask(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL, params)]


def test_over_stdio(tmp_path: Path) -> None:
    """An editor starts the server, asks, and leaves; the server ends with status 0."""
    editor = Editor(tmp_path)
    editor.start_stdio()
    editor.initialize()
    editor.open("a.lua", "function f() end\n")
    assert ["f"] == symbols(editor, "a.lua")
    editor.close()


def test_over_tcp_several_at_once(tmp_path: Path) -> None:
    """Clients of one process have documents of their own, and the end of one ends no other."""
    with Running(["lsp", "--listen", "127.0.0.1:0"], tmp_path) as server:
        first, second = Editor(tmp_path), Editor(tmp_path)
        for editor, text in ((first, "function one() end"), (second, "function two() end")):
            editor.start_tcp(server.port)
            editor.initialize()
            editor.open("a.lua", text)
        assert ["one"] == symbols(first, "a.lua")
        first.close()
        assert ["two"] == symbols(second, "a.lua")
        second.close()


def test_a_file_that_is_not_there_is_refused_by_name(tmp_path: Path) -> None:
    """Who asks about a file that vanished reads which one, and can go on asking."""
    with editing(tmp_path) as editor:
        with pytest.raises(JsonRpcException, match=r"gone\.lua cannot be read"):
            symbols(editor, "gone.lua")
        editor.open("a.lua", "function f() end\n")
        assert ["f"] == symbols(editor, "a.lua")


def test_wrong_settings_are_named_and_the_rest_holds(tmp_path: Path) -> None:
    """One wrong setting does not take the others with it."""
    settings = {"lua": {"version": "5.9"}, "codeLens.enable": "no", "colour": 1}
    with editing(tmp_path, settings) as editor:
        editor.wait_until(lambda: editor.messages)
        (message,) = editor.messages
        assert "lua.version is '5.9'" in message
        assert "codeLens.enable is 'no'" in message
        assert "no setting llmspell.colour" in message
