"""Programs that a compiler made: shown, stopped in and stepped through as what they were made of."""

import shutil
from pathlib import Path

from dap_server.protocol import generated as dap
from tests.support.source_maps import HERE, MADE, break_in, line_map, make, place, places

TYPESCRIPT = Path(__file__).parent / "typescript"
"""``cart.lua`` and its map, made of ``cart.ts`` by TypeScriptToLua 1.37.1 (`luaLibImport` inline)."""

# --- a program by TypeScriptToLua -----------------------------------------------------------------


def copy_cart(d):
    """The program in TypeScript, and what was made of it, beside each other."""
    for name in ("cart.ts", "cart.lua", "cart.lua.map"):
        shutil.copy(TYPESCRIPT / name, d.folder / name)
    return d.folder / "cart.ts"


def line_with(path, text):
    """The first line of a file that holds a text."""
    lines = path.read_text("utf-8").split("\n")
    return next(number for number, line in enumerate(lines, 1) if text in line)


def test_a_typescript_program(debug):
    """Breakpoints are set in it, its frames are shown, and Lua's variables are looked at."""
    with debug(HERE + 'dofile(here .. "/cart.lua")\n') as d:
        cart = copy_cart(d)
        d.start()
        (answer,) = break_in(d, cart, line_with(cart, "this.items.push"))
        assert (False, "pending") == (answer.verified, answer.reason)
        stop = d.client.run()
        assert ("cart.ts", line_with(cart, "this.items.push")) == place(stop)
        assert (answer.id,) == stop.breakpoints
        assert '"pen"' == d.locals()["name"]
        frames = [(f.source.name, f.line) for f in d.client.stack() if f.source][:2]
        assert [("cart.ts", 11), ("cart.ts", line_with(cart, 'cart.add("pen"'))] == frames
        assert str(cart) == stop.path
        changed = d.wait_for("breakpoint")["breakpoint"]
        assert (answer.id, True, 11) == (changed["id"], changed["verified"], changed["line"])
        break_in(d, cart)
        assert 0 == d.run_to_end()


def test_stepping_through_typescript(debug):
    """Helpers of the compiler are passed over, calls back into the program are not."""
    with debug(HERE + 'dofile(here .. "/cart.lua")\n') as d:
        cart = copy_cart(d)
        d.start()
        map_line = line_with(cart, "const doubled")
        break_in(d, cart, dap.SourceBreakpoint(line=map_line, column=1))
        assert ("cart.ts", map_line) == place(d.client.run())
        assert "main chunk" == d.names()[0]
        stop = d.client.step_in()
        assert (("cart.ts", map_line), "1") == (place(stop), d.locals()["n"])
        assert ["cart.ts"] * 4 == [name for name, _ in places(d, "step_in", 4)]
        assert 0 == d.run_to_end()


# --- steps ----------------------------------------------------------------------------------------


def test_a_step_goes_by_original_lines(debug):
    """Several lines made of one are one step, and lines made of nothing none."""
    with debug("") as d:
        make(d)
        stop = d.run(stopOnEntry=True)
        assert ("main.mini", 1) == place(stop)
        assert [("main.mini", 2), ("main.mini", 3)] == places(d, "step_over", 2)
        assert 0 == d.run_to_end()


def test_the_entry_is_the_first_line_of_the_original(debug):
    """What the compiler put before the program is passed over."""
    with debug("") as d:
        make(d, "local unseen = 1\n" + MADE.lstrip(), {2: 1, 3: 2, 4: 2, 6: 3})
        stop = d.run(stopOnEntry=True)
        assert (("main.mini", 1), "entry") == (place(stop), stop.reason)
        assert 0 == d.run_to_end()


def test_the_same_line_in_another_call_is_another_step(debug):
    """A step in stops in a call of the line that it began on."""
    with debug("") as d:
        text = """
        local function f(n)
          local m = n - 1
          if m > 0 then return m + f(m) end
          return m
        end
        print(f(3))
        """
        make(d, text, {2: 1, 3: 1, 4: 1, 6: 2})
        d.start()
        break_in(d, d.folder / "main.mini", 2)
        d.client.run()
        found = []
        for _ in range(3):
            stop = d.client.step_in()
            found.append((place(stop), d.locals()["n"]))
        assert [(("main.mini", 1), n) for n in "321"] == found
        assert 0 == d.run_to_end()


def test_a_step_out_lands_on_the_original_line(debug):
    """And where the call was made of nothing, on the next line that was made of something."""
    with debug("") as d:
        text = """
        local function f()
          return 1
        end
        local a = f()
        local b = f()
        print(a, b)
        """
        make(d, text, {2: 1, 4: 2, 6: 3})
        d.start()
        break_in(d, d.folder / "main.mini", 1)
        d.client.run()
        assert [("main.mini", 2)] == places(d, "step_out", 1)
        d.client.continue_()
        assert [("main.mini", 3)] == places(d, "step_out", 1)
        assert 0 == d.run_to_end()


def test_skipped_originals(debug):
    """``skipFiles`` is about originals, too: steps pass over them, and frames are dimmed."""
    with debug("") as d:
        make(d)
        d.write(
            "main.lua.map",
            line_map({1: 1, 2: (1, 7), 3: (1, 8), 5: 3}, sources=["main.mini", "std/lib.mini"]),
        )
        d.write("std/lib.mini", "\n" * 9)
        d.run(stopOnEntry=True, skipFiles=["**/std/*"])
        assert [("main.mini", 3)] == places(d, "step_over", 1)
        assert 0 == d.run_to_end()


# --- breakpoints ----------------------------------------------------------------------------------


def test_breakpoints_of_the_main_program(debug):
    """They are verified at once; one on a line of which nothing was made moves on."""
    with debug("") as d:
        original = make(d, lines={1: 1, 2: 3, 3: 3, 5: 5}, original="a\n\nb\n\nc\n")
        d.start()
        answers = break_in(d, original, 3, 4, 99)
        assert [(True, 3), (True, 5), (True, 5)] == [(a.verified, a.line) for a in answers]
        assert "Line 4 holds no code; moved to line 5." == answers[1].message
        assert ("main.mini", 3) == place(d.client.run())
        assert {"x": "1"} == d.locals()
        assert ("main.mini", 5) == place(d.continue_())
        assert 0 == d.run_to_end()


def test_conditions_counts_and_messages(debug):
    """They mean the variables of Lua; a line is visited once, whatever was made of it."""
    with debug("") as d:
        text = """
        for i = 1, 4 do
          local double = i * 2
          double = double + 0
        end
        """
        original = make(d, text, {1: 1, 2: 2, 3: 2})
        d.start()
        break_in(
            d,
            original,
            dap.SourceBreakpoint(line=2, condition="i > 1", hit_condition="2"),
            dap.SourceBreakpoint(line=2, log_message="i is {i}"),
        )
        d.client.run()
        assert "3" == d.locals()["i"]
        assert 0 == d.run_to_end()
        assert ["i is 1", "i is 2", "i is 3", "i is 4"] == d.output().split("\n")[:4]


def test_a_message_names_its_original(debug):
    """Output events, of log points and of ``print``, have the original's source and line."""
    with debug("") as d:
        original = make(d)
        d.start()
        break_in(d, original, dap.SourceBreakpoint(line=2, log_message="here"))
        assert 0 == d.run_to_end()
        told = [e for e in d.frames.received("output") if e.get("source")]
        assert [("here", "main.mini", 2), ("5", "main.mini", 3)] == [
            (e["output"].strip(), e["source"]["name"], e["line"]) for e in told
        ]


def test_a_breakpoint_in_the_generated_file(debug):
    """It stops, and the stop is shown in the original."""
    with debug("") as d:
        make(d)
        d.start()
        (answer,) = break_in(d, d.path, 3)
        assert (True, 3) == (answer.verified, answer.line)
        stop = d.client.run()
        assert (("main.mini", 2), {"x": "3"}) == (place(stop), d.locals())
        assert 0 == d.run_to_end()


def test_a_breakpoint_set_while_the_program_runs(debug):
    """Lines of loaded chunks are found as well."""
    with debug("") as d:
        original = make(d)
        d.run(stopOnEntry=True)
        (answer,) = break_in(d, original, 3)
        assert (True, 3) == (answer.verified, answer.line)
        assert ("main.mini", 3) == place(d.continue_())
        assert 0 == d.run_to_end()


def test_every_function_made_of_a_line(debug):
    """Each has its first line; the head of a function counts as what is in it."""
    with debug("") as d:
        text = """
        function twice(f)
          f()
          f()
        end
        twice(
          function() x = (x or 0) + 1 end
        )
        """
        original = make(d, text, {1: 1, 2: 2, 3: 3, 4: 1, 5: 5, 6: 5}, "f\na\nb\n\nc\n")
        d.start()
        answers = break_in(d, original, 1, 5)
        assert [2, 5] == [each.line for each in answers]
        found = [place(d.client.run()), *places(d, "continue_", 3)]
        assert [5, 2, 5, 5] == [line for _, line in found]
        assert 0 == d.run_to_end()


def test_places_for_breakpoints(debug):
    """``breakpointLocations`` speaks of the original."""
    with debug("") as d:
        original = make(d)
        d.start()
        break_in(d, original)
        asked = {"source": dap.Source(path=str(original)), "line": 1, "end_line": 3}
        found = d.requests.breakpoint_locations(**asked).breakpoints
        assert [(1, 1), (2, 1), (3, 1)] == [(each.line, each.column) for each in found]
        assert 0 == d.run_to_end()


def test_a_function_breakpoint(debug):
    """Its answer and its stop are in the original."""
    with debug("") as d:
        make(d, "local function f()\n  return 1\nend\nprint(f())\n", {1: 1, 2: 2, 4: 3})
        d.start()
        wanted = [dap.FunctionBreakpoint(name="f")]
        (answer,) = d.requests.set_function_breakpoints(breakpoints=wanted).breakpoints
        assert ("main.mini", 2) == (answer.source.name, answer.line)
        assert ("main.mini", 2) == place(d.client.run())
        assert 0 == d.run_to_end()
