"""Each rule finds what it is for, and nothing else."""

import pytest

from llmspell.wiring import LuaCatalogues
from lsp_server.diagnostics import Diagnoser
from lsp_server.document import Document
from lsp_server.documents import Documents
from lsp_server.insight import Insight
from lsp_server.rules import RULES
from lsp_server.settings import Settings
from lua_debug.checker import SyntaxChecker

CHECKER = SyntaxChecker()
ALL_ON = dict.fromkeys(RULES, "warning")


def problems(text: str, lua: str = "5.4", **settings: object) -> list[tuple[str, str]]:
    """Rule and text of every diagnostic, all rules being on."""
    document = Document("file:///a.lua", text.encode(), lua, "utf-8")
    chosen = Settings(lua=lua, severities=ALL_ON)
    chosen = Settings(**{"lua": lua, "severities": ALL_ON, **settings}) if settings else chosen
    insight = Insight(LuaCatalogues(), Documents(lambda _: lua), lambda _: chosen, list)
    found = Diagnoser(CHECKER, insight).diagnose(document, chosen)
    return [
        (
            str(each.code),
            document.text(document.offset(each.range.start), document.offset(each.range.end)),
        )
        for each in found
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("local x", [("unused-local", "x")]),
        ("local x = 1; x = 2", [("unused-local", "x")]),
        ("local x = 1; print(x)", []),
        ("local _x", []),
        ("local x <close> = nil", []),
        ("local function f() f() end", [("unused-local", "f")]),
        ("local function f() end f()", []),
        ("local x; local function f() x = 1 end f()", [("unused-local", "x")]),
        ("for i = 1, 2 do end", [("unused-loop-variable", "i")]),
        ("for _, v in pairs({}) do print(v) end", []),
        ("function f(a, b) return b end", [("unused-parameter", "a")]),
        ("function f(...) return ... end", []),
        ("::l::", [("unused-label", "l")]),
        ("::l:: goto l", []),
    ],
)
def test_unused(text: str, expected: list[tuple[str, str]]) -> None:
    """What nobody reads is told, and what says that it is not read is not."""
    assert expected == problems(text)


@pytest.mark.parametrize(
    ("version", "text", "expected"),
    [
        ("5.4", "prnt(1)", [("undefined-global", "prnt")]),
        ("5.4", "x = 1; print(x)", []),
        ("5.4", "function f() end f()", []),
        ("5.4", "print(arg, _ENV, _G, _VERSION)", []),
        ("5.4", "_G.x = 1; print(x)", []),
        ("5.4", "_ENV['x'] = 1; print(x)", []),
        ("5.4", "local _G = _G; _G.x = 1; print(x)", []),
        ("5.4", "local t = {}; t.x = 1; print(x)", [("undefined-global", "x")]),
        ("5.4", "rawset(_G, 'x', 1); print(x)", []),
        ("5.4", "rawset({}, 'x', 1); print(x)", [("undefined-global", "x")]),
        ("5.4", "_ENV = setmetatable({}, {__index = _ENV}); print(x)", []),
        ("5.4", "setmetatable(_G, {__index = print}); print(x)", []),
        ("5.4", "for k, v in pairs(math) do _G[k] = v end print(sin(1))", []),
        ("5.4", "local x = _G[y]; _G[1] = x", [("undefined-global", "y")]),
        ("5.1", "setfenv(1, {x = 1}); print(x)", []),
        ("5.1", "module(...); print(_M, _NAME, _PACKAGE)", []),
        ("5.4", "local unpack = table.unpack or unpack; print(unpack)", []),
        ("5.1", "local unpack = table.unpack or unpack; print(unpack)", []),
        ("5.1", "if not table.pack then table.pack = print end", []),
        ("5.4", "if setfenv then setfenv(1, {}) end", []),
        ("5.4", "if (jit) ~= nil then print(jit.version) end", []),
        ("5.4", "if type(loadstring) == 'function' then loadstring('x') end", []),
        ("5.4", "if _VERSION == 'Lua 5.1' then print(unpack({})) end", []),
        ("5.4", "print(_VERSION == 'Lua 5.1' and unpack({}))", []),
        ("5.4", "local old = _VERSION:match('5.1'); if old then setfenv(1, {}) end", []),
        ("5.4", "if not table.unpack then table.unpack = unpack end", []),
        ("5.4", "print(_VERSION, setfenv)", [("undefined-global", "setfenv")]),
        ("5.4", "if 1 then print(unpack({})) end", [("undefined-global", "unpack")]),
        ("5.4", "if prnt then prnt() end", [("undefined-global", "prnt")] * 2),
        ("5.4", "string.foo()", [("undefined-field", "foo")]),
        ("5.4", "string.foo = print; string.foo()", []),
        ("5.4", "print(_G.foo, package.loaded.foo)", []),
        ("5.4", "local string = {}; print(string.foo)", []),
        ("5.1", "print(table.unpack)", [("undefined-field", "unpack")]),
        ("5.1", "print(unpack)", []),
        ("5.2", "print(unpack)", [("undefined-global", "unpack")]),
        ("5.1", "print(utf8, jit)", [("undefined-global", "utf8"), ("undefined-global", "jit")]),
        ("luajit2.1", "print(jit.on, bit.band)", []),
        ("5.3", "print(math.type)", []),
        ("5.2", "print(math.type)", [("undefined-field", "type")]),
        ("5.5", "print(table.create)", []),
        ("5.4", "print(table.create)", [("undefined-field", "create")]),
        ("5.1", "print(loadstring)", []),
        ("5.2", "print(loadstring)", [("undefined-global", "loadstring")]),
        ("5.1", "print(table.getn)", [("deprecated", "getn")]),
        ("5.1", "print(table.setn, gcinfo())", [("deprecated", "setn"), ("deprecated", "gcinfo")]),
        ("5.5", "global print, x; print(x)", []),
    ],
)
def test_undefined(version: str, text: str, expected: list[tuple[str, str]]) -> None:
    """A global or a field of the library is known where the version, or the file, has it."""
    assert expected == problems(text, version)


@pytest.mark.parametrize(
    ("version", "text", "wrong"),
    [
        ("5.5", "collectgarbage('param', 'pause', 100)", ""),
        ("5.4", "collectgarbage('step', 'much')", "'much'"),
        ("5.2", "string.dump(print, true)", "true"),
        ("5.3", "string.dump(print, true)", ""),
        ("luajit2.1", "string.dump(print, 'sd')", ""),
        ("luajit2.0", "string.dump(print, 1)", ""),
        ("5.4", "string.find('a.b', '.', 1, 1); utf8.len('a', 1, -1, 1); os.exit(0, 1)", ""),
        ("5.4", "string.find('a.b', '.', true)", "true"),
    ],
)
def test_arguments_by_version(version: str, text: str, wrong: str) -> None:
    """A call is judged by what the chosen Lua takes."""
    assert ([("wrong-argument", wrong)] if wrong else []) == problems(text, version)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("do return end print(1)", "print(1)"),
        ("while true do end print(1)", "print(1)"),
        ("while true do if x then break end end print(1)", None),
        ("while true do while true do break end end print(1)", "print(1)"),
        ("while 1 > 0 do end print(1)", None),
        ("for _ = 1, 2 do break print(1) end", "print(1)"),
        ("do goto l end print(1) ::l:: print(2)", "print(1)"),
        ("if x then return 1 else return 2 end print(1)", "print(1)"),
        ("if x then return 1 elseif y then return 2 end print(1)", None),
        ("if x then return 1 elseif y then return 2 else return 3 end print(1)", "print(1)"),
        ("if x then return 1 end print(1)", None),
        ("do do return end end print(1) print(2)", "print(1) print(2)"),
        ("local function f() do return end end f() print(1)", None),
        ("error('x') y()", "y()"),
        ("os.exit() y()", "y()"),
        ("if x then error('x') else return end y()", "y()"),
        ("print(error) x = error() y()", None),
        ("local function error() end error('x') y()", None),
        ("function error() end error('x') y()", None),
        ("os.exit = print os.exit() y()", None),
        ("repeat return until true y()", "y()"),
        ("repeat if x then break end return until true y()", None),
    ],
)
def test_unreachable(text: str, expected: str | None) -> None:
    """Statements that control never comes to are told, those that a label leads to are not."""
    found = [what for rule, what in problems(f"x, y = 1, 2 {text}") if rule == "unreachable-code"]
    assert ([] if expected is None else [expected]) == found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("local x = 1; local x = x; print(x)", ["x"]),
        ("local x = 1; print(x, function(x) return x end)", ["x"]),
        ("do local x = 1; print(x) end local x = 1; print(x)", []),
        ("local _ = 1; local _ = 2", []),
        ("local t = {}; function t:a() return function() return self end end print(t)", []),
    ],
)
def test_shadowing(text: str, expected: list[str]) -> None:
    """A variable that hides another one which is still alive is told."""
    assert [("shadowing", each) for each in expected] == problems(text)


@pytest.mark.parametrize(
    ("version", "expected"),
    [("5.4", ["syntax-error"]), ("luajit2.1", ["unused-local", "undefined-global"])],
)
def test_letters_beyond_ascii(version: str, expected: list[str]) -> None:
    """Only LuaJIT takes them in names; where they are an error, the rules wait."""
    assert expected == [rule for rule, _ in problems("local é = ü", version)]


@pytest.mark.parametrize("version", ["5.4", "5.5"])
def test_constants(version: str) -> None:
    """An assignment to a constant is told once, at the name."""
    text = "local x <const> = 1; x = 2; print(x)"
    assert [("const-assign", "x")] == problems(text, version)


def test_loop_variables_are_constants_since_5_5() -> None:
    """What was allowed until Lua 5.4 is an error in Lua 5.5."""
    text = "for i = 1, 2 do i = i + 1 end"
    assert [] == problems(text, "5.4")
    assert [("const-assign", "i")] == problems(text, "5.5")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("---@diagnostic disable-next-line: unused-local\nlocal x\nlocal y", ["y"]),
        ("local x ---@diagnostic disable-line\nlocal y", ["y"]),
        ("local x ---@diagnostic disable-line: undefined-global", ["x"]),
        ("---@diagnostic disable: unused-local\nlocal x\n---@diagnostic enable\nlocal y", ["y"]),
        ("--- @diagnostic disable: unused-local, shadowing\nlocal x", []),
        ("local x = [[\n---@diagnostic disable\n]]", ["x"]),
    ],
)
def test_comments_turn_rules_off(text: str, expected: list[str]) -> None:
    """As the Lua language server spells them: for a line, the next line, or from here on."""
    assert expected == [what for _, what in problems(text)]


def test_names_of_other_servers_are_understood() -> None:
    """Comments that people have already written for other servers count."""
    text = "local x = 1; print(x) ---@diagnostic disable-next-line: redefined-local"
    assert [] == problems(f"{text}\nlocal x = 2; print(x)")


def test_settings_turn_rules_off_and_add_globals() -> None:
    """What a setting says holds for the whole file."""
    assert [] == problems("local x; print(y)", severities={"unused-local": "off"}, globals={"y"})


@pytest.mark.parametrize(
    ("version", "text", "where"),
    [
        ("5.4", "x = = 1", "="),
        ("5.4", "local x = (1 + 2", "2"),
        ("5.4", "x = 'abc\ny = 1", "'abc"),
        ("5.4", "goto nowhere", "nowhere"),
        ("luajit2.1", "goto nowhere", "nowhere"),
        ("5.4", "break", "break"),
        ("5.4", "if x then\n  y =\nend", "end"),
        ("5.1", "x = 1 // 2", "/"),
        ("5.1", "\x1bLua", "\x1bLua"),
        ("5.4", "x = ä", "ä"),
    ],
)
def test_syntax_errors_are_placed(version: str, text: str, where: str) -> None:
    """The compiler's complaint is at the token it names, or at its line."""
    assert ("syntax-error", where) in problems(text, version)
