"""LuaThread: the one thread that owns a Lua runtime, and the only door to it.

Nothing else touches Lua values (lupa deadlocks or crashes otherwise); what crosses is text. A
command is asked for on the loop's thread and answered there:

- while no script runs, the thread takes commands from its mailbox;
- while the script is stopped, the probe's loop takes them (`next_command`);
- while the script runs, an interrupt makes it look into the mailbox (`poll`).
"""

import asyncio
import contextlib
import queue
import threading
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any, NoReturn, TypeGuard, TypeVar

import anyio

from kernel.core.errors import DebuggeeGone
from lua_debug.commands import encode

T = TypeVar("T")

_STACK_SIZE = 256 * 1024 * 1024
"""Bytes of C stack: Lua bounds its own C recursion, but not that of C libraries, and LuaJIT only by
the Lua stack (gsub in gsub takes 20 KiB, 10 000 times). What is not used takes no memory."""

_LOGS_WAIT = 0.05
"""Seconds a message of a log point waits for more of them."""

_INTERRUPT_AGAIN = 0.005
"""Seconds after which an interrupt that was not heard is repeated."""


_ENDS_SCRIPT = frozenset({"interrupt", "terminate"})
_ENDS_STOP = frozenset({"resume", "detach"}) | _ENDS_SCRIPT


@dataclass(slots=True)
class _Command:
    op: str
    text: str
    future: "asyncio.Future[str]"
    taken_back: threading.Event = field(default_factory=threading.Event)
    has_begun: bool = False
    deciding: threading.Lock = field(default_factory=threading.Lock)

    def begin(self) -> bool:
        """Whether it is still wanted; it is carried out then."""
        with self.deciding:
            self.has_begun = not self.taken_back.is_set()
        return self.has_begun

    def take_back(self) -> bool:
        """Whether that comes in time, so that it is not carried out."""
        with self.deciding:
            self.taken_back.set()
        return not self.has_begun


@dataclass(frozen=True, slots=True)
class _Job:
    run: Callable[[], None]
    is_last: bool


@dataclass(frozen=True, slots=True)
class _Wake:
    """What a script waits for on the loop is there, or not wanted any more."""


class LuaThread:
    """Runs jobs and commands on a thread of its own, in the order they come."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._mailbox: queue.SimpleQueue[_Command | _Job | _Wake] = queue.SimpleQueue()
        self._put_off: deque[_Job] = deque()
        """What came while the script ran and is for later; used by the thread alone."""
        self._current: _Command | None = None
        self._is_running_script = False
        self._is_serving = False
        self._has_ended = False
        self._interrupting = threading.Lock()
        self._batches = 0
        self._ends_posted = self._ends_taken = 0
        """How many commands end the script: of the loop's thread, and of the Lua thread."""
        self._waiting: set[asyncio.Future[str]] = set()
        self.run_command: Callable[[str], str] = lambda _: "{}"
        self.interrupt: Callable[[], object] = lambda: None
        self.wake_evaluation: Callable[[], object] = lambda: None
        """Called when a command is taken back that may be under way (LuaJIT needs a nudge)."""
        self.end_reading: Callable[[], object] = lambda: None
        """Called when a command is taken back that is under way and may wait for a line."""
        self._thread = threading.Thread(target=self._main, name="lua", daemon=True)

    def start(self) -> None:
        """Begin; the stack size is a setting of the whole process, so it is put back at once."""
        before = threading.stack_size(_STACK_SIZE)
        try:
            self._thread.start()
        finally:
            threading.stack_size(before)

    # --- on the loop's thread ---------------------------------------------------------------------

    async def ask(self, op: str, /, **arguments: Any) -> str:
        """Have the probe run an operation; answers its JSON. Raises `DebuggeeGone` at the end.

        Cancelling takes the command back; if it is under way, it is told through `is_taken_back`.
        """
        command = self._send(op, arguments)
        try:
            return await command.future
        except asyncio.CancelledError:
            self._take_back(command)
            raise
        finally:
            self._waiting.discard(command.future)

    async def order(self, op: str, /, **arguments: Any) -> str:
        """The same for what changes how things stand: once it is under way it is not cancelled."""
        command = self._send(op, arguments)
        try:
            await asyncio.shield(command.future)
        except asyncio.CancelledError:
            if command.take_back():
                raise
            with anyio.CancelScope(shield=True):
                await command.future
        finally:
            self._waiting.discard(command.future)
        return command.future.result()

    def _send(self, op: str, arguments: dict[str, Any]) -> _Command:
        if self._has_ended:
            raise DebuggeeGone
        text = encode({"op": op, **arguments})
        command = _Command(op, text, self._loop.create_future())
        self._waiting.add(command.future)
        self._mailbox.put(command)
        self._prod()
        return command

    def break_off(self) -> None:
        """Have the evaluation under way end as one that was cancelled; its asker is answered so."""
        if (command := self._current) is not None:
            self._take_back(command)

    def _take_back(self, command: _Command) -> None:
        command.take_back()
        self._mailbox.put(_Wake())  # it may wait for something
        if command is self._current:
            self.end_reading()
        self.wake_evaluation()

    def post(self, op: str, /, **arguments: Any) -> None:
        """Have the probe run an operation when it comes to it, and do not wait."""
        if not self._has_ended:
            text = encode({"op": op, **arguments})
            self._ends_posted += op in _ENDS_SCRIPT
            self._mailbox.put(_Command(op, text, self._loop.create_future()))
            self._prod()

    def flush_logs_soon(self) -> None:
        """Log messages wait in the probe; called on the Lua thread."""
        self._batches += 1
        batch = self._batches
        self.call_on_loop(lambda: self._flush_logs_later(batch))

    def _flush_logs_later(self, batch: int) -> None:
        self._loop.call_later(_LOGS_WAIT, lambda: self._flush_logs(batch))

    def _flush_logs(self, batch: int) -> None:
        if batch == self._batches:  # a later one begins when this one is out
            self.post("flush_logs")

    def call_on_loop(self, call: Callable[[], None]) -> None:
        """Have the loop's thread call something, from any thread."""
        self._loop.call_soon_threadsafe(call)

    def submit(self, job: Callable[[], None], *, is_last: bool = False) -> None:
        """Run a Python function on the thread while no script runs; the last ends the thread."""
        self._mailbox.put(_Job(job, is_last))

    def join(self, timeout: float) -> bool:
        """Wait until the thread has ended; False if it did not in time."""
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _prod(self) -> None:
        """Interrupt a running script until it has looked into the mailbox."""
        if self._is_serving or self._mailbox.empty() or self._has_ended:
            return  # a stopped script is not disturbed: its loop takes commands by itself
        with self._interrupting:
            if not self._is_running_script:
                return
            self.interrupt()
        self._loop.call_later(_INTERRUPT_AGAIN, self._prod)

    # --- on the Lua thread, called by the probe ---------------------------------------------------

    def wait_for(self, work: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run a coroutine on the loop while the script waits here, and serve commands meanwhile.

        For functions of the host that the script has called, or an evaluation. Once the script is
        to end, or the evaluation is taken back, the coroutine is cancelled and `InterruptedError`
        raised. Raises what the coroutine raises.
        """
        evaluation = self._current
        task = asyncio.run_coroutine_threadsafe(work(), self._loop)
        task.add_done_callback(lambda _: self._mailbox.put(_Wake()))
        was_serving, self._is_serving = self._is_serving, True
        try:
            while not task.done():
                item, has_ended = self._mailbox.get(), False
                if self._takes(item):
                    self.answer(self.run_command(item.text))
                    self._is_serving, self._current = True, evaluation
                    has_ended = item.op in _ENDS_SCRIPT
                if has_ended or self.is_taken_back():
                    task.cancel()
        finally:
            self._is_serving = was_serving
        if task.cancelled():
            raise InterruptedError
        return task.result()

    def begin_serving(self) -> None:
        """The script stops: it is not interrupted any more, and will ask for commands."""
        self._is_serving = True

    def next_command(self) -> str:
        """Wait for a command (the script is stopped)."""
        self._is_serving = True
        while True:
            item = self._mailbox.get()
            if self._takes(item):
                return item.text

    def has_mail(self) -> bool:
        """Whether a command waits."""
        return not self._mailbox.empty()

    def has_end(self) -> bool:
        """Whether a command waits that ends the script."""
        return self._ends_taken < self._ends_posted

    def poll(self) -> str | None:
        """A command that waits, or None (the script runs)."""
        with contextlib.suppress(queue.Empty):
            while True:
                item = self._mailbox.get_nowait()
                if self._takes(item):
                    return item.text
        return None

    def _takes(self, item: "_Command | _Job | _Wake") -> TypeGuard[_Command]:
        """Whether the item is a command that is still wanted; what is none waits for the script."""
        if isinstance(item, _Job):
            self._put_off.append(item)
        elif isinstance(item, _Command) and item.begin():
            self._current = item
            self._ends_taken += item.op in _ENDS_SCRIPT
            return True
        return False

    def answer(self, json: str) -> None:
        """Give the answer of the command taken last."""
        command, self._current = self._current, None
        if command is None:
            return
        with contextlib.suppress(RuntimeError):  # the loop is closed, and nobody waits any more
            self._loop.call_soon_threadsafe(_resolve, command.future, json)
            if command.op in _ENDS_STOP:
                self._is_serving = False
                self._loop.call_soon_threadsafe(self._prod)  # for what came while it stood

    def is_taken_back(self) -> bool:
        """Whether the client no longer wants the command under way."""
        return self._current is not None and self._current.taken_back.is_set()

    @contextlib.contextmanager
    def running_script(self) -> Any:
        """While a script runs, commands reach it by interrupts."""
        self._is_running_script = True
        if not self._mailbox.empty():  # it came before; for what comes now, whoever brings it does
            self._loop.call_soon_threadsafe(self._prod)
        try:
            yield
        finally:
            self.leave_script()

    def leave_script(self) -> None:
        """The script is over: from here on it is not interrupted."""
        with self._interrupting:
            self._is_running_script = False

    def forget_runtime(self) -> None:
        """The runtime is about to be closed: no command and no interrupt reaches it any more."""
        self.run_command = lambda _: "{}"
        self.interrupt = self.wake_evaluation = lambda: None

    def give_up(self) -> None:
        """The script does not come back (on the loop's thread): who waits for it has waited."""
        self.leave_script()
        self._has_ended = True
        self._fail_waiting()

    def abandon(self) -> NoReturn:
        """End below a script that cannot be returned to: the thread waits for ever."""
        self._end()
        while True:
            threading.Event().wait()

    # --- inside ---------------------------------------------------------------------------------

    def _main(self) -> None:
        is_last = False
        while not is_last:
            item = self._put_off.popleft() if self._put_off else self._mailbox.get()
            if isinstance(item, _Job):
                item.run()
                is_last = item.is_last
            elif self._takes(item):
                self.answer(self.run_command(item.text))
        self._end()

    def _end(self) -> None:
        self._has_ended = True
        with contextlib.suppress(RuntimeError):  # the loop may be closed already
            self._loop.call_soon_threadsafe(self._fail_waiting)

    def _fail_waiting(self) -> None:
        for future in self._waiting:
            if not future.done():
                future.set_exception(DebuggeeGone())


def _resolve(future: "asyncio.Future[str]", json: str) -> None:
    if not future.done():
        future.set_result(json)
