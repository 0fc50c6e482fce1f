"""The framing: what bytes become messages, and what happens to those that do not."""

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dap_server.wire import Wire, WireError, encode

GOOD = {"seq": 1, "type": "request", "command": "threads"}

documents = st.dictionaries(
    st.text(),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=8,
    ),
)


def cut(data: bytes, places: list[int]) -> list[bytes]:
    """``data`` in pieces, cut at these places."""
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[start:end] for start, end in pairwise(edges)]


def errors(found: list[dict[str, Any] | WireError]) -> list[WireError]:
    """Those of what was found that are errors."""
    return [each for each in found if isinstance(each, WireError)]


@given(st.lists(documents, max_size=5), st.lists(st.integers(min_value=0), max_size=8))
def test_messages_survive_any_cutting(messages: list[dict[str, Any]], places: list[int]) -> None:
    """What was encoded comes out again, wherever the stream is cut."""
    wire = Wire()
    stream = b"".join(map(encode, messages))
    assert messages == [each for piece in cut(stream, places) for each in wire.feed(piece)]
    assert wire.end() is None


def test_byte_by_byte() -> None:
    """A frame that comes one byte at a time is one message."""
    wire = Wire()
    found = [each for byte in encode(GOOD) for each in wire.feed(bytes([byte]))]
    assert [GOOD] == found


def test_half_a_surrogate_pair() -> None:
    """A text without UTF-8 still makes a frame, and is read as a text that has it."""
    frame = encode({"a": "\ud800", "b": "😀"})
    assert b"\\ud800" in frame
    assert [{"a": "?", "b": "😀"}] == Wire().feed(frame)


@pytest.mark.parametrize(
    "header",
    [
        b"content-length: %d\r\n\r\n",
        b"Content-Length:%d\n\n",
        b"Content-Length: %d\r\nContent-Type: application/vscode-jsonrpc; charset=utf-8\r\n\r\n",
        b"X-Other: 1\r\nContent-Length: %d\r\n\r\n",
        b"Content-Length: %d\r\nContent-Length: %d\r\n\r\n",
    ],
)
def test_headers_that_are_understood(header: bytes) -> None:
    """Case, spaces, other fields and bare line feeds make no difference."""
    body = json.dumps(GOOD).encode()
    assert [GOOD] == Wire().feed(header.replace(b"%d", str(len(body)).encode()) + body)


@pytest.mark.parametrize(
    ("bad", "why"),
    [
        (b"Content-Length: abc\r\n\r\n", "no length"),
        (b"Content-Length: -5\r\n\r\n", "no length"),
        (b"Content-Length: " + b"9" * 5000 + b"\r\n\r\n", "no length"),
        (b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n", "two different"),
        (b"no colon here\r\n\r\n", "no colon"),
        (b"Other: 1\r\n\r\n{}", "without Content-Length"),
        (b"x" * 9000, "longer than"),
        (b"Content-Length: 3\r\n\r\n{x}", "not JSON"),
        (b"Content-Length: 2\r\n\r\n\xff\xfe", "not UTF-8"),
        (b"Content-Length: 2\r\n\r\n[]", "no JSON object"),
        (b"Content-Length: 0\r\n\r\n", "not JSON"),
        (b'Content-Length: 9\r\n\r\n{"a":NaN}', "NaN"),
        (b"Content-Length: 200000\r\n\r\n" + b"[" * 200000, "nested"),
    ],
)
def test_goes_on_after_what_it_cannot_read(bad: bytes, why: str) -> None:
    """A broken frame is told once, and the frame after it is read."""
    wire = Wire()
    found = wire.feed(bad + encode(GOOD))
    assert [GOOD] == [each for each in found if isinstance(each, dict)]
    (error,) = errors(found)
    assert why in error.message
    assert not error.is_lost


def test_huge_announcements_lose_the_stream() -> None:
    """A body nobody will hold is refused before it comes, and nothing follows."""
    wire = Wire()
    (error,) = errors(wire.feed(b"Content-Length: 99999999999\r\n\r\n{}" + encode(GOOD)))
    assert error.is_lost
    assert [] == wire.feed(encode(GOOD))


def test_the_end_in_the_middle() -> None:
    """A stream that ends inside a frame says so."""
    wire = Wire()
    assert [] == wire.feed(encode(GOOD)[:-1])
    assert wire.end() == WireError("The stream ended in the middle of a message.", is_lost=True)


@given(st.lists(st.binary(max_size=60) | st.sampled_from([b"Content-Length: ", b"\r\n\r\n", b"7"])))
def test_noise_never_breaks_it(pieces: list[bytes]) -> None:
    """Whatever comes, a message or an error comes out or more is awaited."""
    wire = Wire(max_header=64, max_body=1000)
    for piece in pieces:
        assert all(isinstance(each, dict | WireError) for each in wire.feed(piece))


@given(st.binary(max_size=200).filter(lambda noise: b":" not in noise))
def test_a_good_frame_after_noise_is_found(noise: bytes) -> None:
    """Noise in front of a frame costs an error, not the frame."""
    wire = Wire()
    found = [*wire.feed(noise + b"\r\n\r\n"), *wire.feed(encode(GOOD))]
    assert GOOD == found[-1]
