"""Resuming, pausing and ending threads: what is asked, and in which order it is told."""

import asyncio

import pytest

from dap_server.client import DapClient, ProgramEnded, RequestFailed
from dap_server.errors import ErrorId
from kernel.core import model as m
from kernel.core.errors import UserError
from kernel.core.ids import ThreadId
from kernel.events import model as e
from tests.support.fakes import FakeDebuggee, FakeHost, forever, stopped
from tests.unit.dap_server.conftest import Connect


@pytest.mark.parametrize(
    ("command", "kind"),
    [
        ("continue", m.StepKind.CONTINUE),
        ("next", m.StepKind.OVER),
        ("stepIn", m.StepKind.IN),
        ("stepOut", m.StepKind.OUT),
    ],
)
def test_the_answer_precedes_the_stop(
    client: DapClient, program: FakeDebuggee, command: str, kind: m.StepKind
) -> None:
    """A stop that comes at once is still told after the answer, and no continued is."""
    client.ask(command, {"threadId": 1})
    client.wait_for("stopped")
    names = [frame.message.get("event") or frame.message["command"] for frame in client.transcript]
    assert [command, "stopped"] == names[-2:]
    assert [(m.Resume(kind, ThreadId(1)),)] == program.asked("resume")
    assert [] == client.frames.received("continued")


def test_options_of_steps(client: DapClient, program: FakeDebuggee) -> None:
    """One thread only, a chosen call, a granularity."""
    body = client.requests.continue_(thread_id=1, single_thread=True)
    assert body.all_threads_continued is False
    client.wait_for("stopped")
    client.requests.step_in(thread_id=1, target_id=7, granularity="line")
    first, second = (arguments[0] for arguments in program.asked("resume"))
    assert m.Resume(m.StepKind.CONTINUE, ThreadId(1), single_thread=True) == first
    assert m.Resume(m.StepKind.IN, ThreadId(1), target=7, granularity="line") == second


def test_continue_continues_all(client: DapClient) -> None:
    """Without singleThread everything runs."""
    assert client.requests.continue_(thread_id=1).all_threads_continued is True


def test_not_while_it_runs(connect: Connect) -> None:
    """A step in a running program is refused as "notStopped", and nothing breaks."""
    client = connect(FakeHost(FakeDebuggee([])))
    client.start("launch", {"program": "a.lua"})
    client.send("configurationDone")
    client.result("launch", 2)
    for command in ("next", "continue", "stackTrace", "exceptionInfo"):
        with pytest.raises(RequestFailed) as failed:
            client.ask(command, {"threadId": 1})
        assert ("notStopped", ErrorId.NOT_STOPPED) == (failed.value.message, failed.value.id)
    client.requests.pause(thread_id=1)
    assert "pause" == client.wait_for("stopped")["reason"]


def test_a_step_that_is_refused_leaves_it_stopped(client: DapClient, program: FakeDebuggee) -> None:
    """The program still stands, and the next step works."""
    program.answers["resume"] = UserError("There is no such target.")
    with pytest.raises(RequestFailed, match="no such target"):
        client.requests.step_in(thread_id=1, target_id=9)
    del program.answers["resume"]
    assert client.step_over().line == 3


def test_a_stop_that_is_over_before_the_resume_is(client: DapClient, program: FakeDebuggee) -> None:
    """Whoever had the program go on to it hears that it went on from there, too."""
    program.script.insert(0, [stopped(), e.Resumed(ThreadId(1))])
    client.requests.continue_(thread_id=1)
    assert "breakpoint" == client.wait_for("stopped")["reason"]
    assert 1 == client.wait_for("continued")["threadId"]


def test_others_resume(client: DapClient, program: FakeDebuggee) -> None:
    """Who did not ask for it hears that the program goes on."""
    program.emit(e.Resumed(ThreadId(1), all_threads=False))
    assert {"threadId": 1, "allThreadsContinued": False} == client.wait_for("continued")


def test_others_resume_just_before(client: DapClient, program: FakeDebuggee) -> None:
    """Whose own request comes too late is refused, and hears of it as who has asked nothing."""

    async def too_late(*_: object) -> None:
        program.emit(e.Resumed(ThreadId(1)))
        await asyncio.sleep(0)  # so that it is heard
        raise UserError("The program is not stopped.")

    program.answers["resume"] = too_late
    with pytest.raises(RequestFailed, match="not stopped"):
        client.requests.continue_(thread_id=1)
    assert 1 == client.wait_for("continued")["threadId"]


def test_step_in_targets(client: DapClient) -> None:
    """The calls of a line, with their places."""
    (target,) = client.requests.step_in_targets(frame_id=1).targets
    assert (1, "f()", 3) == (target.id, target.label, target.line)


def test_pause_while_something_is_evaluated(client: DapClient, program: FakeDebuggee) -> None:
    """A request that waits holds up no other."""
    program.answers["evaluate"] = forever
    waiting = client.send("evaluate", {"expression": "loop()"})
    assert ["main"] == [each.name for each in client.requests.threads().threads]
    client.requests.pause(thread_id=1)
    client.requests.cancel(request_id=waiting)
    with pytest.raises(RequestFailed) as failed:
        client.result("evaluate", waiting)
    assert ("cancelled", ErrorId.CANCELLED) == (failed.value.message, failed.value.id)


def test_pausing_a_stopped_program_does_nothing(client: DapClient, program: FakeDebuggee) -> None:
    """It stands already."""
    client.requests.pause(thread_id=1)
    assert [] == program.asked("pause")


def test_thread_zero_is_any_thread(connect: Connect) -> None:
    """Clients that know no thread yet say 0."""
    program = FakeDebuggee([])
    client = connect(FakeHost(running=program))
    client.attach()
    client.requests.pause(thread_id=0)
    assert [(None,)] == program.asked("pause")


def test_terminate_threads(client: DapClient, program: FakeDebuggee) -> None:
    """These and no others."""
    client.requests.terminate_threads(thread_ids=[2, 3])
    assert [((2, 3),)] == program.asked("terminate_threads")


def test_the_end_while_stepping(client: DapClient) -> None:
    """A step may be the last one."""
    client.step_over()
    client.step_in()
    with pytest.raises(ProgramEnded) as ended:
        client.step_out()
    assert 0 == ended.value.exit_code


def test_what_a_stop_says(client: DapClient, program: FakeDebuggee) -> None:
    """Every field of a stop is told."""
    stop = e.Stopped(ThreadId(4), m.StopReason.EXCEPTION, "Paused on error", "boom")
    program.script[0] = [stop]
    client.requests.continue_(thread_id=1)
    client.wait_for("stopped")
    expected = {
        "reason": "exception",
        "description": "Paused on error",
        "threadId": 4,
        "text": "boom",
        "allThreadsStopped": True,
    }
    assert expected == client.frames.received("stopped")[-1]


def test_nothing_is_left_to_look_at_after_the_end(client: DapClient) -> None:
    """Requests after the end are refused, threads are none, disconnect works."""
    assert 0 == client.run_to_end()
    assert [] == client.requests.threads().threads
    with pytest.raises(RequestFailed, match="the program has ended") as failed:
        client.requests.scopes(frame_id=1)
    assert ErrorId.WRONG_STATE == failed.value.id
    client.disconnect()


def test_stops_from_elsewhere(client: DapClient, program: FakeDebuggee) -> None:
    """A stop nobody asked for is told as it is."""
    program.script[0] = []
    client.requests.continue_(thread_id=1)
    program.emit(stopped(m.StopReason.ENTRY))
    assert "entry" == client.wait_for("stopped", lambda body: body["reason"] == "entry")["reason"]
