"""The orders in which real clients set a session up: every one of them stops at its breakpoint."""

import json

import pytest

from tests.support.schema import check_received

PROGRAM = """
    local function f(x)
      return x  -- @f
    end
    f(1)
    print("end")
"""

SOURCE, FUNCTION = "setBreakpoints", "setFunctionBreakpoints"
ERRORS, DONE = "setExceptionBreakpoints", "configurationDone"

ORDERS = {
    "VS Code": ("launch", SOURCE, FUNCTION, ERRORS, DONE, "threads", "threads"),
    "Theia": ("launch", ERRORS, SOURCE, FUNCTION, ERRORS, DONE),
    "nvim-dap": ("launch", SOURCE, ERRORS, DONE),
    "vimspector": ("launch", SOURCE, FUNCTION, ERRORS, DONE),
    "Kate": ("launch", SOURCE, DONE),
    "breakpoints first": (ERRORS, SOURCE, FUNCTION, "launch", DONE),
    "ready before the launch": (SOURCE, ERRORS, DONE, "launch"),
}


class Clumsy:
    """Sends requests as they are, numbered from ``first``, all of them without waiting."""

    def __init__(self, d, first):
        self.d, self.number, self.sent = d, first, []

    def send(self, command, arguments):
        message = {"seq": self.number, "type": "request", "command": command}
        if arguments != "absent":
            message["arguments"] = arguments
        text = json.dumps(message).encode()
        self.d.frames.send_raw(b"Content-Length: %d\r\n\r\n%s" % (len(text), text))
        self.sent.append((command, self.number))
        self.number += 1

    def answers(self):
        sent, self.sent = self.sent, []
        return [(command, self.d.result(command, number)) for command, number in sent]


def arguments_of(d, command, nothing):
    source = {"path": str(d.path)}
    return {
        "launch": {"program": str(d.path), "lua": d.lua, "__sessionId": "1", "type": "llmspell"},
        SOURCE: {
            "source": source,
            "breakpoints": [{"line": d.line("f")}],
            "lines": [d.line("f")],
            "sourceModified": True,
        },
        FUNCTION: {"breakpoints": []},
        ERRORS: {"filters": ["uncaught"], "exceptionOptions": []},
    }.get(command, nothing)


@pytest.mark.parametrize("nothing", ["absent", None, {}], ids=["absent", "null", "empty"])
@pytest.mark.parametrize("client", ORDERS)
def test_every_client_gets_its_stop(debug, client, nothing):
    """All requests pipelined, numbers from 0, no arguments where there are none to give."""
    with debug(PROGRAM) as d:
        d.frames.check = check_received  # the answer to number 0 cannot be what the schema says
        clumsy = Clumsy(d, 0)
        clumsy.send("initialize", {"adapterID": "any", "clientId": "wrong case", "path": "path"})
        d.wait_for("initialized")
        for command in ORDERS[client]:
            clumsy.send(command, arguments_of(d, command, nothing))
        answers = dict(clumsy.answers())
        assert [d.line("f")] == [each["line"] for each in answers[SOURCE]["breakpoints"]]
        stop = d.wait_for("stopped")
        assert "breakpoint" == stop["reason"]
        clumsy.send("stackTrace", {"threadId": stop["threadId"]})
        ((_, stack),) = clumsy.answers()
        assert (d.line("f"), 2) == (stack["stackFrames"][0]["line"], stack["totalFrames"])
        clumsy.send("continue", {"threadId": stop["threadId"]})
        assert 0 == d.wait_for("exited")["exitCode"]
        d.wait_for("terminated")
        clumsy.send("disconnect", {"restart": False} if client == "VS Code" else {})
        d.frames.wait_until_over(10)


def test_the_order_of_the_answers(debug):
    """``initialized`` follows ``initialize``; ``launch`` is answered behind configurationDone."""
    with debug(PROGRAM) as d:
        d.break_at("f")
        d.run()
        told = [
            frame.message.get("event") or frame.message.get("command")
            for frame in d.transcript
            if frame.message["type"] in ("event", "response")
        ]
        wanted = ["initialize", "initialized", "setBreakpoints", "process", "stopped"]
        assert wanted == [each for each in told if each in wanted]
        assert told.index("setBreakpoints") < told.index("launch") < told.index("stopped")


def test_a_client_that_waits_for_the_launch(debug):
    """Who sends configurationDone before ``launch`` and never again gets its program."""
    with debug(PROGRAM) as d:
        d.initialize()
        d.requests.configuration_done()
        d.ask("launch", {"program": str(d.path), "lua": d.lua})
        d.wait_for("terminated")
        assert "end\n" == d.output("stdout")
