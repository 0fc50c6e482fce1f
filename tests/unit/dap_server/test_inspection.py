"""Looking at a stopped program: paging, formats, and what is left out for whom."""

from pathlib import Path
from typing import Any

import pytest

from dap_server.client import DapClient, RequestFailed
from dap_server.paging import FIRST_NODE
from dap_server.protocol import generated as dap
from kernel.core import model as m
from kernel.core.errors import StaleReference
from kernel.core.ids import FrameId, SourceReference, VariablesReference
from tests.support.fakes import FakeDebuggee, FakeHost, stopped
from tests.unit.dap_server.conftest import Connect


def test_stack_pages(client: DapClient, program: FakeDebuggee) -> None:
    """A page of frames and how many there are."""
    body = client.requests.stack_trace(thread_id=1, start_frame=1, levels=1)
    assert (["main chunk"], 2) == ([each.name for each in body.stack_frames], body.total_frames)
    assert (1, 1, 1, None) == program.asked("stack")[-1]


def test_stack_formats(client: DapClient, program: FakeDebuggee) -> None:
    """What names shall hold is handed on."""
    form = dap.StackFrameFormat(parameters=True, parameter_values=True, hex=True, include_all=True)
    client.requests.stack_trace(thread_id=1, format=form)
    expected = m.FrameFormat(hex=True, parameters=True, parameter_values=True, include_all=True)
    assert expected == program.asked("stack")[-1][3]


def test_frames(client: DapClient, program: FakeDebuggee) -> None:
    """Library frames are subtle, dividers are labels, modules are named."""
    source = m.Source("lib", None, SourceReference(5), "load", m.SourceHint.DEEMPHASIZE)
    frames = (
        m.StackFrame(FrameId(1), "f", 3, 1, 4, 2, source, "mod", m.FrameHint.SUBTLE),
        m.StackFrame(FrameId(2), "resumed by", 0, hint=m.FrameHint.LABEL),
    )
    program.answers["stack"] = m.StackPage(frames, 2)
    body = client.ask("stackTrace", {"threadId": 1})
    expected = [
        {
            "id": 1,
            "name": "f",
            "source": {
                "name": "lib",
                "sourceReference": 5,
                "origin": "load",
                "presentationHint": "deemphasize",
            },
            "line": 3,
            "column": 1,
            "endLine": 4,
            "endColumn": 2,
            "moduleId": "mod",
            "presentationHint": "subtle",
        },
        {"id": 2, "name": "resumed by", "line": 0, "column": 0, "presentationHint": "label"},
    ]
    assert expected == body["stackFrames"]


def test_scopes(client: DapClient) -> None:
    """A scope with its hint and size."""
    expected = {
        "name": "Locals",
        "presentationHint": "locals",
        "variablesReference": 10,
        "namedVariables": 2,
        "expensive": False,
    }
    assert {"scopes": [expected]} == client.ask("scopes", {"frameId": 1})


def test_variables_options(client: DapClient, program: FakeDebuggee) -> None:
    """Filter, page and format are handed on."""
    client.requests.variables(
        variables_reference=10, filter="indexed", start=5, count=7, format=dap.ValueFormat(hex=True)
    )
    assert (10, "indexed", 5, 7, m.ValueFormat(hex=True)) == program.asked("variables")[-1]


FULL = m.Variable(
    "f",
    "function",
    "function",
    VariablesReference(11),
    named=3,
    indexed=4,
    evaluate_name="t.f",
    memory="mem",
    presentation=m.Presentation("method", ("readOnly",), "private", lazy=True),
    declaration=21,
    value_location=22,
)


def test_everything_about_a_variable(client: DapClient, program: FakeDebuggee) -> None:
    """A client that understands all is told all."""
    program.answers["variables"] = [FULL]
    expected = {
        "name": "f",
        "value": "function",
        "type": "function",
        "presentationHint": {
            "kind": "method",
            "attributes": ["readOnly"],
            "visibility": "private",
            "lazy": True,
        },
        "evaluateName": "t.f",
        "variablesReference": 11,
        "namedVariables": 3,
        "indexedVariables": 4,
        "memoryReference": "mem",
        "declarationLocationReference": 21,
        "valueLocationReference": 22,
    }
    assert [expected] == client.ask("variables", {"variablesReference": 10})["variables"]


def plain_client(connect: Connect, program: FakeDebuggee, **configuration: Any) -> DapClient:
    """A client that understands nothing that is optional, at a stopped program."""
    client = connect(FakeHost(program))
    client.initialize(
        supports_variable_type=None,
        supports_variable_paging=None,
        supports_memory_references=None,
        supports_invalidated_event=None,
        supports_progress_reporting=None,
    )
    client.launch("a.lua", **configuration)
    return client


def test_what_simple_clients_do_not_get(connect: Connect, program: FakeDebuggee) -> None:
    """Types, memory references and sizes are for clients that said they know them."""
    program.answers["variables"] = [FULL]
    client = plain_client(connect, program)
    (variable,) = client.ask("variables", {"variablesReference": 10})["variables"]
    assert {"type", "memoryReference", "namedVariables", "indexedVariables"}.isdisjoint(variable)
    assert {"result": "<x>", "variablesReference": 0} == client.ask("evaluate", {"expression": "x"})


def a_table(named: int, indexed: int) -> Any:
    """How a debuggee answers for a table with so many children."""

    def answer(ref: int, kind: str | None, start: int, count: int, form: Any) -> list[m.Variable]:
        if ref != 77:
            table = VariablesReference(77)
            return [m.Variable("t", "table", "table", table, named=named, indexed=indexed)]
        sizes = {"named": named, "indexed": indexed}
        names = [(k, n) for k in (["named", "indexed"] if kind is None else [kind]) for n in
                 range(start, min(sizes[k], start + count) if count else sizes[k])]  # fmt: skip
        return [m.Variable(f"{k}{n + 1}", "v", "number") for k, n in names]

    return answer


def walk(client: DapClient, reference: int) -> tuple[list[str], int]:
    """All leaves below a container, and the longest answer met."""
    children = client.variables(reference)
    leaves, longest = [], len(children)
    for each in children:
        if each.variables_reference:
            below, length = walk(client, each.variables_reference)
            leaves, longest = leaves + below, max(longest, length)
        else:
            leaves.append(each.name)
    return leaves, longest


@pytest.mark.parametrize(("named", "indexed"), [(0, 999), (3, 25), (25, 3), (11, 11), (2, 2)])
def test_pages_for_clients_that_cannot_page(
    connect: Connect, program: FakeDebuggee, named: int, indexed: int
) -> None:
    """A large table is shown in nodes; walking them meets every child once, in short lists."""
    program.answers["variables"] = a_table(named, indexed)
    client = plain_client(connect, program, display={"maxChildren": 10})
    (table,) = client.variables(10)
    leaves, longest = walk(client, table.variables_reference)
    expected = [f"named{n + 1}" for n in range(named)] + [f"indexed{n + 1}" for n in range(indexed)]
    assert expected == leaves
    assert longest <= 20


def test_a_million_children_are_never_fetched(connect: Connect, program: FakeDebuggee) -> None:
    """Nodes stand for nodes where there are many, and setting through them works."""
    program.answers["variables"] = a_table(0, 1_000_000)
    client = plain_client(connect, program)
    (table,) = client.variables(10)
    nodes = client.variables(table.variables_reference)
    assert 1000 == len(nodes)
    assert ("[1…1000]", "1000 indexed children") == (nodes[0].name, nodes[0].value)
    assert 1 == len(program.asked("variables"))
    assert nodes[0].variables_reference >= FIRST_NODE
    client.requests.set_variable(
        variables_reference=nodes[3].variables_reference, name="[3001]", value="1"
    )
    assert (77, "[3001]", "1", None) == program.asked("set_variable")[-1]


def test_stale_references(client: DapClient, program: FakeDebuggee) -> None:
    """A reference of an earlier stop is refused by name."""
    program.answers["variables"] = StaleReference(10)
    with pytest.raises(RequestFailed, match="not of this stop") as failed:
        client.variables(10)
    assert 2002 == failed.value.id


def test_exception_info(client: DapClient) -> None:
    """The error, its type and the traceback."""
    expected = {
        "exceptionId": "error",
        "description": "boom",
        "breakMode": "always",
        "details": {
            "message": "boom",
            "typeName": "string",
            "fullTypeName": "string",
            "stackTrace": "stack traceback:",
        },
    }
    assert expected == client.ask("exceptionInfo", {"threadId": 1})


def test_source_of_a_chunk(client: DapClient) -> None:
    """By either reference."""
    assert "-- chunk 7" == client.requests.source(source_reference=7).content
    inner = client.requests.source(source_reference=0, source=dap.Source(source_reference=8))
    assert ("-- chunk 8", "text/x-lua") == (inner.content, inner.mime_type)


def test_source_of_a_file(client: DapClient, tmp_path: Path) -> None:
    """By its path, whatever bytes it has; a file that is missing says so."""
    file = tmp_path / "a.lua"
    file.write_bytes(b"-- \xff")
    source = dap.Source(path=str(file))
    assert "-- �" == client.requests.source(source_reference=0, source=source).content
    with pytest.raises(RequestFailed, match="No such file"):
        client.requests.source(source_reference=0, source=dap.Source(path="/p/missing.lua"))
    with pytest.raises(RequestFailed, match="path or a sourceReference"):
        client.requests.source(source_reference=0)


def test_loaded_sources(client: DapClient) -> None:
    """All that were seen."""
    (source,) = client.requests.loaded_sources().sources
    assert "/p/a.lua" == source.path


def test_modules_pages(client: DapClient) -> None:
    """A run of modules and how many there are."""
    body = client.requests.modules(start_module=1, module_count=2)
    assert (["m1", "m2"], 5) == ([each.name for each in body.modules], body.total_modules)
    assert 5 == len(client.requests.modules().modules)
    assert 2 == len(client.requests.modules(start_module=3).modules)


def test_memory(client: DapClient, program: FakeDebuggee) -> None:
    """Bytes in base64, and none at all as nothing."""
    body = client.ask("readMemory", {"memoryReference": "m1", "offset": 1, "count": 3})
    assert {"address": "m1", "data": "ZWxs"} == body
    program.answers["read_memory"] = m.Memory("m1", b"", 4)
    body = client.ask("readMemory", {"memoryReference": "m1", "count": 4})
    assert {"address": "m1", "unreadableBytes": 4} == body


def test_locations(client: DapClient) -> None:
    """Where a function was written."""
    body = client.requests.locations(location_reference=21)
    assert ("/p/a.lua", 7, 3) == (body.source.path, body.line, body.column)


def test_nodes_end_with_the_stop(connect: Connect) -> None:
    """After a resume a node's reference means nothing."""
    program = FakeDebuggee([stopped()], [stopped()])
    program.answers["variables"] = a_table(0, 30)
    client = plain_client(connect, program, display={"maxChildren": 10})
    (table,) = client.variables(10)
    node = client.variables(table.variables_reference)[0]
    client.continue_()
    program.answers["variables"] = StaleReference(node.variables_reference)
    with pytest.raises(RequestFailed, match="not of this stop"):
        client.variables(node.variables_reference)
