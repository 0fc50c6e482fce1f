"""The one ordered queue through which everything leaves."""

from collections.abc import Awaitable, Callable
from typing import Any

import anyio

from dap_server.wire import encode

Frame = dict[str, Any]

MAX_JOINED = 64 * 1024
"""Characters of output events that are joined into one while the client is slow."""

FULL = 4 * 1024 * 1024
"""Bytes that may wait for the client before whoever makes more of them has to wait, too."""

OUTPUT_COST = 256
"""What an output event counts beside its text, which may be joined to another until it is sent."""


class Outbox:
    """Numbers messages in the order they leave; events can be made to wait for an answer."""

    def __init__(self) -> None:
        self._queue: list[bytes | Frame] = []
        self._load = 0
        self._waiting: list[Frame] = []
        self._holds = 0
        self._last = 0
        self._news = anyio.Event()
        self._empty = anyio.Event()
        self._sent = anyio.Event()
        self._is_over = False

    def respond(self, request_seq: int, command: str, success: bool, **rest: object) -> None:
        """Answer a request; ``rest`` is ``message`` and ``body``, left out where None."""
        self._put(
            {
                "type": "response",
                "request_seq": request_seq,
                "success": success,
                "command": command,
                **{key: value for key, value in rest.items() if value is not None},
            }
        )

    def request(self, command: str, arguments: Frame) -> int:
        """Ask the client; returns the number its answer will refer to."""
        return self._put({"type": "request", "command": command, "arguments": arguments})

    def event(self, name: str, body: Frame | None = None) -> None:
        """Tell the client, behind whatever waits already."""
        frame: Frame = {"type": "event", "event": name}
        if body is not None:
            frame["body"] = body
        if self._holds:
            self._waiting.append(frame)
        else:
            self._put_event(frame)

    def hold(self) -> None:
        """Let events wait from here on until as many `release` as `hold` were called."""
        self._holds += 1

    def release(self) -> None:
        """Let the events that waited leave, in their order."""
        self._holds -= 1
        if self._holds == 0:
            waiting, self._waiting = self._waiting, []
            for frame in waiting:
                self._put_event(frame)

    async def run(self, send: Callable[[bytes], Awaitable[None]]) -> None:
        """Send what is put, for ever; all that has gathered goes in one piece."""
        try:
            while True:
                if not self._queue:
                    self._empty.set()
                    self._news = anyio.Event()
                    await self._news.wait()
                if self._empty.is_set():
                    self._empty = anyio.Event()
                frames, self._queue = self._queue, []
                load = self._load
                await send(
                    b"".join(each if isinstance(each, bytes) else encode(each) for each in frames)
                )
                self._load -= load
                self._sent.set()
                self._sent = anyio.Event()
        finally:
            self._is_over = True
            self._empty.set()
            self._sent.set()

    async def flush(self) -> None:
        """Wait until all that was put has been sent, or nothing will be any more."""
        while not self._is_over and (self._queue or not self._empty.is_set()):
            await self._empty.wait()

    async def room(self) -> None:
        """Wait until the client has taken so much that more may be made."""
        while not self._is_over and self._load > FULL:
            await self._sent.wait()

    def _put_event(self, frame: Frame) -> None:
        if self._queue and _join(self._queue[-1], frame):
            self._load += len(frame["body"]["output"])
        else:
            self._put(frame)

    def _put(self, frame: Frame) -> int:
        self._last += 1
        whole = {"seq": self._last, **frame}
        if frame.get("event") == "output":
            self._queue.append(whole)
            self._load += len(frame["body"]["output"]) + OUTPUT_COST
        else:
            data = encode(whole)
            self._queue.append(data)
            self._load += len(data)
        self._news.set()
        return self._last


def _join(last: bytes | Frame, frame: Frame) -> bool:
    """Append plain output to the output before it, so that a flood makes few messages."""
    if isinstance(last, bytes) or frame["event"] != "output":
        return False
    before, after = last["body"], frame["body"]
    if {**before, "output": ""} != {**after, "output": ""} or "group" in before:
        return False
    if "source" in before or len(before["output"]) + len(after["output"]) > MAX_JOINED:
        return False
    before["output"] += after["output"]
    return True
