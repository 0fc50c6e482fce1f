"""evaluate, setVariable, setExpression, completions, and taking them back."""

from typing import Any

import pytest

from dap_server.client import DapClient, RequestFailed
from dap_server.protocol import generated as dap
from kernel.core import model as m
from kernel.core.errors import EvaluationFailed
from kernel.core.ids import VariablesReference
from tests.support.fakes import FakeDebuggee, FakeHost, forever, stopped
from tests.unit.dap_server.conftest import Connect


def test_evaluate(client: DapClient, program: FakeDebuggee) -> None:
    """Frame, context and format are handed on, and the value comes back whole."""
    program.answers["evaluate"] = m.EvaluateResult(
        "table", "table", VariablesReference(12), 1, 2, "m2", m.Presentation("data"), 22
    )
    arguments = {"expression": "t", "frameId": 2, "context": "hover", "format": {"hex": True}}
    expected = {
        "result": "table",
        "type": "table",
        "presentationHint": {"kind": "data"},
        "variablesReference": 12,
        "namedVariables": 1,
        "indexedVariables": 2,
        "memoryReference": "m2",
        "valueLocationReference": 22,
    }
    assert expected == client.ask("evaluate", arguments)
    assert [("t", 2, "hover", m.ValueFormat(hex=True))] == program.asked("evaluate")


def test_errors_are_the_languages(client: DapClient, program: FakeDebuggee) -> None:
    """What the expression did wrong is said in the language's words."""
    program.answers["evaluate"] = EvaluationFailed("attempt to call a nil value")
    with pytest.raises(RequestFailed, match="attempt to call") as failed:
        client.evaluate("f()")
    assert 2003 == failed.value.id


@pytest.mark.parametrize(
    ("path", "line", "frame"),
    [("/p/a.lua", 9, 2), ("/p/a.lua", 3, 1), ("/p/a.lua", 5, 1), ("/p/b.lua", 3, None)],
)
def test_a_place_instead_of_a_frame(
    client: DapClient, program: FakeDebuggee, path: str, line: int, frame: int | None
) -> None:
    """Without a frame, the one that holds the place is meant: exactly, or at least its file."""
    client.requests.evaluate(
        expression="x", source=dap.Source(path=path), line=line, column=1, context="hover"
    )
    assert frame == program.asked("evaluate")[-1][1]


def test_input_for_the_program(client: DapClient, program: FakeDebuggee) -> None:
    """A line typed while the program waits for one is its input, in the console only."""
    program.input = []
    body = client.ask("evaluate", {"expression": "yes", "context": "repl"})
    assert {"result": "", "variablesReference": 0} == body
    client.evaluate("x", context="watch")
    assert ["yes\n"] == program.input
    program.input = None
    assert "<x>" == client.evaluate("x", context="repl")


@pytest.mark.parametrize(
    ("expression", "expected"), [("x = 1", 1), ("f()", 1), ("x == 1", 0), ("t.x", 0)]
)
def test_what_may_change_values_says_so(client: DapClient, expression: str, expected: int) -> None:
    """After an assignment or a call in the console the variables are read again."""
    client.evaluate(expression, context="repl")
    client.requests.threads()
    assert expected == len(client.frames.received("invalidated"))


def test_set_variable(client: DapClient, program: FakeDebuggee) -> None:
    """The new value comes back, and what hangs on it is read again."""
    body = client.requests.set_variable(
        variables_reference=10, name="x", value="2", format=dap.ValueFormat(hex=True)
    )
    assert ("2", "number") == (body.value, body.type)
    assert (10, "x", "2", m.ValueFormat(hex=True)) == program.asked("set_variable")[-1]
    assert {"areas": ["variables"]} == client.wait_for("invalidated")


def test_set_expression(client: DapClient, program: FakeDebuggee) -> None:
    """Any assignable expression."""
    body = client.requests.set_expression(expression="t.x", value="2", frame_id=1)
    assert "2" == body.value
    assert ("t.x", "2", 1, None) == program.asked("set_expression")[-1]


def test_cancelled_by_progress(connect: Connect, program: FakeDebuggee) -> None:
    """Whatever takes long is shown as progress, and can be cancelled there."""
    client = connect(FakeHost(program), progress_after=0.0)
    client.launch("a.lua")
    program.answers["evaluate"] = forever
    number = client.send("evaluate", {"expression": "loop()"})
    started = client.wait_for("progressStart", lambda body: body["title"] == "Evaluating")
    assert (number, True) == (started["requestId"], started["cancellable"])
    client.wait_for("progressUpdate", lambda body: body["progressId"] == started["progressId"])
    client.requests.cancel(progress_id=started["progressId"])
    with pytest.raises(RequestFailed, match="cancelled"):
        client.result("evaluate", number)
    client.wait_for("progressEnd", lambda body: body["progressId"] == started["progressId"])


def test_no_progress_for_those_who_do_not_want_it(connect: Connect, program: FakeDebuggee) -> None:
    """Progress is only for clients that show it."""
    client = connect(FakeHost(program), progress_after=0.0)
    client.initialize(supports_progress_reporting=False)
    client.launch("a.lua")
    program.answers["evaluate"] = forever
    number = client.send("evaluate", {"expression": "loop()"})
    client.requests.threads()
    client.requests.cancel(request_id=number)
    with pytest.raises(RequestFailed):
        client.result("evaluate", number)
    assert [] == client.frames.received("progressStart")


def test_cancelling_what_is_over(client: DapClient) -> None:
    """It is a hint, and too late does no harm."""
    client.requests.cancel(request_id=1)
    client.requests.cancel(progress_id="nothing")


def complete(client: DapClient, **arguments: Any) -> list[dap.CompletionItem]:
    """The completions, each a model."""
    return client.requests.completions(**arguments).targets


def test_completions_count_in_utf16(client: DapClient, program: FakeDebuggee) -> None:
    """Columns of the client are UTF-16 code units, the kernel's are characters."""
    program.answers["complete"] = [
        m.Completion("name", kind="field", start=2, length=2, selection_start=1, selection_length=2)
    ]
    (item,) = complete(client, text="😀.na", column=6, frame_id=1)
    assert [("😀.na", 4, 1)] == program.asked("complete")
    assert (4, 2) == (item.start, item.length)
    assert (1, 2) == (item.selection_start, item.selection_length)


def test_completions_in_a_later_line(client: DapClient, program: FakeDebuggee) -> None:
    """The caret is found in its line, and places are told in that line."""
    program.answers["complete"] = [m.Completion("print", start=7, length=2)]
    (item,) = complete(client, text="x = 1\r\npr", line=2, column=3)
    assert [("x = 1\r\npr", 9, None)] == program.asked("complete")
    assert (1, 2) == (item.start, item.length)


def test_completions_from_zero(connect: Connect) -> None:
    """A client that counts columns from 0 gets them so."""
    program = FakeDebuggee([stopped()])
    program.answers["complete"] = [m.Completion("print", start=0, length=2)]
    client = connect(FakeHost(program))
    client.initialize(columns_start_at1=False, lines_start_at1=False)
    client.launch("a.lua")
    (item,) = complete(client, text="pr", line=0, column=2)
    assert [("pr", 2, None)] == program.asked("complete")
    assert (0, 2) == (item.start, item.length)


def test_carets_out_of_the_text(client: DapClient, program: FakeDebuggee) -> None:
    """A line or column that is not there is the nearest that is."""
    complete(client, text="ab", line=9, column=99)
    complete(client, text="", column=0)
    assert [("ab", 2, None), ("", 0, None)] == program.asked("complete")
