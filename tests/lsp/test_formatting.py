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
import sys
text = sys.stdin.read()
if "broken" in text:
    sys.exit("error: unexpected token")
if "--range-start" in sys.argv:
    text = text.replace("x=1", "x = 1", 1)
sys.stdout.write(text.replace("y=2", "y = 2"))
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
    ("setting", "text", "says"),
    [
        ("/no/such/program", "x = 1", "which is no program"),
        ("formatter", "broken", "StyLua: error: unexpected token"),
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
