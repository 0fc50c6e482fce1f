"""ScriptBreak: Ctrl-C ends a script that runs alone, whatever it is at."""

import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from types import TracebackType

from llmspell.script_end import end_process

INTERRUPTED = 130
"""The exit status: what shells say of a command that ended by Ctrl-C."""

_GRACE = 1.0
"""Seconds until a script that does not hear of it ends with the process."""

_WORDS = "interrupted!"


class ScriptBreak:
    """A context in which the script runs.

    At Ctrl-C it is interrupted where it is, or where it waits for input. What hears of no interrupt
    (a coroutine, a C function, what LuaJIT has compiled) ends with the process, and at the second
    press everything does.
    """

    def __init__(self, press: Callable[[], None], tell: Callable[[str], int]) -> None:
        """``press``: the break key. ``tell``: says what went wrong."""
        self._press, self._tell = press, tell
        self._has_ended = threading.Event()
        self.is_pressed = False
        self._listens = (
            sys.platform != "win32" and threading.current_thread() is threading.main_thread()
        )

    def __enter__(self) -> "ScriptBreak":
        if self._listens:
            # Python runs signal handlers between two steps of Python, and there are none while Lua
            # runs; but the byte that tells of the signal is written at once, and another thread can
            # read it.
            told, teller = socket.socketpair()
            teller.setblocking(False)
            signal.signal(signal.SIGINT, _pass)
            signal.siginterrupt(signal.SIGINT, False)  # a read waits until the hook is set
            signal.signal(signal.SIGURG, _pass)
            signal.set_wakeup_fd(teller.fileno(), warn_on_full_buffer=False)
            watch = threading.Thread(target=self._watch, args=(told, teller), daemon=True)
            watch.name = "break-key"
            watch.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _traceback: TracebackType | None,
    ) -> None:
        self._has_ended.set()
        if self._listens:
            signal.signal(signal.SIGINT, signal.SIG_DFL)  # as lua.c hears of it while a script runs

    def explained(self, problem: str | None) -> str | None:
        """What the script ended with; a script that got to its end in that moment, too."""
        return _WORDS if problem is None and self.is_pressed else problem

    def _watch(self, told: socket.socket, _teller: socket.socket) -> None:
        _wait_for_interrupt(told)
        self.is_pressed = True
        again = threading.Thread(target=_die_of_the_next, args=(told,), daemon=True)
        again.start()
        self._press()
        # It may stand in a read, which this ends: Python's handlers let the system's calls end.
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGURG)
        if not self._has_ended.wait(_GRACE):
            self._tell(_WORDS)
            end_process(INTERRUPTED)


def _pass(_number: int, _frame: object) -> None:
    """Nothing: see `ScriptBreak.__enter__`."""


def _wait_for_interrupt(told: socket.socket) -> None:
    while told.recv(1) != bytes([signal.SIGINT]):
        pass


def _die_of_the_next(told: socket.socket) -> None:
    """As whom nobody taught anything about Ctrl-C, so that a shell script stops as well."""
    import ctypes

    _wait_for_interrupt(told)
    ctypes.CDLL(None).signal(signal.SIGINT, 0)  # Python's own may be called in the main thread only
    os.kill(os.getpid(), signal.SIGINT)
