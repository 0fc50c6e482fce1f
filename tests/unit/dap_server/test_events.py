"""Kernel events as the protocol's events."""

from typing import Any

import pytest

from dap_server.client import DapClient
from dap_server.events import NOT_TRANSLATED, TRANSLATIONS
from kernel.core import model as m
from kernel.core.ids import SourceReference, ThreadId, VariablesReference
from kernel.events import model as e
from tests.support.fakes import FakeDebuggee, FakeHost, stopped
from tests.unit.dap_server.conftest import Connect

SOURCE = m.Source("a.lua", "/p/a.lua")


def test_every_event_is_translated_or_named() -> None:
    """A new kind of event cannot be forgotten."""
    there = [each for each in vars(e).values() if isinstance(each, type)]
    kinds = {each for each in there if issubclass(each, e.KernelEvent)} - {e.KernelEvent}
    assert kinds == set(TRANSLATIONS) | NOT_TRANSLATED


@pytest.mark.parametrize(
    ("event", "name", "body"),
    [
        (
            e.OutputWritten("hi\n", "stderr", SOURCE, 3, "start", VariablesReference(9)),
            "output",
            {
                "category": "stderr",
                "output": "hi\n",
                "group": "start",
                "variablesReference": 9,
                "source": {"name": "a.lua", "path": "/p/a.lua"},
                "line": 3,
            },
        ),
        (e.ThreadStarted(ThreadId(2)), "thread", {"reason": "started", "threadId": 2}),
        (e.ThreadEnded(ThreadId(2)), "thread", {"reason": "exited", "threadId": 2}),
        (
            e.SourceLoaded(m.Source("chunk", None, SourceReference(4))),
            "loadedSource",
            {"reason": "new", "source": {"name": "chunk", "sourceReference": 4}},
        ),
        (
            e.ModuleLoaded(m.Module("a", "a", "/p/a.lua"), "changed"),
            "module",
            {
                "reason": "changed",
                "module": {"id": "a", "name": "a", "path": "/p/a.lua", "isUserCode": True},
            },
        ),
        (
            e.ValuesInvalidated(("stacks",), ThreadId(2)),
            "invalidated",
            {"areas": ["stacks"], "threadId": 2},
        ),
    ],
)
def test_bodies(
    client: DapClient, program: FakeDebuggee, event: e.KernelEvent, name: str, body: dict[str, Any]
) -> None:
    """Every field arrives."""
    program.emit(event, e.OutputWritten("", "console"))
    client.wait_for("output", lambda output: output["category"] == "console")
    assert body == client.frames.received(name)[-2 if name == "output" else -1]


def test_process(client: DapClient) -> None:
    """What runs, where, and how it came."""
    (body,) = client.frames.received("process")
    assert (42, True, "launch", 64) == (
        body["systemProcessId"],
        body["isLocalProcess"],
        body["startMethod"],
        body["pointerSize"],
    )


def test_invalidated_is_for_those_who_know_it(connect: Connect, program: FakeDebuggee) -> None:
    """Other clients do not get it."""
    client = connect(FakeHost(program))
    client.initialize(supports_invalidated_event=False)
    client.launch("a.lua")
    program.emit(e.ValuesInvalidated(), e.ThreadStarted(ThreadId(5)))
    client.wait_for("thread", lambda body: body["threadId"] == 5)
    assert [] == client.frames.received("invalidated")


def test_a_flood_of_output_makes_few_messages(client: DapClient, program: FakeDebuggee) -> None:
    """Plain output that waits to be sent is joined; nothing is lost or reordered."""
    lines = [f"{n}\n" for n in range(20_000)]
    program.emit(
        *(e.OutputWritten(line) for line in lines), e.OutputWritten("!", "stderr"),
        e.OutputWritten("end"),
    )  # fmt: skip
    client.wait_for("output", lambda body: body["output"].endswith("end"))
    assert "".join(lines) + "end" == client.output("stdout")
    assert len(client.frames.received("output")) < 100


def test_child_sessions(connect: Connect) -> None:
    """A script that the program started is offered to the client, with the same view of files."""
    program = FakeDebuggee([stopped()])
    client = connect(FakeHost(program))
    asked: list[dict[str, Any]] = []

    def answer(arguments: dict[str, Any]) -> None:
        asked.append(arguments)

    client.frames.answerers["startDebugging"] = answer
    client.initialize(supports_start_debugging_request=True)
    client.launch("a.lua", skipFiles=["**/lib/*"], args=["x"])
    program.emit(e.ChildStarted("b.lua", "127.0.0.1", 4712))
    program.emit(e.OutputWritten("", "console"))
    client.frames.wait_until(lambda: bool(asked), 5)
    configuration = {
        "name": "b.lua", "host": "127.0.0.1", "port": 4712, "skipFiles": ["**/lib/*"]
    }  # fmt: skip
    assert [{"request": "attach", "configuration": configuration}] == asked


def test_child_sessions_that_are_refused(connect: Connect, program: FakeDebuggee) -> None:
    """The user reads why."""
    client = connect(FakeHost(program))
    client.initialize(supports_start_debugging_request=True)
    client.launch("a.lua")
    program.emit(e.ChildStarted("b.lua", "127.0.0.1", 4712))
    assert "not supported by this client" in client.wait_for("output")["output"]
