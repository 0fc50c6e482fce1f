"""Whatever a client sends, it gets answers or a clean end: the session never hangs or dies."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dap_server.client import AdapterGone, DapClient
from dap_server.handlers import HANDLERS
from dap_server.protocol import generated as dap
from dap_server.wire import encode
from tests.support.fakes import FakeDebuggee, FakeHost, stopped
from tests.support.schema import check_received
from tests.unit.dap_server.conftest import Connect

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner),
    max_leaves=6,
)
small = st.integers(min_value=0, max_value=3)
source = st.fixed_dictionaries({"path": st.sampled_from(["/p/a.lua", "file:///p/a", "", "\0"])})
LIKELY: dict[str, st.SearchStrategy[Any]] = {
    "source": source,
    "threadId": small,
    "frameId": small,
    "variablesReference": small,
    "program": st.sampled_from(["a.lua", "missing.lua"]),
    "expression": st.text(max_size=5),
    "adapterID": st.just("x"),
    "breakpoints": st.lists(st.fixed_dictionaries({"line": small}), max_size=2),
    "filters": st.lists(st.sampled_from(["all", "none"]), max_size=2),
    "requestId": small,
}


@st.composite
def arguments(draw: st.DrawFn, command: str) -> Any:
    """Arguments that are often nearly right."""
    if draw(st.integers(0, 9)) == 0:
        return draw(values)
    model = dap.ARGUMENTS.get(command)
    names = {"program"} | {
        str(field.alias or name) for name, field in (model.model_fields if model else {}).items()
    }
    wire = {name: model.model_config["alias_generator"](name) for name in names} if model else {}
    return {
        key: draw(LIKELY.get(key, values) if draw(st.booleans()) else LIKELY.get(key, scalars))
        for key in sorted(wire.values())
        if draw(st.integers(0, 3))
    }


@st.composite
def requests(draw: st.DrawFn) -> dict[str, Any]:
    """Requests in any order, a few of them without sense."""
    command = draw(st.sampled_from([*sorted(set(HANDLERS) - {"disconnect"}), "nonsense", ""]))
    return {"type": "request", "command": command, "arguments": draw(arguments(command))}


def a_client() -> DapClient:
    """A client at a session whose programs stop again and again."""
    programs = [FakeDebuggee(*[[stopped()]] * 50) for _ in range(50)]
    host = FakeHost(*programs, running=FakeDebuggee(*[[stopped()]] * 50))
    return DapClient.in_memory(host, check=check_received)


@settings(max_examples=60, deadline=None)
@given(st.lists(requests(), max_size=25))
def test_requests_in_any_order_are_answered(sent: list[dict[str, Any]]) -> None:
    """Every request has exactly one answer that the specification allows; disconnect always works.

    A launch that waits for configurationDone is answered at the latest when the client leaves.
    """
    with a_client() as client:
        numbers = [client.frames.request(each["command"], each["arguments"]) for each in sent]
        client.disconnect()
        client.frames.wait_until_over(10)
        answered = [
            frame.message["request_seq"]
            for frame in client.transcript
            if frame.message["type"] == "response" and frame.direction == "received"
        ]
        assert sorted([*numbers, numbers[-1] + 1 if numbers else 1]) == sorted(answered)


pieces = st.sampled_from(
    [
        b"Content-Length: ", b"\r\n\r\n", b"5", b"{}", b"[1,2]", b"Content-Length: 2\r\n\r\n{}",
        b"Content-Length: -1\r\n\r\n", b"\xff\xfe", b"Content-Length: 99999999999999999999\r\n\r\n",
        encode({"seq": 1, "type": "request", "command": "threads"}),
        encode({"seq": "1", "type": "request", "command": "threads"}),
        encode({"seq": 2**40, "type": "request", "command": 5}),
        encode({"seq": 1, "type": "response", "request_seq": 1}),
        encode({"seq": 1, "type": "event", "event": "x"}),
        encode({"type": {"a": []}}),
    ]
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(pieces | st.binary(max_size=20), max_size=12))
def test_bytes_of_any_kind(noise: list[bytes]) -> None:
    """After any noise the session still answers, or has ended cleanly."""
    with a_client() as client:
        client.frames.send_raw(b"".join(noise))
        # What is in the middle of a frame swallows what follows it, up to a whole frame's length.
        for _ in range(3):
            client.frames.send_raw(b"\r\n\r\n" + encode(_threads()))
        with suppress(AdapterGone):
            client.frames.wait_until(lambda: _is_answered(client), 10)


def _is_answered(client: DapClient) -> bool:
    return any(frame.message.get("request_seq") == 7 for frame in client.transcript)


def _threads() -> dict[str, Any]:
    return {"seq": 7, "type": "request", "command": "threads"}


def test_a_frame_too_large_ends_the_session(connect: Connect) -> None:
    """Nobody waits for a body of that size."""
    client = connect(FakeHost(), misbehaves=True)
    client.frames.send_raw(b"Content-Length: 99999999999\r\n\r\n")
    client.frames.wait_until_over(5)
    assert "at most 67108864 are taken" in client.output("console")


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ({"type": "response", "request_seq": 1}, "no request"),
        ({"type": "event", "event": "x"}, "clients send none"),
        ({"seq": 1}, "unknown type 'None'"),
        ({"type": ["x"]}, "unknown type"),
    ],
)
def test_what_cannot_be_answered_is_told(
    connect: Connect, message: dict[str, Any], said: str
) -> None:
    """The debug console says what was not understood."""
    client = connect(FakeHost(), misbehaves=True)
    client.frames.send_raw(encode(message))
    assert said in client.wait_for("output")["output"]


@pytest.mark.parametrize(
    "message",
    [
        {"type": "request", "command": "threads"},
        {"type": "request", "seq": 1},
        {"type": "request", "seq": 1.5, "command": "threads"},
        {"type": "request", "seq": True, "command": "threads"},
        {"type": "request", "seq": 1, "command": ["threads"]},
    ],
)
def test_requests_without_number_or_command(connect: Connect, message: dict[str, Any]) -> None:
    """They are refused, as far as they have a number under it."""
    client = connect(FakeHost(), misbehaves=True)
    client.frames.send_raw(encode(message))
    number = message.get("seq") if message.get("seq") in (1,) and message["seq"] is not True else 0
    answer = client.frames.answer(number or 0, 5)
    assert (False, 1001) == (answer["success"], answer["body"]["error"]["id"])


def test_a_bug_answers_one_request(
    client: DapClient, program: FakeDebuggee, caplog: pytest.LogCaptureFixture
) -> None:
    """The log has the trace under the number the client was told, and the session lives."""
    program.answers["scopes"] = ZeroDivisionError("oops")
    answer = client.frames.answer(client.send("scopes", {"frameId": 1}), 5)
    text = answer["body"]["error"]["format"]
    assert 3000 == answer["body"]["error"]["id"]
    correlation = text.rstrip(".").rpartition(" ")[2]
    assert "oops" not in text
    assert f"[{correlation}]" in caplog.text
    assert "ZeroDivisionError: oops" in caplog.text
    assert "<x>" == client.evaluate("x")


def test_texts_no_encoding_has(connect: Connect) -> None:
    """Half a surrogate pair never reaches the debuggee."""
    program = FakeDebuggee([stopped()])
    client = connect(FakeHost(program), misbehaves=True)
    client.launch("a.lua")
    assert "<?>" == client.evaluate("\ud800")
    assert "?" == client.frames.answer(client.send("\ud800"), 5)["command"]
