"""Custom views: types that say how they want to be shown."""

from tests.support.lua_bench import LuaBench, every_version


@every_version
def test_line_and_type(version: str) -> None:
    """A template or a function gives the line, a text or a function the type."""
    program = """
    local Point = {__debugline = "({x}, {self.y + 1})", __debugtype = "Point"}
    local Named = {__debugline = function(self) return "named " .. self.name end,
      __debugtype = function(self) return "Named<" .. self.name .. ">" end}
    local p, n = setmetatable({x = 1, y = 2}, Point), setmetatable({name = "n"}, Named)
    stop()
    """
    with LuaBench(version).stopped(program) as bench:
        found = bench.locals()
        assert ("(1, 3)", "Point") == (found["p"]["value"], found["p"]["type"])
        assert ("named n", "Named<n>") == (found["n"]["value"], found["n"]["type"])


@every_version
def test_contents(version: str) -> None:
    """A table, an iterator, or nothing; the raw table stays within reach."""
    program = """
    local function view(contents, fields)
      return setmetatable(fields, {__debugcontents = contents})
    end
    local t = view(function(self) return {first = self.a, second = 2} end, {a = 1})
    local i = view(function(self) return pairs(self.inner) end, {inner = {deep = 5}})
    local n = view(function() return false end, {hidden = 1})
    local none = view(false, {hidden = 1})
    stop()
    """
    with LuaBench(version).stopped(program) as bench:
        found = bench.locals()

        def children(name: str) -> dict[str, str]:
            return {each["name"]: each["value"] for each in bench.variables(found[name]["ref"])}

        assert {"1", "2"} == {children("t")[name] for name in ("first", "second")}
        assert "5" == children("i")["deep"]
        assert ["[[raw]]", "[[metatable]]"] == list(children("n"))
        assert "hidden" not in children("none")
        raw = next(each for each in bench.variables(found["n"]["ref"]) if each["name"] == "[[raw]]")
        assert ["n.hidden"] == [each["evaluate"] for each in bench.variables(raw["ref"])][:1]


@every_version
def test_views_of_types_one_does_not_own(version: str) -> None:
    """A view can be registered for a metatable, or for the name that a metatable gives its type."""
    program = """
    local Foreign = {}
    add_view(Foreign, {line = "{a} and {b}", type = "Foreign"})
    local function list() return {1} end
    add_view("Named", {line = function(self) return "named" end, contents = list})
    local f, n = setmetatable({a = 1, b = 2}, Foreign), setmetatable({}, {__name = "Named"})
    stop()
    """
    with LuaBench(version).stopped(program) as bench:
        found = bench.locals()
        assert ("1 and 2", "Foreign") == (found["f"]["value"], found["f"]["type"])
        assert "named" == found["n"]["value"]
        assert "[1]" == bench.variables(found["n"]["ref"])[0]["name"]


@every_version
def test_views_that_fail(version: str) -> None:
    """Errors, endless loops, wrong values and yields are shown as text; the stop lives on."""
    program = """
    local function line(body)
      return setmetatable({}, {__debugline = body, __debugcontents = body})
    end
    local bad = line(function() error("broken view") end)
    local endless = line(function() while true do end end)
    local stubborn = line(function() while true do pcall(function() while true do end end) end end)
    local number = line(function() return 5 end)
    local yields = line(function() coroutine.yield() end)
    local template = setmetatable({}, {__debugline = "{nope.x} {1 +}"})
    local selfish = setmetatable({}, {__debugline = "{self}"})
    stop()
    """
    with LuaBench(version).stopped(program) as bench:
        values = bench.values()
        assert "broken view" in values["bad"]
        assert "took too long" in values["endless"]
        assert "took too long" in values["stubborn"]
        assert "5" == values["number"]
        assert "yield" in values["yields"]
        assert "__debugline" in values["template"]
        assert values["selfish"]
        found = bench.locals()
        errors = [bench.variables(found[name]["ref"])[0] for name in ("bad", "endless")]
        assert ["[[error]]", "[[error]]"] == [each["name"] for each in errors]


@every_version
def test_views_do_not_disturb_the_program(version: str) -> None:
    """A view runs in a coroutine of its own, with the program's hooks as they were."""
    program = """
    local counted = 0
    local t = setmetatable({}, {__debugline = function() return "x" end})
    debug.sethook(function() counted = counted + 1 end, "", 1000000)
    stop()
    local hook, mask, count = debug.gethook()
    debug.sethook()
    assert(hook and count == 1000000)
    """
    with LuaBench(version).stopped(program) as bench:
        assert "x" == bench.values()["t"]
