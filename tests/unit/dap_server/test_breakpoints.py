"""Breakpoint requests: what reaches the debuggee, and what the client hears of it."""

from typing import Any

import pytest

from dap_server.client import DapClient, RequestFailed
from dap_server.protocol import generated as dap
from kernel.core import model as m
from kernel.core.ids import BreakpointId
from kernel.events import model as e
from tests.support.fakes import FakeDebuggee, FakeHost, stopped
from tests.unit.dap_server.conftest import Connect

SOURCE = dap.Source(path="/p/a.lua")


def test_every_field(client: DapClient, program: FakeDebuggee) -> None:
    """Conditions, hit conditions and log messages arrive parsed, together."""
    client.set_breakpoints(
        "/p/a.lua",
        dap.SourceBreakpoint(
            line=3, column=5, condition="x > 1", hit_condition=">= 2", log_message="x={x}"
        ),
        dap.SourceBreakpoint(line=4, condition=" "),
    )
    source, specs = program.asked("set_breakpoints")[-1]
    assert m.Source("a.lua", "/p/a.lua") == source
    hit = m.HitCondition(m.HitOperator.GREATER_EQUAL, 2)
    log = m.LogMessage("x={x}", ("x=", "x", ""))
    assert m.BreakpointSpec(specs[0].id, 3, 5, "x > 1", hit, log) == specs[0]
    assert m.BreakpointSpec(specs[1].id, 4) == specs[1]


def test_hit_conditions_with_commas(client: DapClient, program: FakeDebuggee) -> None:
    """All of them have to hold."""
    client.set_breakpoints("/p/a.lua", dap.SourceBreakpoint(line=3, hit_condition="%2, > 4"))
    past = m.HitCondition(m.HitOperator.GREATER, 4)
    hit = m.HitCondition(m.HitOperator.EVERY, 2, (past,))
    assert hit == program.asked("set_breakpoints")[-1][1][0].hit_condition


def test_one_that_makes_no_sense_costs_only_itself(client: DapClient) -> None:
    """A wrong hit condition is answered with the reason, and the others stand."""
    bad, good = client.set_breakpoints(
        "/p/a.lua",
        dap.SourceBreakpoint(line=3, hit_condition="often"),
        dap.SourceBreakpoint(line=4),
    )
    assert (False, "failed") == (bad.verified, bad.reason)
    assert "'often' is not understood" in (bad.message or "")
    assert good.verified


def test_a_refused_function_breakpoint_has_no_line(client: DapClient) -> None:
    """A breakpoint on a function stands on no line before it is found."""
    wanted = dap.FunctionBreakpoint(name="f", hit_condition="often")
    (bad,) = client.requests.set_function_breakpoints(breakpoints=[wanted]).breakpoints
    assert (False, None, "failed") == (bad.verified, bad.line, bad.reason)
    assert "write a number, or one of = == > >= < <= % * before" in (bad.message or "")


def test_lines_of_old_clients(client: DapClient, program: FakeDebuggee) -> None:
    """Bare lines are breakpoints too."""
    client.requests.set_breakpoints(source=SOURCE, lines=[3, 5])
    assert [3, 5] == [each.line for each in program.asked("set_breakpoints")[-1][1]]


def test_pipelined_requests_are_answered_in_order(connect: Connect) -> None:
    """Answers come in the order of the requests, and all before configurationDone's."""
    program = FakeDebuggee([stopped()])
    client = connect(FakeHost(program))
    client.start("launch", {"program": "a.lua"})
    numbers = [
        client.send("setBreakpoints", {"source": {"path": f"/p/{n}.lua"}, "lines": [1]})
        for n in range(5)
    ]
    numbers.append(client.send("setFunctionBreakpoints", {"breakpoints": []}))
    numbers.append(client.send("setExceptionBreakpoints", {"filters": []}))
    client.run()
    answered = [
        frame.message["request_seq"]
        for frame in client.transcript
        if frame.direction == "received"
        and (
            frame.message.get("request_seq") in numbers
            or frame.message.get("command") == "configurationDone"
        )
    ]
    assert numbers == answered[:-1]


def test_a_breakpoint_keeps_its_number(client: DapClient) -> None:
    """Setting the same breakpoints again changes nothing about those that stay."""
    first = client.set_breakpoints("/p/a.lua", *_at(3, 5))
    second = client.set_breakpoints("/p/a.lua", *_at(5, 7))
    assert first[1].id == second[0].id
    assert second[1].id not in (first[0].id, first[1].id)


def test_changes_and_hits_use_the_number(client: DapClient, program: FakeDebuggee) -> None:
    """Events speak of breakpoints by the numbers the client got, and say in which file they are."""
    (answer,) = client.set_breakpoints("/p/a.lua", *_at(3))
    number = program.asked("set_breakpoints")[-1][1][0].id
    moved = m.Breakpoint(number, True, "moved", line=4)
    program.emit(e.BreakpointChanged(moved))
    changed = client.wait_for("breakpoint")
    source = {"name": "a.lua", "path": "/p/a.lua"}
    expected = {"id": answer.id, "verified": True, "message": "moved", "line": 4, "source": source}
    assert {"reason": "changed", "breakpoint": expected} == changed
    program.script[0] = [stopped(breakpoints=[number])]
    assert (answer.id,) == client.continue_().breakpoints


def test_numbers_from_before_the_launch_stay(connect: Connect) -> None:
    """What was asked for before there was a program has the same number after."""
    program = FakeDebuggee([stopped(breakpoints=[1])])
    client = connect(FakeHost(program))
    client.initialize()
    client.requests.set_function_breakpoints(breakpoints=[dap.FunctionBreakpoint(name="f")])
    early = client.set_breakpoints("/p/a.lua", *_at(3))
    client.start("launch", {"program": "a.lua"})
    client.run()
    late = client.set_breakpoints("/p/a.lua", *_at(3))
    assert [early[0].id] == [late[0].id]


def test_function_breakpoints(client: DapClient, program: FakeDebuggee) -> None:
    """Names with their conditions."""
    wanted = dap.FunctionBreakpoint(name="A:m", condition="self.x", hit_condition="2")
    body = client.requests.set_function_breakpoints(breakpoints=[wanted])
    (specs,) = program.asked("set_function_breakpoints")[-1]
    hit = m.HitCondition(m.HitOperator.EQUAL, 2)
    assert (m.FunctionBreakpointSpec(specs[0].id, "A:m", "self.x", hit),) == specs
    assert [True] == [each.verified for each in body.breakpoints]


def test_exception_breakpoints(client: DapClient, program: FakeDebuggee) -> None:
    """Filters and filters with conditions, answered in this order; unknown ones say so."""
    body = client.requests.set_exception_breakpoints(
        filters=["uncaught", "nope"],
        filter_options=[dap.ExceptionFilterOptions(filter_id="all", condition="err == 1")],
    )
    (specs,) = program.asked("set_exception_breakpoints")[-1]
    assert [("uncaught", None), ("all", "err == 1")] == [(s.filter, s.condition) for s in specs]
    assert body.breakpoints is not None
    assert [True, False, True] == [each.verified for each in body.breakpoints]
    expected = "There is no exception filter 'nope'; there are all, uncaught."
    assert expected == body.breakpoints[1].message


def test_data_breakpoints(client: DapClient, program: FakeDebuggee) -> None:
    """First whether, then set, with access and conditions."""
    info = client.requests.data_breakpoint_info(name="x", variables_reference=10, frame_id=1)
    assert info.data_id == "data:x"
    assert [("x", 10, None)] == program.asked("data_breakpoint_info")
    client.requests.set_data_breakpoints(
        breakpoints=[dap.DataBreakpoint(data_id="data:x", access_type="readWrite", condition="c")]
    )
    (specs,) = program.asked("set_data_breakpoints")[-1]
    assert [("data:x", "readWrite", "c")] == [(s.data_id, s.access, s.condition) for s in specs]


def test_data_breakpoint_info_of_what_cannot_be_watched(
    client: DapClient, program: FakeDebuggee
) -> None:
    """The id is null, which the specification wants to see."""
    program.answers["data_breakpoint_info"] = m.DataBreakpointInfo(None, "no")
    body = client.ask("dataBreakpointInfo", {"name": "1 + 1", "frameId": 1})
    assert {"dataId": None, "description": "no", "canPersist": False} == body
    assert [("1 + 1", None, 1)] == program.asked("data_breakpoint_info")


def test_breakpoint_locations(client: DapClient, program: FakeDebuggee) -> None:
    """A line alone is a range of one line."""
    client.requests.breakpoint_locations(source=SOURCE, line=3)
    body = client.requests.breakpoint_locations(
        source=SOURCE, line=3, column=2, end_line=9, end_column=4
    )
    asked = [arguments[1] for arguments in program.asked("breakpoint_locations")]
    assert [m.BreakpointLocation(3, None, 3), m.BreakpointLocation(3, 2, 9, 4)] == asked
    (place,) = body.breakpoints
    assert (3, 2, 9, 4) == (place.line, place.column, place.end_line, place.end_column)


def test_counting_from_zero_and_uris(connect: Connect) -> None:
    """A client's own way of counting and of naming files holds in both directions."""
    program = FakeDebuggee([stopped()])
    client = connect(FakeHost(program))
    client.initialize(lines_start_at1=False, columns_start_at1=False, path_format="uri")
    client.start("launch", {"program": "a.lua"})
    source = dap.Source(path="file:///p/a%20%C3%A9.lua")
    body = client.requests.set_breakpoints(
        source=source, breakpoints=[dap.SourceBreakpoint(line=2, column=0)]
    )
    asked, specs = program.asked("set_breakpoints")[-1]
    assert ("/p/a é.lua", 3, 1) == (asked.path, specs[0].line, specs[0].column)
    (answer,) = body.breakpoints
    assert answer.source is not None
    assert (2, "file:///p/a%20%C3%A9.lua") == (answer.line, answer.source.path)
    client.run()
    (frame,) = client.requests.stack_trace(thread_id=1, levels=1).stack_frames
    assert (2, 4) == (frame.line, frame.column)


def test_file_uris_are_understood_from_everybody(client: DapClient, program: FakeDebuggee) -> None:
    """A client that sends a URI where it promised a path means the file."""
    client.requests.set_breakpoints(source=dap.Source(path="file:///p/b.lua"), breakpoints=[])
    assert "/p/b.lua" == program.asked("set_breakpoints")[-1][0].path


def test_a_source_of_no_file(client: DapClient, program: FakeDebuggee) -> None:
    """Chunks have breakpoints by their reference."""
    client.requests.set_breakpoints(
        source=dap.Source(name="chunk", source_reference=7), breakpoints=_at(1)
    )
    assert (None, 7) == (
        program.asked("set_breakpoints")[-1][0].path,
        program.asked("set_breakpoints")[-1][0].reference,
    )
    with pytest.raises(RequestFailed, match="path or a sourceReference"):
        client.requests.set_breakpoints(source=dap.Source(name="x"), breakpoints=[])


def test_breakpoints_after_the_end(client: DapClient) -> None:
    """Editors set breakpoints at any time; after the end nothing is there to verify them."""
    client.run_to_end()
    (answer,) = client.set_breakpoints("/p/a.lua", *_at(3))
    assert not answer.verified


@pytest.mark.parametrize(
    ("command", "arguments", "path"),
    [
        ("setBreakpoints", {}, "arguments.source"),
        ("setBreakpoints", {"source": 1}, "arguments.source"),
        ("setBreakpoints", {"source": {}, "breakpoints": [{"line": "x"}]}, ".breakpoints[0].line"),
        ("setBreakpoints", {"source": {}, "breakpoints": [{"line": -1}]}, ".breakpoints[0].line"),
        ("setExceptionBreakpoints", {"filters": [1]}, "arguments.filters[0]"),
        ("setDataBreakpoints", {"breakpoints": [{}]}, "arguments.breakpoints[0].dataId"),
        ("setFunctionBreakpoints", [], "arguments"),
    ],
)
def test_bad_fields_are_named(connect: Connect, command: str, arguments: Any, path: str) -> None:
    """The answer has the path of the wrong field."""
    client = connect(FakeHost(FakeDebuggee([stopped()])), misbehaves=True)
    client.launch("a.lua")
    with pytest.raises(RequestFailed) as failed:
        client.ask(command, arguments)
    assert path in failed.value.text
    assert 1004 == failed.value.id


def test_new_breakpoints_of_others(client: DapClient, program: FakeDebuggee) -> None:
    """A breakpoint the client did not ask for gets a number of its own."""
    (own,) = client.set_breakpoints("/p/a.lua", *_at(3))
    program.emit(e.BreakpointChanged(m.Breakpoint(BreakpointId(99), True, line=1), "new"))
    body = client.wait_for("breakpoint")
    assert "new" == body["reason"]
    assert own.id != body["breakpoint"]["id"]


def _at(*lines: int) -> list[dap.SourceBreakpoint]:
    return [dap.SourceBreakpoint(line=line) for line in lines]
