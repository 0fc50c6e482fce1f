"""ScriptTime: a script that runs alone runs no longer than it may."""

import threading
from collections.abc import Callable
from types import TracebackType

from llmspell.config.script_limits import TimeAllowed
from llmspell.script_end import end_process

GRACE = 2.0
"""Seconds a script has to end, as a cell has that a client interrupts."""


class ScriptTime:
    """A context in which the script runs.

    When its time is over it is interrupted as by Ctrl-C. What hears of no interrupt (a coroutine, a
    C function, what LuaJIT has compiled) ends with the process.
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
        self._press()
        if not self._has_ended.wait(GRACE):
            end_process(self._tell(_reason(allowed)))


def _reason(allowed: TimeAllowed) -> str:
    return f"The script was ended: {allowed.reason()}."
