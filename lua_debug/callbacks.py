"""LuaCallback: a Lua function that the host keeps, by a number that only Lua can resolve."""

import sys
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, Protocol

from kernel.core.errors import KernelError, ScriptFailed


class ScriptEnds(KernelError):
    """The script is made to end while a function of it runs for the host; nothing may keep it."""

    def __init__(self) -> None:
        super().__init__("the script is made to end")


class Caller(Protocol):
    """The script's side of callbacks."""

    def is_here(self) -> bool:
        """Whether this is the script's thread."""

    def call_kept(self, number: int, arguments: Sequence[Any]) -> str:
        """Call a function of the script, on its thread; the packed answer."""

    def results(self, packed: str) -> Any:
        """What a packed answer holds."""

    def put_off(self, job: Callable[[], None]) -> None:
        """Run a job at the script's next safe point, from any thread."""

    async def call_at_stop(self, number: int, arguments: Sequence[Any]) -> str:
        """Call a function as an evaluation, where the script stands; the packed answer."""


class LuaCallback:
    """Implements `Callback`. When the last reference goes, Lua is told with the next answer."""

    def __init__(self, caller: Caller, number: int, released: "deque[int]") -> None:
        self._caller = caller
        self._number = number
        self._released = released

    def __del__(self) -> None:
        self._released.append(self._number)

    def call(self, *arguments: Any) -> Any:
        """Call it and wait; at once on the script's thread, elsewhere at its next safe point.

        Raises `RuntimeError` on a thread that runs an event loop: the script may wait for that.
        """
        if self._caller.is_here():
            return self._called(arguments)
        if _runs_a_loop():
            raise RuntimeError("Here a script's function is called with call_soon.")
        future: Future[Any] = Future()
        self._caller.put_off(lambda: _settle(future, lambda: self._called(arguments)))
        return future.result()

    def call_soon(self, *arguments: Any, done: Callable[[Any], object] | None = None) -> None:
        """Have it called at the script's next safe point; ``done`` hears what came of it."""

        def job() -> None:
            try:
                result = self._called(arguments)
            except ScriptFailed as error:
                result = error
            if done is not None:
                done(result)

        self._caller.put_off(job)

    async def call_at_stop(self, *arguments: Any) -> Any:
        """Call it as an evaluation, also where a debugger has stopped the script."""
        return self._given(await self._caller.call_at_stop(self._number, arguments))

    def _called(self, arguments: Sequence[Any]) -> Any:
        return self._given(self._caller.call_kept(self._number, arguments))

    def _given(self, answer: str) -> Any:
        if answer[:1] == "-":
            raise ScriptFailed(answer[1:].encode("latin-1").decode("utf-8", "backslashreplace"))
        if answer == "x":
            raise ScriptEnds
        return self._caller.results(answer)


def _runs_a_loop() -> bool:
    if "asyncio" not in sys.modules:
        return False
    try:
        sys.modules["asyncio"].get_running_loop()
    except RuntimeError:
        return False
    return True


def _settle(future: "Future[Any]", work: Callable[[], Any]) -> None:
    try:
        future.set_result(work())
    except ScriptEnds as error:
        future.set_exception(error)
        raise
    except Exception as error:
        future.set_exception(error)
