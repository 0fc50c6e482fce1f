"""A workspace: thousands of files that come, change and vanish."""

import re
from pathlib import Path

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from tests.support.editor import Editor, editing


def search(editor: Editor, query: str) -> list[tuple[str, str]]:
    """Name and file of the symbols found."""
    found = editor.ask(types.WORKSPACE_SYMBOL, types.WorkspaceSymbolParams(query))
    return sorted((each.name, Path(each.location.uri).name) for each in found)


def changed(editor: Editor, name: str, how: types.FileChangeType) -> None:
    """The client says what has happened to a file."""
    event = types.FileEvent(editor.uri(name), how)
    editor.tell(
        types.WORKSPACE_DID_CHANGE_WATCHED_FILES, types.DidChangeWatchedFilesParams([event])
    )


def test_symbols_of_a_workspace(tmp_path: Path) -> None:
    """Functions, methods, and what chunks define are found by letters of their names."""
    (tmp_path / "a.lua").write_text(
        "local M = {}\nfunction M.first() end\nfunction M:second() end\n"
    )
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden" / "b.lua").write_text("function M.first() end\n")
    with editing(tmp_path) as editor:
        assert [("M.first", "a.lua")] == search(editor, "mfir")
        assert [("M", "a.lua"), ("M.first", "a.lua"), ("M:second", "a.lua")] == search(editor, "M")


def test_files_that_come_change_and_go(tmp_path: Path) -> None:
    """The index follows what the client tells of files."""
    file = tmp_path / "a.lua"
    with editing(tmp_path) as editor:
        assert [] == search(editor, "one")
        file.write_text("function one() end")
        changed(editor, "a.lua", types.FileChangeType.Created)
        assert [("one", "a.lua")] == search(editor, "one")
        file.write_text("function two() end")
        changed(editor, "a.lua", types.FileChangeType.Changed)
        assert [] == search(editor, "one")
        assert [("two", "a.lua")] == search(editor, "two")
        file.unlink()
        changed(editor, "a.lua", types.FileChangeType.Deleted)
        assert [] == search(editor, "two")


def test_folders_that_are_not_looked_into(tmp_path: Path) -> None:
    """What changes in them is not read either."""
    for folder in ("node_modules/deep", ".git", "plain"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "a.lua").write_text("function one() end")
    with editing(tmp_path) as editor:
        assert [("one", "a.lua")] == search(editor, "one")
        changed(editor, "node_modules/deep/a.lua", types.FileChangeType.Changed)
        changed(editor, ".git/a.lua", types.FileChangeType.Created)
        changed(editor, "plain/a.lua", types.FileChangeType.Changed)
        assert [("one", "a.lua")] == search(editor, "one")


def test_a_file_that_vanishes_silently(tmp_path: Path) -> None:
    """A file that went without a word is dropped when it would be in an answer."""
    (tmp_path / "a.lua").write_text("function one() end")
    with editing(tmp_path) as editor:
        assert [("one", "a.lua")] == search(editor, "one")
        (tmp_path / "a.lua").unlink()
        assert [] == search(editor, "one")


def test_an_open_file_that_vanishes(tmp_path: Path) -> None:
    """What is open lives on in the editor; closed, it is refused by name."""
    file = tmp_path / "a.lua"
    file.write_text("function one() end")
    with editing(tmp_path) as editor:
        editor.open("a.lua", "function one() end")
        file.unlink()
        params = types.DocumentSymbolParams(editor.identifier("a.lua"))
        assert 1 == len(editor.ask(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL, params))
        closed = types.DidCloseTextDocumentParams(editor.identifier("a.lua"))
        editor.tell(types.TEXT_DOCUMENT_DID_CLOSE, closed)
        with pytest.raises(JsonRpcException, match=r"a\.lua cannot be read"):
            editor.ask(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL, params)


def test_definitions_in_files_that_are_not_open(tmp_path: Path) -> None:
    """A global leads to the file that assigns it; a local of that name does not count."""
    (tmp_path / "a.lua").write_text("local shared = 1\n")
    (tmp_path / "b.lua").write_text("\nfunction shared() end\n")
    with editing(tmp_path) as editor:
        search(editor, "shared")
        editor.open("c.lua", "shared()\n")
        params = types.DefinitionParams(**editor.at("c.lua", "shared"))
        (found,) = editor.ask(types.TEXT_DOCUMENT_DEFINITION, params)
        assert (editor.uri("b.lua"), 1, 9) == (
            found.uri,
            found.range.start.line,
            found.range.start.character,
        )


WAYS_TO_DEFINE = """\
function in_chunk() end
if rare then in_if = 1 else in_else = 2 end
do function in_do() end end
for i = 1, 2 do in_loop, in_list = i, i end
_G.by_field = 1
_ENV["by_key"] = 1
function _G.by_function() end
rawset(_G, "by_rawset", 1)
global by_word = 1
local function f() in_function = 1 if f then in_function_if = 1 end end
function M() in_front = 1 end local in_front = in_front
return {f = function() in_table = 1 end}
"""

NO_GLOBALS = """\
local top = 1
do top = 2 local inner = 3 inner = 4 end
local function f(parameter) local name; name = 1; parameter = 2 end
for loop = 1, 2 do loop = 3 end
for key, value in pairs({}) do key, value = 1, 2 end
local function hidden() end
local t = {}; t.field = 1; function t.member() end; rawset(t, "raw", 1)
"""


def test_globals_are_found_wherever_they_are_defined(tmp_path: Path) -> None:
    """In branches, loops and functions, and as fields of their table; variables are none."""
    (tmp_path / "a.lua").write_text(WAYS_TO_DEFINE)
    (tmp_path / "b.lua").write_text(NO_GLOBALS)
    found = re.findall(r"\b(?:in|by)_\w+", WAYS_TO_DEFINE)
    others = ["top", "inner", "parameter", "name", "loop", "key", "value", "hidden"]
    others += ["field", "member", "raw"]
    with editing(tmp_path) as editor:
        search(editor, "in_chunk")
        editor.open("c.lua", "".join(f"print({each})\n" for each in (*found, *others)))
        told = [each.message for each in editor.diagnostics("c.lua")]
        assert [f"Undefined global '{each}'." for each in others] == told
        params = types.DefinitionParams(**editor.at("c.lua", "by_field"))
        (place,) = editor.ask(types.TEXT_DOCUMENT_DEFINITION, params)
        assert (editor.uri("a.lua"), 4, 3) == (
            place.uri,
            place.range.start.line,
            place.range.start.character,
        )


MODULES = {
    "class": "local C = {}\nC.__index = C\nfunction C.new() return setmetatable({}, C) end\n"
    "function C:go() end\nreturn setmetatable(C, {})\n",
    "plain": 'return {\n["key"] = 1,\ninner = {\ndeep = 1 } }\n',
    "shared": "Shared = {}\nfunction Shared.run() end\nShared.inner = {}\n"
    "function Shared.inner:go() end\n",
    "other": "local Shared = {}\nfunction Shared.run() end\nreturn Shared\n",
}


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("require('class').new", "class.lua:3"),
        ("local c = require('class'); local new = c; new.new", "class.lua:3"),
        ("local o = require('class').new(); o:go", "class.lua:4"),
        ("local p = require('plain'); p.key", "plain.lua:2"),
        ("local p = require('plain'); p.inner.deep", "plain.lua:4"),
        ("Shared.run", "shared.lua:2"),
        ("Shared.inner:go", "shared.lua:4"),
        ("local o = require('other'); o.run", "other.lua:2"),
    ],
)
def test_definitions_of_fields_in_other_files(tmp_path: Path, text: str, place: str) -> None:
    """Through other names, results of functions and tables without one; and those of globals."""
    for name, content in MODULES.items():
        (tmp_path / f"{name}.lua").write_text(content)
    with editing(tmp_path) as editor:
        search(editor, "Shared")
        editor.open("a.lua", f"{text}()\n")
        end = types.Position(0, len(text))
        params = types.DefinitionParams(editor.identifier("a.lua"), end)
        found = editor.ask(types.TEXT_DOCUMENT_DEFINITION, params)
        places = [f"{Path(each.uri).name}:{each.range.start.line + 1}" for each in found]
        assert [place] == places


@pytest.mark.parametrize(
    "file", ["m.lua", "m/init.lua", "lua/m.lua", "lua/m/init.lua", "src/m.lua", "src/m/init.lua"]
)
def test_where_modules_are_looked_for(tmp_path: Path, file: str) -> None:
    """Each place that completion names modules of is one that a definition leads to."""
    (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / file).write_text("return { key = 1 }\n")
    with editing(tmp_path) as editor:
        editor.open("a.lua", 'require("m")')
        place = editor.at("a.lua", '"m"', into=2)
        items = editor.ask(types.TEXT_DOCUMENT_COMPLETION, types.CompletionParams(**place)).items
        assert ["m"] == [each.label for each in items]
        (found,) = editor.ask(types.TEXT_DOCUMENT_DEFINITION, types.DefinitionParams(**place))
        assert editor.uri(file) == found.uri


def test_a_module_that_was_never_saved(tmp_path: Path) -> None:
    """Its name, its fields and its place are known as those of a file."""
    with editing(tmp_path) as editor:
        editor.open("new.lua", "local M = {}\nfunction M.fresh() end\nreturn M\n")
        editor.open("a.lua", "local n = require('new')\nn.fresh()\n")
        for words, into, labels in (("'new'", 2, ["new"]), ("n.", 2, ["fresh"])):
            params = types.CompletionParams(**editor.at("a.lua", words, into=into))
            items = editor.ask(types.TEXT_DOCUMENT_COMPLETION, params).items
            assert labels == [each.label for each in items]
        params = types.DefinitionParams(**editor.at("a.lua", "fresh"))
        (found,) = editor.ask(types.TEXT_DOCUMENT_DEFINITION, params)
        assert (editor.uri("new.lua"), 1) == (found.uri, found.range.start.line)


def test_what_other_files_add_to_the_library_is_there(tmp_path: Path) -> None:
    """A function that a file puts into string or table can be called in all the others."""
    (tmp_path / "more.lua").write_text(
        "function string.trim(s) end\nif not table.pack then table.packed = print end\n"
        "function string:split() end\nlocal t = {}\nt.own = 1\n"
    )
    with editing(tmp_path) as editor:
        assert [("table.packed", "more.lua")] == search(editor, "packed")
        editor.open("a.lua", "string.trim('')\ntable.packed()\nstring.split('')\ntable.own()\n")
        (found,) = editor.diagnostics("a.lua")
        assert "Undefined field 'table.own'." == found.message
        (tmp_path / "more.lua").unlink()
        changed(editor, "more.lua", types.FileChangeType.Deleted)
        search(editor, "")
        editor.change("a.lua", editor.texts["a.lua"])
        assert 4 == len(editor.diagnostics("a.lua"))


def undefined(editor: Editor, name: str) -> list[str]:
    """The globals that are told to be undefined, as published last."""
    told = editor.published[editor.uri(name)].diagnostics
    return [each.message.split("'")[1] for each in told if each.code == "undefined-global"]


def definition(editor: Editor, name: str, words: str) -> list[tuple[str, int]]:
    """File and line of where something gets its value."""
    params = types.DefinitionParams(**editor.at(name, words))
    found = editor.ask(types.TEXT_DOCUMENT_DEFINITION, params)
    return [(Path(each.uri).name, each.range.start.line) for each in found]


def test_a_file_that_was_never_saved_counts(tmp_path: Path) -> None:
    """What it defines is known in other files, found, and led to."""
    with editing(tmp_path) as editor:
        editor.open("a.lua", "-- new\nfunction mine() end\nMine = {}\nMine.field = 1\n")
        editor.open("b.lua", "mine(Mine.field)\n")
        editor.diagnostics("b.lua")
        editor.wait_until(lambda: undefined(editor, "b.lua") == [])
        assert ("mine", "a.lua") in search(editor, "mine")
        assert [("a.lua", 1)] == definition(editor, "b.lua", "mine")
        assert [("a.lua", 3)] == definition(editor, "b.lua", "field")


def test_what_is_typed_counts_before_it_is_saved(tmp_path: Path) -> None:
    """Names that come and go are so in the diagnostics of other files; closed, the file counts."""
    (tmp_path / "a.lua").write_text("function before() end\n")
    with editing(tmp_path) as editor:
        editor.open("a.lua", "function before() end\n")
        editor.open("b.lua", "before()\nafter()\n")
        editor.diagnostics("b.lua")
        editor.wait_until(lambda: undefined(editor, "b.lua") == ["after"])
        editor.change("a.lua", "\nfunction after() end\n")
        assert [("a.lua", 1)] == definition(editor, "b.lua", "after")
        assert [("after", "a.lua")] == search(editor, "after")
        editor.wait_until(lambda: undefined(editor, "b.lua") == ["before"])
        changed(editor, "a.lua", types.FileChangeType.Changed)
        assert [] == search(editor, "before")
        closed = types.DidCloseTextDocumentParams(editor.identifier("a.lua"))
        editor.tell(types.TEXT_DOCUMENT_DID_CLOSE, closed)
        editor.wait_until(lambda: undefined(editor, "b.lua") == ["after"])
        assert [("before", "a.lua")] == search(editor, "before")


def close(editor: Editor, name: str) -> None:
    """The text is put away, saved or not."""
    params = types.DidCloseTextDocumentParams(editor.identifier(name))
    editor.tell(types.TEXT_DOCUMENT_DID_CLOSE, params)


def test_what_lies_outside_counts_while_it_is_open(tmp_path: Path) -> None:
    """A file of no folder of the workspace is forgotten when it is closed."""
    workspace = tmp_path / "work"
    workspace.mkdir()
    (tmp_path / "outside.lua").write_text("function outside() end\n")
    with editing(workspace) as editor:
        editor.open("a.lua", "outside()\n")
        editor.diagnostics("a.lua")
        editor.open("../outside.lua", "function outside() end\n")
        editor.wait_until(lambda: undefined(editor, "a.lua") == [])
        close(editor, "../outside.lua")
        editor.wait_until(lambda: undefined(editor, "a.lua") == ["outside"])
        assert [] == search(editor, "outside")


def test_an_open_file_of_a_folder_that_is_removed(tmp_path: Path) -> None:
    """It counts until it is closed, and the other files of the folder count no longer."""
    for name in ("a", "b"):
        (tmp_path / f"{name}.lua").write_text(f"function {name}() end\n")
    with editing(tmp_path) as editor:
        editor.open("a.lua", "function a() end\n")
        editor.open("c.lua", "a()\nb()\n")
        editor.diagnostics("c.lua")
        editor.wait_until(lambda: undefined(editor, "c.lua") == [])
        folder = types.WorkspaceFolder(editor.uri(""), "gone")
        event = types.WorkspaceFoldersChangeEvent(added=[], removed=[folder])
        params = types.DidChangeWorkspaceFoldersParams(event)
        editor.tell(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS, params)
        editor.wait_until(lambda: undefined(editor, "c.lua") == ["b"])
        close(editor, "a.lua")
        editor.wait_until(lambda: undefined(editor, "c.lua") == ["a", "b"])


def test_a_definition_that_is_taken_out_counts_no_longer(tmp_path: Path) -> None:
    """The very next diagnostics of its file tell that the global is undefined."""
    with editing(tmp_path) as editor:
        editor.open("a.lua", "function mine() end\nmine()\n")
        assert [("mine", "a.lua")] == search(editor, "mine")
        editor.change("a.lua", "mine()\n")
        params = types.DocumentDiagnosticParams(editor.identifier("a.lua"))
        (found,) = editor.ask(types.TEXT_DOCUMENT_DIAGNOSTIC, params).items
        assert "undefined-global" == found.code


def test_a_string_that_is_being_typed_takes_no_names_away(tmp_path: Path) -> None:
    """What could be found before counts on until the text can be parsed again."""
    with editing(tmp_path) as editor:
        editor.open("a.lua", "function mine() end\n")
        editor.open("b.lua", "mine()\nother()\n")
        editor.diagnostics("b.lua")
        editor.wait_until(lambda: undefined(editor, "b.lua") == ["other"])
        editor.change("a.lua", "x = [[\nfunction mine() end\n")
        search(editor, "")
        editor.change("b.lua", "mine()\nother()\nmore()\n")
        editor.diagnostics("b.lua")
        assert ["other", "more"] == undefined(editor, "b.lua")


def test_three_thousand_files(tmp_path: Path) -> None:
    """A large workspace is searched as a small one is, and requests are answered meanwhile."""
    for number in range(3000):
        folder = tmp_path / f"part{number // 100}"
        folder.mkdir(exist_ok=True)
        (folder / f"f{number}.lua").write_text(
            f"local M = {{}}\nfunction M.work_{number}(a)\n  return a\nend\nreturn M\n"
        )
    with editing(tmp_path) as editor:
        editor.open("a.lua", "local function f() end\nf()\n")
        params = types.DocumentSymbolParams(editor.identifier("a.lua"))
        assert 1 == len(editor.ask(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL, params))
        assert [("M.work_2999", "f2999.lua")] == search(editor, "work_2999")


def test_broken_files_are_indexed_as_far_as_they_go(tmp_path: Path) -> None:
    """Binary files, unfinished ones and folders called .lua are no obstacle."""
    (tmp_path / "a.lua").write_bytes(b"\xff\xfe\0\x1bLua" * 100)
    (tmp_path / "b.lua").write_text("function whole() end\nfunction broken( if then")
    (tmp_path / "c.lua").mkdir()
    with editing(tmp_path) as editor:
        assert ("whole", "b.lua") in search(editor, "whole")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
def test_position_encodings(tmp_path: Path, encoding: str) -> None:
    """The client's first choice is agreed upon, and positions are counted that way."""
    width = {"utf-8": 4, "utf-16": 2, "utf-32": 1}[encoding]
    general = types.GeneralClientCapabilities(
        position_encodings=[types.PositionEncodingKind(encoding)]
    )
    with editing(tmp_path, general=general) as editor:
        assert encoding == editor.capabilities.position_encoding
        identifier = editor.open("a.lua", "local s, x = '𝄞', 1 print(s, x)\n")
        column = len("local s, x = '', 1 print(s, ") + width
        params = types.DefinitionParams(identifier, types.Position(0, column))
        (found,) = editor.ask(types.TEXT_DOCUMENT_DEFINITION, params)
        assert (9, 10) == (found.range.start.character, found.range.end.character)
        editor.change(
            "a.lua", "y", types.Range(types.Position(0, column), types.Position(0, column + 1))
        )
        params = types.DocumentHighlightParams(identifier, types.Position(0, column))
        (mark,) = editor.ask(types.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT, params)
        assert (column, column + 1) == (mark.range.start.character, mark.range.end.character)
