"""Probes change nothing but the time a script takes."""

import pytest

from lua_debug.versions import VERSIONS, LuaVersion
from tests.unit.lua_debug.syntax_runs import probed, run
from tests.unit.lua_debug.test_syntax_probes import HITS, WITH_GOTO

EVERYWHERE = {
    "tell": """
local M = {}
local function outer(a, b)
  local c = a
  function M.f(x)
    return x + c
  end
  M.g = function(x, ...)
    local y = { ..., n = select("#", ...),
      x }
    return y
  end

  tell(M.f)
  tell(M.g)
  return M.f(b)
end
print(outer(1, 2), M.g(1, 2).n)
tell(outer)
""",
    "error with names": """
local t = {}
local function f(x)
  local y = t.a
  return y.b
end
f()
""",
    "error in a condition": """
local function f(x)
  while x.y.z do
    print(x)
  end
end
f({})
""",
    "error in a tail call": """
local function f(x)
  if x then
    return error("no " .. x)
  end
end
local function g(x)
  return f(x)
end
print(pcall(g, 1))
g(2)
""",
    "values of conditions": """
local nothing
for _, v in ipairs({ false, 0, "" }) do
  if nothing then
    print("nil")
  elseif v then
    print("true", v)
  else
    print("false", v)
  end
  repeat local w = v until w or true
  while v do print(v) v = false end
end
""",
    "coroutines": """
local co = coroutine.wrap(function(a)
  for i = 1, 3 do
    a = coroutine.yield(a + i)
  end
  return "end"
end)
print(co(1))
print(co(10))
print(co(100)) print(co())
print(pcall(co))
""",
    "varargs and results": """
local function f(...)
  local a, b = ...
  return ..., a, b
end
print(f(1, nil, 3))
print((f(1, 2)))
print(select("#", f()))
""",
    "method chains": """
local o = { n = 0 }
function o:add(n)
  self.n = self.n + n
  return self
end
print(o
  :add(1)
  :add(2)
  .n)
""",
    "metamethods": """
local mt = {}
mt.__index = function(t, k)
  return k .. "!"
end
mt.__call = function(self, x) return x
end
local t = setmetatable({}, mt)
print(t.x, t(1))
""",
    "stack overflow": """
local function r()
  return 1 + r()
end
local ok, message = pcall(r)
print(ok, (tostring(message):match("stack overflow")))
""",
}

SINCE_52 = {
    "goto out of blocks": """
do
  local x = 1
  if x then goto done end
  local y = 2
  print(y)
  ::done::
end
for i = 1, 3 do
  for j = 1, 3 do
    if j == 2 then goto next end
    print(i, j)
  end
  ::next:: end
print("end")
""",
    "goto and closures": """
local fs = {}
do
  local i = 1
  ::again:: local k = i
  fs[i] = function() return k end
  i = i + 1
  if i <= 3 then goto again end
end
print(fs[1](), fs[2](), fs[3]())
""",
}

SINCE_54 = {
    "close and const": """
local function closing(name)
  return setmetatable({}, { __close = function(_, e) print("close", name, e) end })
end
do
  local a <close> = closing("a")
  local b <const> = 2
  local c <close> = closing("c") ; print(b)
end
for i = 1, 2 do local d <close> = closing(i)
  if i == 2 then break end
end
print(pcall(function()
  local e <close> = closing("e")
  error("x")
end))
""",
    "integers and operators": """
local x = 7 // 2
local y = x & 3 | 1 << 4
print(x, y, ~x, 3.0)
""",
}

SINCE_55 = {
    "global": """
global print, tell
global x = 1
global function f(...t)
  return t.n
end
print(x, f(1, 2))
tell(f)
""",
}


def _since(version: LuaVersion) -> dict[str, str]:
    texts = {**{label: text for label, (text, _) in HITS.items()}, **EVERYWHERE}
    if version.name != "5.1":
        texts |= {**SINCE_52, **{label: text for label, (text, _) in WITH_GOTO.items()}}
    if version.name in ("5.4", "5.5"):
        texts |= SINCE_54
    return texts | SINCE_55 if version.name == "5.5" else texts


@pytest.mark.parametrize(
    ("version", "text"),
    [
        pytest.param(version, text, id=f"{name}-{label}")
        for name, version in VERSIONS.items()
        for label, text in _since(version).items()
    ],
)
def test_nothing_else_changes(version: LuaVersion, text: str) -> None:
    """With a probe on every line: the same output, errors, tracebacks and lines with code."""
    result = probed(version, text.encode())
    assert run(version, text.encode()).output == run(version, result.text).output


@pytest.mark.parametrize("version", VERSIONS.values(), ids=VERSIONS)
def test_as_deep_as_lua_goes(version: LuaVersion) -> None:
    """Blocks may lie in each other as deep as Lua allows."""
    text = "x = true\n" + "if x then\n" * 180 + "print(1)\n" + "end\n" * 180
    result = probed(version, text.encode(), safepoints=True)
    assert run(version, text.encode()).output == run(version, result.text).output
