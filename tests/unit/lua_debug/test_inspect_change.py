"""Changing variables, and naming them for data breakpoints."""

import pytest

from kernel.core.errors import EvaluationFailed, UserError
from lua_debug.versions import VERSIONS
from tests.support.lua_bench import LuaBench, every_version


@every_version
def test_locals_and_upvalues(version: str) -> None:
    """Any expression may be the value; closures share the change."""
    program = """
    local shared = 1
    local function get() return shared end
    local function f() local own = 1 stop() return own, shared end
    local own = f()
    assert(own == 11 and get() == "x")
    """
    with LuaBench(version).stopped(program) as bench:
        ref = bench.scope("Locals")["ref"]
        assert "11" == bench.ask("set_variable", ref=ref, name="own", value="own + 10")["value"]
        upvalues = bench.scope("Upvalues")["ref"]
        bench.ask("set_variable", ref=upvalues, name="shared", value="'x'")
        assert '"x"' == bench.value("shared")
        assert ['"x"'] == [each["value"] for each in bench.variables(upvalues)]


@every_version
def test_shadowed_locals(version: str) -> None:
    """The outer one of two locals with one name can be changed, too."""
    program = "local a = 1 do local a = 2 stop() assert(a == 2) end assert(a == 5)"
    with LuaBench(version).stopped(program) as bench:
        ref = bench.scope("Locals")["ref"]
        bench.ask("set_variable", ref=ref, name="a (shadowed)", value="a + 3")


@every_version
def test_fields_of_any_key(version: str) -> None:
    """Existing fields are set raw, whatever their key."""
    program = """
    local key = {}
    local t = setmetatable({10, ["a b"] = 1, [1.5] = 1, [true] = 1, [key] = 1, [-3] = 1, x = 1},
      {__newindex = function() error("asked") end})
    stop()
    assert(t[1] == 11 and t["a b"] == 2 and t[1.5] == 2 and t[true] == 2)
    assert(t[key] == 2 and t[-3] == 2 and t.x == nil)
    """
    with LuaBench(version).stopped(program) as bench:
        ref = bench.locals()["t"]["ref"]
        names = [each["name"] for each in bench.variables(ref)]
        for name in names:
            if name not in ("[1]", "x", "[[metatable]]"):
                bench.ask("set_variable", ref=ref, name=name, value="2")
        bench.ask("set_variable", ref=ref, name="[1]", value="11")
        bench.ask("set_variable", ref=ref, name="x", value="nil")


@every_version
def test_new_fields_are_assigned_as_a_program_would(version: str) -> None:
    """A field that is not there goes through __newindex."""
    program = """
    local log = {}
    local function added(t, k, v) log[#log + 1] = k rawset(t, k, v) end
    local t = setmetatable({}, {__newindex = added})
    stop()
    assert(log[1] == "x" and log[2] == "a b" and log[3] == 1 and t.x == 1)
    """
    with LuaBench(version).stopped(program) as bench:
        ref = bench.locals()["t"]["ref"]
        for name in ("x", '["a b"]', "[1]"):
            assert "1" == bench.ask("set_variable", ref=ref, name=name, value="1")["value"]


@pytest.mark.parametrize("version", [name for name in VERSIONS if name != "5.1"])
def test_varargs(version: str) -> None:
    """Additional arguments can be changed."""
    program = "local function f(...) stop() return ... end assert(select(2, f(1, 2)) == 9)"
    with LuaBench(version).stopped(program) as bench:
        ref = bench.scope("Varargs")["ref"]
        assert "9" == bench.ask("set_variable", ref=ref, name="[2]", value="9")["value"]


@every_version
def test_globals_and_metatables(version: str) -> None:
    """Globals are fields of their table; a metatable can be exchanged for a table or nil."""
    program = (
        "g = 1 local t = setmetatable({}, {}) stop() assert(g == 2 and getmetatable(t) == nil)"
    )
    with LuaBench(version).stopped(program) as bench:
        bench.ask("set_variable", ref=bench.scope("Globals")["ref"], name="g", value="g + 1")
        ref = bench.locals()["t"]["ref"]
        with pytest.raises(UserError, match="a table or nil"):
            bench.ask("set_variable", ref=ref, name="[[metatable]]", value="5")
        bench.ask("set_variable", ref=ref, name="[[metatable]]", value="nil")


@every_version
def test_what_cannot_be_changed(version: str) -> None:
    """Wrong expressions, missing names and read-only children are refused in words."""
    with LuaBench(version).stopped("local a, f = 1, function() end stop()") as bench:
        ref = bench.scope("Locals")["ref"]
        with pytest.raises(EvaluationFailed):
            bench.ask("set_variable", ref=ref, name="a", value="1 +")
        with pytest.raises(UserError, match="no variable b"):
            bench.ask("set_variable", ref=ref, name="b", value="1")
        function = bench.locals()["f"]["ref"]
        with pytest.raises(UserError, match="cannot be changed"):
            bench.ask("set_variable", ref=function, name="[[definition]]", value="1")


@pytest.mark.parametrize("version", ["5.4", "5.5"])
def test_constants_are_refused(version: str) -> None:
    """A <const> or <close> local is not changed, where the chunk's text is known."""
    program = """local k <const>, n = print, 1
    stop()
    """
    with LuaBench(version).stopped(program, name=program) as bench:
        ref = bench.scope("Locals")["ref"]
        with pytest.raises(UserError, match="declared <const>"):
            bench.ask("set_variable", ref=ref, name="k", value="1")
        with pytest.raises(UserError, match="declared <const>"):
            bench.ask("set_expression", expr="k", value="1", frame=bench.frame())
        bench.ask("set_variable", ref=ref, name="n", value="2")


@every_version
def test_what_can_be_watched(version: str) -> None:
    """Locals, upvalues, fields and globals have ids, always the same; other things do not."""
    program = """
    local up = 1
    local function f() local own, t = up, {x = {y = 1}} stop() end
    f()
    """
    with LuaBench(version).stopped(program) as bench:
        frame = bench.frame()

        def info(name: str, **where: int) -> dict[str, object]:
            return bench.ask("data_info", name=name, **(where or {"frame": frame}))

        ids = [info(name)["data_id"] for name in ("own", "up", "t.x", "t.x.y", "some_global")]
        assert 5 == len(set(ids))
        assert ids == [
            info(name)["data_id"] for name in ("own", "up", "t.x", "t.x.y", "some_global")
        ]
        assert "local own of f" == info("own")["description"]
        locals_ref = bench.scope("Locals")["ref"]
        assert ids[0] == info("own", ref=locals_ref)["data_id"]
        assert ids[1] == info("up", ref=bench.scope("Upvalues")["ref"])["data_id"]
        assert ids[2] == info("x", ref=bench.locals()["t"]["ref"])["data_id"]
        assert "data_id" not in info("own + 1")
        assert "data_id" not in info("f()")
        assert "data_id" not in info("missing", ref=locals_ref)
