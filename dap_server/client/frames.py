"""The client's side of the wire: frames out, frames in, and waiting for them."""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from dap_server.client.connection import Connection
from dap_server.client.errors import AdapterGone, Overdue, RequestFailed
from dap_server.wire import Wire, WireError, encode

Found = TypeVar("Found")
Message = dict[str, Any]
Direction = Literal["sent", "received"]
Check = Callable[[Direction, Message], None]
Answerer = Callable[[Message], Message | None]
"""Answers a request of the adapter: arguments in, body out; what it raises is the refusal."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One message of a session; ``at`` is seconds since the client was made."""

    direction: Direction
    message: Message
    at: float


class FrameExchange:
    """Sends requests and sorts what comes back; a thread of its own reads."""

    def __init__(self, connection: Connection, check: Check | None = None) -> None:
        self.transcript: list[Frame] = []
        self.answerers: dict[str, Answerer] = {}
        self.check = check
        """What every frame is shown; what it raises is the exchange's end."""
        self._connection = connection
        self._began = time.monotonic()
        self._news = threading.Condition()
        self._sending = threading.RLock()
        self._last = 0
        self._responses: dict[int, Message] = {}
        self._events: dict[str, deque[Message]] = {}
        self._is_over = False
        self._broken: Exception | None = None
        self._reader = threading.Thread(target=self._read, name="dap-client", daemon=True)
        self._reader.start()

    # --- out ------------------------------------------------------------------------------------

    def request(self, command: str, arguments: Message | None = None) -> int:
        """Send a request and do not wait; returns its number for `answer`."""
        message: Message = {"type": "request", "command": command}
        if arguments is not None:
            message["arguments"] = arguments
        return self._send(message)

    def send_raw(self, data: bytes) -> None:
        """Send any bytes, for those who want to see what an adapter makes of them."""
        try:
            self._connection.send(data)
        except OSError as error:
            raise AdapterGone(str(error)) from error

    def _send(self, message: Message) -> int:
        with self._sending:
            self._last += 1
            message = {"seq": self._last, **message}
            self._note("sent", message)
            self.send_raw(encode(message))
            return self._last

    # --- in -------------------------------------------------------------------------------------

    def answer(self, number: int, deadline: float) -> Message:
        """The response to a request, successful or not."""

        def find() -> Message | None:
            return self._responses.pop(number, None)

        return self._wait(find, f"an answer to request {number}", deadline)

    def body(self, command: str, number: int, deadline: float) -> Message:
        """The body of a successful response; raises `RequestFailed` otherwise."""
        response = self.answer(number, deadline)
        body: Message = response.get("body") or {}
        if response["success"]:
            return body
        error = body.get("error") or {}
        text = error.get("format") or ""
        raise RequestFailed(command, response.get("message", ""), text, error.get("id", 0))

    def event(
        self, name: str, deadline: float, where: Callable[[Message], bool] | None = None
    ) -> Message:
        """The body of the next event of this name that was not waited for before.

        With ``where``, events that do not fit are left for others.
        """

        def find() -> Message | None:
            waiting = self._events.get(name, deque())
            for body in waiting:
                if where is None or where(body):
                    waiting.remove(body)
                    return body
            return None

        return self._wait(find, f"the event {name}", deadline)

    def first_event(self, names: tuple[str, ...], deadline: float) -> tuple[str, Message]:
        """The next event of any of these names, the names in order of preference."""

        def find() -> tuple[str, Message] | None:
            for name in names:
                if self._events.get(name):
                    return name, self._events[name].popleft()
            return None

        return self._wait(find, f"one of the events {', '.join(names)}", deadline)

    def received(self, event: str) -> list[Message]:
        """The bodies of all events of this name so far."""
        with self._news:
            return [
                frame.message.get("body") or {}
                for frame in self.transcript
                if frame.direction == "received" and frame.message.get("event") == event
            ]

    def wait_until(self, is_so: Callable[[], bool], deadline: float) -> None:
        """Wait until something is so; it is looked at again whenever a frame came or went."""
        self._wait(lambda: is_so() or None, "what was waited for", deadline)

    def wait_until_over(self, deadline: float) -> None:
        """Wait until the adapter closes the connection."""
        self._wait(lambda: True if self._is_over else None, "the end of the connection", deadline)

    def close(self) -> None:
        """Close the connection and raise what the frame check found."""
        self._connection.close()
        self._reader.join(timeout=10)
        if self._broken is not None:
            raise self._broken

    def _wait(self, find: Callable[[], Found | None], what: str, deadline: float) -> Found:
        end = time.monotonic() + deadline
        with self._news:
            while True:
                if self._broken is not None:
                    raise self._broken
                found = find()
                if found is not None:
                    return found
                if self._is_over:
                    raise AdapterGone(f"The adapter is gone; {what} did not come.")
                if not self._news.wait(end - time.monotonic()) and time.monotonic() >= end:
                    raise Overdue(f"Within {deadline} seconds {what} did not come.")

    # --- the reader's thread --------------------------------------------------------------------

    def _read(self) -> None:
        wire = Wire()
        try:
            while data := self._connection.receive():
                for message in wire.feed(data):
                    if isinstance(message, WireError):
                        raise AdapterGone(f"The adapter sent no message. {message.message}")
                    self._take(message)
        except Exception as error:
            self._broken = self._broken or error
        finally:
            with self._news:
                self._is_over = True
                self._news.notify_all()

    def _take(self, message: Message) -> None:
        self._note("received", message)
        with self._news:
            match message["type"]:
                case "response":
                    self._responses[message["request_seq"]] = message
                case "event":
                    waiting = self._events.setdefault(message["event"], deque())
                    waiting.append(message.get("body") or {})
            self._news.notify_all()
        if message["type"] == "request":
            self._answer(message)

    def _answer(self, request: Message) -> None:
        command = request["command"]
        answer: Message = {
            "type": "response",
            "request_seq": request["seq"],
            "success": True,
            "command": command,
        }
        try:
            body = self.answerers[command](request.get("arguments") or {})
            answer |= {"body": body} if body is not None else {}
        except Exception as error:
            reason = str(error) if command in self.answerers else "not supported by this client"
            error_body = {"error": {"id": 1, "format": reason}}
            answer |= {"success": False, "message": reason, "body": error_body}
        self._send(answer)

    def _note(self, direction: Direction, message: Message) -> None:
        with self._news:
            frame = Frame(direction, message, time.monotonic() - self._began)
            self.transcript.append(frame)
            if self.check is not None and self._broken is None:
                try:
                    self.check(direction, message)
                except Exception as error:
                    self._broken = error
                    self._news.notify_all()
