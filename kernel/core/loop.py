"""EventLoop: the one event-loop thread of a process, and the doors to it from other threads.

Which thread is what
--------------------
A process has at most one event loop. All protocol work, every callback of a debuggee and every
asynchronous client a script causes run on it; it is asyncio, so whatever is written with anyio
runs here too. Where a script is debugged the loop has the process's *main* thread (`run`),
because signals are delivered there. Where the main thread belongs to somebody else (a notebook, a
test, a program that embeds the kernel) the loop has a daemon thread of its own (`start`).

A script never has the loop's thread: each language runtime lives in one Python thread of its own
with a stack of its own size, and speaks to the loop through `call_soon` and `run_coroutine`.
"""

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, ParamSpec, TypeVar

T = TypeVar("T")
P = ParamSpec("P")

START_DEADLINE = 10.0
"""Seconds a loop may take to come up or go down."""


class EventLoop:
    """An asyncio loop in one thread; every method but `run` may be called from any thread."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()
        self._ready = threading.Event()
        self._end: asyncio.Event | None = None

    # --- giving it a thread ---------------------------------------------------------------------

    def run(self, main: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Run the loop in this thread until ``main()`` is done; returns or raises what it does.

        Tasks still there are cancelled. A signal handler is the business of ``main``.
        """
        with asyncio.Runner() as runner:
            self._loop = runner.get_loop()
            self._ready.set()
            try:
                return runner.run(main())
            finally:
                self._ready.clear()
                self._loop = None

    def start(self) -> None:
        """Run the loop in a daemon thread until `stop`; harmless when it runs already."""
        with self._starting:
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self.run, args=(self._idle,), name="event-loop", daemon=True
                )
                self._thread.start()
        # Also who comes while another thread starts it may count on it afterwards.
        if not self._ready.wait(START_DEADLINE):
            raise RuntimeError("The event loop did not start.")

    def stop(self) -> None:
        """End the thread that `start` made, cancelling its tasks; harmless when done twice."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        self.call_soon(self._request_end)
        thread.join(START_DEADLINE)

    async def _idle(self) -> None:
        self._end = asyncio.Event()
        await self._end.wait()

    def _request_end(self) -> None:
        if self._end is not None:
            self._end.set()

    # --- the doors ------------------------------------------------------------------------------

    @property
    def is_running(self) -> bool:
        """Whether a call made now would be heard."""
        return self._loop is not None

    def call_soon(self, function: Callable[P, object], *args: P.args, **kwargs: P.kwargs) -> bool:
        """Call ``function`` on the loop's thread, in the order of the calls; do not wait.

        False says that the loop has ended and the call is dropped: who reports the end of a script
        to a loop that is gone has nothing to repair.
        """
        loop = self._loop
        if loop is None:
            return False
        try:
            loop.call_soon_threadsafe(lambda: function(*args, **kwargs))
        except RuntimeError:  # closed between the two lines above
            return False
        return True

    def submit(self, coroutine: Coroutine[Any, Any, T]) -> "Future[T]":
        """Begin a coroutine on the loop, from any thread; do not wait.

        Raises `RuntimeError` when the loop does not run.
        """
        loop = self._loop
        if loop is None:
            coroutine.close()
            raise RuntimeError("The event loop does not run.")
        return asyncio.run_coroutine_threadsafe(coroutine, loop)

    def run_coroutine(self, coroutine: Coroutine[Any, Any, T], deadline: float | None = None) -> T:
        """Run a coroutine on the loop and wait for its result in this (other) thread.

        Raises what the coroutine raises, `TimeoutError` after ``deadline`` seconds (the coroutine
        is cancelled then), and `RuntimeError` when the loop does not run or this is its thread,
        where waiting would never end.
        """
        loop = self._loop
        if loop is None or _running_here(loop):
            coroutine.close()
            raise RuntimeError("Waiting for the loop needs a loop that runs in another thread.")
        future: Future[T] = asyncio.run_coroutine_threadsafe(coroutine, loop)
        try:
            return future.result(deadline)
        except TimeoutError:
            future.cancel()
            raise


def _running_here(loop: asyncio.AbstractEventLoop) -> bool:
    try:
        return asyncio.get_running_loop() is loop
    except RuntimeError:
        return False
