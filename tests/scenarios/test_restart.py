"""Restart: the program again, with the same or other arguments, its breakpoints kept."""

import pytest

from dap_server.client import RequestFailed

PROGRAM = """
    local name = ...
    local n = 1  -- @one
    n = n + 1  -- @two
    print("run", name, n)  -- @three
"""


def restart(d, **arguments):
    """Restart with new arguments, or the same if there are none, and wait for a stop."""
    program = {"program": str(d.path), **d.configuration, **arguments}
    d.requests.restart(arguments=program if arguments else None)
    return d.wait_for_stop()


@pytest.mark.every_transport
def test_the_same_again(debug):
    """The program runs from the start and stops at the same breakpoint, under the same id."""
    with debug(PROGRAM) as d:
        d.start(args=["first"])
        d.break_at("one")
        (_, three) = d.break_at("three")
        first = d.client.run()
        assert "three" == d.at(d.continue_())
        again = restart(d)
        assert ("breakpoint", "one") == (again.reason, d.at(again))
        assert first.breakpoints == again.breakpoints
        assert (three.id,) == d.continue_().breakpoints
        assert {"name": '"first"', "n": "2"} == {n: d.locals()[n] for n in ("name", "n")}
        assert 0 == d.run_to_end()
        assert "run\tfirst\t2\n" == d.output("stdout")


def test_with_other_arguments(debug):
    """New launch arguments take the place of the old ones, also for the next restart."""
    with debug(PROGRAM) as d:
        d.break_at("three")
        d.run(args=["first"])
        restart(d, args=["second"])
        assert '"second"' == d.locals()["name"]
        restart(d)
        assert '"second"' == d.locals()["name"]
        assert 0 == d.run_to_end()
        assert "run\tsecond\t2\n" == d.output("stdout")


def test_no_end_is_told_in_between(debug):
    """The session goes on: ``exited`` and ``terminated`` come once, at the real end."""
    with debug(PROGRAM) as d:
        d.break_at("two")
        d.run()
        restart(d)
        restart(d)
        d.run_to_end()
        assert (1, 1) == (len(d.frames.received("exited")), len(d.frames.received("terminated")))
        assert 3 == len(d.frames.received("process"))


def test_breakpoints_changed_in_between_are_what_counts(debug):
    """What was set last is what the new run has; what was removed does not come back."""
    with debug(PROGRAM) as d:
        d.break_at("one")
        d.run()
        d.set_breakpoints(d.path)
        d.break_at("two", condition="n == 1")
        assert "two" == d.at(restart(d))
        d.set_breakpoints(d.path)
        assert None is restart(d)
        assert 0 == d.exit_code


def test_an_edited_file(debug):
    """The file is read anew, and breakpoints stand where its new text says."""
    with debug(PROGRAM) as d:
        d.break_at("one")
        d.run()
        d.write("main.lua", "-- a comment\n\nlocal x = 5  -- @x\nprint(x)\n")
        stop = restart(d)
        assert ("breakpoint", d.line("x")) == (stop.reason, stop.line)


@pytest.mark.every_transport
def test_while_it_runs(debug):
    """A program that runs, even one that never ends by itself, is restarted just so."""
    with debug("""
        print("go", ...)
        while (...) ~= "stop" do end
    """) as d:
        d.start(args=["on"])
        d.result("configurationDone", d.send("configurationDone"))
        d.wait_for("output", lambda body: "go" in body["output"])
        assert None is restart(d, args=["stop"])
        assert 0 == d.exit_code
        assert "go\ton\ngo\tstop\n" == d.output("stdout")


def test_stop_on_entry_after_a_restart(debug):
    """Stopping on entry holds for the new run as well."""
    with debug(PROGRAM) as d:
        first = d.run(stopOnEntry=True)
        again = restart(d)
        assert ("entry", "entry") == (first.reason, again.reason)
        assert first.line == again.line


def test_wrong_arguments_leave_the_program_alone(debug):
    """A restart that makes no sense is refused before anything ends."""
    with debug(PROGRAM) as d:
        d.break_at("two")
        d.run(args=["first"])
        with pytest.raises(RequestFailed, match="lua"):
            d.requests.restart(arguments={"program": str(d.path), "lua": "6.0"})
        assert "1" == d.evaluate("n")
        assert 0 == d.run_to_end()


def test_a_program_that_is_gone(debug):
    """If a file is not there, the restart is refused, and what runs is left alone."""
    with debug(PROGRAM) as d:
        d.break_at("two")
        d.run()
        with pytest.raises(RequestFailed, match=r"none\.lua"):
            d.requests.restart(arguments={"program": str(d.folder / "none.lua")})
        d.path.unlink()
        with pytest.raises(RequestFailed, match=r"main\.lua"):
            d.requests.restart()
        assert "1" == d.evaluate("n")
        assert 0 == d.run_to_end()


def test_exception_filters_stay(debug):
    """Errors the client chose to stop on stop the new run, too."""
    with debug("pcall(error, 'caught')  -- @here\n") as d:
        d.stop_on("all")
        assert "exception" == d.run().reason
        assert "exception" == restart(d).reason
