"""JupyterKernel: requests in, replies and news out, whatever carries them.

A transport hands each message to `receive`, with the client to whom the answers go. Every request
is served in a task of its own; those that run code wait for their turn, all others are answered at
once, also while a cell runs: nothing here waits for the program but the cell itself. What everybody
may hear (`publish`) goes to all subscribers.
"""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from kernel.core.errors import DebuggeeGone, KernelError, UserError
from kernel.core.tracing import TRACEPARENT, Level, Tracer, extract, inject, within
from kernel.events.broker import Broker
from kernel.events.correlation import serving
from kernel.events.execution import InputRequested, StatusChanged
from kernel.events.model import KernelEvent
from kernel.execution.cells import Question
from kernel.execution.manager import ExecutionManager
from kernel.jupyter.asked import OpenQuestion
from kernel.jupyter.attendance import Attendance
from kernel.jupyter.broadcast import EventBroadcast
from kernel.jupyter.calls import Call, Client, Endpoint, Gate, Handler, OpenGate, failed
from kernel.jupyter.comms import CommTable
from kernel.jupyter.connection import ZMQ
from kernel.jupyter.debug import DebugEndpointFactory
from kernel.jupyter.debuggers import DebuggerTable
from kernel.jupyter.description import KernelDescription
from kernel.jupyter.handlers import find_handler, refusing
from kernel.jupyter.kernel_hooks import KernelHooks
from kernel.jupyter.lifecycle import Lifecycle, Tell
from kernel.jupyter.messages import Channel, Content, Message, Writer, decoded
from kernel.jupyter.request_log import logged, outcome_of
from kernel.jupyter.widgets import WidgetTable

_log = logging.getLogger(__name__)

ASKS_AGAIN = frozenset({"kernel_info_request"})
"""What clients ask until they hear, and in whose answer they expect no error."""

ENDED = "The kernel has ended before this was done."


def _nobody(_event: KernelEvent) -> None:
    """There is nobody to be told."""


async def no_work() -> None:
    """Nothing goes on beside the cells."""


class KernelEnded(UserError):
    """There is no program any more that could serve a request."""


class JupyterKernel:
    """One program and all who use it. Used on the loop's thread."""

    def __init__(
        self,
        manager: ExecutionManager,
        description: KernelDescription,
        make_debug: DebugEndpointFactory | None = None,
        endpoints: Mapping[str, Endpoint] | None = None,
        tracer: Tracer | None = None,
        writer: Writer | None = None,
        load_debug: Callable[[], object] = lambda: None,
        broker: Broker | None = None,
        id: str = "",
    ) -> None:
        """``endpoints``: requests of our own by type (``session_request``), on control.

        ``load_debug``: imports what ``make_debug`` takes; called in a thread before that.
        ``broker``: where it is told what happens to the kernel, and whose events clients may ask
        for; ``id``: what the kernel is called there.
        """
        self.tell: Tell = _nobody if broker is None else broker.publish
        self.manager = manager
        manager.room = self.wait_for_room
        self.description = description
        self.endpoints = dict(endpoints or {})
        self.ports: Mapping[str, int] = {}
        """Where ZeroMQ listens, for who still asks (``connect_request``)."""
        self.ended = asyncio.Event()
        """Set when a client has shut the kernel down, or the program has."""
        self.exit_code = 0
        self.lifecycle = Lifecycle(id, description.version, self.tell)
        self.attendance = Attendance(self.tell)
        self.gate: Gate = OpenGate(self.attendance)
        self.broadcast = None if broker is None else EventBroadcast(self, broker)
        self.outlives_clients = False
        """Whether a console that is left (``exit``) is told to leave the kernel alone."""
        self.writer = writer or Writer()
        self.tracer = tracer or Tracer()
        self.comms = CommTable(self)
        self.widgets = WidgetTable(self.comms)
        """Those there are, for front ends that come late."""
        self.hooks: KernelHooks | None = None
        """Who is asked about messages, and told of the end."""
        self.when_ending: Callable[[], Awaitable[None]] = no_work
        """Awaited when no cell runs any more and all that the kernel stands on is still there."""
        self.when_stopped: Callable[[], Awaitable[None]] = no_work
        """Awaited when the last event has been told."""
        self.when_closed: Callable[[], object] = lambda: None
        self.when_restarting: Callable[[], object] = lambda: None
        """Called when a client ends the kernel in order to have a new one."""
        self.at_leisure: Sequence[Callable[[], object]] = ()
        """Loads what looks at the program take, piece by piece; see `spend_leisure`."""
        self.debuggers = DebuggerTable(self._publish_behind_output, make_debug, load=load_debug)
        manager.when_replaced = self._replaced
        self._subscribers: list[Client] = []
        self._zmq_listeners = 0
        self._calls: set[Call] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._farewell: str | None = None
        self._question = OpenQuestion()
        self._asked_at = time.monotonic()

    # --- clients --------------------------------------------------------------------------------

    def subscribe(self, client: Client) -> Callable[[], None]:
        """Let a client hear what is published, until the function that this gives is called."""
        self._subscribers.append(client)

        def unsubscribe() -> None:
            with contextlib.suppress(ValueError):
                self._subscribers.remove(client)

        return unsubscribe

    def listens(self, change: int) -> None:
        """One more client over ZeroMQ listens (1), or one fewer (-1); it does not say which."""
        self.gate.listens(change)
        self._zmq_listeners = max(0, self._zmq_listeners + change)
        if self._zmq_listeners:
            return
        self.debuggers.leave_zmq()
        if self.broadcast is not None:
            self.broadcast.forget_all(ZMQ)

    def let_in(self, message: Message, client: Client) -> None:
        """Ask the gate; what it tells belongs to the message. Raises what it does."""
        if self.ended.is_set():
            raise KernelEnded("The kernel has ended.")
        with serving(message.id):
            self.gate.check(message, client)

    def welcome(self, subscription: str = "") -> Message:
        """What tells a client that it hears everything from now on (JEP 65)."""
        return self.writer.message(Channel.IOPUB, "iopub_welcome", {"subscription": subscription})

    def publish(
        self,
        kind: str,
        content: Content,
        parent: Mapping[str, Any],
        *,
        metadata: Mapping[str, Any] | None = None,
        buffers: Sequence[bytes] = (),
    ) -> None:
        """To everybody who listens."""
        message = self.writer.message(
            Channel.IOPUB, kind, content, parent, metadata=metadata, buffers=buffers
        )
        for subscriber in tuple(self._subscribers):
            subscriber.send(message)

    def _publish_behind_output(
        self, kind: str, content: Content, parent: Mapping[str, Any]
    ) -> None:
        """To everybody, when they have all that was printed before: a program that stands may."""
        self.flush_output()
        self.publish(kind, content, parent)

    def flush_output(self) -> None:
        """Publish what has been printed and waits to be joined with more."""
        for call in self._calls:
            if call.output is not None:
                call.output.flush()

    def status(self, state: str, parent: Mapping[str, Any] | None = None) -> None:
        """``starting``, ``busy``, ``idle``, ``restarting``."""
        self.publish("status", {"execution_state": state}, parent or {})

    async def wait_for_room(self) -> None:
        """Let the program wait for clients that are behind; see `Client.wait_for_room`."""
        for subscriber in tuple(self._subscribers):
            if subscriber.is_congested:
                await subscriber.wait_for_room()

    # --- requests -------------------------------------------------------------------------------

    def receive(self, message: Message, client: Client) -> None:
        """Begin to serve a message; its place in the queue is that of its arrival."""
        if message.channel == Channel.STDIN:
            self._question.take(message)
            return
        self._asked_at = time.monotonic()
        if self._farewell is not None:
            if message.type in ASKS_AGAIN:
                return
            call = Call(self, message, client)
            self.answer(call, failed("KernelRestarted", self._farewell, self._counted(call)))
            return
        handler = find_handler(self.endpoints, message)
        try:
            self.let_in(message, client)
        except UserError as error:
            handler = refusing(error)
        turn = self.manager.join(message.session) if handler.in_turn else None
        call = Call(self, message, client, turn)
        self._calls.add(call)
        task = asyncio.get_running_loop().create_task(self._serve(call, handler))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    @property
    def seconds_unasked(self) -> float:
        """How long ago somebody asked for something; a program may run meanwhile."""
        return time.monotonic() - self._asked_at

    def answer(self, call: Call, content: Content) -> None:
        """Reply to a request, once."""
        if call.is_answered:
            return
        call.is_answered, call.outcome = True, outcome_of(content)
        message = call.message
        kind = message.type.removesuffix("_request") + "_reply"
        carried: dict[str, object] = {}
        if TRACEPARENT in message.metadata:  # whoever is traced may go on from our span
            inject(carried)
        made = self.writer.message(message.channel, kind, content, message.header, metadata=carried)
        call.client.send(made)

    @property
    def is_given_up(self) -> bool:
        """Whether the process is being replaced, since the program does not stop."""
        return self._farewell is not None

    def give_up(self, reason: str) -> None:
        """Answer what is under way, and all that comes, with an error: the process is replaced."""
        self._farewell = reason
        self.lifecycle.stopping(reason)
        self.tell(StatusChanged("restarting"))
        for call in list(self._calls):
            if call.output is not None:
                call.output.show("stream", {"name": "stderr", "text": f"{reason}\n"})
            kind = call.message.type
            if kind.endswith("_request") and kind not in ASKS_AGAIN:
                self.answer(call, failed("KernelRestarted", reason, self._counted(call)))
            call.is_answered = True
            self.status("idle", call.message.header)
        self.status("restarting")

    def end(self, reason: str) -> None:
        """Have whoever serves the kernel close it."""
        self.lifecycle.stopping(reason)
        self.ended.set()

    async def close(self) -> None:
        """End everything that is under way, and the program."""
        self.ended.set()
        self.lifecycle.stopping()
        if self.hooks is not None:
            await self.hooks.before_end(self.exit_code)
        await self.debuggers.close()
        await self.manager.close()
        tasks = [task for task in self._tasks if task is not asyncio.current_task()]
        if tasks:
            await asyncio.wait(tasks, timeout=1)
        for call in list(self._calls):  # nobody is to wait for what will not be answered
            if call.message.type.endswith("_request"):
                self.answer(call, failed("KernelEnded", ENDED, self._counted(call)))
                self.status("idle", call.message.header)
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=1)
        self.comms.close_all()
        await self.end_work()
        if self.hooks is not None:
            await self.hooks.after_end(self.exit_code)
        await self.end_events()
        self.when_closed()

    async def end_work(self) -> None:
        """Have what goes on beside the cells come to its end; nothing that fails there stays."""
        try:
            await self.when_ending()
        except Exception:
            _log.exception("What went on beside the cells did not end as it should")

    async def end_events(self) -> None:
        """Tell that the kernel has ended, and have that be passed on."""
        self.lifecycle.stopped()
        try:
            await self.when_stopped()
        except Exception:
            _log.exception("Whoever is told of events was not told of the end")

    async def _serve(self, call: Call, handler: Handler) -> None:
        try:
            with logged(call):
                async with call.turn or contextlib.nullcontext():
                    await self._handle(call, handler)
        finally:
            self._calls.discard(call)
        for action in call.afterwards:
            action()

    async def _handle(self, call: Call, handler: Handler) -> None:
        message = call.message
        with (
            serving(message.id),
            within(extract(message.metadata)),
            self.tracer.span(message.type, Level.INFO, session=message.session),
        ):
            if call.turn is None:
                await self._reply(call, handler)
                return
            self.tell(StatusChanged("busy"))
            try:
                await self._reply(call, handler)
            finally:
                self.tell(StatusChanged("idle"))

    async def _reply(self, call: Call, handler: Handler) -> None:
        self.status("busy", call.message.header)
        content: Content | None
        try:
            content = await self._served(call, handler)
        except (UserError, DebuggeeGone) as error:
            content = failed(type(error).__name__, str(error), self._counted(call))
        except KernelError as error:  # nobody's mistake: the store is away, say
            _log.warning("%s could not be served: %s", call.message.type, error)
            content = failed(type(error).__name__, str(error), self._counted(call))
        except Exception as error:
            _log.exception("%s could not be served", call.message.type)
            content = failed(
                "InternalError", f"{type(error).__name__}: {error}", self._counted(call)
            )
        if call.is_answered:
            return  # it was given up meanwhile, status and all
        if content is not None and call.message.type.endswith("_request"):
            self.answer(call, content)
        self.status("idle", call.message.header)

    async def _served(self, call: Call, handler: Handler) -> Content | None:
        async def serve(asked: Content) -> Content | None:
            if asked is not call.message.content:
                call.message = replace(call.message, content=asked)
            return await handler.function(call, decoded(handler.request, asked))

        if self.hooks is None:
            return await serve(call.message.content)
        return await self.hooks.around_message(call.message, serve)

    def _counted(self, call: Call) -> dict[str, Any]:
        if call.message.type == "execute_request":
            return {"execution_count": self.manager.count}
        return {}

    # --- questions --------------------------------------------------------------------------

    def ask(self, question: Question, message: Message) -> None:
        """Have the client that sent ``message`` answer; whoever else answers is not heard."""
        with serving(message.id):
            self.tell(InputRequested(question.prompt, question.is_secret))
        for call in self._calls:
            if call.message is message:
                self._question.put(question, message.session)
                content = {"prompt": question.prompt, "password": question.is_secret}
                asked = self.writer.message(Channel.STDIN, "input_request", content, message.header)
                call.client.send(asked)

    def forget_client(self, client: Client) -> None:
        """A client is gone: whatever it was asked has no answer."""
        self.gate.forget(client)
        if self.broadcast is not None:
            self.broadcast.forget(client)
        self.debuggers.leave(client)
        for call in self._calls:
            if call.client is client:
                self._question.give_up(call.message.session)

    def _replaced(self) -> None:
        """The program has been started anew in this process."""
        for state in ("restarting", "starting", "idle"):
            self.tell(StatusChanged(state))
        self.status("restarting")
        self.status("starting")
        closing = asyncio.get_running_loop().create_task(self.debuggers.close())
        self._tasks.add(closing)
        closing.add_done_callback(self._tasks.discard)
