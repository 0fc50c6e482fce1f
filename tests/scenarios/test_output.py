"""What a program writes, whichever way: in order, with its place, and never in the way."""

import pytest


def written(d, category="stdout"):
    """The bodies of the output events of a category."""
    return [body for body in d.frames.received("output") if body.get("category") == category]


def of_the_streams(transport):
    """Skip where the descriptors are those of the tests."""
    if transport == "memory":
        pytest.skip("in memory the descriptors are those of the tests")


@pytest.mark.every_transport
def test_every_way_of_writing_keeps_the_order(debug, transport):
    """print, io.write, file methods and child processes arrive in the order of writing."""
    of_the_streams(transport)
    with debug("""
        print("one")
        io.write("two", 2, "\\n")
        os.execute("echo three")
        io.stdout:write("four\\n")
        local can, pipe = pcall(io.popen, "echo five; echo hidden 1>&2")
        if can then
          print(pipe:read("*l"))
          pipe:close()
        else -- not every build of Lua has it
          os.execute("echo five; echo hidden 1>&2")
        end
        io.write("six\\n")
        print("seven")
    """) as d:
        assert 0 == d.run_to_end()
        expected = ["one", "two2", "three", "four", "five", "six", "seven"]
        assert expected == d.output("stdout").splitlines()
        assert "hidden\n" == d.output("stderr")


@pytest.mark.lua("luajit2.0", "luajit2.1")
def test_c_libraries_write_in_order(debug, transport):
    """What C code prints by itself stands between what the script prints."""
    of_the_streams(transport)
    with debug("""
        local ffi = require("ffi")
        ffi.cdef("int printf(const char *, ...); long write(int, const char *, size_t);")
        print("one")
        ffi.C.printf("two %s\\n", "from C")
        print("three")
        ffi.C.write(1, "four\\n", 5)
        print("five")
    """) as d:
        assert 0 == d.run_to_end()
        assert ["one", "two from C", "three", "four", "five"] == d.output("stdout").splitlines()


def test_output_comes_before_the_stop_behind_it(debug):
    """At a stop everything that was written before is there, an unfinished line as well."""
    with debug("""
        print("whole")
        io.write("half a")
        local here = 1  -- @here
        io.write(" line\\n")
        local there = 2  -- @there
    """) as d:
        d.break_at("here")
        d.break_at("there")
        d.run()
        assert "whole\nhalf a" == d.output("stdout")
        d.continue_()
        assert "whole\nhalf a line\n" == d.output("stdout")
        assert 0 == d.run_to_end()


@pytest.mark.every_transport
def test_lines_know_where_they_were_written(debug):
    """Each print, io.write and write to stderr tells file and line, also through helpers."""
    with debug("""
        local function say(text)
          print(text)  -- @say
        end
        say("a")
        io.write("b\\n")  -- @write
        io.stderr:write("c\\n")  -- @stderr
    """) as d:
        assert 0 == d.run_to_end()
        places = {
            text: (body["source"]["path"], body["line"])
            for category in ("stdout", "stderr")
            for body in written(d, category)
            for text in body["output"].split()
        }
        path = str(d.path)
        assert {
            "a": (path, d.line("say")),
            "b": (path, d.line("write")),
            "c": (path, d.line("stderr")),
        } == places


def test_what_the_console_prints_comes_from_nowhere(debug):
    """A line of an expression is no place in a file; what it calls in files is one."""
    with debug("""
        function say(text) print(text) end  -- @say
        local x = 1  -- @here
    """) as d:
        d.break_at("here")
        d.run()
        d.evaluate("print('one') say('two')", context="repl")
        assert 0 == d.run_to_end()
        assert [("one\n", None), ("two\n", d.line("say"))] == [
            (body["output"], body.get("line")) for body in written(d, "stdout")
        ]


def test_streams_have_categories(debug):
    """Standard error is not taken for output, nor the debugger's own words for the script's."""
    with debug("""
        print("out")
        io.stderr:write("err\\n")
        local x = 1  -- @x
    """) as d:
        d.break_at("x", log_message="log")
        assert 0 == d.run_to_end(unknownArgument=1)
        assert ("out\n", "err\n", "log\n") == tuple(
            d.output(category) for category in ("stdout", "stderr", "console")
        )
        assert "unknownArgument" in d.output("important")


def test_styles_and_bytes_pass(debug):
    """ANSI sequences arrive as they are, letters of the world whole, other bytes as escapes."""
    with debug(r"""
        print("\27[1;31mred\27[0m")
        io.write("ä", "€", "😀\n")
        io.write("\195")
        io.write("\164\n")
        print("\255\254")
    """) as d:
        assert 0 == d.run_to_end()
        assert "\x1b[1;31mred\x1b[0m\nä€😀\nä\n\\xff\\xfe\n" == d.output("stdout")
        assert d.client.capabilities.supports_ansi_styling


def test_a_million_lines(debug, transport):
    """They arrive whole, in few events, and meanwhile questions are answered."""
    of_the_streams(transport)
    with debug("""
        for i = 1, 1000000 do print(i) end
        print("end")
        while not done do end
    """) as d:
        d.start()
        d.result("configurationDone", d.send("configurationDone"))
        for _ in range(5):
            assert d.requests.threads().threads
        d.wait_for("output", lambda body: body["output"].endswith("end\n"), deadline=60)
        d.evaluate("done = true", context="repl")
        assert None is d.wait_for_stop()
        expected = "".join(f"{i}\n" for i in range(1, 1000001)) + "end\n"
        assert expected == d.output("stdout")
        assert len(d.frames.received("output")) < 20000


@pytest.mark.every_transport
def test_a_flood_can_be_paused(debug):
    """Pause reaches a program that prints without end, and so does its end."""
    with debug("while true do print('and so on') end") as d:
        d.start()
        d.result("configurationDone", d.send("configurationDone"))
        d.wait_for("output")
        assert "pause" == d.pause().reason
        d.requests.continue_(thread_id=1)
        d.requests.terminate()
        d.wait_for("terminated")


@pytest.mark.parametrize(
    "ending", ["", "os.exit(0, true)", "error('x')"], ids=["end", "exit", "error"]
)
def test_last_words(debug, ending, lua):
    """What finalizers write when the state is closed comes before ``exited``."""
    if lua == "5.1" and "exit" in ending:
        pytest.skip("os.exit of Lua 5.1 cannot close the state")
    with debug(f"""
        local make = newproxy and function(gc)
          local proxy = newproxy(true)
          getmetatable(proxy).__gc = gc
          return proxy
        end or function(gc) return setmetatable({{}}, {{ __gc = gc }}) end
        keep = make(function() print("last words") end)
        io.write("no line end")
        {ending}
    """) as d:
        d.start()
        d.requests.set_exception_breakpoints(filters=[])
        d.run_to_end()
        assert "no line endlast words\n" == d.output("stdout")
        names = [frame.message.get("event") for frame in d.transcript]
        order = [name for name in names if name in ("output", "exited", "terminated")]
        assert ["exited", "terminated"] == order[-2:]


@pytest.mark.every_transport
def test_a_closed_stream(debug, transport):
    """A program that closes its standard output may go on, and is debugged on."""
    of_the_streams(transport)
    with debug("""
        print("before")
        pcall(io.close, io.stdout)
        pcall(print, "behind")
        local here = 1  -- @here
        io.stderr:write("error\\n")
    """) as d:
        d.break_at("here")
        d.run()
        assert 0 == d.run_to_end()
        assert d.output("stdout").startswith("before\n")
        assert "error\n" == d.output("stderr")
