"""Variables of Lua as JSON, and back: tables with their identities, cycles and keys of all kinds.

``{"names": {NAME: VALUE}, "tables": [[[KEY, VALUE], …], …]}``. A value is ``true``, ``false``, a
text (bytes as the characters U+0000 to U+00FF), ``{"i": "12"}`` (an integer), ``{"f": "0.5"}``
(a float, also ``inf``, ``-inf`` and ``nan``), or ``{"t": N}``, the Nth table from 0.
Functions, coroutines and userdata cannot be kept, nor can metatables.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from kernel.core.errors import UserError

EXPRESSION = r"""(function(...)
  local type, next, rawget, pairs = type, next, rawget, pairs
  local format, byte, gsub, concat = string.format, string.byte, string.gsub, table.concat
  local math_type, getmetatable = math.type, debug and debug.getmetatable or getmetatable
  local numbers, tables, unsaved = {}, {}, {}
  local function text(value)
    return '"' .. gsub(value, '[%c"\\\127-\255]', function(char)
      return format("\\u%04x", byte(char))
    end) .. '"'
  end
  local function number(value)
    if value ~= value then return '{"f":"nan"}' end
    if value == 1 / 0 then return '{"f":"inf"}' end
    if value == -1 / 0 then return '{"f":"-inf"}' end
    if math_type and math_type(value) == "integer" then
      return '{"i":"' .. format("%d", value) .. '"}'
    end
    if not math_type and value % 1 == 0 and value > -2 ^ 53 and value < 2 ^ 53 then
      return '{"i":"' .. format("%.0f", value) .. '"}'
    end
    return '{"f":"' .. format("%.17g", value) .. '"}'
  end
  local function refuse(path, reason)
    unsaved[#unsaved + 1] = '{"name":' .. text(path) .. ',"reason":' .. text(reason) .. '}'
  end
  local function child(path, key)
    if type(key) == "string" and string.find(key, "^[%a_][%w_]*$") then
      return path .. "." .. key
    end
    if type(key) == "string" then return path .. "[" .. format("%q", key) .. "]" end
    return path .. "[" .. tostring(key) .. "]"
  end
  local queue, first = {}, 1
  local function encode(value, path)
    local kind = type(value)
    if kind == "boolean" then return tostring(value) end
    if kind == "string" then return text(value) end
    if kind == "number" then return number(value) end
    if kind ~= "table" then
      refuse(path, "is a " .. kind)
      return nil
    end
    if not numbers[value] then
      queue[#queue + 1] = { value, path }
      numbers[value] = #queue
      if getmetatable(value) ~= nil then refuse(path, "has a metatable, which is not kept") end
    end
    return '{"t":' .. (numbers[value] - 1) .. '}'
  end
  local names = {}
  for _, name in pairs({ @NAMES@ }) do
    local value = rawget(_G, name)
    local encoded = value ~= nil and encode(value, name) or nil
    if encoded then names[#names + 1] = text(name) .. ":" .. encoded end
  end
  while queue[first] do
    local table_, path = queue[first][1], queue[first][2]
    local entries = {}
    for key, value in next, table_ do
      local where = child(path, key)
      local left = type(key) == "table" and encode(key, where) or encode(key, where .. " (the key)")
      local right = left and encode(value, where)
      if right then entries[#entries + 1] = "[" .. left .. "," .. right .. "]" end
    end
    tables[first] = "[" .. concat(entries, ",") .. "]"
    first = first + 1
  end
  return '{"names":{' .. concat(names, ",") .. '},"tables":[' .. concat(tables, ",")
    .. '],"unsaved":[' .. concat(unsaved, ",") .. ']}'
end)()"""
"""``@NAMES@`` stands for the names of the globals, as literals. The value is JSON, one text."""

PIECE = 400
"""Statements in one piece of code: Lua limits a function's constants and jumps."""

HOLDER = "_LLMSPELL_RESTORED"
"""The global that holds the tables between two pieces; it is gone after the last."""


def restoring(values: Mapping[str, Any]) -> Sequence[str]:
    """Code that makes the tables, fills them, and assigns the names; raises `UserError`."""
    names, tables = values.get("names", {}), values.get("tables", [])
    if not isinstance(names, dict) or not isinstance(tables, list):
        raise UserError("variables must have an object `names` and an array `tables`.")
    if not names:
        return []
    begin = f"{HOLDER} = {{}}\nfor n = 0, {len(tables) - 1} do {HOLDER}[n] = {{}} end"
    pieces = [begin, *_joined(_filled(tables)), *_joined(_named(names))]
    return [*pieces, f"{HOLDER} = nil"]


def _filled(tables: Sequence[Any]) -> Iterator[str]:
    for number, entries in enumerate(tables):
        if not isinstance(entries, list):
            raise UserError(f"variables.tables[{number}] must be an array of pairs.")
        for entry in entries:
            if not isinstance(entry, list) or len(entry) != 2:
                raise UserError(f"variables.tables[{number}] has an entry that is no pair.")
            yield f"t[{number}][{_literal(entry[0])}] = {_literal(entry[1])}"


def _named(names: Mapping[str, Any]) -> Iterator[str]:
    from llmspell.lua_repl import quoted

    for name, value in names.items():
        yield f"_G[{quoted(name)}] = {_literal(value)}"


def _joined(statements: Iterator[str]) -> Iterator[str]:
    held: list[str] = []
    for statement in statements:
        held.append(statement)
        if len(held) == PIECE:
            yield "\n".join([f"local t = {HOLDER}", *held])
            held.clear()
    if held:
        yield "\n".join([f"local t = {HOLDER}", *held])


_SPECIAL = {"inf": "1/0", "-inf": "-1/0", "nan": "0/0"}


def _literal(value: Any) -> str:  # noqa: ANN401 - JSON
    match value:
        case True | False:
            return "true" if value else "false"
        case str():
            return _bytes(value)
        case {"i": str(digits)} if digits.removeprefix("-").isdecimal():
            if digits == "-9223372036854775808":
                return "math.mininteger"
            return digits
        case {"f": str(digits)}:
            return _SPECIAL.get(digits) or _float(digits)
        case {"t": int(number)} if number >= 0:
            return f"t[{number}]"
    raise UserError(f"variables: {value!r:.60} is no value of .save.")


def _float(digits: str) -> str:
    try:
        number = float(digits)
    except ValueError:
        raise UserError(f"variables: {digits!r:.60} is no number.") from None
    return repr(number)


def _bytes(text: str) -> str:
    try:
        data = text.encode("latin-1")
    except UnicodeEncodeError:
        raise UserError(f"variables: {text!r:.60} is no text of .save.") from None
    plain = {**{byte: chr(byte) for byte in range(32, 127)}, 34: '\\"', 92: "\\\\"}
    return '"' + "".join(plain.get(byte, f"\\{byte:03}") for byte in data) + '"'
