"""ActiveLines: the lines that debug.getinfo reports, without running the text."""

from typing import Any

import pytest

from lua_debug.syntax import active_lines
from lua_debug.syntax.active_lines import ActiveLines, FunctionLines, LuaSyntaxError
from lua_debug.versions import LuaVersion, make_runtime
from tests.unit.lua_debug.syntax_runs import every_version

# Every function of this text is given to seen().
TEXT = b"""#!/usr/bin/env lua
local upvalue, number, text = {}, 123456789, "text"

seen(function(a, ...)
  local b = ...
  local c

  upvalue.f = seen(function()
    return upvalue, number + 1.5, text
  end)
  for i = 1, 3 do local x = { i,
    a,
    b } end
  return c
end)
seen(function() end) seen(function() return 1 end)
seen(function(n)

  while n do
    n = n and
      n.x
  end
  repeat
    local y = -1
  until y


end)
if upvalue then
  print(1)
end
"""

_SEEN = """
return function(text)
  local found = {}
  function seen(f)
    local lines, info = {}, debug.getinfo(f, "SL")
    for line in pairs(info.activelines) do lines[#lines + 1] = line end
    local range = info.linedefined .. " " .. info.lastlinedefined
    found[#found + 1] = range .. " " .. table.concat(lines, " ")
    if info.what ~= "main" then f(false) end
    return f
  end
  print = function() end
  local chunk = (loadstring or load)(text)
  seen(chunk)
  chunk()
  return table.concat(found, ";")
end
"""


@every_version
def test_lines_of_every_function(version: LuaVersion) -> None:
    """Range and lines of each function are what the function itself says when it exists."""
    functions = ActiveLines(version).functions(TEXT)
    runtime: Any = make_runtime(version)
    report = runtime.execute(_SEEN)(TEXT[TEXT.index(b"\n") :].decode("latin-1"))
    said = [[int(number) for number in line.split()] for line in report.split(";")]
    expected = sorted((first, last, sorted(lines)) for first, last, *lines in said[1:])
    assert expected == sorted((f.first, f.last, sorted(f.lines)) for f in functions[1:])
    assert frozenset(said[0][2:]) == functions[0].lines
    assert (0, 32) == (functions[0].first, functions[0].last)


@every_version
@pytest.mark.parametrize("size", [0, 200, 300, 70000])
def test_far_apart_and_many(version: LuaVersion, size: int) -> None:
    """Line tables of any size are read: long gaps, many functions and constants."""
    many = b"".join(b"f%d = function() return 'k%d', %d.5 end\n" % (i, i, i) for i in range(300))
    text = (
        many + b"\n" * size + b"function last()\n" + b"\n" * size + b"  return 1\nend\nreturn 2\n"
    )
    functions = ActiveLines(version).functions(text)
    assert 302 == len(functions)
    assert 302 + 2 * size in functions[-1].lines
    assert FunctionLines(1, 1, frozenset({1})) == functions[1]


@every_version
def test_dumps_of_unknown_format(version: LuaVersion, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the compiler's tables cannot be read, the statements' lines stand in for them."""

    def refuse(name: str, dump: bytes) -> list[Any]:
        raise IndexError

    monkeypatch.setattr(active_lines, "line_tables", refuse)
    functions = ActiveLines(version).functions(b"local x = 1\nfunction f()\n  return x\nend\n")
    assert FunctionLines(2, 4, frozenset({3})) == functions[1]


@every_version
def test_syntax_errors(version: LuaVersion) -> None:
    """The message is Lua's, without the chunk; the line is told apart."""
    with pytest.raises(LuaSyntaxError) as caught:
        ActiveLines(version).functions(b"x = 1\n\nx = = 2\n")
    assert ("unexpected symbol near '='", 3) == (caught.value.message, caught.value.line)


@every_version
def test_binary_chunks(version: LuaVersion) -> None:
    """Bytecode is no text."""
    with pytest.raises(LuaSyntaxError, match="precompiled"):
        ActiveLines(version).functions(b"\x1bLua")


@every_version
@pytest.mark.parametrize("code", ["x", "x == 1 -- one", "f(x), ...", "function() return 1 end"])
def test_expressions_that_compile(version: LuaVersion, code: str) -> None:
    """Expressions and lists of them are in order."""
    assert ActiveLines(version).compile_check(code) is None


@every_version
@pytest.mark.parametrize("code", ["", " ", "x = 1", "x ==", "x) or (y", "1; os.exit()"])
def test_expressions_that_do_not(version: LuaVersion, code: str) -> None:
    """Anything else has a message, which names no chunk."""
    message = ActiveLines(version).compile_check(code)
    assert message is not None
    assert not message.startswith(("[", ":", "return"))


@every_version
def test_statements(version: LuaVersion) -> None:
    """Statements are checked when they are asked about."""
    lines = ActiveLines(version)
    assert lines.compile_check("x = 1 f()", statement=True) is None
    assert lines.compile_check("x =", statement=True) is not None
