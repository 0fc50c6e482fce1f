"""Ending programs, and letting go of them."""

import pytest

from dap_server.client import RequestFailed
from tests.scenarios.test_pause import GOTO, LOOPS, run
from tests.support.commands import become


@pytest.mark.parametrize("loop", LOOPS)
def test_every_kind_of_loop_can_be_ended(debug, lua, loop):
    """Terminate ends a program that never would, without a word on stderr."""
    if loop in GOTO and lua == "5.1":
        pytest.skip("5.1 has no goto")
    with debug(f"print('ready')\n{LOOPS[loop]}\nprint('done')\n") as d:
        run(d)
        d.requests.terminate()
        d.wait_for("terminated")
        assert "" == d.output("stderr")
        assert "done" not in d.output("stdout")


@pytest.mark.parametrize(
    "loop",
    [
        "while true do pcall(function() while true do end end) end",
        "while true do xpcall(error, function() end) end",
        "while true do coroutine.wrap(function() while true do pcall(error) end end)() end",
        "local function f() pcall(function() while true do end end) end"
        " while true do pcall(coroutine.wrap(f)) end",
    ],
)
def test_nothing_catches_the_end(debug, loop):
    """However many pcalls there are, terminate ends the program."""
    with debug(f"print('ready')\n{loop}\n") as d:
        run(d)
        d.requests.terminate()
        d.wait_for("terminated")


def test_terminate_where_it_stands(debug):
    """A stopped program is ended where it stands."""
    with debug("""
        local x = 1  -- @here
        print("never")
    """) as d:
        d.break_at("here")
        d.run()
        d.requests.terminate()
        d.wait_for("terminated")
        assert "" == d.output("stdout")


def test_terminate_in_the_middle_of_a_step(debug):
    """A step over an endless loop does not keep a program from being ended."""
    with debug("""
        local x = 1         -- @here
        while true do end   -- @loop
    """) as d:
        d.break_at("here")
        d.run()
        d.step_over()
        d.requests.step_out(thread_id=1)
        d.requests.terminate()
        d.wait_for("terminated")


def test_ending_one_coroutine(debug):
    """TerminateThreads ends a coroutine and lets the others go on."""
    with debug("""
        local co = coroutine.create(function()
          while true do
            coroutine.yield(1)
          end
        end)
        coroutine.resume(co)
        local x = 1                       -- @here
        local ok = coroutine.resume(co)
        print(coroutine.status(co), ok)   -- @print
    """) as d:
        d.break_at("here")
        d.run()
        other = next(each.id for each in d.requests.threads().threads if each.id != 1)
        d.requests.terminate_threads(thread_ids=[other])
        d.run_to_end()
        assert "dead\tfalse\n" == d.output("stdout")


def test_ending_a_coroutine_that_runs(debug):
    """A coroutine in an endless loop is ended, and whoever resumed it goes on."""
    with debug("""
        local co = coroutine.create(function()
          print("ready")
          while true do pcall(error) end
        end)
        print(coroutine.resume(co))
    """) as d:
        run(d)
        stop = d.pause()
        d.requests.terminate_threads(thread_ids=[stop.thread])
        d.run_to_end()
        assert "ready\nfalse\tthe coroutine was terminated\n" == d.output("stdout")


@pytest.mark.parametrize("state", ["running", "paused", "stepping"])
def test_disconnect_ends_what_was_launched(debug, state):
    """Whatever the program does, hanging up ends it."""
    with debug("print('ready') while true do end") as d:
        run(d)
        if state != "running":
            d.pause()
        if state == "stepping":
            d.requests.step_out(thread_id=1)
        d.disconnect()
        d.wait_for("terminated")


def test_a_program_in_c_that_does_not_return_is_given_up(debug):
    """The client is told so, and that its session is over; it is not started anew beside itself."""
    with debug("""
        os.execute("trap '' INT; touch '" .. arg[1] .. "'; sleep 8")
    """) as d:
        begun = d.folder / "begun"
        d.start(args=[str(begun)])
        d.result("configurationDone", d.send("configurationDone"))
        become(begun.exists)
        d.requests.terminate()
        d.wait_for("terminated")
        assert "does not end" in d.output("important")
        with pytest.raises(RequestFailed, match="does not end"):
            d.requests.restart()


@pytest.mark.lua("5.1", "5.2", "5.3", "5.4", "5.5")  # LuaJIT's stacks are not that deep
def test_a_program_that_stands_on_a_deep_stack_ends(debug):
    """However many calls there are to be left, it ends by itself, and nobody has to give it up."""
    with debug("""
        local function down() return 1 + down() end
        down()
    """) as d:
        d.run()
        d.requests.terminate()
        d.wait_for("terminated")
        assert "does not end" not in d.output("important")


def test_terminate_before_the_program_runs(debug):
    """A program that is being started when it is terminated does not begin, or ends at once."""
    with debug("""
        while true do end
    """) as d:
        d.start()
        d.send("configurationDone")
        d.send("terminate")
        d.wait_for("terminated", deadline=4)
