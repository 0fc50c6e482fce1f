"""OutputCapture: everything a program writes and everything that happens to it, in one order.

Descriptors 1 and 2 lead through pipes (`StreamPipe`). Whatever arrives in them, whatever the
engine writes itself (`write`) and whatever it tells (`post`) goes through one queue and is
delivered on the loop's thread, in order:

- `write`, `mark` and `post` first collect what lies in the pipes, so what was written before them
  comes before them. A `print` can therefore go its usual fast way through C's stdout, and the
  engine only has to `mark` when the line that prints is another than before.
- Text of the same stream and origin grows into one chunk while it waits. A program that prints
  without pause is delivered in batches, `INTERVAL` apart; a lone line is delivered at once.
- When `LIMIT` characters wait, the writer is made to wait too: a full pipe for C and children, a
  blocked call for the engine. So a flood neither fills the memory nor puts a stop seconds back.

Between the two descriptors the order is that of collecting: exact for what the engine writes or
marks, a good guess for a child that uses both.
"""

import asyncio
import contextlib
import logging
import os
import select
import sys
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial

from kernel.core.model import Source
from kernel.execution.streams import CStdout, StreamPipe, write_all

LIMIT = 512 * 1024
"""Characters that may wait to be delivered before writers have to wait."""

INTERVAL = 0.015
"""Seconds between two batches while there is no end of output."""

PACE = 5
"""Milliseconds the reader leaves a pipe alone that it has just read, so that a program which writes
little pieces is not interrupted for each."""

CHUNK_COST = 256
"""What a chunk counts towards `LIMIT` beside its text: many tiny ones are a burden too."""

PIECE = 64 * 1024
"""Characters delivered in one call, or somewhat fewer to end at the end of a line."""

_DESCRIPTORS = {"stdout": 1, "stderr": 2}
_QUIT, _POST = b"q", b"p"

_log = logging.getLogger(__name__)


class CaptureMode(StrEnum):
    """What becomes of what a program writes to its standard descriptors."""

    CAPTURE = "capture"
    """It is delivered, and goes nowhere else."""
    TEE = "tee"
    """It is delivered, and goes where it always went."""
    NONE = "none"
    """It goes where it always went and nowhere else; text of other categories is delivered."""


@dataclass(frozen=True, slots=True)
class Origin:
    """The place in a script that writes."""

    source: Source
    line: int


@dataclass(slots=True)
class Chunk:
    """Text of one category (``stdout``, ``stderr``, ``console``…) from one origin, if known."""

    category: str
    origin: Origin | None
    parts: list[str] = field(default_factory=list)


Deliver = Callable[[str, str, Origin | None, str | None], None]
"""Called with text, category, origin, and the group that the text begins or ends."""


async def _always_room() -> None:
    """Wait for nobody."""


class OutputCapture:
    """The ordered way from a program to its listener. Made on the loop's thread, one a process."""

    def __init__(
        self,
        mode: CaptureMode,
        deliver: Deliver,
        room: Callable[[], Awaitable[None]] = _always_room,
    ) -> None:
        """``deliver`` is called on the loop's thread; ``room`` waits until it can take more."""
        self.mode = mode
        self._deliver, self._room = deliver, room
        self._loop = asyncio.get_running_loop()
        self._loop_thread = threading.get_ident()
        self._c_stdout = CStdout()
        self._streams: tuple[StreamPipe, ...] = ()
        self._by_fd: dict[int, StreamPipe] = {}
        self._filled = select.poll()
        self._control = (-1, -1)
        self._posted: deque[Callable[[], None]] = deque()
        self._ended = asyncio.Event()
        self._pump: asyncio.Task[None] | None = None

        # Who collects may wait for a terminal; who holds the queue's lock waits for nobody.
        self._collecting = threading.RLock()
        self._lock = threading.Lock()
        self._space = threading.Condition(self._lock)
        self._entries: deque[Chunk | Callable[[], None]] = deque()
        self._size = 0
        self._origin: Origin | None = None
        self._is_patient = True
        self._is_idle = False
        """Whether the task that delivers waits to be woken."""
        self._news, self._urgent = asyncio.Event(), asyncio.Event()

    # --- life -----------------------------------------------------------------------------------

    def start(self) -> None:
        """Take the descriptors and begin to deliver."""
        self._pump = self._loop.create_task(self._deliver_all())
        if self.mode is CaptureMode.NONE:
            return
        sys.stdout.flush()
        self._c_stdout.flush()
        is_copied = self.mode is CaptureMode.TEE
        self._streams = (StreamPipe(1, "stdout", is_copied), StreamPipe(2, "stderr", is_copied))
        self._by_fd = {stream.read_fd: stream for stream in self._streams}
        for fd in self._by_fd:
            self._filled.register(fd, select.POLLIN)
        self._c_stdout.buffer(lines=True)
        self._control = os.pipe()
        threading.Thread(target=self._read, name="output-reader", daemon=True).start()

    async def flush(self, deadline: float) -> bool:
        """Deliver all that was written so far; False if ``deadline`` seconds were not enough."""
        arrived = asyncio.Event()

        def finish() -> None:
            for stream in self._streams:
                if rest := stream.decode(b"", final=True):
                    self._deliver(rest, stream.category, None, None)
            arrived.set()

        self.post(finish)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(arrived.wait(), deadline)
        return arrived.is_set()

    def release(self) -> None:
        """Let nobody wait for room any more: the listener is gone or the program must end."""
        with self._lock:
            self._is_patient = False
            self._space.notify_all()

    async def close(self) -> None:
        """Give the descriptors back and deliver no more; harmless when done twice."""
        self.release()
        streams, self._streams = self._streams, ()
        if streams:
            os.write(self._control[1], _QUIT)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ended.wait(), 1.0)
            for stream in streams:
                stream.restore()
            for fd in self._control:
                os.close(fd)
        if self._pump is not None:
            self._pump.cancel()
            self._pump = None

    # --- from the script's thread ---------------------------------------------------------------

    def write(
        self,
        text: str | bytes,
        category: str,
        origin: Origin | None = None,
        group: str | None = None,
    ) -> None:
        """Deliver a text that goes through no descriptor, after all that was written before.

        Bytes of ``stdout`` and ``stderr`` are decoded as what came through the descriptor is. What
        goes where it always went goes there too. What begins or ends a ``group`` is delivered by
        itself. Waits while too much is undelivered.
        """
        data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape")
        with self._collecting:
            self.pass_on(data, category)
            if self.mode is CaptureMode.NONE and category in _DESCRIPTORS:
                return
            stream = next((each for each in self._streams if each.category == category), None)
            if isinstance(text, bytes):
                text = stream.decode(text) if stream else text.decode("utf-8", "backslashreplace")
            if group is None:
                self._append(text, category, origin)
            else:
                self._add(partial(self._deliver, text, category, origin, group))
        self._wait_for_space()

    def pass_on(self, data: bytes, category: str) -> None:
        """Let a text go where it always went, if it does, behind all that was written before."""
        with self._collecting:
            self._collect()
            for stream in self._streams:
                if stream.category == category:
                    stream.copy(data)
            if self.mode is CaptureMode.NONE and category in _DESCRIPTORS:
                write_all(_DESCRIPTORS[category], data)

    def mark(self, origin: Origin | None) -> None:
        """What comes through the descriptors from now on is written by this place."""
        self.drain()
        self._origin = origin

    def post(self, call: Callable[[], None]) -> None:
        """Call this on the loop's thread once all that was written before is delivered.

        Calls posted on the loop's thread keep their order, those of the script's thread keep
        theirs. The script's thread waits while too much is undelivered.
        """
        if threading.get_ident() != self._loop_thread:
            self._collect()
            self._add(call)
            self._wait_for_space()
        elif self._streams:  # collecting may mean to wait for a terminal, so the reader does it
            self._posted.append(call)
            os.write(self._control[1], _POST)
        else:
            self._add(call)

    def drain(self) -> None:
        """Collect what was written so far, C's own buffer included; waits for room afterwards."""
        self._collect()
        self._wait_for_space()

    def _collect(self) -> None:
        """Only the script's thread may: another could wait long for C's lock of stdout."""
        self._c_stdout.flush()
        self._empty_pipes()

    def _wait_for_space(self) -> None:
        with self._lock:
            while self._is_patient and self._size >= LIMIT:
                self._space.wait()

    # --- the queue ------------------------------------------------------------------------------

    def _empty_pipes(self) -> None:
        with self._collecting:
            for fd, _ in self._filled.poll(0):
                self._by_fd[fd].read(self._append_marked)

    def _append_marked(self, text: str, category: str) -> None:
        self._append(text, category, self._origin)

    def _append(self, text: str, category: str, origin: Origin | None) -> None:
        if not text:
            return
        with self._lock:
            last = self._entries[-1] if self._entries else None
            if not isinstance(last, Chunk) or (last.category, last.origin) != (category, origin):
                last = Chunk(category, origin)
                self._entries.append(last)
                self._size += CHUNK_COST
            last.parts.append(text)
            self._size += len(text)
        self._wake(urgently=False)

    def _add(self, call: Callable[[], None]) -> None:
        with self._lock:
            self._entries.append(call)
            self._size += CHUNK_COST
        self._wake(urgently=True)

    def _take(self) -> list[Chunk | Callable[[], None]]:
        with self._lock:
            entries = list(self._entries)
            self._entries.clear()
            self._size = 0
            self._is_idle = not entries
            self._space.notify_all()
        return entries

    def _wake(self, urgently: bool) -> None:
        with self._lock:
            if not (self._is_idle or urgently):
                return
            self._is_idle = False
        with contextlib.suppress(RuntimeError):  # the loop has ended: nobody listens
            self._loop.call_soon_threadsafe(self._ring, urgently)

    def _ring(self, urgently: bool) -> None:
        self._news.set()
        if urgently:
            self._urgent.set()

    # --- the reader's thread --------------------------------------------------------------------

    def _read(self) -> None:
        control = self._control[0]
        poll, calm = select.poll(), select.poll()
        calm.register(control, select.POLLIN)
        for fd in (control, *(stream.read_fd for stream in self._streams)):
            poll.register(fd, select.POLLIN)
        while True:
            ready = dict(poll.poll())
            command = os.read(control, 1) if control in ready else b""
            if command == _QUIT:
                break
            self._empty_pipes()
            if command == _POST:
                self._add(self._posted.popleft())
            for fd, event in ready.items():
                if not event & select.POLLIN:  # every writer has closed it
                    poll.unregister(fd)
            self._wait_for_space()
            if not command:
                calm.poll(PACE)
        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._ended.set)

    # --- the loop's task ------------------------------------------------------------------------

    async def _deliver_all(self) -> None:
        while True:
            self._news.clear()
            self._urgent.clear()
            entries = self._take()
            if not entries:
                await self._news.wait()
                continue
            for entry in entries:
                try:
                    if isinstance(entry, Chunk):
                        await self._deliver_chunk(entry)
                    else:
                        entry()
                except Exception:
                    _log.exception("Output or an event could not be delivered")
            await self._room()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._urgent.wait(), INTERVAL)

    async def _deliver_chunk(self, chunk: Chunk) -> None:
        for piece in _pieces("".join(chunk.parts)):
            self._deliver(piece, chunk.category, chunk.origin, None)
            await self._room()


def _pieces(text: str) -> Iterator[str]:
    """``text`` in pieces of at most `PIECE` characters, cut after a line end where there is one."""
    start = 0
    while len(text) - start > PIECE:
        end = text.rfind("\n", start, start + PIECE) + 1 or start + PIECE
        yield text[start:end]
        start = end
    yield text[start:]
