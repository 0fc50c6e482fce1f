"""ProgramConsole: what a program writes, reads and tells, on its way to those who debug it.

An engine gives it what the script prints (`write`) and all its events (`begin`); C libraries and
children write to the descriptors. All of it reaches the listener in one order, on the loop's
thread. What a user types goes the other way (`feed`).
"""

import contextlib
from collections.abc import Awaitable, Callable

import anyio

from kernel.core.model import Source
from kernel.debug.debuggee import Listener
from kernel.events import model as e
from kernel.execution.input import InputPipe
from kernel.execution.output import CaptureMode, Origin, OutputCapture

END_OF_INPUT = ("\x04", "^D")
"""What ends the input when it is typed as a line: ASCII's End of Transmission, and its picture."""

LAST_OUTPUT = 5.0
"""Seconds a client has to take a program's last output before its end is told all the same."""


class ProgramConsole:
    """The standard streams of this process, as the programs have them that run in it."""

    def __init__(self, mode: CaptureMode, has_input: bool) -> None:
        """``has_input``: stdin is the user's own, not what `feed` gives. Made on the loop."""
        self._mode = mode
        self._capture = OutputCapture(mode, self._written, self._wait_for_room)
        self._input = None if has_input else InputPipe()
        self._listener: Listener = lambda _: None
        self._flush: Callable[[], Awaitable[None]] | None = None
        self._waiting: anyio.CancelScope | None = None
        self._capture.start()

    # --- the loop's side ------------------------------------------------------------------------

    def begin(self, listener: Listener) -> Listener:
        """A new program begins and ``listener`` is told what is written from now on.

        Gives what the engine shall tell the program's events to, on any thread: they arrive behind
        all that was written before.
        """
        self._listener = listener
        return lambda event: self._capture.post(lambda: listener(event))

    def client_came(self, flush: Callable[[], Awaitable[None]]) -> None:
        """A client is there; programs that write wait while it has not taken what was sent."""
        self._flush = flush

    def client_left(self) -> None:
        """Nobody has to be waited for."""
        self._flush = None
        if self._waiting is not None:
            self._waiting.cancel()

    def feed(self, text: str) -> bool:
        """Give a line to a program that waits for one; False if none does.

        A line that is Ctrl-D (U+0004, or ``^D``) ends the input that it waits for.
        """
        if self._input is None or not self._input.is_awaited:
            return False
        if text.strip() not in END_OF_INPUT:
            return self._input.feed(text)
        self._input.end_this()
        return True

    def end_input(self) -> None:
        """A program that waits for input sees its end."""
        if self._input is not None and self._input.is_awaited:
            self._input.end_this()

    def drain(self) -> None:
        """Collect what was written so far; for the thread of a script that ends."""
        self._capture.drain()

    async def close(self) -> None:
        """Give the descriptors back; output that nobody took is lost."""
        with contextlib.suppress(OSError):
            await self._capture.close()
        if self._input is not None:
            self._input.close()

    async def flush(self) -> None:
        """Wait until the client has what was written, but not for ever."""
        await self._capture.flush(LAST_OUTPUT)

    # --- the script's side ----------------------------------------------------------------------

    def write(
        self,
        data: bytes,
        category: str,
        source: Source | None = None,
        line: int | None = None,
        group: str | None = None,
    ) -> None:
        """The script wrote ``data`` to ``stdout`` or ``stderr``, or the debugger to ``console``."""
        origin = Origin(source, line) if source is not None and line is not None else None
        self._capture.write(data, category, origin, group)

    def mark(self, source: Source | None, line: int | None) -> None:
        """What comes through the descriptors from now on is written by this place."""
        self._capture.mark(Origin(source, line) if source and line else None)

    def waits_for_input(self, is_waiting: bool) -> None:
        """The script begins or ends to wait for a line."""
        if self._input is not None:
            self._input.note_waiting(is_waiting)

    # --- between --------------------------------------------------------------------------------

    def _written(self, text: str, category: str, origin: Origin | None, group: str | None) -> None:
        source, line = (origin.source, origin.line) if origin else (None, None)
        self._listener(e.OutputWritten(text, category, source, line, group))

    async def _wait_for_room(self) -> None:
        if self._flush is not None:
            with anyio.CancelScope() as self._waiting:
                await self._flush()
            self._waiting = None
