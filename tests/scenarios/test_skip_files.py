"""Code that is not looked at: skipFiles and justMyCode."""

LIBRARY = """
    local L = {}
    function L.plain(x)
      local y = x + 1       -- @plain
      return y
    end
    function L.each(t, f)
      for i = 1, #t do
        f(t[i])             -- @each
      end
      return "done"
    end
    function L.fail()
      error("x")
    end
    function L.twice(f)
      L.each({1, 2}, f)
    end
    return L
"""
MAIN = """
    local L = require("lib.list")
    local s = 0             -- @start
    s = L.plain(s)          -- @plain_call
    L.each({1, 2}, function(x)  -- @each_call
      s = s + x             -- @callback
    end)                    -- @each_end
    pcall(L.fail)           -- @fail
    L.twice(function(x)     -- @twice
      s = s + x             -- @inner
    end)                    -- @twice_end
    print(s)                -- @print
"""


def story(debug):
    return debug(MAIN, {"lib/list.lua": LIBRARY})


def run(d, **configuration):
    d.break_at("start")
    d.run(luaPath=[str(d.folder / "?.lua")], **{"skipFiles": ["**/lib/**"], **configuration})


def test_in_goes_through_to_callbacks(debug):
    """A step in passes skipped code; functions of the program that it calls are entered."""
    with story(debug) as d:
        run(d)
        assert "plain_call" == d.walk("in")
        assert "each_call" == d.walk("in").replace("_end", "_call")
        marks = []
        while "print" not in marks:
            marks.append(d.walk("in"))
        seen = [mark for mark in marks if mark in ("callback", "fail", "inner", "print")]
        assert ["callback", "callback", "fail", "inner", "inner", "print"] == seen


def test_out_of_a_callback_passes_the_library(debug):
    """A step out of a callback ends in the program, where it called the library."""
    with story(debug) as d:
        run(d)
        d.break_at("callback", condition="x == 2")
        d.walk("go")
        assert d.walk("out") in ("each_call", "each_end", "fail")


def test_over_the_end_of_a_callback(debug):
    """Stepping over the last line of a callback does not stop in the library."""
    with story(debug) as d:
        run(d)
        d.break_at("callback", condition="x == 2")
        d.walk("go")
        marks = d.walk("over over over").split()
        assert set(marks) <= {"each_end", "each_call", "fail", "twice", "twice_end"}


def test_breakpoints_in_skipped_code_stop(debug):
    """Only steps pass by; and from there a step goes back to the program."""
    with story(debug) as d:
        run(d)
        d.break_at("plain")
        stop = d.continue_()
        assert ("breakpoint", "plain") == (stop.reason, d.at(stop))
        assert d.walk("over") in ("plain_call", "each_call", "each_end")


def test_frames_of_skipped_code_are_subtle(debug):
    """They are there, deemphasized."""
    with story(debug) as d:
        run(d)
        d.break_at("callback")
        d.continue_()
        frames = [frame for frame in d.stack() if frame.source]
        hints = {frame.source.name: frame.source.presentation_hint for frame in frames}
        assert "deemphasize" == hints["list.lua"]
        assert hints["main.lua"] in (None, "normal")
        assert "subtle" == next(f for f in frames if f.source.name == "list.lua").presentation_hint


def test_exceptions_to_what_is_skipped(debug):
    """A pattern that begins with ! takes files out again."""
    with story(debug) as d:
        run(d, skipFiles=["**/lib/**", "!**/list.lua"])
        assert "plain_call plain" == d.walk("in in")


def test_just_my_code(debug, tmp_path_factory):
    """What lies outside of the program's folder is skipped."""
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    with debug(MAIN, {"lib/own.lua": "return 1"}) as d:
        d.write(str(elsewhere / "lib" / "list.lua"), LIBRARY)
        d.break_at("start")
        d.run(luaPath=[str(elsewhere / "?.lua")], justMyCode=True)
        assert "plain_call" == d.walk("in")
        assert d.walk("in") in ("each_call", "each_end")


def test_in_passes_skipped_code_quickly(debug):
    """Skipped code runs, it is not stepped through line by line."""
    with debug(
        """
        local L = require("lib.busy")
        local x = 0        -- @start
        x = L.busy()       -- @busy
        print(x)           -- @print
    """,
        {
            "lib/busy.lua": """
            local L = {}
            function L.busy()
              local s = 0
              for i = 1, 300000 do
                s = s + i
                s = s % 1000
              end
              return s
            end
            return L
        """
        },
    ) as d:
        run(d)
        assert "busy print" == d.walk("in in")
