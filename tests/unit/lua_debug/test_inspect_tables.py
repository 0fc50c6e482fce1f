"""Children of tables and other values, page by page."""

import pytest

from kernel.core.errors import StaleReference
from lua_debug.versions import VERSIONS
from tests.support.lua_bench import LuaBench, every_version


def names(children: list[dict[str, object]]) -> list[object]:
    return [each["name"] for each in children]


@every_version
def test_every_child_evaluates_to_itself(version: str) -> None:
    """The name to evaluate gives the child again, whatever its key is."""
    program = r"""
    local t = {10, [1.5] = 2, x = 3, ["a b"] = 4, ["1"] = 5, [true] = 6, [-1] = 7,
      ["q\"\n\0"] = 8, ["\255"] = 9, ["end"] = 11, [1e100] = 12,
      [1/0] = 13, inner = {y = 14}, ["é"] = 15}
    setmetatable(t, {__index = {}})
    stop()
    """
    with LuaBench(version).stopped(program) as bench:
        children = bench.variables(bench.locals()["t"]["ref"])
        assert 15 == len(children)
        for child in children:
            assert child["value"] == bench.value(child["evaluate"]), child["name"]
        inner = next(each for each in children if each["name"] == "inner")
        assert ["t.inner.y"] == [each["evaluate"] for each in bench.variables(inner["ref"])]


@every_version
def test_children_in_a_good_order(version: str) -> None:
    """The indexed part, names in natural order, numbers, the rest."""
    program = """
    local t = {1, 2, item10 = 1, item2 = 1, Item1 = 1, [0] = 1, [-5] = 1, [2.5] = 1, [true] = 1}
    stop()
    """
    with LuaBench(version).stopped(program) as bench:
        assert [
            "[1]",
            "[2]",
            "Item1",
            "item2",
            "item10",
            "[-5]",
            "[0]",
            "[2.5]",
            "[true]",
        ] == names(bench.variables(bench.locals()["t"]["ref"]))


@every_version
def test_keys_that_look_alike(version: str) -> None:
    """No two children have one name, and each is still the right one."""
    program = """local k1, k2 = {1}, {1}
    local t = {[k1] = "first", [k2] = "second", ["1"] = 1, [1] = 2} stop()"""
    with LuaBench(version).stopped(program) as bench:
        children = bench.variables(bench.locals()["t"]["ref"])
        assert 4 == len(set(names(children)))
        assert {'"first"', '"second"', "1", "2"} == {each["value"] for each in children}
        assert '["1"]' in names(children)


@every_version
def test_pages_of_an_array(version: str) -> None:
    """Any page of a million entries, counted without counting."""
    program = "local t = {} for i = 1, 1000000 do t[i] = i end t.x = 1 stop()"
    with LuaBench(version).stopped(program) as bench:
        found = bench.locals()["t"]
        assert (1000000, 1) == (found["indexed"], found["named"])
        page = bench.variables(found["ref"], filter="indexed", start=500000, count=3)
        assert ["[500001]", "[500002]", "[500003]"] == names(page)
        assert ["x"] == names(bench.variables(found["ref"], filter="named"))
        mixed = bench.variables(found["ref"], start=999998, count=5)
        assert ["[999999]", "[1000000]", "x"] == names(mixed)


@every_version
def test_pages_of_a_big_hash(version: str) -> None:
    """Asked twice, a page is the same; all pages together are all keys."""
    program = "local t = {} for i = 1, 20000 do t['k' .. i] = i end stop()"
    with LuaBench(version).stopped(program) as bench:
        ref = bench.locals()["t"]["ref"]
        first = names(bench.variables(ref, start=0, count=100))
        assert first == names(bench.variables(ref, start=0, count=100))
        seen = set()
        for start in range(0, 20000, 5000):
            seen.update(names(bench.variables(ref, start=start, count=5000)))
        assert 20000 == len(seen)
        assert [] == bench.variables(ref, start=20000, count=10)


@every_version
def test_clients_without_paging_are_not_flooded(version: str) -> None:
    """All children of a big table: a thousand of them and one behind which the others are."""
    program = "local t = {} for i = 1, 2500 do t[i] = i end stop()"
    with LuaBench(version).stopped(program) as bench:
        first = bench.variables(bench.locals()["t"]["ref"])
        assert (1001, "…") == (len(first), first[-1]["name"])
        second = bench.variables(first[-1]["ref"])
        assert (1001, "[1001]") == (len(second), second[0]["name"])
        third = bench.variables(second[-1]["ref"])
        assert (500, "[2500]") == (len(third), third[-1]["name"])


@every_version
def test_keys_beside_a_long_array(version: str) -> None:
    """Names in a table whose last items overflowed into its hash part are found."""
    program = """
    local t = {a = 1, b = 2, c = 3, d = 4, e = 5}
    for i = 1, 65536 do t[i] = i end
    t[65537], t[65538] = 1, 2
    stop()
    """
    with LuaBench(version).stopped(program) as bench:
        found = bench.locals()["t"]
        assert 5 == found["named"]
        named = bench.variables(found["ref"], filter="named")
        assert ["a", "b", "c", "d", "e"] == names(named)


@every_version
def test_sparse_and_deep_tables(version: str) -> None:
    """Holes, far indices, ten thousand levels, tables that hold themselves as keys."""
    program = """
    local sparse = {[1] = 1, [1000000000] = 2}
    local deep = {} local at = deep
    for _ = 1, 10000 do at.next = {} at = at.next end
    local selfish = {} selfish[selfish] = selfish
    stop()
    """
    with LuaBench(version).stopped(program) as bench:
        found = bench.locals()
        sparse = bench.variables(found["sparse"]["ref"])
        assert ["[1]", "[1000000000]"] == [each["name"] for each in sparse]
        child = bench.variables(found["deep"]["ref"])[0]
        assert "deep.next" == child["evaluate"]
        assert 1 == len(bench.variables(found["selfish"]["ref"]))


@every_version
def test_metatables_are_children(version: str) -> None:
    """[[metatable]] leads to the metatable, locked or not, at any depth."""
    program = """
    local mt = setmetatable({__metatable = "locked"}, {deep = 1})
    local t = setmetatable({}, mt)
    stop()
    """
    with LuaBench(version).stopped(program) as bench:
        (first,) = bench.variables(bench.locals()["t"]["ref"])
        assert ("[[metatable]]", "debug.getmetatable(t)") == (first["name"], first["evaluate"])
        second = bench.variables(first["ref"])[-1]
        assert "debug.getmetatable(debug.getmetatable(t))" == second["evaluate"]
        (deep,) = bench.variables(second["ref"])
        assert "1" == bench.value(deep["evaluate"])


@every_version
def test_tostring_is_asked_on_demand(version: str) -> None:
    """__tostring is a lazy child; one that never ends is broken off, one that fails says so."""
    program = """
    local fine = setmetatable({}, {__tostring = function() return "fine!" end})
    local bad = setmetatable({}, {__tostring = function() error("bad") end})
    local endless = setmetatable({}, {__tostring = function() while true do end end})
    local nontext = setmetatable({}, {__tostring = function() return 1 end})
    stop()
    """
    with LuaBench(version).stopped(program) as bench:

        def asked(name: str) -> str:
            lazy = bench.variables(bench.locals()[name]["ref"])[0]
            assert ("[[tostring]]", True) == (lazy["name"], lazy["hint"]["lazy"])
            (answer,) = bench.variables(lazy["ref"])
            return str(answer["value"])

        assert '"fine!"' == asked("fine")
        assert "bad" in asked("bad")
        assert "took too long" in asked("endless")
        asked("nontext")


@every_version
def test_endless_pairs_are_bounded(version: str) -> None:
    """What __pairs gives is shown on demand, a bounded part of it."""
    program = """
    local t = setmetatable({}, {__pairs = function() return function() return 1, 1 end end})
    stop()
    """
    with LuaBench(version).stopped(program) as bench:
        children = {each["name"]: each for each in bench.variables(bench.locals()["t"]["ref"])}
        assert 1000 == len(bench.variables(children["[[pairs]]"]["ref"], count=5000))


@every_version
def test_children_of_functions(version: str) -> None:
    """Upvalues, and where it is defined; the location can be asked for."""
    program = """local up = 42
    local function f()
      return up
    end
    stop()"""
    with LuaBench(version).stopped(program) as bench:
        found = bench.locals()["f"]
        children = {each["name"]: each for each in bench.variables(found["ref"])}
        assert "42" == children["up"]["value"]
        assert "42" == bench.value(children["up"]["evaluate"])
        assert "main.lua:2-4" == children["[[definition]]"]["value"]
        place = bench.ask("location", reference=found["location"])
        assert ("main.lua", 2) == (place["source"]["path"], place["first"])


@every_version
def test_children_of_threads(version: str) -> None:
    """A suspended coroutine shows its frames, and their locals."""
    program = """
    local co = coroutine.create(function() local inside = 7 coroutine.yield() end)
    coroutine.resume(co)
    stop()
    """
    with LuaBench(version).stopped(program) as bench:
        children = bench.variables(bench.locals()["co"]["ref"])
        assert "suspended" == children[0]["value"]
        frame = next(each for each in children if "main.lua" in each["value"])
        assert ["7"] == [each["value"] for each in bench.variables(frame["ref"])]


@every_version
def test_bytes_of_strings(version: str) -> None:
    """A string's memory reference gives its bytes, and counts what is outside."""
    program = r"local s = 'a\0\255z' stop()"
    with LuaBench(version).stopped(program) as bench:
        memory = bench.locals()["s"]["memory"]
        assert {"address": 1, "hex": "00ff7a", "unreadable": 7} == bench.ask(
            "read_memory", memory=memory, offset=1, count=10
        )
        assert "" == bench.ask("read_memory", memory=memory, offset=50, count=5)["hex"]


@every_version
def test_references_end_at_resume(version: str) -> None:
    """Frames and variables of an earlier stop are stale, never mixed up with new ones."""
    with LuaBench(version).stopped("local t = {1} stop() stop()") as bench:
        frame, ref = bench.frame(), bench.locals()["t"]["ref"]
        bench.resume()
        with pytest.raises(StaleReference):
            bench.variables(ref)
        with pytest.raises(StaleReference):
            bench.ask("scopes", frame=frame)
        assert bench.frame() > ref


@every_version
def test_inspecting_keeps_nothing_alive(version: str) -> None:
    """After a resume nothing that was looked at is held by the debugger."""
    program = """
    local function f() end
    weak = setmetatable({{}, function() return f end, coroutine.create(f)}, {__mode = "v"})
    local function look() local t, f, co = weak[1], weak[2], weak[3] stop() end
    look()
    collectgarbage() collectgarbage()
    stop()
    """
    with LuaBench(version).stopped(program) as bench:
        for each in bench.locals().values():
            if "ref" in each:
                bench.variables(each["ref"])
        bench.evaluate("{t, f, co}")
        bench.ask("data_info", name="t.x", frame=bench.frame())
        bench.ask("complete", text="t.", column=2, frame=bench.frame())
        bench.resume()
        assert "0" == bench.value("#weak")
        assert "nil" == bench.value("weak[1] or weak[2] or weak[3]")


@pytest.mark.parametrize(
    "version", [name for name in VERSIONS if name in ("5.2", "5.3", "5.4", "5.5")]
)
def test_tables_changed_by_evaluation_are_read_again(version: str) -> None:
    """A reference shows what the table holds now, also after evaluated code changed it."""
    with LuaBench(version).stopped("local t = {a = 1, b = 2} stop()") as bench:
        ref = bench.locals()["t"]["ref"]
        bench.variables(ref)
        bench.evaluate("t.a = nil; t.c = 3")
        assert ["b", "c"] == names(bench.variables(ref))
