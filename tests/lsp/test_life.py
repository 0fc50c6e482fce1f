"""A client's life with the server: introducing, settings, mistakes, ends."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from lsp_server import documents
from lsp_server.features import FEATURES
from tests.support.commands import Running, llmspell
from tests.support.editor import Editor, editing


def symbols(editor: Editor, name: str) -> list[str]:
    """The outline's first level."""
    params = types.DocumentSymbolParams(editor.identifier(name))
    return [each.name for each in editor.ask(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL, params)]


def problems(editor: Editor, name: str) -> list[str]:
    """The rules of what was published last about a file."""
    found = editor.published.get(editor.uri(name))
    return ["nothing"] if found is None else [str(each.code) for each in found.diagnostics]


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


def test_a_signal_ends_a_server_with_clients(tmp_path: Path) -> None:
    """It ends with status 0, and has nothing to say."""
    with Running(["lsp", "--listen", "127.0.0.1:0"], tmp_path) as server:
        editor = Editor(tmp_path)
        editor.start_tcp(server.port)
        editor.initialize()
        editor.open("a.lua", "local x\n")
        editor.diagnostics("a.lua")
        server.process.terminate()
        assert (0, "", "") == server.end()
        editor.loop.stop()


def test_nothing_is_served_before_the_introduction(tmp_path: Path) -> None:
    """Requests are refused as the protocol says, notifications dropped; afterwards all is well."""
    editor = Editor(tmp_path)
    editor.start_memory()
    editor.open("a.lua", "function f() end\n")
    params = types.DocumentSymbolParams(editor.identifier("a.lua"))
    refusal = editor.refusal_of(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL, params)
    assert refusal is not None
    assert types.ErrorCodes.ServerNotInitialized == refusal.code
    editor.initialize()
    with pytest.raises(JsonRpcException, match=r"a\.lua cannot be read"):
        symbols(editor, "a.lua")
    editor.open("a.lua", "function f() end\n")
    assert ["f"] == symbols(editor, "a.lua")
    editor.close()


def test_what_comes_out_of_turn_is_refused(tmp_path: Path) -> None:
    """A second introduction, and whatever comes after the good-bye."""
    with editing(tmp_path) as editor:
        editor.open("a.lua", "function f() end\n")
        again = types.InitializeParams(capabilities=types.ClientCapabilities(), process_id=None)
        refusal = editor.refusal_of(types.INITIALIZE, again)
        assert refusal is not None
        assert types.ErrorCodes.InvalidRequest == refusal.code
        assert ["f"] == symbols(editor, "a.lua")
        editor.ask(types.SHUTDOWN, None)
        params = types.DocumentSymbolParams(editor.identifier("a.lua"))
        refusal = editor.refusal_of(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL, params)
        assert refusal is not None
        assert (types.ErrorCodes.InvalidRequest, True) == (
            refusal.code,
            "after shutdown" in refusal.message,
        )


def test_a_file_that_is_not_there_is_refused_by_name(tmp_path: Path) -> None:
    """Who asks about a file that vanished reads which one, and can go on asking."""
    with editing(tmp_path) as editor:
        with pytest.raises(JsonRpcException, match=r"gone\.lua cannot be read"):
            symbols(editor, "gone.lua")
        editor.open("a.lua", "function f() end\n")
        assert ["f"] == symbols(editor, "a.lua")


def test_a_bug_costs_one_request(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a feature fails, its request is answered with an error and all others are served."""

    def fail(*_: object) -> None:
        raise ZeroDivisionError

    broken = replace(FEATURES[types.TEXT_DOCUMENT_FOLDING_RANGE], function=fail)
    monkeypatch.setitem(FEATURES, types.TEXT_DOCUMENT_FOLDING_RANGE, broken)
    with editing(tmp_path, in_process=True) as editor:
        identifier = editor.open("a.lua", "function f() end\n")
        with pytest.raises(JsonRpcException, match="ZeroDivisionError"):
            editor.ask(types.TEXT_DOCUMENT_FOLDING_RANGE, types.FoldingRangeParams(identifier))
        assert ["f"] == symbols(editor, "a.lua")


def test_wrong_command_lines_are_refused(tmp_path: Path) -> None:
    """A version that is not there, and a port that is taken, are named; nothing is served."""
    wrong = llmspell("lsp", "--lua", "5.9", cwd=tmp_path)
    assert (2, True) == (wrong.returncode, "There is no Lua '5.9'" in wrong.stderr)
    with Running(["lsp", "--listen", "127.0.0.1:0"], tmp_path) as server:
        taken = llmspell("lsp", "--listen", f"127.0.0.1:{server.port}", cwd=tmp_path)
        assert (1, True) == (taken.returncode, "cannot listen on" in taken.stderr)


def test_the_exit_status_says_whether_there_was_a_shutdown(tmp_path: Path) -> None:
    """A client that goes without a word ends the server, which says so with its status."""
    assert 1 == llmspell("lsp", cwd=tmp_path, text="").returncode
    assert 1 == llmspell("lsp", cwd=tmp_path, text="no message at all\r\n\r\n").returncode


def test_the_version_of_the_command_line(tmp_path: Path) -> None:
    """Clients without settings write for the Lua of ``--lua``."""
    editor = Editor(tmp_path)
    editor.start_stdio("--lua", "luajit")
    editor.initialize()
    editor.open("a.lua", "print(jit, unpack)\n")
    assert [] == editor.diagnostics("a.lua")
    editor.close()


def test_settings_are_asked_for(tmp_path: Path) -> None:
    """A client that keeps its settings to itself is asked, at first and when they change."""
    can = types.WorkspaceClientCapabilities(configuration=True)
    editor = Editor(tmp_path)
    editor.start_memory()
    editor.settings = {"globals": ["mine"]}
    editor.initialize(workspace=can)
    editor.open("a.lua", "mine()\nyours()\n")
    assert ["yours"] == [each.message.split("'")[1] for each in editor.diagnostics("a.lua")]
    editor.settings = {"globals": ["yours"]}
    changed = types.DidChangeConfigurationParams(settings=None)
    editor.tell(types.WORKSPACE_DID_CHANGE_CONFIGURATION, changed)
    editor.wait_until(
        lambda: (
            ["mine"]
            == [
                each.message.split("'")[1]
                for each in editor.published[editor.uri("a.lua")].diagnostics
            ]
        )
    )
    editor.close()


def test_each_folder_has_its_settings(tmp_path: Path) -> None:
    """A client with several folders is asked for those of each; the first counts elsewhere."""
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
    editor = Editor(tmp_path)
    editor.start_memory()
    lua = {
        name: {"lua": {"version": version}} for name, version in (("old", "5.1"), ("new", "5.5"))
    }
    editor.settings = lua["old"]
    editor.folder_settings = {editor.uri(name): each for name, each in lua.items()}
    can = types.WorkspaceClientCapabilities(configuration=True)
    editor.initialize(folders=["old", "new"], workspace=can)
    for name in ("old/a.lua", "new/b.lua", "c.lua"):
        editor.open(name, "x = 1 // 2\n")
    editor.wait_until(lambda: problems(editor, "old/a.lua") == ["syntax-error"])
    editor.wait_until(lambda: problems(editor, "c.lua") == ["syntax-error"])
    editor.wait_until(lambda: problems(editor, "new/b.lua") == [])
    editor.folder_settings[editor.uri("new")] = lua["old"]
    params = types.DidChangeConfigurationParams({"llmspell": lua["old"]})
    editor.tell(types.WORKSPACE_DID_CHANGE_CONFIGURATION, params)
    editor.wait_until(lambda: problems(editor, "new/b.lua") == ["syntax-error"])
    editor.close()


def test_what_is_left_is_not_looked_through_at_the_end(tmp_path: Path) -> None:
    """The process ends as soon as its client has gone, however much it knew."""
    code = (
        "import gc, sys; from llmspell.cli.app import main; main(['lsp']);"
        "sys.stderr.write(str(gc.get_freeze_count() > 1000))"
    )
    command = [sys.executable, "-P", "-c", code]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL
    )
    assert ("", "True") == (done.stdout, done.stderr)


def test_a_huge_file_is_only_compiled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is told of it but syntax errors, until it is shorter."""
    monkeypatch.setattr(documents, "HUGE", 100)
    filled = "-- " + 100 * "x"
    with editing(tmp_path, in_process=True) as editor:
        editor.open("a.lua", f"function f() local unused end {filled}")
        assert [] == editor.diagnostics("a.lua")
        asked = {"text_document": editor.identifier("a.lua")}
        for method, params in (
            (types.TEXT_DOCUMENT_DOCUMENT_SYMBOL, types.DocumentSymbolParams(**asked)),
            (types.TEXT_DOCUMENT_CODE_LENS, types.CodeLensParams(**asked)),
            (types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL, types.SemanticTokensParams(**asked)),
            (types.TEXT_DOCUMENT_COMPLETION, types.CompletionParams(**editor.at("a.lua", "f"))),
            (types.TEXT_DOCUMENT_HOVER, types.HoverParams(**editor.at("a.lua", "f"))),
        ):
            assert editor.ask(method, params) is None
        editor.change("a.lua", f"x = = 1 {filled}")
        (found,) = editor.diagnostics("a.lua")
        assert ("syntax-error", 4) == (found.code, found.range.start.character)
        editor.change("a.lua", "function f() end")
        assert ["f"] == symbols(editor, "a.lua")


def test_running_a_script_loads_no_language_server(tmp_path: Path) -> None:
    """Whoever only runs scripts does not pay for the language server."""
    (tmp_path / "a.lua").write_text("print(1)")
    code = (
        "import sys; from llmspell.cli.app import main; main(['run', 'a.lua']);"
        "print([each for each in sys.modules if each.partition('.')[0] in sys.argv[1:]])"
    )
    command = [sys.executable, "-c", code, "pygls", "lsprotocol", "lsp_server"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "1\n[]\n" == done.stdout


def test_wrong_settings_are_named_and_the_rest_holds(tmp_path: Path) -> None:
    """One wrong setting does not take the others with it."""
    settings = {"lua": {"version": "5.9"}, "codeLens.enable": "no", "colour": 1}
    with editing(tmp_path, settings) as editor:
        editor.wait_until(lambda: editor.messages)
        (message,) = editor.messages
        assert "lua.version is '5.9'" in message
        assert "codeLens.enable is 'no'" in message
        assert "no setting llmspell.colour" in message
