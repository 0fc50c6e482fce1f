"""Problems while one types: pushed to clients that wait, pulled by clients that ask."""

from pathlib import Path

import pytest
from lsprotocol import types

from tests.support.editor import Editor, editing

PULLS = types.TextDocumentClientCapabilities(diagnostic=types.DiagnosticClientCapabilities())


def told(items: list[types.Diagnostic]) -> list[str]:
    """The rules of some diagnostics."""
    return [str(each.code) for each in items]


def pull(editor: Editor, name: str, before: str | None = None) -> types.DocumentDiagnosticReport:
    """Ask for diagnostics."""
    params = types.DocumentDiagnosticParams(editor.identifier(name), previous_result_id=before)
    report: types.DocumentDiagnosticReport = editor.ask(types.TEXT_DOCUMENT_DIAGNOSTIC, params)
    return report


def test_pushed_while_typing(tmp_path: Path) -> None:
    """The newest version's diagnostics come by themselves, and go when they are mended."""
    with editing(tmp_path) as editor:
        editor.open("a.lua", "local x = = 1\n")
        assert ["syntax-error"] == told(editor.diagnostics("a.lua"))
        editor.change("a.lua", "local x = 1\n")
        (found,) = editor.diagnostics("a.lua")
        assert ("unused-local", types.DiagnosticSeverity.Warning) == (found.code, found.severity)
        assert [types.DiagnosticTag.Unnecessary] == list(found.tags or [])
        editor.change("a.lua", "local x = 1\nprint(x)\n")
        assert [] == editor.diagnostics("a.lua")


def test_only_the_last_of_many_versions_is_diagnosed(tmp_path: Path) -> None:
    """While one types on, nobody hears about what has changed already."""
    with editing(tmp_path) as editor:
        editor.open("a.lua", "x = 1\n")
        editor.diagnostics("a.lua")
        place = types.Position(0, 0)
        for _ in range(20):
            editor.change("a.lua", "-", types.Range(place, place))
        editor.diagnostics("a.lua")
        heard = [each.version for each in editor.history if each.uri == editor.uri("a.lua")]
        assert heard[-1] == editor.versions["a.lua"]
        assert len(heard) < 20


def test_closing_takes_them_away(tmp_path: Path) -> None:
    """What is closed has no diagnostics."""
    with editing(tmp_path) as editor:
        editor.open("a.lua", "local x\n")
        assert ["unused-local"] == told(editor.diagnostics("a.lua"))
        closed = types.DidCloseTextDocumentParams(editor.identifier("a.lua"))
        editor.tell(types.TEXT_DOCUMENT_DID_CLOSE, closed)
        editor.wait_until(lambda: not editor.published[editor.uri("a.lua")].diagnostics)


def test_pulled(tmp_path: Path) -> None:
    """Who asks again and knows the answer is told that nothing has changed."""
    with editing(tmp_path, text_document=PULLS) as editor:
        editor.open("a.lua", "local x\n")
        first = pull(editor, "a.lua")
        assert isinstance(first, types.RelatedFullDocumentDiagnosticReport)
        assert ["unused-local"] == told(list(first.items))
        again = pull(editor, "a.lua", first.result_id)
        assert isinstance(again, types.RelatedUnchangedDocumentDiagnosticReport)
        assert {} == editor.published


def test_an_empty_version_is_the_default(tmp_path: Path) -> None:
    """An editor whose setting nobody has touched leaves the choice to the server."""
    with editing(tmp_path, {"lua.version": ""}) as editor:
        editor.open("a.lua", "goto done\nprint(unpack)\n::done::\n")
        messages = [each.message for each in editor.diagnostics("a.lua")]
        assert any("table.unpack" in each for each in messages)


def test_settings_change_what_is_told(tmp_path: Path) -> None:
    """Another Lua version and other severities hold at once."""
    with editing(tmp_path, {"lua.version": "5.1"}, text_document=PULLS) as editor:
        editor.open("a.lua", "print(table.unpack)\n")
        report = pull(editor, "a.lua")
        assert isinstance(report, types.RelatedFullDocumentDiagnosticReport)
        assert "Use unpack." in report.items[0].message
        section = {"lua": {"version": "5.4"}, "diagnostics": {"unused-local": "error"}}
        changed = types.DidChangeConfigurationParams({"llmspell": section})
        editor.tell(types.WORKSPACE_DID_CHANGE_CONFIGURATION, changed)
        editor.change("a.lua", "print(table.unpack)\nlocal x\n")
        report = pull(editor, "a.lua")
        assert isinstance(report, types.RelatedFullDocumentDiagnosticReport)
        assert [(types.DiagnosticSeverity.Error, "unused-local")] == [
            (each.severity, each.code) for each in report.items
        ]


@pytest.mark.parametrize(
    ("version", "text", "message"),
    [
        ("luajit", "print(utf8)", "LuaJIT 2.1 has no 'utf8'; it is there in 5.3, 5.4 and 5.5."),
        (
            "5.4",
            "print(bit)",
            "Lua 5.4 has no 'bit'; it is there in LuaJIT 2.0 and LuaJIT 2.1. "
            "Use the operators & | ~ << >>.",
        ),
        ("5.1", "print(table.getn)", "'table.getn' is deprecated in Lua 5.1; use #."),
    ],
)
def test_what_is_said_of_versions(tmp_path: Path, version: str, text: str, message: str) -> None:
    """Which Lua has a name and which has not, by the names that Luas have."""
    with editing(tmp_path, {"lua.version": version}) as editor:
        editor.open("a.lua", text)
        assert [message] == [each.message for each in editor.diagnostics("a.lua")]


def test_an_unclosed_block_says_where_it_begins(tmp_path: Path) -> None:
    """The end that is missing is missed at the end, and belongs to a line above."""
    with editing(tmp_path, text_document=PULLS) as editor:
        editor.open("a.lua", "print(1)\nif true then\n\nprint(2)\n")
        report = pull(editor, "a.lua")
        assert isinstance(report, types.RelatedFullDocumentDiagnosticReport)
        (found,) = report.items
        (related,) = found.related_information or []
        assert (3, 1) == (found.range.start.line, related.location.range.start.line)


def test_globals_of_other_files_are_known(tmp_path: Path) -> None:
    """A global that some file of the workspace assigns is no mistake in another."""
    (tmp_path / "other.lua").write_text("function shared() end\n")
    with editing(tmp_path) as editor:
        editor.open("a.lua", "shared()\nmissing()\n")
        editor.ask(types.WORKSPACE_SYMBOL, types.WorkspaceSymbolParams("shared"))
        editor.change("a.lua", "shared()\nmissing()\n\n")
        (found,) = editor.diagnostics("a.lua")
        assert "missing" in found.message


@pytest.mark.parametrize(
    ("uri", "count"),
    [
        ("vscode-notebook-cell:/a.ipynb#W1", 0),
        ("git:/a.lua?%7B%7D", 0),
        ("untitled:Untitled-1", 1),
    ],
)
def test_what_is_no_program_has_no_problems(tmp_path: Path, uri: str, count: int) -> None:
    """A cell goes on from others, and nobody mends a file's older version; names are known."""
    with editing(tmp_path, {"codeLens.enable": True}) as editor:
        item = types.TextDocumentItem(uri, "lua", 1, "twice(1) + 1\nlocal x = 1\n")
        editor.tell(types.TEXT_DOCUMENT_DID_OPEN, types.DidOpenTextDocumentParams(item))
        identifier = types.TextDocumentIdentifier(uri)
        params = types.DocumentDiagnosticParams(identifier)
        assert count == len(editor.ask(types.TEXT_DOCUMENT_DIAGNOSTIC, params).items)
        lenses = editor.ask(types.TEXT_DOCUMENT_CODE_LENS, types.CodeLensParams(identifier))
        assert (count > 0) == bool(lenses)
        place = types.Position(1, 6)
        assert editor.ask(types.TEXT_DOCUMENT_HOVER, types.HoverParams(identifier, place))
