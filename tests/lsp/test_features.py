"""Navigation, renaming, outlines: what an editor asks about a file, and what it is told."""

from pathlib import Path
from typing import Any

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from tests.support.editor import Editor, editing

CART = """\
local money = require("lib.money")
local Cart = {}
Cart.__index = Cart

function Cart.new(items)
  local self = setmetatable({ items = items or {}, total = 0 }, Cart)
  return self
end

function Cart:add(item, price)
  local count = #self.items + 1
  for index, each in ipairs(self.items) do
    print(index, each)
  end
  self.items[count] = item
  self.total = money.plus(self.total, price)
  return count
end

return Cart
"""

MONEY = "local M = {}\n\nfunction M.plus(a, b)\n  return a + b\nend\n\nreturn M\n"


@pytest.fixture
def cart(tmp_path: Path) -> Any:
    """An editor with cart.lua open, and the module it requires as a file."""
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "money.lua").write_text(MONEY)
    with editing(tmp_path) as editor:
        editor.open("cart.lua", CART)
        yield editor


def lines(places: list[Any]) -> list[int]:
    """The lines of locations or highlights, from 1."""
    return [each.range.start.line + 1 for each in places]


def definition(editor: Editor, name: str, words: str, nth: int = 1, into: int = 0) -> list[Any]:
    """Where editors go from a word."""
    params = types.DefinitionParams(**editor.at(name, words, nth, into))
    return list(editor.ask(types.TEXT_DOCUMENT_DEFINITION, params) or [])


@pytest.mark.parametrize(
    ("words", "nth", "line"),
    [("count]", 1, 11), ("price)", 2, 10), ("each)", 1, 12), ("Cart)", 1, 2), ("Cart", 6, 2)],
)
def test_definitions_of_variables(cart: Editor, words: str, nth: int, line: int) -> None:
    """From a use of a local, parameter, loop variable or upvalue one comes to its declaration."""
    assert [line] == lines(definition(cart, "cart.lua", words, nth))


def test_definition_in_the_required_module(cart: Editor) -> None:
    """From the call of a module's function one comes to the module's file."""
    (found,) = definition(cart, "cart.lua", "plus")
    assert (cart.uri("lib/money.lua"), 2, 11) == (
        found.uri,
        found.range.start.line,
        found.range.start.character,
    )


def test_definition_of_the_module_itself(cart: Editor) -> None:
    """From the name in a require one comes to the file."""
    (found,) = definition(cart, "cart.lua", "lib.money", into=2)
    assert cart.uri("lib/money.lua") == found.uri


def test_references_and_highlights(cart: Editor) -> None:
    """All uses are found, and what writes is told from what reads."""
    at = cart.at("cart.lua", "count")
    context = types.ReferenceContext(include_declaration=True)
    found = cart.ask(types.TEXT_DOCUMENT_REFERENCES, types.ReferenceParams(context, **at))
    assert [11, 15, 17] == lines(found)
    marks = cart.ask(types.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT, types.DocumentHighlightParams(**at))
    kinds = [each.kind.name for each in marks]
    assert ["Write", "Read", "Read"] == kinds


def test_fields_of_self_are_fields_of_the_class(cart: Editor) -> None:
    """``self.total`` is the total of the class, in methods and where an instance is made."""
    at = cart.at("cart.lua", "total = money")
    marks = cart.ask(types.TEXT_DOCUMENT_DOCUMENT_HIGHLIGHT, types.DocumentHighlightParams(**at))
    assert [("Write", 6), ("Write", 16), ("Read", 16)] == [
        (each.kind.name, each.range.start.line + 1) for each in marks
    ]


def test_rename(cart: Editor) -> None:
    """Every use gets the new name, and nothing else does."""
    at = cart.at("cart.lua", "count")
    ready = cart.ask(types.TEXT_DOCUMENT_PREPARE_RENAME, types.PrepareRenameParams(**at))
    assert "count" == ready.placeholder
    edit = cart.ask(types.TEXT_DOCUMENT_RENAME, types.RenameParams(new_name="size", **at))
    assert [11, 15, 17] == lines(edit.changes[cart.uri("cart.lua")])


ANNOTATED = """\
---@param a number é, and a
---@param ab string
---@param other? number a
local function f(a, ab, other) return a + other, ab end
---@param a number
local function g(b) return f(b) end
"""


@pytest.mark.parametrize(("words", "lines_"), [("a, ab", [1, 4, 4]), ("other)", [3, 4, 4])])
def test_rename_of_a_parameter_with_a_type(tmp_path: Path, words: str, lines_: list[int]) -> None:
    """The comment that says what a parameter is goes on speaking of it."""
    with editing(tmp_path) as editor:
        editor.open("a.lua", ANNOTATED)
        params = types.RenameParams(new_name="z", **editor.at("a.lua", words))
        edit = editor.ask(types.TEXT_DOCUMENT_RENAME, params)
        places = edit.changes[editor.uri("a.lua")]
        assert lines_ == lines(places)
        assert 10 == places[0].range.start.character


@pytest.mark.parametrize(("version", "is_name"), [("luajit2.1", True), ("5.4", False)])
def test_rename_to_letters_beyond_ascii(tmp_path: Path, version: str, is_name: bool) -> None:
    """Only LuaJIT takes them in names."""
    with editing(tmp_path, lua=version) as editor:
        editor.open("a.lua", "local n = 1 print(n)\n")
        params = types.RenameParams(new_name="ñ", **editor.at("a.lua", "n"))
        assert is_name == (editor.refusal_of(types.TEXT_DOCUMENT_RENAME, params) is None)


@pytest.mark.parametrize(
    ("words", "new", "says"),
    [
        ("count", "end", "'end' is a word of Lua"),
        ("count", "2x", "'2x' is no name"),
        ("count", "item", "on line 15 that name would mean something else"),
        ("count", "ipairs", "on line 12 that name would mean something else"),
        ("print", "show", "'print' is a global"),
        ("total", "sum", "'total' is a field"),
    ],
)
def test_rename_is_refused(cart: Editor, words: str, new: str, says: str) -> None:
    """A new name that would change what the program does is refused, with the reason."""
    params = types.RenameParams(new_name=new, **cart.at("cart.lua", words))
    with pytest.raises(JsonRpcException, match=says):
        cart.ask(types.TEXT_DOCUMENT_RENAME, params)


def test_document_symbols(cart: Editor) -> None:
    """The outline has functions, methods, tables and modules, each with its signature."""
    params = types.DocumentSymbolParams(cart.identifier("cart.lua"))
    found = cart.ask(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL, params)
    assert [
        ("money", "Module", 'require "lib.money"'),
        ("Cart", "Object", None),
        ("Cart.__index", "Field", None),
        ("Cart.new", "Function", "(items)"),
        ("Cart:add", "Method", "(item, price)"),
    ] == [(each.name, each.kind.name, each.detail) for each in found]


def test_symbols_lie_within_each_other(tmp_path: Path) -> None:
    """Functions in tables are inside them, and functions in functions inside those."""
    with editing(tmp_path) as editor:
        editor.open(
            "a.lua",
            "local t = { f = function() end, n = 1 }\nfunction g()\n local function h() end\nend",
        )
        found = editor.ask(
            types.TEXT_DOCUMENT_DOCUMENT_SYMBOL,
            types.DocumentSymbolParams(editor.identifier("a.lua")),
        )
        names = {each.name: [child.name for child in each.children] for each in found}
        assert {"t": ["f", "n"], "g": ["h"]} == names


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("local ok, result = pcall(print)", {"ok": [], "result": []}),
        ("local a, b = { x = 1 }, { y = 1 }", {"a": ["x"], "b": ["y"]}),
        ("a, b = { x = 1 }, { y = 1 }", {"a": ["x"], "b": ["y"]}),
        ("local a, b = function() local function c() end end, 1", {"a": ["c"], "b": []}),
    ],
)
def test_symbols_of_one_statement(
    tmp_path: Path, text: str, expected: dict[str, list[str]]
) -> None:
    """Variables that are declared together are beside each other, each with what is its own."""
    with editing(tmp_path) as editor:
        params = types.DocumentSymbolParams(editor.open("a.lua", text))
        found = editor.ask(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL, params)
        assert expected == {each.name: [c.name for c in each.children] for each in found}


def test_folding(cart: Editor) -> None:
    """Functions and loops fold up to the line before their ``end``."""
    params = types.FoldingRangeParams(cart.identifier("cart.lua"))
    found = cart.ask(types.TEXT_DOCUMENT_FOLDING_RANGE, params)
    assert [(5, 7), (10, 17), (12, 13)] == [(f.start_line + 1, f.end_line + 1) for f in found]


def test_folding_of_comments_branches_and_regions(tmp_path: Path) -> None:
    """Comments that belong together, each branch of an if, and marked regions fold."""
    text = (
        "-- one\n-- two\n--#region stuff\nif a then\n  b()\nelse\n  c()\n  d()\nend\n--#endregion\n"
    )
    with editing(tmp_path) as editor:
        editor.open("a.lua", text)
        found = editor.ask(
            types.TEXT_DOCUMENT_FOLDING_RANGE, types.FoldingRangeParams(editor.identifier("a.lua"))
        )
        assert [(0, 1, "comment"), (2, 9, "region"), (3, 4, None), (5, 7, None)] == [
            (f.start_line, f.end_line, f.kind and str(getattr(f.kind, "value", f.kind)))
            for f in found
        ]


def test_selection_grows(cart: Editor) -> None:
    """From a word to its expression, statement, function and file; never less."""
    at = cart.at("cart.lua", "count]")
    params = types.SelectionRangeParams(at["text_document"], [at["position"]])
    (found,) = cart.ask(types.TEXT_DOCUMENT_SELECTION_RANGE, params)
    sizes = []
    each = found
    while each is not None:
        sizes.append((each.range.start.line, each.range.end.line))
        each = each.parent
    assert (14, 14) == sizes[0]
    assert (9, 17) in sizes
    assert (0, 20) == sizes[-1]


def test_semantic_tokens(cart: Editor) -> None:
    """Names are told apart by what they are; a delta brings the earlier answer up to date."""
    identifier = cart.identifier("cart.lua")
    first = cart.ask(
        types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL, types.SemanticTokensParams(identifier)
    )
    legend = cart.capabilities.semantic_tokens_provider.legend  # type: ignore[union-attr]
    kinds = [legend.token_types[kind] for kind in first.data[3::5]]
    assert {"variable", "parameter", "function", "method", "property"} <= set(kinds)
    place = types.Position(16, 0)
    cart.change("cart.lua", "  print(count)\n", types.Range(place, place))
    second = cart.ask(
        types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL_DELTA,
        types.SemanticTokensDeltaParams(identifier, first.result_id),
    )
    (edit,) = second.edits
    data = list(first.data)
    data[edit.start : edit.start + edit.delete_count] = edit.data or []
    whole = cart.ask(
        types.TEXT_DOCUMENT_SEMANTIC_TOKENS_FULL, types.SemanticTokensParams(identifier)
    )
    assert list(whole.data) == data


def test_no_code_lenses_unless_they_are_wanted(tmp_path: Path) -> None:
    """A client that has not turned them on has no commands to run them."""
    with editing(tmp_path) as editor:
        params = types.CodeLensParams(editor.open("a.lua", "print(1)\n"))
        assert not editor.ask(types.TEXT_DOCUMENT_CODE_LENS, params)


def test_code_lenses(tmp_path: Path) -> None:
    """Run and Debug on the first statement, Debug on functions without parameters."""
    with editing(tmp_path, {"codeLens": {"enable": True}}) as editor:
        identifier = editor.open("a.lua", "-- a\nlocal function f()\n\n  g()\nend\nf()\n")
        params = types.CodeLensParams(identifier)
        found = editor.ask(types.TEXT_DOCUMENT_CODE_LENS, params)
        uri = editor.uri("a.lua")
        assert [
            ("llmspell.run", [uri], 1),
            ("llmspell.debug", [uri], 1),
            ("llmspell.debug", [uri, 3], 1),
        ] == [(e.command.command, [*e.command.arguments], e.range.start.line) for e in found]
        changed = types.DidChangeConfigurationParams({"llmspell": {"codeLens": {"enable": False}}})
        editor.tell(types.WORKSPACE_DID_CHANGE_CONFIGURATION, changed)
        assert not editor.ask(types.TEXT_DOCUMENT_CODE_LENS, params)


def test_functions_are_no_inline_values(tmp_path: Path) -> None:
    """Beside a call stand its arguments, not the word that it is a function."""
    with editing(tmp_path) as editor:
        text = "local f = print\nlocal function g() end\nlocal x = 1\nf(g, x)\n"
        stop = types.Range(types.Position(3, 0), types.Position(3, 0))
        whole = types.Range(types.Position(0, 0), types.Position(4, 0))
        params = types.InlineValueParams(
            editor.open("a.lua", text), whole, types.InlineValueContext(1, stop)
        )
        found = editor.ask(types.TEXT_DOCUMENT_INLINE_VALUE, params)
        assert [(0, "f"), (2, "x"), (3, "x")] == [
            (each.range.start.line, each.variable_name) for each in found
        ]


def test_inline_values(cart: Editor) -> None:
    """Variables that have a value at the stop, and short chains of fields; nothing that runs."""
    stop = types.Range(types.Position(15, 2), types.Position(15, 2))
    whole = types.Range(types.Position(0, 0), types.Position(20, 0))
    params = types.InlineValueParams(
        cart.identifier("cart.lua"), whole, types.InlineValueContext(1, stop)
    )
    found = cart.ask(types.TEXT_DOCUMENT_INLINE_VALUE, params)
    shown = [
        (each.range.start.line + 1, getattr(each, "variable_name", None) or each.expression)
        for each in found
    ]
    assert (10, "item") in shown
    assert (11, "count") in shown
    assert (16, "self.total") in shown
    assert (13, "index") not in shown
    assert (5, "items") not in shown
    assert [] == [each for each in shown if each[0] > 16]
