"""Hooks in Lua: the values that a function returns are read from its registers."""

import pytest

from lua_debug.interrupt import LuaInterface, set_main_thread
from lua_debug.probe_files import load_probe
from lua_debug.states import main_state
from lua_debug.versions import VERSIONS, make_runtime

every_version = pytest.mark.parametrize("version", VERSIONS)

_RUN = r"""
local P, text = ...
local func, argument = (loadstring or load)(text, "=p")()
local found
debug.sethook(function()
  if debug.getinfo(2, "f").func == func then found = P.results(2) or { n = -1 } end
end, "r")
func(argument)
debug.sethook()
if not found then return "not told" end
if found.n < 0 then return "unknown" end
local words = {}
for index = 1, found.n do words[index] = tostring(found[index]) end
return table.concat(words, " ")
"""


def returned(version: str, text: str) -> str:
    """What ``P.results`` reads at the return of the function that a text makes."""
    lua = VERSIONS[version]
    runtime = make_runtime(lua)
    probe = load_probe(runtime, lua, {}, {}, ("base", "threads", "results"))
    set_main_thread(LuaInterface(lua), main_state(lua, runtime), runtime, probe)
    return str(runtime.execute(_RUN, probe, text))


@every_version
@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("return function() end", ""),
        ("return function(a) return a end, 'v'", "v"),
        ("return function(a) local b, c, d = 1 return a, nil, d end, 'v'", "v nil nil"),
        ("return function(a) return a + 1 end, 1", "2"),
        ("return function(...) return 0, ... end, 7", "0 7"),
        ("return function(a) return (select('#', 1, 2)) end", "2"),
        (
            "return function(a) local f = function() return a end return type(f), a end, 1",
            "function 1",
        ),
        ("return function(a)\nif a then\nreturn 1\nend\nreturn 2, 3\nend, true", "1"),
        ("return function(a)\nif a then\nreturn 1\nend\nreturn 2, 3\nend", "2 3"),
        ("return function(a) for i = 1, 3 do\nif i == a then\nreturn i, a\nend end end, 2", "2 2"),
        (
            "local s = ('x'):rep(300) return function(a) local t = {s, 1.5, true, s} return #t end",
            "4",
        ),
    ],
)
def test_values_are_read(version: str, text: str, values: str) -> None:
    """Fixed and open numbers of values, in functions of any shape, are those returned."""
    assert values == returned(version, text)


@every_version
@pytest.mark.parametrize(("argument", "values"), [("true", "1"), ("false", "2 3")])
def test_alike_returns_on_a_line_are_unknown(version: str, argument: str, values: str) -> None:
    """Lua 5.3 and LuaJIT cannot tell two returns on a line apart; none is guessed."""
    told = returned(
        version, f"return function(a) if a then return 1 end return 2, 3 end, {argument}"
    )
    assert told == ("unknown" if version in ("5.3", "luajit2.0", "luajit2.1") else values)
