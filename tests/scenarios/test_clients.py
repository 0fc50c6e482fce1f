"""Clients differ: how they count, spell paths, what they can do, and in which order they speak."""

import json

import pytest

from dap_server.client import RequestFailed
from dap_server.protocol import generated as dap
from tests.support.schema import check_received

PROGRAM = """
    local load = loadstring or load
    local t = { 1, 2 }  -- @table
    local function f(a)
      print(a)  -- @print
      return a  -- @return
    end
    f(t)
    local g = load("return 1", "=made")
    error("the end")  -- @error
"""


def test_lines_and_columns_from_0(debug):
    """A client that counts from 0 gets and gives all places so."""
    with debug(PROGRAM) as d:
        d.initialize(lines_start_at1=False, columns_start_at1=False)
        d.start()
        line = d.line("print") - 1
        (answer,) = d.client.break_at(d.path, line)
        assert (True, line) == (answer.verified, answer.line)
        source = dap.Source(path=str(d.path))
        found = d.requests.breakpoint_locations(source=source, line=line).breakpoints
        assert [(line, 2)] == [(each.line, each.column) for each in found]
        stop = d.client.run()
        assert (line, 2) == (stop.frame.line, stop.frame.column)
        main = d.stack()[1]
        assert d.path.read_text().split("\n").index("f(t)") == main.line
        scope = d.scopes()["Locals"]
        assert (d.line("print") - 2, d.line("return")) == (scope.line, scope.end_line)
        f = d.evaluate("f", main.id)
        assert f.endswith(f":{line}")  # what people read counts from 1
        function = d.variable("f", frame=main.id)
        place = d.requests.locations(location_reference=function.value_location_reference)
        assert (line - 1, 0) == (place.line, place.column)
        (target,) = d.requests.step_in_targets(frame_id=d.stop.frame.id).targets
        assert (line, 2) == (target.line, target.column)
        assert line + 1 == d.step_over().line
        outputs = d.frames.received("output")
        assert line in [body.get("line") for body in outputs]


def test_paths_as_uris(debug):
    """With ``pathFormat: uri`` every path goes out as a URI, and comes in as one."""
    with debug(PROGRAM) as d:
        folder = d.folder / "with space & ünïcode"
        path = folder / "main.lua"
        d.write(str(path.relative_to(d.folder)), PROGRAM)
        d.initialize(path_format="uri")
        uri = path.as_uri()
        d.client.start("launch", {"program": str(path), "lua": d.lua})
        (answer,) = d.requests.set_breakpoints(
            source=dap.Source(path=uri), breakpoints=[dap.SourceBreakpoint(line=d.line("print"))]
        ).breakpoints
        assert (True, uri) == (answer.verified, answer.source.path if answer.source else uri)
        stop = d.client.run()
        assert uri == stop.path
        assert uri in [each.path for each in d.requests.loaded_sources().sources]
        assert (
            path.read_text("utf-8")
            == d.requests.source(source=dap.Source(path=uri), source_reference=0).content
        )


def test_without_types(debug):
    """Without ``supportsVariableType`` no types are sent."""
    with debug(PROGRAM) as d:
        d.initialize(supports_variable_type=False)
        d.break_at("print")
        d.run()
        variables = d.variables(d.scopes()["Locals"].variables_reference)
        assert [None] == [each.type for each in variables]
        here = d.stop.frame.id
        assert None is d.requests.evaluate(expression="a", frame_id=here).type
        assert None is d.requests.set_expression(expression="a", value="1", frame_id=here).type


def test_a_client_that_says_nothing_of_itself(debug):
    """Only ``adapterID`` is required; what is not said is what the specification says it is."""
    with debug(PROGRAM) as d:
        d.client.capabilities = d.requests.initialize(adapter_id="any")
        d.break_at("print")
        d.run()
        assert {"a"} == set(d.locals())
        (a,) = d.variables(d.scopes()["Locals"].variables_reference)
        assert (None, None, None) == (a.type, a.indexed_variables, a.memory_reference)
        d.set_variable("a", "5")
        assert [] == d.frames.received("invalidated")


def test_configuration_done_before_launch(debug):
    """Some clients say that they are ready before they say what to run."""
    with debug(PROGRAM) as d:
        d.initialize()
        d.requests.configuration_done()
        d.requests.set_breakpoints(
            source=dap.Source(path=str(d.path)),
            breakpoints=[dap.SourceBreakpoint(line=d.line("print"))],
        )
        d.ask("launch", {"program": str(d.path), "lua": d.lua})
        assert "print" == d.at(d.wait_for_stop())


def test_breakpoints_before_launch(debug):
    """Breakpoints set before there is a program are told of when it is there."""
    with debug(PROGRAM) as d:
        d.initialize()
        (answer,) = d.requests.set_breakpoints(
            source=dap.Source(path=str(d.path)),
            breakpoints=[dap.SourceBreakpoint(line=d.line("print"))],
        ).breakpoints
        assert (False, "pending") == (answer.verified, answer.reason)
        d.client.start("launch", {"program": str(d.path), "lua": d.lua})
        told = d.wait_for("breakpoint")["breakpoint"]
        assert (answer.id, True) == (told["id"], told["verified"])
        assert (answer.id,) == d.client.run().breakpoints


def ask_anything(d, number, command, arguments):
    """Send what no well-behaved client sends, and get the answer."""
    message = {"seq": number, "type": "request", "command": command, "arguments": arguments}
    text = json.dumps(message).encode()
    d.frames.send_raw(b"Content-Length: %d\r\n\r\n%s" % (len(text), text))
    return d.result(command, number)


def test_numbers_from_0_and_arguments_null(debug):
    """A first message with ``seq`` 0, and ``arguments: null``, are what some clients send."""
    with debug(PROGRAM) as d:
        d.frames.check = check_received  # the answer to number 0 cannot be what the schema says
        said = ask_anything(d, 0, "initialize", {"adapterID": "any"})
        d.client.capabilities = dap.Capabilities.model_validate(said)
        assert {"threads": []} == ask_anything(d, 1000, "threads", None)
        d.break_at("print")
        d.run()
        assert ask_anything(d, 1001, "loadedSources", None)["sources"]
        assert 1 == len(ask_anything(d, 1002, "threads", None)["threads"])


def test_breakpoints_by_lines_alone(debug):
    """Old clients send ``lines`` instead of ``breakpoints``."""
    with debug(PROGRAM) as d:
        d.start()
        (answer,) = d.requests.set_breakpoints(
            source=dap.Source(path=str(d.path)), lines=[d.line("print")]
        ).breakpoints
        assert answer.verified
        assert "print" == d.at(d.client.run())


def test_arguments_that_make_no_sense(debug):
    """A wrong argument is named in the refusal, and the session goes on."""
    with debug(PROGRAM) as d:
        d.break_at("print")
        d.run()
        here = d.stop.frame.id
        for number, (command, arguments, named) in enumerate(
            (
                ("stackTrace", {}, "threadId"),
                ("stackTrace", {"threadId": "one"}, "threadId"),
                ("scopes", {"frameId": None}, "frameId"),
                ("variables", {"variablesReference": 1, "filter": "odd"}, "filter"),
                ("evaluate", {"frameId": here}, "expression"),
                ("readMemory", {"memoryReference": "1"}, "count"),
                ("setVariable", {"variablesReference": 1, "name": "a"}, "value"),
                ("nonsense", {}, "nonsense"),
                ("disassemble", {"memoryReference": "1", "instructionCount": 1}, "not supported"),
            ),
            1000,
        ):
            with pytest.raises(RequestFailed, match=named):
                ask_anything(d, number, command, arguments)
        assert {"a": "{1, 2}"} == d.locals()


def test_references_that_never_were(debug):
    """Unknown threads, frames and containers are refused, one by one."""
    with debug(PROGRAM) as d:
        d.break_at("print")
        d.run()
        for command, arguments in (
            ("stackTrace", {"threadId": 99}),
            ("scopes", {"frameId": 100000}),
            ("variables", {"variablesReference": 100000}),
            ("variables", {"variablesReference": 0}),
            ("evaluate", {"expression": "1", "frameId": 100000}),
            ("stepInTargets", {"frameId": 100000}),
            ("locations", {"locationReference": 100000}),
        ):
            with pytest.raises(RequestFailed):
                d.ask(command, arguments)
        frame = d.stop.frame.id
        with pytest.raises(RequestFailed):
            d.requests.variables(variables_reference=frame)
        assert {"a": "{1, 2}"} == d.locals()
