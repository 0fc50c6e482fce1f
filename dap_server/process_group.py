"""The group of processes that a program and what it starts belong to."""

import contextlib
import os
import signal


def lead_group() -> None:
    """Make this process the first of a group, unless it is or the system has none."""
    if hasattr(os, "setsid"):
        with contextlib.suppress(PermissionError):  # it leads one already
            os.setsid()


def ending_signals() -> tuple[signal.Signals, ...]:
    """The signals by which a process is asked to end, SIGINT first.

    SIGHUP, which says that the terminal is gone, is one unless it is ignored, as under ``nohup``.
    """
    asked = (signal.SIGINT, signal.SIGTERM)
    if not hasattr(signal, "SIGHUP") or signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        return asked
    return (*asked, signal.SIGHUP)


def interrupt_children() -> None:
    """Interrupt what this process has started, as Ctrl-C does on a terminal; not itself.

    That ends commands that are waited for; what a shell was to leave in the background goes on.
    Nothing happens in a process that leads no group. To be called on the main thread.
    """
    if not hasattr(os, "killpg") or os.getpgrp() != os.getpid():
        return
    heard = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        os.killpg(os.getpid(), signal.SIGINT)
    finally:
        signal.signal(signal.SIGINT, signal.SIG_DFL if heard is None else heard)
