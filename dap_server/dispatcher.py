"""From a message to a handler to an answer; the only place where a request's failure is caught."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeGuard

import anyio
from anyio.abc import TaskGroup
from pydantic import ValidationError

from dap_server import errors, states
from dap_server.errors import ErrorId, ProtocolError
from dap_server.handlers import HANDLERS
from dap_server.protocol.generated import ARGUMENTS
from dap_server.protocol.model import Model
from dap_server.registry import Handler
from kernel.core.errors import Cancelled

if TYPE_CHECKING:
    from dap_server.client_session import ClientSession

MOMENT = 1.0
"""Seconds that orders have to be carried out before their client leaves."""

_log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class Call:
    """A request that is being served."""

    seq: int
    command: str
    scope: anyio.CancelScope = field(default_factory=anyio.CancelScope)
    afterwards: list[Callable[[], None]] = field(default_factory=list)
    """What is done as soon as the answer has been put into the outbox."""
    sent: dict[str, Any] = field(default_factory=dict)
    """The arguments as the client sent them."""
    is_cancellable: bool = False
    is_order: bool = False
    """Whether it is to be carried out, and not broken off by what comes behind it."""
    has_progress: bool = False
    is_over: anyio.Event = field(default_factory=anyio.Event)
    timer: asyncio.TimerHandle | None = None
    """Calls when the client is to be told next how the request goes on."""

    @property
    def is_look(self) -> bool:
        """Whether it only asks to see, or to try, what is there."""
        return self.is_cancellable and not self.is_order and self.command in states.LIVE

    @property
    def progress_id(self) -> str:
        """The name under which the client sees how the request goes on."""
        return f"request-{self.seq}"


CURRENT: ContextVar[Call] = ContextVar("call")
"""The request that the running task serves."""


class Dispatcher:
    """Serves the requests of one session, each in a task of its own."""

    def __init__(self, session: ClientSession, tasks: TaskGroup) -> None:
        self._session = session
        self._tasks = tasks
        self._calls: set[Call] = set()
        # Without the pause of a free lock, in which the next request would overtake this one.
        self._turn = anyio.Lock(fast_acquire=True)

    def receive(self, request: dict[str, Any]) -> None:
        """Begin to serve a request; its first part runs before that of the next request."""
        seq, command = request.get("seq"), request.get("command")
        call = Call(seq if _is_number(seq) else 0, command if isinstance(command, str) else "")
        self._calls.add(call)
        self._tasks.start_soon(self._serve, call, request)

    @property
    def sent(self) -> dict[str, Any]:
        """The arguments of the request that the running task serves, nothing converted."""
        return CURRENT.get().sent

    def cancel(self, request: int | None, progress: str | None) -> None:
        """Break off what may be broken off; nothing happens to what is over already."""
        for call in self._calls:
            if call.is_cancellable and (call.seq == request or call.progress_id == progress):
                call.scope.cancel()

    def cancel_all(self) -> None:
        """Break off everything but the request that asks for it."""
        for call in self._calls:
            if call is not CURRENT.get(None):
                call.scope.cancel()

    async def settle(self) -> None:
        """Let orders that came before be carried out, for a moment; break off everything else.

        A client may let the program go on and leave in one breath.
        """
        own = CURRENT.get(None)
        orders = [each for each in self._calls if each is not own and each.is_order]
        with anyio.move_on_after(MOMENT):
            for each in orders:
                await each.is_over.wait()
        self.cancel_all()

    async def _serve(self, call: Call, request: dict[str, Any]) -> None:
        CURRENT.set(call)
        answer: Model | errors.Failure | None = None
        try:
            with call.scope:
                answer = await self._answer(call, request)
            if call.scope.cancelled_caught:
                answer = errors.failure(call.command, Cancelled())
        finally:
            self._calls.discard(call)
            call.is_over.set()
        self._respond(call, answer)

    async def _answer(self, call: Call, request: dict[str, Any]) -> Model | errors.Failure | None:
        try:
            handler = _handler(request)
            call.is_cancellable = handler.is_cancellable
            call.is_order = not handler.is_cancellable or handler.overrides_after is not None
            if handler.in_order:
                async with self._turn:
                    return await self._handle(call, handler, request)
            return await self._handle(call, handler, request)
        except Exception as error:
            return errors.failure(call.command or "The message", error)

    async def _handle(self, call: Call, handler: Handler, request: dict[str, Any]) -> Model | None:
        session = self._session
        await session.program.imply_configured(call.command)
        states.check(call.command, session.state)
        if call.command in states.LISTING:
            await session.program.ready()  # what is asked behind a launch is about its program
        arguments = _arguments(handler, request)
        call.sent = request.get("arguments") or {}
        self._override(handler)
        if handler.title is None:
            return await handler.function(session, arguments)
        with self.progress(handler.title):
            return await handler.function(session, arguments)

    def _override(self, handler: Handler) -> None:
        """Have an order break off, soon, what would hold it up."""
        if handler.overrides_after is None:
            return
        looks = [each for each in self._calls if each.is_look and each is not CURRENT.get()]

        def break_off() -> None:
            for each in looks:
                each.scope.cancel()

        asyncio.get_running_loop().call_later(handler.overrides_after, break_off)

    @contextmanager
    def progress(self, title: str) -> Iterator[None]:
        """Tell a client that wants to know when the request under way takes long."""
        if not self._session.client.said.supports_progress_reporting:
            yield
            return
        call = CURRENT.get()
        self._tick(call, lambda: self._start_progress(call, title))
        try:
            yield
        finally:
            assert call.timer is not None
            call.timer.cancel()
            self._end_progress(call)

    def _tick(self, call: Call, then: Callable[[], None]) -> None:
        loop, delay = asyncio.get_running_loop(), self._session.progress_after
        call.timer = loop.call_later(delay, then)

    def _start_progress(self, call: Call, title: str) -> None:
        call.has_progress = True
        began = asyncio.get_running_loop().time() - self._session.progress_after
        self._tick(call, lambda: self._go_on_with_progress(call, began))
        body = {
            "progressId": call.progress_id,
            "title": title,
            "requestId": call.seq,
            "cancellable": call.is_cancellable,
        }
        self._session.outbox.event("progressStart", body)

    def _go_on_with_progress(self, call: Call, began: float) -> None:
        passed = asyncio.get_running_loop().time() - began
        body = {"progressId": call.progress_id, "message": f"{passed:.0f} s"}
        self._session.outbox.event("progressUpdate", body)
        self._tick(call, lambda: self._go_on_with_progress(call, began))

    def _end_progress(self, call: Call) -> None:
        if call.has_progress:
            call.has_progress = False
            self._session.outbox.event("progressEnd", {"progressId": call.progress_id})

    def _respond(self, call: Call, answer: Model | errors.Failure | None) -> None:
        outbox = self._session.outbox
        if isinstance(answer, errors.Failure):
            body = answer.body().wire()
            outbox.respond(call.seq, call.command, False, message=answer.short, body=body)
        else:
            outbox.respond(call.seq, call.command, True, body=answer.wire() if answer else None)
        for action in call.afterwards:
            action()


def _handler(request: dict[str, Any]) -> Handler:
    command = request.get("command")
    if not isinstance(command, str) or not _is_number(request.get("seq")):
        raise ProtocolError(
            ErrorId.BAD_MESSAGE, "A request needs a whole number 'seq' and a text 'command'."
        )
    if command in HANDLERS:
        return HANDLERS[command]
    if command in ARGUMENTS:
        raise ProtocolError(ErrorId.NOT_SUPPORTED, f"{command} is not supported.")
    raise ProtocolError(ErrorId.NO_SUCH_REQUEST, f"There is no request {command!r}.")


def _arguments(handler: Handler, request: dict[str, Any]) -> Model:
    sent = request.get("arguments")
    try:
        return handler.arguments.model_validate({} if sent is None else sent)
    except ValidationError as error:
        raise errors.bad_arguments(handler.command, error) from error


def _is_number(seq: object) -> TypeGuard[int]:
    return isinstance(seq, int) and not isinstance(seq, bool) and 0 <= seq < 2**31
