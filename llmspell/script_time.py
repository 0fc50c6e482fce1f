"""ScriptTime: a script that runs alone runs no longer than it may."""

import os
import sys
import threading
from collections.abc import Callable
from types import TracebackType

from kernel.core.errors import KernelError
from llmspell.config.script_limits import TimeAllowed

GRACE = 2.0
"""Seconds a script has to end, as a cell has that a client interrupts."""

_FLUSH = 1.0
"""Seconds that what the script has printed has to get out when the process ends."""


class ScriptTime:
    """A context in which the script runs.

    When its time is over it is interrupted as by Ctrl-C. What hears of no interrupt (a coroutine, a
    C function, what LuaJIT has compiled) or goes on nevertheless ends with the process.
    """

    def __init__(
        self, allowed: TimeAllowed | None, press: Callable[[], None], tell: Callable[[str], int]
    ) -> None:
        """``press``: the break key. ``tell``: says what went wrong; gives the exit status."""
        self._allowed, self._press, self._tell = allowed, press, tell
        self._has_ended = threading.Event()
        self._is_over = False

    def __enter__(self) -> "ScriptTime":
        if self._allowed is not None:
            watch = threading.Thread(target=self._watch, args=(self._allowed,), daemon=True)
            watch.name = "script-time"
            watch.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self._has_ended.set()

    def explained(self, problem: str | None) -> str | None:
        """What the script ended with; where its time was over, that is said."""
        if problem is None or not self._is_over or self._allowed is None:
            return problem
        first, newline, traceback = problem.partition("\n")
        if first != "interrupted!":
            return problem
        return f"{_reason(self._allowed)}{newline}{traceback}"

    def _watch(self, allowed: TimeAllowed) -> None:
        if self._has_ended.wait(allowed.seconds):
            return
        self._is_over = True
        try:
            self._press()
        except KernelError:
            pass  # it cannot be interrupted here
        else:
            if self._has_ended.wait(GRACE):
                return
        status = self._tell(_reason(allowed))
        _flush()
        os._exit(status)


def _reason(allowed: TimeAllowed) -> str:
    return f"The script was ended: {allowed.reason()}."


def _flush() -> None:
    """Write what C holds back, unless its stream is in the hands of somebody who waits."""
    from kernel.execution.streams import CStdout

    sys.stderr.flush()
    writer = threading.Thread(target=CStdout().flush, daemon=True)
    writer.start()
    writer.join(_FLUSH)
