"""Completion: what can stand at the cursor."""

import pytest
from lsprotocol import types

from tests.support.cursor import SNIPPETS, item, items, labels, put, said
from tests.support.editor import editing

WITH_API = {"scriptApi": {"later": True}}


@pytest.fixture(scope="module")
def editor(tmp_path_factory):
    """One editor for all stories: each opens its text anew."""
    with editing(tmp_path_factory.mktemp("workspace"), WITH_API) as made:
        yield made


CLASS = """\
local Account = {}
Account.__index = Account
-- Makes one.
function Account.new(owner)
  local self = setmetatable({}, Account)
  self.owner = owner
  return self
end
function Account:deposit(amount) self.balance = amount end
"""


@pytest.mark.parametrize(
    ("marked", "expected"),
    [
        ("local M = { a = 1, ['b'] = 2 }\nM.¦", ["a", "b"]),
        ("local M = {}\nM.x = 1\nfunction M.f() end\nfunction M:m() end\nM.¦", ["f", "m", "x"]),
        ("local M = {}\nM.x = 1\nfunction M.f() end\nfunction M:m() end\nM:¦", ["f", "m"]),
        ("M = { sub = { deep = { x = 1 } } }\nM.sub.deep.¦", ["x"]),
        ("local M = { sub = { y = 1 } }\nlocal s = M.sub\ns.¦", ["y"]),
        ("local function make() return { z = 1 } end\nmake().¦", ["z"]),
        ("local t = x or { z = 1 }\nt.¦", ["z"]),
        ("local t\nt = { z = 1 }\nt.¦", ["z"]),
        ("local D = setmetatable({ own = 1 }, { __index = { base = 2 } })\nD.¦", ["base", "own"]),
        ("local B = { base = 1 }\nlocal D = {}\nsetmetatable(D, {__index = B})\nD.¦", ["base"]),
        ("local t = { ['no name'] = 1, fine = 2 }\nt.¦", ["fine"]),
    ],
)
def test_fields_along_chains(editor, marked, expected):
    """Behind a dot or a colon stands what the text itself puts into the table."""
    assert expected == labels(editor, marked)


def test_objects_of_classes(editor):
    """An object has the fields of its constructor and the methods of its class."""
    expected = ["__index", "balance", "deposit", "new", "owner"]
    assert expected == labels(editor, CLASS + "local a = Account.new('x')\na.¦")
    assert ["deposit", "new"] == labels(editor, CLASS + "local a = Account.new('x')\na:¦")
    assert ["deposit", "new", "w"] == labels(editor, CLASS + "function Account:w() self:¦ end")


def test_inherited_methods(editor):
    """What a class has from another one is offered, too, and found through two of them."""
    text = CLASS + "local Vip = setmetatable({}, { __index = Account })\nVip.__index = Vip\n"
    text += "function Vip.new() return setmetatable({}, Vip) end\nfunction Vip:wave() end\n"
    assert ["deposit", "new", "wave"] == labels(editor, text + "local v = Vip.new()\nv:¦")


def test_details_and_docs_of_the_text(editor):
    """A function shows its parameters, and the comment above it."""
    found = item(editor, CLASS + "Account.¦", "new")
    assert ("new(owner)", "Makes one.") == (found.detail, said(found))


@pytest.mark.parametrize(
    ("marked", "among"),
    [
        ("('x'):¦", {"upper", "gsub", "rep"}),
        ("local s = 'a' .. 'b'\ns:¦", {"upper"}),
        ("for line in io.lines() do line:¦ end", {"upper"}),
        ("string.¦", {"format", "char"}),
        ("io.stdout:¦", {"write", "seek"}),
        ("local f = io.open('x')\nf:¦", {"read", "lines"}),
        ("local f <close> = assert(io.open('x'))\nf:¦", {"read", "lines"}),
        ("Agent.builder():name('x'):¦", {"model", "build"}),
        ("for _, tool in ipairs(Tool.list()) do print(tool.¦) end", {"name", "version"}),
        ("Tool.list()[1].¦", {"name", "version"}),
        ("debug.getinfo(1).¦", {"currentline", "short_src"}),
        ("_G.¦", {"print", "string", "Agent"}),
        ("_G.string.¦", {"format"}),
        ("local function f(text) text:¦ end", {"gsub", "upper"}),
        ("x:known()\nlocal function f(y) y:¦ end", {"known"}),
    ],
)
def test_members_of_the_library_and_the_api(editor, marked, among):
    """What values of the library have is known along calls, loops and strings."""
    assert among <= set(labels(editor, marked))


def test_docs_of_the_library(editor):
    """Members of the library come with signature and a sentence."""
    found = item(editor, "string.¦", "rep")
    assert found.detail == "rep(s: string, n: integer, sep?: string): string"
    sentence = "The string n times, with a separator between."
    assert said(found) == f"{sentence}\n\n*Lua 5.2, 5.3, 5.4, 5.5, LuaJIT 2.0, LuaJIT 2.1*"


def test_a_dot_where_a_colon_belongs(editor):
    """A method chosen behind a dot brings its colon."""
    found = item(editor, "local s = 'x'\ns.¦", "upper")
    assert [":"] == [each.new_text for each in found.additional_text_edits]


def test_a_colon_where_a_dot_belongs(editor):
    """A function that does not take its table brings its dot."""
    found = item(editor, "State:¦", "load")
    assert ["."] == [each.new_text for each in found.additional_text_edits]
    assert item(editor, "table:¦", "insert").additional_text_edits is None


def test_texts_that_a_function_takes(editor):
    """Where they are few, they are offered inside of the quotes."""
    assert {"global", "session", "user:"} <= set(labels(editor, "State.load('¦')"))
    assert [] == labels(editor, "State.load('global', '¦')")


def test_locals_come_first_and_the_innermost_wins(editor):
    """The variables in scope, as what the nearest declaration says; not those of other scopes."""
    text = "local a = 1\ndo local hidden = 2 end\nlocal function f(a, b)\n  local c = 3\n  ¦\nend"
    found = items(editor, text)
    assert ["a", "b", "c", "f"] == [each.label for each in found][:4]
    kinds = types.CompletionItemKind
    assert [kinds.Variable] * 3 + [kinds.Function] == [each.kind for each in found][:4]
    assert "parameter" == found[0].detail
    assert "hidden" not in [each.label for each in found]


@pytest.mark.parametrize(
    ("marked", "present", "absent"),
    [
        ("¦", {"local", "if", "return"}, {"and", "then", "in", "nil"}),
        ("x = ¦", {"nil", "not", "function"}, {"local", "then", "end"}),
        ("if x ¦", {"then", "and", "or"}, {"in", "nil"}),
        ("for k, v ¦", {"in"}, {"local", "k"}),
        ("local ¦", {"function"}, {"if", "print"}),
        ("goto ¦\n::there::", {"there"}, {"goto", "print"}),
        ("local function ¦", set(), {"print", "function"}),
        ("function f(a, ¦", set(), {"a", "print", "nil"}),
        ("for ¦", set(), {"print", "in"}),
        ("local a <const>, b <¦", {"const", "close"}, {"print", "a"}),
        ("local a = b <¦", {"print"}, {"const"}),
        ("local a = 1\nfunction ¦", {"a"}, {"if", "nil"}),
    ],
)
def test_keywords_where_they_can_stand(editor, marked, present, absent):
    """What is offered fits the place, so that little else has to be read."""
    found = set(labels(editor, marked))
    assert present <= found
    assert set() == absent & found


@pytest.mark.parametrize(
    "marked", ["-- ¦", "x = 'a.¦'", "--[[ x.¦ ]]", "x = 3.¦", "x = [[ a.¦ ]]", "x = 'it\\'s ¦"]
)
def test_nothing_in_comments_strings_and_numbers(editor, marked):
    """A dot in a sentence is no index."""
    assert [] == items(editor, marked)


def test_a_second_colon_asks_for_nothing(editor):
    """Who types ``::`` wants a label of their own."""
    context = types.CompletionContext(types.CompletionTriggerKind.TriggerCharacter, ":")
    assert [] == items(editor, "::¦", context=context)


def test_keys_of_tables_that_functions_take(editor):
    """In a table that is an argument its keys come first; those that are there are left out."""
    text = "Workflow.builder():add_step({ name = 'x', type = 'tool', ¦"
    found = items(editor, text)
    keys = ["agent", "input", "retry_count", "timeout_ms", "tool", "workflow"]
    assert keys == [each.label for each in found][:6]
    assert "agent = " == found[0].text_edit.new_text
    assert ["chunk_size", "overlap"] == labels(editor, "RAG.ingest(d, {chunking = {¦")[:2]
    assert "content" == labels(editor, "RAG.ingest({{¦")[0]


def test_keys_in_brackets(editor):
    """Keys that are no names are completed where they can be written."""
    text = "local t = { ['no name'] = 1, fine = 2 }\n"
    assert ["fine", "no name"] == labels(editor, text + "x = t['¦'] + 1")
    assert ["fine", "no name"] == labels(editor, text + 't["fi¦')
    assert [] == labels(editor, "x = ['¦")


def test_keys_that_a_function_of_the_text_reads(editor):
    """A function's own reading of its parameter says which keys make sense."""
    text = "local function open(options)\n  return options.mode or options.path\nend\nopen{¦"
    assert ["mode", "path"] == labels(editor, text)[:2]


def test_snippets_only_for_clients_that_can(tmp_path):
    """Statements and postfixes come as snippets, or not at all."""
    with editing(tmp_path, text_document=SNIPPETS) as able, editing(tmp_path) as plain:
        whole = [each for each in items(able, "¦") if each.label == "for pairs"]
        assert ["for ${1:k}, ${2:v} in pairs(${3:t}) do\n\t$0\nend"] == [
            each.text_edit.new_text for each in whole
        ]
        (made,) = [each for each in items(able, "local t = {}\nt.¦") if each.label == "ipairs"]
        assert "for ${1:i}, ${2:v} in ipairs(t) do\n\t$0\nend" == made.text_edit.new_text
        assert types.Range(types.Position(1, 0), types.Position(1, 2)) == made.text_edit.range
        assert "t.ipairs" == made.filter_text
        assert [] == [each for each in items(able, "x = t.¦") if each.label == "ipairs"]
        assert [] == [each for each in items(plain, "¦") if each.label == "for pairs"]


def test_versions_have_their_own_library(tmp_path):
    """Completion follows the Lua that the settings choose."""
    with editing(tmp_path, {"lua": {"version": "luajit"}}) as jit:
        assert {"bit", "unpack", "goto"} <= set(labels(jit, "¦"))
        assert "pack" not in labels(jit, "table.¦")
        assert "cdef" in labels(jit, "local ffi = require('ffi')\nffi.¦")
    with editing(tmp_path, {"lua": {"version": "5.5"}}) as new:
        assert {"utf8", "global"} <= set(labels(new, "¦"))
        assert "unpack" not in labels(new, "¦")


def test_the_api_is_offered_only_where_it_is_asked_for(tmp_path):
    """Nobody is offered what this release cannot run, unless a setting says so."""
    with editing(tmp_path) as editor:
        assert "Agent" not in labels(editor, "¦")
        assert [] == labels(editor, "Agent.¦")


def test_modules(tmp_path):
    """Fields come through require, and its string completes to files of the workspace."""
    (tmp_path / "lua").mkdir()
    (tmp_path / "lua" / "money.lua").write_text(
        "local M = {}\n-- Rounds.\nfunction M.round(x) end\nM.unit = 'EUR'\nreturn M\n"
    )
    (tmp_path / "plain.lua").write_text("return { one = 1 }")
    with editing(tmp_path) as editor:
        assert ["lua", "money", "plain"] == labels(editor, "require('¦')")
        assert ["lua.money"] == labels(editor, 'local m = require "lua.¦')
        assert ["round", "unit"] == labels(editor, "local m = require('lua.money')\nm.¦")
        assert ["one"] == labels(editor, "require'plain'.¦")
        assert "Rounds." == said(item(editor, "local m = require('money')\nm.¦", "round"))
        assert [] == labels(editor, "local m = require('gone')\nm.¦")


def test_globals_of_other_files(tmp_path):
    """What another file of the workspace assigns is offered, too."""
    (tmp_path / "other.lua").write_text("function made_elsewhere() end")
    with editing(tmp_path) as editor:
        editor.ask(types.WORKSPACE_SYMBOL, types.WorkspaceSymbolParams("made"))  # all is read
        assert "made_elsewhere" in labels(editor, "ma¦")


def test_functions_that_call_each_other(editor):
    """Results are followed through many functions, each of which is looked at once."""
    functions = "local function f0() return { last = 1 } end\n"
    for n in range(1, 12):
        functions += f"local function f{n}() return f{n - 1}() or f{n - 1}() or f{n}() end\n"
    assert ["last"] == labels(editor, functions + "f11().¦")


def test_modules_as_they_are_typed(tmp_path):
    """The open text of a module counts, not the file."""
    (tmp_path / "m.lua").write_text("return { old = 1 }")
    with editing(tmp_path) as editor:
        editor.open("m.lua", "return { new = 1 }")
        assert ["new"] == labels(editor, "require('m').¦")


def test_resolving_what_was_not_listed_last(editor):
    """An item of an older list comes back as it is."""
    (old,) = [each for each in items(editor, "string.¦") if each.label == "rep"]
    items(editor, "table.¦")
    assert editor.ask(types.COMPLETION_ITEM_RESOLVE, old).documentation is None
    odd = types.CompletionItem(label="x", data={"what": 1})
    assert "x" == editor.ask(types.COMPLETION_ITEM_RESOLVE, odd).label


def test_replaces_what_is_typed(editor):
    """The edit covers the letters that are there, so that nothing is doubled."""
    params = types.CompletionParams(**put(editor, "local found = 1\nfou¦"))
    answer = editor.ask(types.TEXT_DOCUMENT_COMPLETION, params)
    (found,) = [each for each in answer.items if each.label == "found"]
    assert types.Range(types.Position(1, 0), types.Position(1, 3)) == found.text_edit.range
