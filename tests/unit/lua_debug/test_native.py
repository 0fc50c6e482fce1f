"""Compiled hooks: attaching them, what they offer, and refusing what is unknown."""

import importlib
import types

import pytest

from lua_debug import native
from lua_debug.versions import VERSIONS
from tests.unit.lua_debug.native_runs import Stage, every_version, needs_native

LUAJIT = {name for name, text in native.HOOKS.items() if text.endswith("(LuaJIT)")} | {"enter"}


@needs_native
@every_version
def test_the_table_is_the_documented_one(version: str) -> None:
    """Every function that `HOOKS` tells is there, and no other."""
    stage = Stage(version)
    offered = set(stage.probe.native_hooks)
    missing = {"on_wrap_error", "on_resume_error"}
    missing |= {"resume", "resumer"} if VERSIONS[version].is_jit else LUAJIT
    assert set(native.HOOKS) - missing == offered


@needs_native
@every_version
def test_nothing_is_hooked_at_rest(version: str) -> None:
    """Attached, without a breakpoint or a step, Lua has no hook."""
    stage = Stage(version)
    stage.lua("local P = ... P.hooks.install(P.globals) P.stage.follow({})", name="=[C]")
    assert stage.lua("return debug.gethook() == nil")
    stage.lua("local P = ... P.hooks.set_lines('=p', {[1] = true})", name="=[C]")
    stage.lua("local P = ... P.hooks.set_lines('=p', nil)", name="=[C]")
    assert stage.lua("return debug.gethook() == nil")


@needs_native
@pytest.mark.parametrize("version", ["luajit2.0", "luajit2.1"])
def test_luajit_is_left_alone_until_a_marked_function_is_entered(version: str) -> None:
    """Where entries are told, no call is hooked; after ``enter`` the very next line is heard."""
    stage = Stage(version)
    told = stage.lua(
        r"""local P = ...
        local chunk = P.stage.load([[
        local enter = ...
        return function()
          enter() local a = 1
        end]])
        local others = P.stage.load([[
        return function()
          local s = 0
          -- the line of the breakpoint
          for i = 1, 99 do s = s + i end
          return s
        end]])()
        P.stage.follow({})
        local function entry() P.hooks.enter() end
        local marked = chunk(entry)
        P.hooks.set_lines("=p", { [3] = true }, true)
        for _ = 1, 9 do others() end
        local before = P.lib.debug.gethook() == nil
        marked()
        for _ = 1, 9 do others() end
        local after = P.lib.debug.gethook() == nil
        marked()
        P.hooks.set_lines("=p", nil)
        return P.lib.tostring(before and after) .. ", " .. P.stage.told()""",
        name="=[C]",
    )
    assert "true, line 3, line 3" == told


@needs_native
@every_version
def test_events_carry_no_frame_of_ours(version: str) -> None:
    """The caller of on_event is the frame that the event is about."""
    stage = Stage(version)
    name = stage.lua(
        r"""local P = ...
        local chunk = P.stage.load("local function marked()\n local a = 1\n return a end marked()")
        local found
        P.hooks.start(function() found = P.lib.debug.getinfo(2, "Sl") end)
        P.hooks.set_lines("=p", { [2] = true })
        chunk()
        P.hooks.set_lines("=p", nil)
        return found.source .. found.currentline""",
        name="=[C]",
    )
    assert "=p2" == name


@needs_native
@every_version
def test_depth(version: str) -> None:
    """Levels are counted as debug.getinfo finds them."""
    stage = Stage(version)
    assert stage.lua(
        r"""local P = ...
        local co = coroutine.create(function()
          local function down(n)
            if n > 0 then down(n - 1) else coroutine.yield() end
          end
          down(40)
        end)
        coroutine.resume(co)
        local levels = 0
        while debug.getinfo(co, levels, "l") do levels = levels + 1 end
        local here = 0
        while debug.getinfo(here, "l") do here = here + 1 end
        local depth = P.hooks.depth_at(1)
        return levels == P.hooks.depth(co) and here - 1 == depth"""
    )


@needs_native
def test_an_unknown_layout_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the C code finds wrong becomes the reason."""
    stage = Stage("5.4")
    monkeypatch.setattr(native, "_ATTACH", "return 'frames have an unknown layout'")
    with pytest.raises(native.NativeUnavailable, match=r"Lua 5\.4: frames have an unknown layout"):
        native.attach(VERSIONS["5.4"], stage.runtime, stage.probe)


@needs_native
def test_hidden_symbols_are_refused() -> None:
    """A lupa that does not export Lua's C interface is named, with what it lacks."""
    core = importlib.import_module("lua_debug._native.core")
    with pytest.raises(OSError, match="unknown"):
        core.prepare("lua99", "/nowhere")


def test_without_the_extension(monkeypatch: pytest.MonkeyPatch) -> None:
    """The reason says that it was not built."""

    def refuse(name: str) -> types.ModuleType:
        raise ImportError(f"No module named {name!r}")

    monkeypatch.setattr(importlib, "import_module", refuse)
    assert "was not built" in str(native.why_unavailable())


@needs_native
def test_places_are_given_back() -> None:
    """More runtimes than there are places can be attached one after the other."""
    for _ in range(100):
        Stage("5.4")
