"""Switchboard: between a client and its session, able to connect the client to another adapter.

A program in a terminal, and one that waits at a port, have an adapter in their own process. The
session here has begun to serve the client when that turns out (`hand_over`); from then on messages
pass through to the other adapter, which first is asked again what was answered here already.
"""

import logging
from dataclasses import dataclass, field
from typing import Any

import anyio

from dap_server import errors
from dap_server.wire import Wire, WireError, encode
from kernel.core.errors import DebuggeeGone
from kernel.transport.base import Transport

_log = logging.getLogger(__name__)

Frame = dict[str, Any]


@dataclass(slots=True)
class Conversation:
    """What client and session have said to each other."""

    requests: list[Frame] = field(default_factory=list)
    answers: dict[int, bool] = field(default_factory=dict)
    """By number of the request: whether it succeeded."""
    progress: set[str] = field(default_factory=set)
    """The ids of what the client still shows as under way."""
    last: int = 0
    """The number of the session's last message."""

    def in_order_of_answers(self) -> list[Frame]:
        """What was answered first, then what was not: breakpoints got their numbers so."""
        place = {number: index for index, number in enumerate(self.answers)}
        return sorted(self.requests, key=lambda each: place.get(each["seq"], len(place)))

    def note_sent(self, frame: Frame) -> None:
        """The session said this."""
        self.last = frame["seq"]
        if frame["type"] == "response":
            self.answers[frame["request_seq"]] = frame["success"]
        elif frame.get("event") == "progressStart":
            self.progress.add(frame["body"]["progressId"])
        elif frame.get("event") == "progressEnd":
            self.progress.discard(frame["body"]["progressId"])


class Switchboard:
    """Implements `Transport` for a session, in front of the client's own."""

    def __init__(self, client: Transport) -> None:
        self._client = client
        self._from_client, self._from_session = Wire(), Wire()
        self._said = Conversation()
        self._is_decided = False
        self._turn = anyio.Event()
        self._other: Transport | None = None

    # --- for the session ------------------------------------------------------------------------

    async def receive(self) -> bytes:
        """What the client sends; ``b""`` once it is handed over."""
        if self._is_decided:
            return b"" if self._other else await self._client.receive()
        data = b""
        async with anyio.create_task_group() as tasks:

            async def wait_for_turn() -> None:
                await self._turn.wait()
                tasks.cancel_scope.cancel()

            tasks.start_soon(wait_for_turn)
            data = await self._client.receive()
            tasks.cancel_scope.cancel()
        if not data and self._is_decided:
            return await self.receive()
        self._said.requests += _requests(self._from_client.feed(data))
        return data

    async def send(self, data: bytes) -> None:
        """Pass on what the session sends, unless it has nothing more to say."""
        if self._other is not None:
            return
        if not self._is_decided:
            for frame in self._from_session.feed(data):
                if not isinstance(frame, WireError):
                    self._said.note_sent(frame)
        await self._client.send(data)

    async def close(self) -> None:
        """Close the connection to the client, unless another adapter has it."""
        if self._other is None:
            await self._client.close()

    # --- for the host ---------------------------------------------------------------------------

    def stay(self) -> None:
        """The program runs here: nothing has to be remembered any more."""
        if not self._is_decided:
            self._is_decided = True
            self._said = Conversation()
            self._turn.set()

    def hand_over(self, other: Transport) -> None:
        """Connect the client to the adapter behind ``other``: the session sees the end of input."""
        self._other = other
        self._is_decided = True
        self._turn.set()

    # --- afterwards -----------------------------------------------------------------------------

    async def relay(self) -> None:
        """Once the session has ended: pass messages on until one side is gone; closes both."""
        if self._other is None:
            return
        try:
            await _Relay(self._client, self._from_client, self._other, self._said).run()
        finally:
            with anyio.CancelScope(shield=True):
                await self._other.close()
                await self._client.close()


class _Relay:
    """Two adapters' messages in one row of numbers."""

    def __init__(
        self, client: Transport, from_client: Wire, other: Transport, said: Conversation
    ) -> None:
        self._client, self._from_client = client, from_client
        self._other, self._from_other = other, Wire()
        self._said = said
        self._asked: dict[int, int] = {}
        """Numbers of the other adapter's requests, by those the client knows."""
        self._heard: dict[int, anyio.Event] = {}
        """Set when the other adapter has answered what was answered here before."""
        self._unanswered: list[Frame] = []
        self._is_alone = False
        self._has_terminated = False
        self._has_disconnected = False

    async def run(self) -> None:
        """Until the client has disconnected, or is gone."""
        for progress in self._said.progress:  # of the session here, which is over
            body = {"progressId": progress}
            await self._say({"type": "event", "event": "progressEnd", "body": body})
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._listen_to_client, tasks.cancel_scope)
            await self._listen_to_other()
            if self._has_disconnected:
                tasks.cancel_scope.cancel()
            else:
                await self._lose_other()

    async def _listen_to_other(self) -> None:
        while data := await self._other.receive():
            for frame in self._from_other.feed(data):
                if not isinstance(frame, WireError):
                    await self._to_client(frame)

    async def _listen_to_client(self, scope: anyio.CancelScope) -> None:
        for request in self._said.in_order_of_answers():
            await self._repeat(request)
        while not self._has_disconnected and (data := await self._client.receive()):
            for frame in self._from_client.feed(data):
                if not isinstance(frame, WireError):
                    await (self._answer(frame) if self._is_alone else self._to_other(frame))
        if self._is_alone or not self._has_disconnected:
            scope.cancel()

    async def _repeat(self, request: Frame) -> None:
        """Ask the other adapter what the client asked here, in the same order."""
        number = request["seq"]
        was_answered = self._said.answers.get(number)
        if was_answered is False:
            return
        if was_answered:
            self._heard[number] = anyio.Event()
        await self._to_other(request)
        if was_answered:
            await self._heard[number].wait()

    async def _to_other(self, frame: Frame) -> None:
        if frame.get("type") == "request":
            self._unanswered.append(frame)
        if frame.get("type") == "response":
            number = self._asked.pop(frame.get("request_seq", -1), None)
            if number is None:
                return
            frame["request_seq"] = number
        await self._other.send(encode(frame))

    async def _to_client(self, frame: Frame) -> None:
        match frame.get("type"), frame.get("event", frame.get("command")):
            case "response", command:
                self._forget(frame["request_seq"])
                if heard := self._heard.pop(frame["request_seq"], None):
                    heard.set()
                    return
                self._has_disconnected |= command == "disconnect"
            case "event", "initialized":
                return
            case "event", "terminated":
                self._has_terminated = True
            case "request", _:
                self._asked[self._said.last + 1] = frame["seq"]
        await self._say(frame)

    def _forget(self, number: int) -> None:
        self._unanswered = [each for each in self._unanswered if each.get("seq") != number]

    async def _say(self, frame: Frame) -> None:
        self._said.last += 1
        await self._client.send(
            encode(
                {**frame, "seq": self._said.last}
                if "seq" in frame
                else {"seq": self._said.last, **frame}
            )
        )

    async def _lose_other(self) -> None:
        """The other process is gone; the client still wants an end, and answers."""
        self._is_alone = True
        for heard in self._heard.values():
            heard.set()
        if not self._has_terminated:
            body = {"category": "important", "output": "The process of the program is gone.\n"}
            await self._say({"type": "event", "event": "output", "body": body})
            await self._say({"type": "event", "event": "terminated"})
        for request in self._unanswered:
            await self._answer(request)

    async def _answer(self, request: Frame) -> None:
        """In place of the other adapter: only disconnecting is possible any more."""
        if request.get("type") != "request":
            return
        command = str(request.get("command"))
        self._has_disconnected |= command == "disconnect"
        answer = {"type": "response", "request_seq": request.get("seq", 0), "command": command}
        if self._has_disconnected:
            await self._say({**answer, "success": True})
        else:
            gone = errors.failure(command, DebuggeeGone())
            refusal = {"success": False, "message": gone.short, "body": gone.body().wire()}
            await self._say({**answer, **refusal})


def _requests(frames: list[Frame | WireError]) -> list[Frame]:
    return [
        frame
        for frame in frames
        if not isinstance(frame, WireError) and frame.get("type") == "request" and "seq" in frame
    ]
