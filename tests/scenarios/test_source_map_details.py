"""Source maps beside everything else: columns, targets, coroutines, edits, other arguments."""

import json

from dap_server.protocol import generated as dap
from tests.support.source_maps import HERE, break_in, encode, line_map, make, place, places


def columns_map(*lines, sources=("main.mini",)):
    """A map with places in lines; all of them count from 0."""
    return json.dumps({"version": 3, "sources": sources, "names": [], "mappings": encode(lines)})


TWO_ON_A_LINE = "set x 1; say x\n"
"""An original line that two lines, or two statements on one, are made of."""


def test_a_column_chooses_a_line(debug):
    """Of what was made of a line, a column means what begins at or before it."""
    with debug("local x = 1\nprint(x)\n") as d:
        d.write("main.lua.map", columns_map([(0, 0, 0, 0)], [(0, 0, 0, 9)]))
        original = d.write("main.mini", TWO_ON_A_LINE)
        d.start()
        first, second = break_in(
            d,
            original,
            dap.SourceBreakpoint(line=1, column=5),
            dap.SourceBreakpoint(line=1, column=12),
        )
        assert [(1, 1), (1, 10)] == [(each.line, each.column) for each in (first, second)]
        stops = [d.client.run(), d.continue_()]
        assert [(first.id,), (second.id,)] == [stop.breakpoints for stop in stops]
        assert [1, 10] == [stop.frame.column for stop in stops]
        assert 0 == d.run_to_end()


def test_a_column_chooses_a_statement(debug):
    """Also where both were made into one line of Lua."""
    with debug("local x = 1; print(x)\n") as d:
        d.write("main.lua.map", columns_map([(0, 0, 0, 0), (13, 0, 0, 9)]))
        original = d.write("main.mini", TWO_ON_A_LINE)
        d.start()
        asked = {"source": dap.Source(path=str(original)), "line": 1}
        break_in(d, original)
        found = d.requests.breakpoint_locations(**asked).breakpoints
        assert [(1, 1), (1, 10)] == [(each.line, each.column) for each in found]
        found = d.requests.breakpoint_locations(**asked, column=2).breakpoints
        assert [(1, 10)] == [(each.line, each.column) for each in found]
        (answer,) = break_in(d, original, dap.SourceBreakpoint(line=1, column=10))
        assert (True, 10) == (answer.verified, answer.column)
        d.client.run()
        assert {"x": "1"} == d.locals()
        assert 0 == d.run_to_end()


def test_step_in_targets(debug):
    """Calls are where the original has them."""
    with debug("") as d:
        text = "local function f(x)\n  return x\nend\nprint(f(1), f(2))\n"
        d.write("main.lua", text)
        whole = columns_map(
            [(0, 0, 0, 0)], [(2, 0, 1, 2)], [], [(0, 0, 3, 0), (6, 0, 3, 4), (12, 0, 3, 8)]
        )
        d.write("main.lua.map", whole)
        original = d.write("main.mini", "def f x\n  x\n\nsay f1, f2\n")
        d.start()
        break_in(d, original, 4)
        stop = d.client.run()
        targets = d.requests.step_in_targets(frame_id=stop.frame.id).targets
        assert [("f(1)", 4, 5), ("f(2)", 4, 9), ("print(f(1), f(2))", 4, 1)] == [
            (each.label, each.line, each.column) for each in targets
        ]
        d.requests.step_in(thread_id=stop.thread, target_id=targets[1].id)
        stop = d.client.wait_for_stop()
        assert (("main.mini", 2), "2") == (place(stop), d.locals()["x"])
        assert 0 == d.run_to_end()


def test_steps_through_coroutines(debug):
    """A step over a yield goes on in the original line behind it."""
    with debug("") as d:
        text = """
        local step = coroutine.wrap(function()
          local x = 1
          coroutine.yield()
          x = 2
          x = 3
        end)
        step()
        step()
        """
        make(d, text, {2: 1, 3: 1, 4: 1, 5: 2, 7: 4, 8: 5}, "a\nb\n\nc\nd\n")
        d.start()
        break_in(d, d.folder / "main.mini", 1)
        assert ("main.mini", 1) == place(d.client.run())
        assert [("main.mini", 2)] == places(d, "step_over", 1)
        assert 0 == d.run_to_end()


def test_an_edited_program_loaded_again(debug):
    """The map is read again with the file, and breakpoints are where the new one says."""
    with debug(
        HERE
        + """
    local function write(name, text)
      local file = io.open(here .. "/" .. name, "wb")
      file:write(text)
      file:close()
    end
    dofile(here .. "/lib.lua")
    write("lib.lua", "local a\\nlocal b = 2\\n")
    write("lib.lua.map", io.open(here .. "/new.map"):read("*a"))
    dofile(here .. "/lib.lua")
    """
    ) as d:
        d.write("lib.lua", "local a = 1\n")
        d.write("lib.lua.map", line_map({1: 1}, sources=["lib.mini"]))
        d.write("new.map", line_map({1: 1, 2: 2}, sources=["lib.mini"]))
        original = d.write("lib.mini", "one\ntwo\n")
        d.start()
        (answer,) = break_in(d, original, 2)
        assert ("lib.mini", 1) == place(d.client.run())
        assert ("lib.mini", 2) == place(d.continue_())
        assert 0 == d.run_to_end()
        events = [each["breakpoint"] for each in d.frames.received("breakpoint")]
        assert [(answer.id, 1), (answer.id, 2)] == [(each["id"], each["line"]) for each in events]


def test_just_my_code_beside_a_build_folder(debug):
    """Originals are the program's own, although they are in another folder than the Lua."""
    with debug("") as d:
        d.path = d.write("build/main.lua", "local a = 1\nlocal b = 2\n")
        d.write("build/main.lua.map", line_map({1: 1, 2: 2}, sources=["../src/main.mini"]))
        d.write("src/main.mini", "one\ntwo\n")
        stop = d.run(stopOnEntry=True, justMyCode=True)
        assert (("main.mini", 1), None) == (place(stop), stop.frame.presentation_hint)
        assert [("main.mini", 2)] == places(d, "step_over", 1)
        assert 0 == d.run_to_end()


def test_generated_code_that_is_skipped(debug):
    """``skipFiles`` that names the Lua is about all of it."""
    with debug(HERE + 'dofile(here .. "/build/lib.lua")\nlocal done = 1\n') as d:
        d.write("build/lib.lua", "local a = 1\n")
        d.write("build/lib.lua.map", line_map({1: 1}, sources=["../lib.mini"]))
        d.write("lib.mini", "one\n")
        d.run(stopOnEntry=True, skipFiles=["**/build/*"])
        assert [2, 3] == d.lines("step_in", 2)
        assert 0 == d.run_to_end()


def test_a_restart(debug):
    """Breakpoints in originals are set again."""
    with debug("") as d:
        original = make(d)
        d.start()
        break_in(d, original, 3)
        assert ("main.mini", 3) == place(d.client.run())
        d.requests.restart()
        assert ("main.mini", 3) == place(d.client.wait_for_stop())
        assert 0 == d.run_to_end()


def test_a_deep_stack(debug):
    """Every page of a stack is shown in originals."""
    with debug("") as d:
        text = """
        local function down(n)
          if n == 0 then return 0 end
          return 1 + down(n - 1)
        end
        print(down(150))
        """
        original = make(d, text, {2: 2, 3: 3, 5: 5}, "f\na\nb\n\nc\n")
        d.start()
        break_in(d, original, dap.SourceBreakpoint(line=2, condition="n == 0"))
        stop = d.client.run()
        page = d.requests.stack_trace(thread_id=stop.thread, start_frame=100, levels=50)
        assert {("main.mini", 3)} == {(f.source.name, f.line) for f in page.stack_frames}
        last = d.requests.stack_trace(thread_id=stop.thread, start_frame=150, levels=9)
        assert [3, 5] == [f.line for f in last.stack_frames if f.source]
        assert 0 == d.run_to_end()
