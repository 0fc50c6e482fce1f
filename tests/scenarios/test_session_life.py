"""The life of a session: every end of it, in every state, and what becomes of the program."""

import pytest

from dap_server.client import RequestFailed

LOOP = """
    print("go")
    n = 0
    while not done do n = n + 1 end
    print("done")
"""

STOPS = """
    local a = 1  -- @one
    print("behind", a)
    while true do end
"""


def let_run(d, **configuration):
    """Start the program and wait until it has printed."""
    d.start(**configuration)
    d.result("configurationDone", d.send("configurationDone"))
    d.wait_for("output", lambda body: body["output"] == "go\n")


@pytest.mark.every_transport
def test_terminating_a_running_program(debug):
    """A loop without end ends; ``exited`` and ``terminated`` say so, and the session is there."""
    with debug(LOOP) as d:
        let_run(d)
        d.requests.terminate()
        d.wait_for("exited")
        d.wait_for("terminated")
        assert [] == d.requests.threads().threads
        d.requests.terminate()
        d.disconnect()
        d.frames.wait_until_over(10)


@pytest.mark.every_transport
def test_terminating_a_stopped_program(debug):
    """Nothing of the program runs any more after its end was asked for at a stop."""
    with debug(STOPS) as d:
        d.break_at("one")
        d.run()
        d.requests.terminate()
        d.wait_for("terminated")
        assert "" == d.output("stdout")
        with pytest.raises(RequestFailed, match="ended"):
            d.stack(1)
        d.disconnect()


@pytest.mark.lua("5.1", "5.2", "5.3", "5.4", "5.5")
def test_terminating_what_catches_every_error(debug):
    """No pcall keeps a program alive that was told to end."""
    with debug("""
        print("go")
        local function stubborn() while true do pcall(stubborn) end end
        while true do pcall(function() while true do pcall(error) end end) end
    """) as d:
        let_run(d)
        d.requests.terminate()
        d.wait_for("terminated")


def test_terminating_before_it_runs(debug):
    """A program that was launched but not let go ends without having run."""
    with debug(LOOP) as d:
        d.start()
        d.requests.terminate()
        d.wait_for("terminated")
        assert "" == d.output("stdout")
        d.disconnect()


@pytest.mark.every_transport
def test_disconnecting_from_a_stop_ends_what_was_launched(debug):
    """The session ends with the program, which runs no further."""
    with debug("""
        local path = ...
        local a = 1  -- @one
        io.open(path, "w"):close()
    """) as d:
        trace = d.folder / "trace"
        d.break_at("one")
        d.run(args=[str(trace)])
        d.disconnect()
        d.frames.wait_until_over(10)
        assert not trace.exists()


def test_disconnecting_while_it_runs(debug):
    """A program in an endless loop ends when its client leaves."""
    with debug(LOOP) as d:
        let_run(d)
        d.disconnect()
        d.frames.wait_until_over(10)


def test_disconnecting_before_anything(debug):
    """A client may leave at once, and after initialize, and after launch."""
    for steps in (0, 1, 2):
        with debug(LOOP) as d:
            if steps > 0:
                d.initialize()
            if steps > 1:
                d.start()
            d.disconnect()
            d.frames.wait_until_over(10)


def test_disconnecting_after_the_end(debug):
    """The usual order: terminated, then disconnect."""
    with debug("print('short')") as d:
        assert 0 == d.run_to_end()
        d.disconnect()
        d.frames.wait_until_over(10)
        assert "short\n" == d.output("stdout")


def test_a_second_disconnect_is_harmless(debug):
    """Two disconnects in one go are both answered, or the connection is closed."""
    with debug("print('short')") as d:
        assert 0 == d.run_to_end()
        first, second = d.send("disconnect"), d.send("disconnect")
        d.result("disconnect", first)
        d.frames.wait_until_over(10)
        assert second


def test_the_exit_status_is_the_program_s(debug, lua):
    """0, what ``os.exit`` says, 1 for an uncaught error; Lua 5.1 exits with numbers only."""
    for text, status in (
        ("print(1)", 0),
        ("os.exit(7)", 7),
        ("os.exit(true)", 1 if lua == "5.1" else 0),
        ("os.exit(false)", 1),
        ("error('x')", 1),
        ("local x = = 1", 1),
        ("coroutine.wrap(function() os.exit(9) end)()", 9),
        ("pcall(os.exit, 4)", 4),
    ):
        with debug(text) as d:
            d.start()
            d.requests.set_exception_breakpoints(filters=[])
            assert status == d.run_to_end(), text


def test_output_comes_before_the_end(debug):
    """Whatever was written is told before ``exited``, in the order of writing."""
    with debug("for i = 1, 2000 do print(i) end io.write('no newline')") as d:
        d.run_to_end()
        assert "".join(f"{i}\n" for i in range(1, 2001)) + "no newline" == d.output("stdout")
        order = [
            frame.message.get("event")
            for frame in d.transcript
            if frame.message.get("event") in ("output", "exited", "terminated")
        ]
        assert ["exited", "terminated"] == order[-2:]


def test_no_debug(debug):
    """With ``noDebug`` nothing stops: breakpoints say why, and the program just runs."""
    with debug(STOPS.replace("while true do end", "")) as d:
        d.start(noDebug=True, stopOnEntry=True)
        (answer,) = d.break_at("one")
        assert (False, "The program runs without the debugger (noDebug).") == (
            answer.verified,
            answer.message,
        )
        assert None is d.client.run()
        assert "behind\t1\n" == d.output("stdout")


def test_stop_on_entry(debug):
    """The program stops before its first statement, and says so."""
    with debug("""
        -- a comment

        local a = 1  -- @first
        print(a)
    """) as d:
        stop = d.run(stopOnEntry=True)
        assert ("entry", "first") == (stop.reason, d.at(stop))
        assert "nil" == d.evaluate("a")


def test_threads_have_names(debug):
    """The main thread and each coroutine are listed by name, with what they are doing."""
    with debug("""
        function worker() coroutine.yield(1) end
        local co = coroutine.create(worker)
        local fresh = coroutine.create(worker)
        local dead = coroutine.create(function() end)
        coroutine.resume(co)
        coroutine.resume(dead)
        coroutine.wrap(function()
          print(co, fresh)  -- @inside
        end)()
    """) as d:
        d.break_at("inside")
        d.run()
        threads = {each.id: each.name for each in d.requests.threads().threads}
        assert "main" == threads[1]
        assert "stopped" in threads[d.stop.thread]
        assert any("suspended in worker (main.lua:1)" in name for name in threads.values())
        assert 3 == len(threads)


def test_a_running_program_has_its_main_thread(debug):
    """While it runs only the main thread is named; before and after, there is none."""
    with debug(LOOP) as d:
        d.initialize()
        assert [] == d.requests.threads().threads
        let_run(d)
        assert [(1, "main")] == [(each.id, each.name) for each in d.requests.threads().threads]
        d.evaluate("done = true", context="repl")
        assert None is d.wait_for_stop()
        assert [] == d.requests.threads().threads
