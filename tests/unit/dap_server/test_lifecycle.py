"""From initialize to disconnect: order, ends, and what becomes of the program."""

import pytest

from dap_server.client import DapClient, RequestFailed
from dap_server.errors import ErrorId
from dap_server.protocol import generated as dap
from dap_server.wire import encode
from kernel.events import model as e
from tests.support.fakes import FakeDebuggee, FakeHost, stopped
from tests.unit.dap_server.conftest import Connect


def shape(client: DapClient) -> list[str]:
    """What the client received, in order: ``event`` names and ``command!`` for answers."""
    return [
        frame.message.get("event") or f"{frame.message['command']}!"
        for frame in client.transcript
        if frame.direction == "received"
    ]


def test_the_order_of_a_launch(connect: Connect) -> None:
    """Initialized follows initialize at once; launch is answered after configurationDone."""
    client = connect(FakeHost(FakeDebuggee([stopped()])))
    client.launch("a.lua")
    client.run_to_end()
    client.disconnect()
    expected = [
        "initialize!",
        "initialized",
        "configurationDone!",
        "launch!",
        "process",
        "thread",
        "stopped",
        "stackTrace!",
        "continue!",
        "exited",
        "terminated",
        "disconnect!",
    ]
    assert expected == shape(client)
    assert {} == client.frames.received("initialized")[0]


def test_the_program_starts_only_when_configured(connect: Connect) -> None:
    """Nothing runs before configurationDone."""
    program = FakeDebuggee()
    client = connect(FakeHost(program))
    client.start("launch", {"program": "a.lua"})
    client.requests.threads()
    assert [] == program.asked("launch")
    assert client.run() is None
    assert 0 == client.exit_code


def test_launch_after_configuration_done(connect: Connect) -> None:
    """Some clients configure before they launch."""
    program = FakeDebuggee([stopped()])
    client = connect(FakeHost(program))
    client.initialize()
    (early,) = client.set_breakpoints("/p/a.lua", dap.SourceBreakpoint(line=3))
    assert (False, "pending") == (early.verified, early.reason)
    client.requests.configuration_done()
    client.requests.launch(program="/p/a.lua")
    changed = client.wait_for("breakpoint")["breakpoint"]
    assert (early.id, True) == (changed["id"], changed["verified"])
    client.wait_for("stopped")


def test_seq_zero_and_missing_arguments(connect: Connect) -> None:
    """Clients that count from 0 and send null for nothing are served."""
    client = connect(FakeHost(FakeDebuggee([stopped()])), misbehaves=True)
    client.initialize()
    request = {"seq": 0, "type": "request", "command": "threads", "arguments": None}
    client.frames.send_raw(encode(request))
    assert client.frames.answer(0, 5)["success"]


@pytest.mark.parametrize(
    ("terminate", "launched"), [(None, "terminate"), (True, "terminate"), (False, "detached")]
)
def test_disconnect_after_launch(connect: Connect, terminate: bool | None, launched: str) -> None:
    """What was launched ends, unless the client wants to keep it."""
    program = FakeDebuggee([stopped()])
    client = connect(FakeHost(program))
    client.launch("a.lua")
    client.disconnect(terminate)
    client.frames.wait_until_over(5)
    assert [()] == program.asked(launched)
    assert ("terminated" in shape(client)) == (launched == "terminate")


@pytest.mark.parametrize(
    ("terminate", "attached"), [(None, "detached"), (False, "detached"), (True, "terminate")]
)
def test_disconnect_after_attach(connect: Connect, terminate: bool | None, attached: str) -> None:
    """What was attached to runs on, unless the client ends it."""
    program = FakeDebuggee()
    client = connect(FakeHost(running=program))
    client.attach()
    client.disconnect(terminate)
    assert [()] == program.asked(attached)


def test_a_dropped_connection_is_a_disconnect(connect: Connect) -> None:
    """A client that vanishes takes along what it launched and nothing else."""
    launched, running = FakeDebuggee([stopped()]), FakeDebuggee()
    client = connect(FakeHost(launched))
    client.launch("a.lua")
    client.close()
    assert [()] == launched.asked("terminate")
    client = connect(FakeHost(running=running))
    client.attach()
    client.close()
    assert [()] == running.asked("detached")


def test_attach_needs_no_configuration_done(connect: Connect) -> None:
    """Attach is answered at once, and the first look at the program ends the configuration."""
    program = FakeDebuggee()
    host = FakeHost(running=program)
    client = connect(host)
    client.initialize()
    client.requests.attach(port=4711)
    assert [()] == program.asked("attached")
    client.requests.pause(thread_id=1)
    assert "pause" == client.wait_for("stopped")["reason"]
    assert host.is_configured.is_set()


def test_attach_to_a_program_that_stands(connect: Connect) -> None:
    """A second client hears where the first left it standing, and that it was there before."""
    program = FakeDebuggee()
    host = FakeHost(running=program)
    first = connect(host)
    first.attach()
    program.emit(e.Started("a.lua", 7), stopped())
    first.wait_for("stopped")
    first.requests.disconnect(suspend_debuggee=True)
    second = connect(host)
    second.attach()
    assert "breakpoint" == second.wait_for("stopped")["reason"]
    assert "attach" == second.wait_for("process")["startMethod"]
    told = {"supportsRestartRequest": False, "supportSuspendDebuggee": True}
    assert told == second.wait_for("capabilities")["capabilities"]
    assert [(True,)] == program.asked("detached")


def test_attach_to_a_program_that_has_ended(connect: Connect) -> None:
    """There is nothing to debug, and the client is told how it ended."""
    host = FakeHost(running=FakeDebuggee())
    first = connect(host)
    first.attach()
    assert host.running is not None
    host.running.emit(e.Exited(3))
    first.wait_for("terminated")
    second = connect(host)
    second.start("attach", {})
    assert {"exitCode": 3} == second.wait_for("exited")
    second.requests.configuration_done()
    second.wait_for("terminated")


def test_terminate(client: DapClient, program: FakeDebuggee) -> None:
    """The program ends, and says so once; asking again does no harm."""
    client.requests.terminate()
    assert client.wait_for_stop() is None
    assert 143 == client.exit_code
    client.requests.terminate()
    assert 1 == shape(client).count("terminated")


def test_output_comes_before_the_end(connect: Connect) -> None:
    """No output is lost, and none comes after terminated."""
    lines = [e.OutputWritten(f"{n}\n") for n in range(100)]
    client = connect(FakeHost(FakeDebuggee([*lines, e.Exited(0)])))
    client.launch("a.lua")
    assert "".join(f"{n}\n" for n in range(100)) == client.output("stdout")
    assert ["exited", "terminated"] == shape(client)[-2:]


def test_terminate_before_the_program_started(connect: Connect) -> None:
    """A launch that waits for the client is given up."""
    client = connect(FakeHost(FakeDebuggee()))
    client.start("launch", {"program": "a.lua"})
    client.requests.terminate()
    client.wait_for("terminated")
    with pytest.raises(RequestFailed, match="ended"):
        client.run()


def test_initialize_twice(connect: Connect) -> None:
    """The second one is refused, and the session goes on."""
    client = connect(FakeHost())
    client.initialize()
    with pytest.raises(RequestFailed) as failed:
        client.initialize()
    assert ErrorId.WRONG_STATE == failed.value.id
    assert [] == client.requests.threads().threads


def test_bad_path_format(connect: Connect) -> None:
    """Only paths and URIs are understood."""
    with pytest.raises(RequestFailed, match="path or uri"):
        connect(FakeHost()).initialize(path_format="url")
