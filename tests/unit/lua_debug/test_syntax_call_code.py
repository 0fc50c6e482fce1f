"""Which instruction each call of a text is, in the code of every Lua."""

import pytest

from lua_debug.syntax.call_code import CallInstruction, call_instructions
from lua_debug.syntax.grammar import syntax_of
from lua_debug.syntax.probes import instrument
from lua_debug.versions import LuaVersion, make_runtime
from tests.unit.lua_debug.syntax_runs import every_version

DUMP = "local text = ... return string.dump((loadstring or load)(text, '=x'))"

TEXT = b"""local f, o = ...
f(f(1), o:m(f"2")(f{...}))
for i = f(3), f(4) do f(function() f(5) end) end
if f(6) and f(7, 8) or f(9) then o.f = true f(10) end
while f(11) do local x = f() + f(true) f(x) end
return f(f(...))
"""


def dump_of(version: LuaVersion, text: bytes) -> bytes:
    dump: str = make_runtime(version).execute(DUMP, text.decode())
    return dump.encode("latin-1")


def calls_of(version: LuaVersion, text: bytes) -> list[CallInstruction]:
    found = call_instructions(version.probe_name, dump_of(version, text), syntax_of(TEXT), 0, 0)
    assert found is not None
    assert sorted(found) == list(found)
    return list(found.values())


@every_version
def test_calls_come_in_the_order_in_which_they_end(version: LuaVersion) -> None:
    """Each has an instruction of its own, behind the one before; the last is a tail call."""
    found = calls_of(version, TEXT)
    indices = [each.index for each in found]
    assert 19 == len(found)
    assert sorted(set(indices)) == indices
    assert [False] * 18 + [True] == [each.is_tail for each in found]


@every_version
def test_probes_are_no_calls_of_the_text(version: LuaVersion) -> None:
    """There are as many calls with them as without."""
    lines = {line: 100_000 * line for line in range(1, 7)}
    text = instrument(TEXT, lines, safepoints=True).text
    assert 8 == text.count(b"(true)(")
    assert len(calls_of(version, TEXT)) == len(calls_of(version, text))


@every_version
@pytest.mark.parametrize("other", [b"f()", b""])
def test_another_text_has_no_instructions(version: LuaVersion, other: bytes) -> None:
    """Nothing is guessed."""
    dump = dump_of(version, TEXT)
    assert call_instructions(version.probe_name, dump, syntax_of(other), 0, 0) is None
