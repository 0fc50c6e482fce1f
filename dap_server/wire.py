"""Content-Length framing without I/O: bytes in, messages out (DAP overview, "Base Protocol").

A `Wire` is given whatever bytes arrive and hands out what they complete. What cannot be understood
becomes a `WireError` in its place; after most of them the stream goes on, because the next frame
can be found. Work is linear in the bytes fed, however they are cut.
"""

import json
import re
from dataclasses import dataclass
from typing import Any, Literal, NoReturn

MAX_HEADER = 8 * 1024
"""Bytes of all header lines of a frame together."""

MAX_BODY = 64 * 1024 * 1024
"""Bytes of a frame's body."""

_LENGTH = re.compile(rb"content-length", re.IGNORECASE)
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_HEADER_END = re.compile(rb"\r?\n\r?\n")
_LONGEST_END = 4


@dataclass(frozen=True, slots=True)
class WireError:
    """Bytes that are no message. ``is_lost``: nothing after them will be understood either."""

    message: str
    is_lost: bool = False


def encode(message: dict[str, Any]) -> bytes:
    """A frame. Raises `ValueError` for numbers that JSON has not (nan, inf)."""
    try:
        body = json.dumps(
            message, ensure_ascii=False, allow_nan=False, separators=(",", ":")
        ).encode()
    except UnicodeEncodeError:
        # Half a surrogate pair has no UTF-8, but it has a JSON escape.
        body = json.dumps(message, allow_nan=False, separators=(",", ":")).encode()
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


class Wire:
    """The reading end of a stream of frames."""

    def __init__(self, max_header: int = MAX_HEADER, max_body: int = MAX_BODY) -> None:
        self._max_header, self._max_body = max_header, max_body
        self._buffer = bytearray()
        self._searched = 0
        """Bytes at the front known to hold no end of a header."""
        self._body_size: int | None = None
        self._is_skipping = False
        self._is_lost = False

    def feed(self, data: bytes) -> list[dict[str, Any] | WireError]:
        """Whatever ``data`` completes, in order; nothing any more once the stream is lost."""
        self._buffer += data
        found: list[dict[str, Any] | WireError] = []
        while not self._is_lost:
            step = self._read_body() if self._body_size is not None else self._read_header()
            if step is None:
                break
            if step is not True:
                found.append(step)
        if self._is_lost:
            self._buffer.clear()
        return found

    def end(self) -> WireError | None:
        """What is wrong if the peer sends nothing more now; None between two frames."""
        if self._is_lost or not self._buffer.strip():
            return None
        return WireError("The stream ended in the middle of a message.", is_lost=True)

    def _read_header(self) -> WireError | Literal[True] | None:
        """None: more bytes are needed; True: go on; or what is wrong."""
        if self._is_skipping and not self._skip_to_header():
            return None
        end = _HEADER_END.search(self._buffer, max(0, self._searched - _LONGEST_END))
        length = end.start() if end else len(self._buffer)
        if length > self._max_header:
            return self._resynchronise(f"A header is longer than {self._max_header} bytes.", 1)
        if end is None:
            self._searched = length
            return None
        try:
            size = _content_length(bytes(self._buffer[:length]))
        except _BadHeader as bad:
            return self._resynchronise(bad.message, bad.size)
        self._drop(end.end())
        if size > self._max_body:
            self._is_lost = True
            return WireError(
                f"A message of {size} bytes was announced; at most {self._max_body} are taken.",
                is_lost=True,
            )
        self._body_size = size
        return True

    def _read_body(self) -> dict[str, Any] | WireError | None:
        assert self._body_size is not None
        if len(self._buffer) < self._body_size:
            return None
        body = bytes(self._buffer[: self._body_size])
        self._drop(self._body_size)
        self._body_size = None
        return _decoded(body)

    def _resynchronise(self, problem: str, size: int) -> WireError:
        """Go on at the next header after ``size`` bytes."""
        self._is_skipping = True
        self._drop(size)
        return WireError(problem)

    def _skip_to_header(self) -> bool:
        start = _LENGTH.search(self._buffer)
        if start is None:
            # The name of the header may have arrived in part.
            self._drop(max(0, len(self._buffer) - len("content-length") + 1))
            return False
        self._drop(start.start())
        self._is_skipping = False
        return True

    def _drop(self, count: int) -> None:
        del self._buffer[:count]
        self._searched = 0


class _BadHeader(Exception):
    """A header that announces no length; a better one may begin after ``size`` bytes."""

    def __init__(self, message: str, size: int) -> None:
        self.message, self.size = message, size


def _content_length(header: bytes) -> int:
    lengths: set[bytes] = set()
    place = 0
    for line in header.splitlines(keepends=True):
        place += len(line)
        name, colon, value = line.partition(b":")
        if not colon:
            raise _BadHeader(f"A header line has no colon: {_shown(line)}.", place)
        if name.strip().lower() == b"content-length":
            lengths.add(value.strip())
    if not lengths:
        raise _BadHeader("A header without Content-Length.", place)
    if len(lengths) > 1:
        raise _BadHeader("A header with two different Content-Lengths.", place)
    (text,) = lengths
    # More digits than any length has would cost quadratic time to read.
    if not re.fullmatch(rb"[0-9]{1,18}", text):
        raise _BadHeader(f"A Content-Length that is no length: {_shown(text)}.", place)
    return int(text)


def _decoded(body: bytes) -> dict[str, Any] | WireError:
    try:
        message = json.loads(body.decode(), parse_constant=_refuse)
        if _SURROGATE.search(body):
            # JSON can write half a surrogate pair, which is no text: nothing could encode it.
            whole = json.dumps(message, ensure_ascii=False).encode(errors="replace")
            message = json.loads(whole)
    except UnicodeDecodeError as error:
        return WireError(f"A message is not UTF-8 (byte {error.start} of its body).")
    except ValueError as error:
        return WireError(f"A message is not JSON: {error}.")
    except RecursionError:
        return WireError("A message is nested too deeply.")
    if not isinstance(message, dict):
        return WireError(f"A message is no JSON object: {_shown(body)}.")
    return message


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON number")


def _shown(data: bytes) -> str:
    text = data[:40].decode(errors="replace")
    return repr(text if len(data) <= 40 else f"{text}…")
