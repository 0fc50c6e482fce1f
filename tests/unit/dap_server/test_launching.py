"""Launching and restarting: arguments, terminals, failures, and what breakpoints make of it."""

import threading
from typing import Any

import anyio.to_thread
import pytest

from dap_server.client import DapClient, RequestFailed
from dap_server.errors import ErrorId
from dap_server.host import ClientDoor, TerminalCommand
from dap_server.launch import LaunchRequest
from dap_server.protocol import generated as dap
from kernel.core import model as m
from kernel.core.errors import UserError
from kernel.events import model as e
from tests.support.fakes import FILTERS, FakeDebuggee, FakeHost, forever, stopped
from tests.unit.dap_server.conftest import Connect


def test_restart(connect: Connect) -> None:
    """Another program takes the place, with the same breakpoints and no word of an end."""
    one, two = FakeDebuggee([stopped()]), FakeDebuggee([stopped()])
    host = FakeHost(one, two)
    client = connect(host)
    client.break_at("/p/a.lua", 3)
    client.launch("a.lua")
    (before,) = client.break_at("/p/a.lua")
    client.requests.restart(arguments={"program": "b.lua", "stopOnEntry": True})
    client.wait_for("stopped")
    assert [] == client.frames.received("terminated")
    (launched,) = two.asked("launch")
    assert ("b.lua", True) == (launched[0].path.rpartition("/")[2], launched[0].stop_on_entry)
    assert "/p/a.lua" == two.asked("set_breakpoints")[0][0].path
    (after,) = client.break_at("/p/a.lua")
    assert before.id == after.id
    assert {"exited", "started"} == {each["reason"] for each in client.frames.received("thread")}


def test_restart_without_arguments_is_the_same_launch(connect: Connect) -> None:
    """The client need not repeat itself."""
    two = FakeDebuggee([stopped()])
    client = connect(FakeHost(FakeDebuggee([stopped()]), two))
    client.launch("a.lua", args=["x"])
    client.requests.restart()
    assert ("x",) == two.asked("launch")[0][0].args


def test_a_restart_that_fails_ends_the_session(client: DapClient) -> None:
    """The old program is gone and the new one does not come."""
    with pytest.raises(RequestFailed):
        client.requests.restart(arguments={"program": "missing.lua"})
    client.wait_for("terminated")
    client.disconnect()


def test_only_launched_programs_restart(connect: Connect) -> None:
    """An attached program cannot be started again."""
    client = connect(FakeHost(running=FakeDebuggee()))
    client.attach()
    with pytest.raises(RequestFailed, match="cannot be restarted"):
        client.requests.restart()


def test_a_program_that_is_missing(connect: Connect) -> None:
    """The launch fails with the reason, and another may follow."""
    client = connect(FakeHost(FakeDebuggee(), FakeDebuggee([stopped()])))
    with pytest.raises(RequestFailed, match="does not exist") as failed:
        client.launch("missing.lua")
    assert ErrorId.PROGRAM_NOT_FOUND == failed.value.id
    client.requests.launch(program="a.lua")
    client.wait_for("stopped")


def test_wrong_launch_arguments(connect: Connect) -> None:
    """The key, the value, and what is right are named."""
    client = connect(FakeHost())
    client.initialize()
    with pytest.raises(RequestFailed) as failed:
        client.requests.launch(program="a.lua", stopOnEntry="yes")
    assert 'stopOnEntry is "yes"; it must be true or false.' == failed.value.text
    assert ErrorId.BAD_CONFIGURATION == failed.value.id
    with pytest.raises(RequestFailed, match="must be one of uncaught, all"):
        client.requests.launch(program="a.lua", exceptionDefaults=["some"])


def test_unknown_launch_arguments_make_a_warning(connect: Connect) -> None:
    """A key nobody knows is named, with the one that was probably meant."""
    client = connect(FakeHost(FakeDebuggee([stopped()])))
    client.launch("a.lua", stopOnEntri=True, preLaunchTask="x", __sessionId="y")
    expected = (
        "The launch configuration has an unknown key 'stopOnEntri', which is ignored. "
        "Did you mean 'stopOnEntry'?\n"
    )
    assert expected == client.output("important")


def test_no_debug(connect: Connect) -> None:
    """Without debugging no breakpoint is set, and each says why."""
    program = FakeDebuggee([e.OutputWritten("hi\n"), e.Exited(5)])
    client = connect(FakeHost(program))
    client.start("launch", {"program": "a.lua", "noDebug": True})
    (answer,) = client.set_breakpoints("/p/a.lua", dap.SourceBreakpoint(line=1))
    assert "The program runs without the debugger (noDebug)." == answer.message
    assert client.run() is None
    assert [] == program.asked("set_breakpoints")
    assert not program.asked("launch")[0][0].debug
    assert 5 == client.exit_code


@pytest.mark.parametrize(
    ("configuration", "expected"), [({}, ["uncaught"]), ({"exceptionDefaults": ["all"]}, ["all"])]
)
def test_exception_filters_before_the_client_chooses(
    connect: Connect, configuration: dict[str, Any], expected: list[str]
) -> None:
    """Clients that never choose get the defaults."""
    program = FakeDebuggee([stopped()])
    connect(FakeHost(program)).launch("a.lua", **configuration)
    (specs,) = program.asked("set_exception_breakpoints")[0]
    assert expected == [each.filter for each in specs]


def test_other_filters_than_announced(connect: Connect) -> None:
    """A debuggee that knows more kinds of errors has them announced."""
    program = FakeDebuggee([stopped()])
    program.exception_filters = (*FILTERS, m.ExceptionFilter("odd", "Odd", "Odd ones"))
    client = connect(FakeHost(program))
    client.launch("a.lua")
    filters = client.wait_for("capabilities")["capabilities"]["exceptionBreakpointFilters"]
    assert ["uncaught", "all", "odd"] == [each["filter"] for each in filters]


async def _in_terminal(request: LaunchRequest, client: ClientDoor) -> None:
    command = TerminalCommand(["lua", "x y"], "/p", {"A": "1"}, "external", "Lua")
    client.say(f"pid {await client.run_in_terminal(command)}")


def test_run_in_terminal(connect: Connect) -> None:
    """The client opens a terminal; breakpoints it sets meanwhile are answered."""
    host = FakeHost(FakeDebuggee([stopped()]))
    host.before_launch = _in_terminal
    client = connect(host)
    asked: list[dict[str, Any]] = []
    client.frames.answerers["runInTerminal"] = lambda args: asked.append(args) or {"processId": 7}
    client.initialize(supports_run_in_terminal_request=True)
    client.launch("a.lua", console="externalTerminal")
    expected = {
        "kind": "external", "title": "Lua", "cwd": "/p", "args": ["lua", "x y"], "env": {"A": "1"}
    }  # fmt: skip
    assert [expected] == asked
    assert "pid 7\n" == client.output("console")


def test_breakpoints_while_the_terminal_opens(connect: Connect) -> None:
    """A client that wants answers before it opens a terminal gets them."""
    program = FakeDebuggee([stopped()])
    host = FakeHost(program)
    host.before_launch = _in_terminal
    client = connect(host)
    asked, go_on = threading.Event(), threading.Event()

    def answer(_args: dict[str, Any]) -> dict[str, Any]:
        asked.set()
        assert go_on.wait(5)
        return {}

    client.initialize(supports_run_in_terminal_request=True)
    client.frames.answerers["runInTerminal"] = answer
    client.start("launch", {"program": "a.lua", "console": "integratedTerminal"})
    assert asked.wait(5)
    args = {"source": {"path": "/p/a.lua"}, "breakpoints": [{"line": 3}]}
    number = client.send("setBreakpoints", args)
    go_on.set()
    assert not client.result("setBreakpoints", number)["breakpoints"][0]["verified"]
    client.run()
    assert client.wait_for("breakpoint")["breakpoint"]["verified"]


def test_questions_behind_a_launch(connect: Connect) -> None:
    """What is asked while the program is being made waits for it, as breakpoints do."""
    host = FakeHost(FakeDebuggee([stopped()]))
    go_on = threading.Event()

    async def linger(_request: LaunchRequest, _client: ClientDoor) -> None:
        await anyio.to_thread.run_sync(go_on.wait)

    host.before_launch = linger
    client = connect(host)
    client.initialize()
    client.start("launch", {"program": "a.lua"})
    asked = client.send("breakpointLocations", {"source": {"path": "/p/a.lua"}, "line": 3})
    listed = client.send("loadedSources")
    client.requests.threads()
    go_on.set()
    assert client.result("breakpointLocations", asked)["breakpoints"]
    assert client.result("loadedSources", listed)["sources"]


def test_a_terminal_that_does_not_open(connect: Connect) -> None:
    """The client's reason is the launch's."""
    host = FakeHost(FakeDebuggee())
    host.before_launch = _in_terminal

    def refuse(_args: dict[str, Any]) -> None:
        raise UserError("no shell")

    client = connect(host)
    client.frames.answerers["runInTerminal"] = refuse
    client.initialize(supports_run_in_terminal_request=True)
    with pytest.raises(RequestFailed, match="refused runInTerminal: no shell"):
        client.launch("a.lua", console="integratedTerminal")


def test_no_terminals(connect: Connect) -> None:
    """A client without terminals gets the console it has, and hears of it."""
    host = FakeHost(FakeDebuggee([stopped()]))
    client = connect(host)
    client.launch("a.lua", console="integratedTerminal")
    (request,) = host.requests
    assert isinstance(request, LaunchRequest)
    assert "internalConsole" == request.console
    assert "cannot open terminals" in client.output("important")


def test_disconnect_while_launching(connect: Connect) -> None:
    """A launch that hangs is broken off, and answered."""
    host = FakeHost(FakeDebuggee())
    host.before_launch = forever
    client = connect(host)
    client.start("launch", {"program": "a.lua"})
    client.disconnect()
    with pytest.raises(RequestFailed) as failed:
        client.result("launch", 2)
    assert "cancelled" == failed.value.message


def test_terminating_while_launching(connect: Connect) -> None:
    """A launch that hangs is broken off, and the client hears that there is nothing more."""
    host = FakeHost(FakeDebuggee())
    host.before_launch = forever
    client = connect(host)
    client.start("launch", {"program": "a.lua"})
    client.requests.terminate()
    client.wait_for("terminated")
    with pytest.raises(RequestFailed):
        client.result("launch", 2)
    client.disconnect()


def test_cancelled_launch(connect: Connect) -> None:
    """A launch can be taken back, and another follow."""
    first = FakeDebuggee()
    client = connect(FakeHost(first, FakeDebuggee([stopped()])))
    client.start("launch", {"program": "a.lua"})
    client.requests.cancel(request_id=2)
    with pytest.raises(RequestFailed):
        client.result("launch", 2)
    assert [()] == first.asked("terminate")
    assert client.launch("a.lua") is not None


def test_nothing_is_converted_before_it_is_checked(connect: Connect) -> None:
    """What is no boolean is refused by name, also where the specification has the argument."""
    client = connect(FakeHost(), misbehaves=True)
    with pytest.raises(RequestFailed, match=r"noDebug is 1; it must be true or false\."):
        client.launch("a.lua", noDebug=1)
