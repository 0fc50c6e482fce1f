"""Scripts with closed libraries that look at all they can get, from everywhere they are called."""

import pytest

from lua_debug.hook_choice import SWITCH
from tests.support.closed_fuzz import answer_of, findings
from tests.unit.lua_debug.closed_runs import every_kind, every_version

SEEDS = (100, 103)
"""Under the debugger, LuaJIT 2.1 has left the host's functions in variables with these."""


@every_version
@every_kind
@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_of_the_host_is_found(
    version: str, kind: str, seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No hook, metamethod, callback, coroutine or hot loop meets a function of the host."""
    monkeypatch.setenv(SWITCH, "pure" if kind == "pure" else "auto")
    assert "" == findings(version, kind, seed)


@every_version
def test_what_the_host_gives_is_shown(version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Functions, methods and tables of the host's globals are in variables as anything else."""
    monkeypatch.setenv(SWITCH, "auto")
    code = """
    local function look()
      local echo, tables, method = Fuzz.echo, Fuzz, Fuzz.thing().touch
      local names = {}
      for slot = 1, 3 do
        local name, value = debug.getlocal(1, slot)
        names[slot] = name .. " " .. type(value)
      end
      return table.concat(names, ", ")
    end
    return (look())"""
    assert "echo function, tables table, method function" == answer_of(version, code)
