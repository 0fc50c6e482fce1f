"""Parts of the Jupyter side that need no kernel."""

import math

import pytest

from kernel.core.errors import UserError
from kernel.execution.cells import SessionType
from kernel.jupyter.lines import ConnectionRefused, Handshake, LineSplitter
from kernel.jupyter.messages import Writer, message_of
from kernel.jupyter.router import path_of, session_type
from kernel.jupyter.signing import packed
from kernel.jupyter.widgets import joined, split

KEY = b"key"


@pytest.mark.parametrize(
    ("kind", "content", "said", "wanted"),
    [
        ("execute_request", {"code": "x"}, None, SessionType.REPL),
        ("execute_request", {"code": "x", "store_history": False}, None, SessionType.EXEC),
        ("execute_request", {"code": "x", "silent": True}, None, SessionType.EXEC),
        ("execute_request", {"code": "x"}, "script", SessionType.SCRIPT),
        ("execute_request", {"code": "x", "silent": True}, "session", SessionType.SESSION),
        ("debug_request", {}, None, SessionType.DEBUG),
        ("state_request", {}, None, SessionType.STATE),
        ("session_request", {}, None, SessionType.SESSION),
        ("kernel_info_request", {}, None, SessionType.REPL),
    ],
)
def test_session_types(
    kind: str, content: dict[str, object], said: str | None, wanted: SessionType
) -> None:
    """What the sender says holds; otherwise the message's type and form say it."""
    metadata = {} if said is None else {"llmspell": {"session_type": said, "path": "a.lua"}}
    message = Writer().message("shell", kind, content, metadata=metadata)
    assert wanted == session_type(message)
    assert (None if said is None else "a.lua") == path_of(message)


def test_session_types_that_are_none() -> None:
    """A word that is none is refused with those there are."""
    message = Writer().message("shell", "x", {}, metadata={"llmspell": {"session_type": "party"}})
    with pytest.raises(UserError, match="'party'; it must be of script, exec, repl"):
        session_type(message)


@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"header": 1, "content": {}},
        {"header": {"msg_id": "a"}, "content": {}},
        {"header": {"msg_id": "a", "msg_type": "b"}},
        {"header": {"msg_id": "a", "msg_type": "b"}, "content": {}, "metadata": [1]},
    ],
)
def test_what_is_no_message(parts: dict[str, object]) -> None:
    """Is refused, with the part that is wrong."""
    with pytest.raises(UserError, match=r"header|content|metadata"):
        message_of("shell", parts)


def test_numbers_that_json_has_not() -> None:
    """Become null instead of breaking the message; so does no half of a character."""
    value = {"a": [math.nan, math.inf, 1.5], "b": "\ud800"}
    assert b'{"a":[null,null,1.5],"b":"\\ud800"}' == packed(value)


def test_lines_go_both_ways() -> None:
    """After the handshake each side understands the other, and nobody's line twice."""
    kernel, client = Handshake(KEY), Handshake(KEY)
    reply, proof, ours = client.reply_to(kernel.greeting().rstrip())
    line, theirs = kernel.accept(reply.rstrip())
    client.check(line.rstrip(), proof)
    message = Writer().message("shell", "x_request", {"a": "é\n"}, buffers=[b"\0\1"])
    sent = ours.encode(message).rstrip(b"\n")
    assert message == theirs.decode(sent)
    with pytest.raises(ConnectionRefused):
        theirs.decode(sent)
    with pytest.raises(ConnectionRefused):
        ours.decode(sent)


def test_nobody_can_play_the_kernel() -> None:
    """A peer without the key is found out by the client."""
    kernel, client = Handshake(b"other"), Handshake(KEY)
    reply, proof, _ = client.reply_to(kernel.greeting().rstrip())
    with pytest.raises(ConnectionRefused, match="keys differ"):
        kernel.accept(reply.rstrip())
    with pytest.raises(ConnectionRefused, match="keys differ"):
        client.check(b'{"proof": "guessed"}', proof)


def test_lines_however_they_are_cut() -> None:
    """Bytes become lines; one that is too long is refused before it is kept."""
    lines = LineSplitter()
    found = []
    for byte in b"one\n\ntwo\nthr":
        lines.feed(bytes([byte]))
        while (line := lines.next_line()) is not None:
            found.append(line)
    assert [b"one", b"", b"two"] == found
    lines.feed(b"x" * 5000)
    with pytest.raises(ConnectionRefused, match="longer than 4096"):
        lines.next_line()


def test_bytes_in_the_state_of_widgets() -> None:
    """They travel beside the state, and come back to their places."""
    state = {"a": b"1", "b": {"c": [1, b"2"]}, "d": "text"}
    whole, paths, buffers = split(state)
    assert ({"b": {"c": [1, None]}, "d": "text"}, [["a"], ["b", "c", 1]], [b"1", b"2"]) == (
        whole,
        paths,
        buffers,
    )
    assert state == joined(whole, {"buffer_paths": paths}, buffers)
