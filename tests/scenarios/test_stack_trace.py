"""The stack as a client sees it: pages, names and formats, hints, tail calls, coroutines."""

import subprocess

import pytest

from dap_server.client import RequestFailed
from dap_server.protocol import generated as dap
from tests.support.commands import LLMSPELL

CALLS = """
    local Point = {}
    Point.__index = Point
    function Point:add(n)
      return self.x + n  -- @here
    end
    local function outer(a, b)
      local p = setmetatable({ x = a }, Point)
      local sum = p:add(b)  -- @call
      return sum
    end
    print(outer(1, 2))  -- @main
"""

DEEP = """
    local function down(n)
      if n == 0 then
        return 0  -- @bottom
      end
      return 1 + down(n - 1)
    end
    print(down(300))
"""


def page(d, start=None, levels=None, **form):
    """A page of the stopped thread's stack; keywords are fields of StackFrameFormat."""
    return d.requests.stack_trace(
        thread_id=d.stop.thread,
        start_frame=start,
        levels=levels,
        format=dap.StackFrameFormat(**form) if form else None,
    )


def test_frames_have_names_places_and_columns(debug):
    """Each frame says its function, file and line; columns begin where the statement begins."""
    with debug(CALLS) as d:
        d.break_at("here")
        d.run()
        frames = d.stack()
        assert ["Point:add", "outer", "main chunk"] == [each.name for each in frames]
        assert [d.line("here"), d.line("call"), d.line("main")] == [each.line for each in frames]
        assert {str(d.path)} == {each.source.path for each in frames}
        assert {"main.lua"} == {each.source.name for each in frames}
        assert [3, 3, 1] == [each.column for each in frames]
        assert 3 == len({each.id for each in frames})


def test_pages_are_parts_of_the_whole(debug):
    """``startFrame`` and ``levels`` give parts of one stack; ``totalFrames`` is its length."""
    with debug(DEEP) as d:
        d.break_at("bottom")
        d.run()
        whole = page(d)
        assert 302 == len(whole.stack_frames) == whole.total_frames
        parts = [page(d, start, 100) for start in (0, 100, 200, 300)]
        assert [100, 100, 100, 2] == [len(each.stack_frames) for each in parts]
        assert {302} == {each.total_frames for each in parts}
        joined = [frame for part in parts for frame in part.stack_frames]
        assert whole.stack_frames == joined
        assert [] == page(d, 302, 5).stack_frames
        assert [] == page(d, 5000).stack_frames
        assert 302 == len(page(d, 0, 0).stack_frames)


def test_a_page_from_the_middle_asked_for_first(debug):
    """A client may begin anywhere: frame ids mean the same whatever page they came on."""
    with debug(DEEP) as d:
        d.break_at("bottom")
        d.run()
        (middle,) = page(d, 150, 1).stack_frames
        assert {"n": "150"} == d.locals(middle.id)
        assert middle == page(d).stack_frames[150]


def test_formats_say_what_a_name_holds(debug):
    """Every field of StackFrameFormat changes the names, and together they add up."""
    with debug(CALLS) as d:
        d.break_at("here")
        d.run()

        def top(**form):
            return page(d, 1, 1, **form).stack_frames[0].name

        line = d.line("call")
        assert "outer" == top(hex=False)
        assert "outer(a, b)" == top(parameters=True)
        assert "outer(a, b)" == top(parameters=True, parameter_names=True)
        assert "outer(number, number)" == top(parameters=True, parameter_types=True)
        assert "outer(1, 2)" == top(parameters=True, parameter_values=True)
        assert "outer(0x1, 0x2)" == top(parameters=True, parameter_values=True, hex=True)
        assert "outer(a: number = 1, b: number = 2)" == top(
            parameters=True, parameter_names=True, parameter_types=True, parameter_values=True
        )
        assert f"outer line {line}" == top(line=True)
        assert f"outer(a, b) line {line}" == top(parameters=True, line=True)


def test_a_module_is_named_in_frames_and_by_the_format(debug):
    """Frames of a module that ``require`` loaded say so by ``moduleId`` and with ``module``."""
    files = {
        "shop.lua": """
            local shop = {}
            function shop.price(n)
              return n * 2  -- @price
            end
            return shop
        """
    }
    with debug('local shop = require("shop")\nprint(shop.price(4))\n', files) as d:
        d.break_at("price")
        d.run(luaPath=[f"{d.folder}/?.lua"])
        frame = d.stop.frame
        assert ("shop.price", "shop") == (frame.name, frame.module_id)
        assert "shop" in [each.id for each in d.requests.modules().modules]
        assert "shop!shop.price" == page(d, 0, 1, module=True).stack_frames[0].name


def test_c_functions_are_subtle_frames_without_a_source(debug):
    """What runs in C is shown, but not as a place to look at."""
    with debug("""
        table.sort({ 2, 1 }, function(a, b)
          return a < b  -- @compare
        end)
    """) as d:
        d.break_at("compare")
        d.run()
        frames = d.stack()
        assert ["table.sort", "main chunk"] == [each.name for each in frames[1:]]
        assert ("subtle", None, 0, 0) == (
            frames[1].presentation_hint,
            frames[1].source,
            frames[1].line,
            frames[1].column,
        )
        assert None is frames[0].presentation_hint


CATCHERS = {
    "pcall(table.sort, list, less)": ["table.sort", "pcall"],
    "pcall(pcall, table.sort, list, less)": ["table.sort", "pcall", "pcall"],
    "xpcall(sort, print)": ["table.sort", "sort", "xpcall"],
    "pcall(string.gsub, 'a', '.', less)": ["string.gsub", "pcall"],
}
"""A call, and what is on the stack between the function that it leads to and the main chunk."""


def calling(call: str) -> str:
    """A program whose function `less` is called by way of functions in C."""
    return f"""
        local list = {{ 2, 1 }}
        local function less(a, b)
          print(debug.traceback("at", 1))
          return tostring(a) < tostring(b)  -- @compare
        end
        local function sort() table.sort(list, less) end
        local ok = {call}
    """


@pytest.mark.parametrize("call", CATCHERS)
def test_what_a_catcher_calls_in_c_is_on_the_stack(debug, call):
    """Functions that catch errors are stood in for under the debugger; nobody sees that."""
    with debug(calling(call)) as d:
        d.break_at("compare")
        d.run()
        assert [*CATCHERS[call], "main chunk"] == [each.name for each in d.stack()[1:]]


@pytest.mark.parametrize("call", CATCHERS)
def test_tracebacks_through_catchers_are_those_of_lua(debug, call):
    """Also `debug.traceback` tells the levels that the interpreter without a debugger has.

    Lua 5.2 says `_G.pcall` or `pcall`, whichever it happens to find first.
    """
    with debug(calling(call)) as d:
        assert 0 == d.run_to_end()
        command = [*LLMSPELL, "run", "--lua", d.lua, str(d.path)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        said, told = (each.replace("_G.", "") for each in (done.stdout, d.output("stdout")))
        assert said == told


@pytest.mark.lua("5.1", "5.2", "5.3", "5.4", "5.5")
def test_tail_calls_are_shown_as_a_label(debug):
    """A call that left no frame behind leaves a divider, which has no line and no scopes.

    LuaJIT keeps no trace of tail calls.
    """
    with debug("""
        local function inner(n)
          return n + 1, n  -- @inner
        end
        local function outer(n)
          return inner(n)
        end
        print((outer(1)))
    """) as d:
        d.break_at("inner")
        d.run()
        frames = d.stack()
        labels = [each for each in frames if each.presentation_hint == "label"]
        assert ["(...tail calls...)"] == [each.name for each in labels]
        assert "main chunk" == frames[-1].name
        assert (0, 0, None) == (labels[0].line, labels[0].column, labels[0].source)
        assert [] == d.requests.scopes(frame_id=labels[0].id).scopes


def test_a_coroutine_goes_on_with_who_resumed_it(debug):
    """Below a coroutine's own frames come those of its resumer, behind a label."""
    with debug("""
        local function produce(n)
          coroutine.yield(n)  -- @yield
        end
        local co = coroutine.wrap(function()
          produce(1)
        end)
        local function consume()
          return (co())  -- @resume
        end
        print(consume())
    """) as d:
        d.break_at("yield")
        d.run()
        frames = d.stack()
        names = [each.name for each in frames]
        assert "produce" == names[0]
        assert "— resumed by main —" in names
        assert "consume" in names
        assert "main chunk" == names[-1]
        consume = frames[names.index("consume")]
        assert d.line("resume") == consume.line
        assert "label" == frames[names.index("— resumed by main —")].presentation_hint


def test_a_suspended_coroutine_has_a_stack_of_its_own(debug):
    """Every coroutine is a thread: its frames can be asked for, with their locals."""
    with debug("""
        local function wait(seconds)
          coroutine.yield(seconds)  -- @wait
        end
        local co = coroutine.create(function() wait(5) end)
        coroutine.resume(co)
        print(co)  -- @stop
    """) as d:
        d.break_at("stop")
        d.run()
        (thread,) = [each for each in d.requests.threads().threads if each.id != 1]
        assert "suspended" in thread.name
        frames = d.stack(thread.id)
        where = next(each for each in frames if each.name == "wait")
        assert d.line("wait") == where.line
        assert {"seconds": "5"} == d.locals(where.id)
        assert "main chunk" not in [each.name for each in frames]


@pytest.mark.every_transport
def test_chunks_from_strings_have_a_source_reference(debug):
    """Code that is in no file is shown as a source that can be asked for."""
    with debug("""
        local load = loadstring or load
        local f = load("local x = ...\\nlocal y = x * 2\\nprint(y) error('stop')")
        print(pcall(f, 21))
    """) as d:
        d.stop_on("all")
        d.run()
        frame = next(each for each in d.stack() if each.source is not None)
        assert 3 == frame.line
        assert None is frame.source.path
        assert frame.source.source_reference
        text = d.requests.source(source_reference=frame.source.source_reference).content
        assert "local y = x * 2" == text.split("\n")[1]


def test_skipped_files_are_subtle(debug):
    """Frames of files in skipFiles, and their sources, are not pushed forward."""
    files = {
        "lib.lua": """
            return function(f)
              local result = f()
              return result
            end
        """
    }
    with debug(
        """
        local lib = require("lib")
        print(lib(function()
          return 1  -- @here
        end))
        """,
        files,
    ) as d:
        d.break_at("here")
        d.run(luaPath=[f"{d.folder}/?.lua"], skipFiles=["**/lib.lua"])
        frame = next(each for each in d.stack() if each.source and each.source.name == "lib.lua")
        assert ("subtle", "deemphasize") == (
            frame.presentation_hint,
            frame.source.presentation_hint,
        )


def test_ids_of_an_earlier_stop_are_refused(debug):
    """Frames and scopes live until the program resumes; afterwards their ids say so."""
    with debug("""
        local t = { 1 }
        local a = 1  -- @one
        local b = 2  -- @two
    """) as d:
        d.break_at("one")
        d.break_at("two")
        d.run()
        frame = d.stop.frame.id
        scope = d.scopes()["Locals"].variables_reference
        d.continue_()
        for ask in (
            lambda: d.requests.scopes(frame_id=frame),
            lambda: d.requests.variables(variables_reference=scope),
            lambda: d.requests.evaluate(expression="1", frame_id=frame),
            lambda: d.requests.set_variable(variables_reference=scope, name="a", value="1"),
            lambda: d.requests.completions(text="", column=1, frame_id=frame),
        ):
            with pytest.raises(RequestFailed, match="not of this stop"):
                ask()
        assert {"t": "{1}", "a": "1"} == d.locals()


def test_a_running_program_has_no_stack(debug):
    """What needs a stop is refused with the reason while the program runs."""
    with debug("""
        print("go")
        while not done do end
    """) as d:
        d.start()
        d.result("configurationDone", d.send("configurationDone"))
        d.wait_for("output", lambda body: body["output"] == "go\n")
        with pytest.raises(RequestFailed) as refused:
            d.stack(1)
        assert "notStopped" == refused.value.message
        d.evaluate("done = true")
        d.wait_for_stop()
        assert 0 == d.exit_code


def test_those_who_do_not_page_get_the_nearest_frames(debug):
    """Of a deep stack 2,000 frames are told to a client that asks for all, and how many there are."""
    with debug("""
        local function down(n)
          if n == 0 then
            return 0  -- @bottom
          end
          return 1 + down(n - 1)
        end
        down(5000)
    """) as d:
        d.break_at("bottom")
        d.run()
        answer = d.requests.stack_trace(thread_id=1)
        assert (2000, 5002) == (len(answer.stack_frames), answer.total_frames)
