"""Formatting through StyLua, or what stands in for it."""

import os
import sys
from pathlib import Path

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from tests.support.editor import Editor, editing

OPTIONS = types.FormattingOptions(tab_size=2, insert_spaces=True)

STANDING_IN = f"""#!{sys.executable}
import os
import sys

def option(name):
    return sys.argv[sys.argv.index(name) + 1] if name in sys.argv else ""

text = sys.stdin.buffer.read().decode()
syntax = option("--syntax")
if "is old" in text and syntax:
    sys.exit("error: Found argument '--syntax' which wasn't expected")
if "broken" in text or ("goto=1" in text and syntax != "Lua51") or ("1LL" in text and syntax):
    sys.exit(f"error: unexpected token{{' of ' + syntax if syntax else ''}}")
if "--range-start" in sys.argv:
    text = text.replace("x=1", "x = 1", 1)
text = text.replace("y=2", "y = 2").replace("\\r", "")
ends = option("--line-endings")
if os.path.exists("stylua.toml") and not ends:
    ends = open("stylua.toml").read().strip().removeprefix("line_endings = ").strip('"')
text = text.replace("\\n", "\\r\\n") if ends == "Windows" else text
sys.stdout.buffer.write(text.encode())
"""


def stylua(path: Path) -> str:
    """A program that takes StyLua's arguments."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(STANDING_IN)
    path.chmod(0o755)
    return str(path)


def formatted(editor: Editor, name: str) -> list[tuple[int, str]]:
    """Line and new text of the edits."""
    params = types.DocumentFormattingParams(editor.identifier(name), OPTIONS)
    edits = editor.ask(types.TEXT_DOCUMENT_FORMATTING, params)
    return [(each.range.start.line, each.new_text) for each in edits]


def test_the_lines_that_change(tmp_path: Path) -> None:
    """Only what StyLua would write differently is replaced."""
    with editing(tmp_path, {"stylua.path": stylua(tmp_path / "formatter")}) as editor:
        editor.open("a.lua", "-- é\ny=2\nz = 3\n")
        assert [(1, "y = 2\n")] == formatted(editor, "a.lua")
        editor.change("a.lua", "z = 3\n")
        assert [] == formatted(editor, "a.lua")


def test_found_in_node_modules(tmp_path: Path) -> None:
    """A StyLua that the project has installed needs no setting."""
    stylua(tmp_path / "node_modules" / ".bin" / "stylua")
    with editing(tmp_path) as editor:
        editor.open("a.lua", "y=2\n")
        assert [(0, "y = 2\n")] == formatted(editor, "a.lua")


def test_a_range(tmp_path: Path) -> None:
    """StyLua is told which bytes to format."""
    with editing(tmp_path, {"stylua.path": stylua(tmp_path / "formatter")}) as editor:
        editor.open("a.lua", "x=1\n")
        place = types.Range(types.Position(0, 0), types.Position(1, 0))
        params = types.DocumentRangeFormattingParams(editor.identifier("a.lua"), place, OPTIONS)
        (edit,) = editor.ask(types.TEXT_DOCUMENT_RANGE_FORMATTING, params)
        assert "x = 1\n" == edit.new_text


@pytest.mark.parametrize(
    ("version", "text"),
    [
        ("5.1", "local goto=1"),
        ("5.4", "x = 1LL"),  # its configuration file may say LuaJIT
        ("5.4", "x = 1 -- is old"),
        ("5.5", "x = 1"),
    ],
)
def test_the_lua_of_the_text(tmp_path: Path, version: str, text: str) -> None:
    """StyLua is told which Lua is meant, where it can be told, and where that helps."""
    settings = {"stylua.path": stylua(tmp_path / "formatter"), "lua.version": version}
    with editing(tmp_path, settings) as editor:
        editor.open("a.lua", f"y=2\n{text}\n")
        assert [(0, "y = 2\n")] == formatted(editor, "a.lua")


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_ends_of_lines_stay(tmp_path: Path, end: str) -> None:
    """Only the line that is formatted otherwise is replaced."""
    with editing(tmp_path, {"stylua.path": stylua(tmp_path / "formatter")}) as editor:
        editor.open("a.lua", f"x = 1{end}y=2{end}z = 3{end}")
        assert [(1, f"y = 2{end}")] == formatted(editor, "a.lua")


def test_a_configuration_file_says_how_lines_end(tmp_path: Path) -> None:
    """What the project has decided counts more than the ends that the text has."""
    (tmp_path / "stylua.toml").write_text('line_endings = "Windows"\n')
    with editing(tmp_path, {"stylua.path": stylua(tmp_path / "formatter")}) as editor:
        editor.open("a.lua", "x = 1\n")
        assert [(0, "x = 1\r\n")] == formatted(editor, "a.lua")


@pytest.mark.parametrize(
    ("setting", "text", "says"),
    [
        ("/no/such/program", "x = 1", "which is no program"),
        ("formatter", "broken", "StyLua: error: unexpected token of Lua54"),
        ("formatter", "broken -- is old", "StyLua: error: unexpected token$"),
        (None, "x = 1", "Formatting needs StyLua"),
    ],
)
def test_refused(
    tmp_path: Path, setting: str | None, text: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without StyLua, or where it does not understand the text, the user reads why."""
    program = stylua(tmp_path / "formatter")
    monkeypatch.setenv("PATH", os.devnull)
    settings = {"stylua.path": program if setting == "formatter" else setting} if setting else None
    with editing(tmp_path, settings) as editor:
        editor.open("a.lua", text)
        with pytest.raises(JsonRpcException, match=says):
            formatted(editor, "a.lua")
