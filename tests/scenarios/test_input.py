"""Programs that read: what is typed into the debug console is their input."""

import os

import pytest


def needs_input(transport):
    """Skip where the descriptors are those of the tests."""
    if transport == "memory":
        pytest.skip("in memory the program has the standard input of the tests")


def answer(d, line):
    """Type a line into the debug console until somebody waits for it."""
    while d.requests.evaluate(expression=line, context="repl").result != "":
        pass


@pytest.mark.parametrize(
    "way",
    [
        pytest.param("io.read()", marks=pytest.mark.every_transport),
        *("io.lines()()", "io.stdin:read()", 'io.read("*l")'),
    ],
)
def test_a_script_that_reads_its_input(debug, transport, way):
    """What the user types into the debug console answers a read of standard input."""
    needs_input(transport)
    with debug(f"""
        print("name?")
        local name = {way}
        print("hello " .. name)
        print(io.read("*n"))
    """) as d:
        d.start()
        d.result("configurationDone", d.client.send("configurationDone"))
        d.wait_for("output", lambda body: "name?" in body["output"])
        answer(d, "Lua")
        d.wait_for("output", lambda body: "hello Lua" in body["output"])
        answer(d, "42")
        assert d.wait_for_stop() is None
        assert 0 == d.client.exit_code
        assert "name?\nhello Lua\n42\n" == d.output("stdout").replace("42.0", "42")


def test_a_question_just_before_a_read(debug, transport):
    """It is answered before the program waits for input, and not by it."""
    needs_input(transport)
    with debug("""
        os.execute("cat gate")
        print(io.read())
    """) as d:
        gate = d.folder / "gate"
        os.mkfifo(gate)
        d.start()
        d.result("configurationDone", d.client.send("configurationDone"))
        question = d.client.send("evaluate", {"expression": "1 + 1", "context": "watch"})
        assert d.requests.threads().threads  # so the question has come, too
        gate.write_text("")
        assert "2" == d.result("evaluate", question)["result"]
        answer(d, "typed")
        assert d.wait_for_stop() is None
        assert "typed\n" == d.output("stdout")


END = "\x04"


@pytest.mark.parametrize("typed", [END, "^D"])
def test_the_end_of_input_can_be_typed(debug, transport, typed):
    """As with Ctrl-D on a terminal: what reads all gets what was typed, later reads get more."""
    needs_input(transport)
    with debug("""
        io.write("lines? ")
        local count = 0
        for _ in io.lines() do count = count + 1 end
        io.write("all? ")
        local all = io.read(_VERSION < "Lua 5.3" and "*a" or "a")
        print("got", all, count)
        print(io.read())
    """) as d:
        d.start()
        d.result("configurationDone", d.client.send("configurationDone"))
        d.wait_for("output", lambda body: "lines? " in body["output"])
        for line in ("a", "b", "c", typed):
            answer(d, line)
        d.wait_for("output", lambda body: "all? " in body["output"])
        for line in ("one", "two", typed):
            answer(d, line)
        d.wait_for("output", lambda body: "got" in body["output"])
        answer(d, "last")
        assert d.wait_for_stop() is None
        assert "lines? all? got\tone\ntwo\n\t3\nlast\n" == d.output("stdout")


@pytest.mark.parametrize("way", ['io.read("*a")', "io.read(1000)", "io.read()"])
def test_a_program_that_reads_ends_when_it_is_told(debug, transport, way):
    """Whatever it waits for; what it has written arrives."""
    needs_input(transport)
    with debug(f"""
        io.write("more? ")
        while true do {way} end
    """) as d:
        d.start()
        d.result("configurationDone", d.client.send("configurationDone"))
        d.wait_for("output", lambda body: "more? " in body["output"])
        d.requests.terminate()
        d.wait_for("terminated")
        assert "does not end" not in d.output()
        assert "more? " == d.output("stdout")
