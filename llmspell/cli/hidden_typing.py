"""Standard input that is not seen while it is typed, as a password."""

import contextlib
import sys
import termios
from collections.abc import Iterator

_LOCAL = 3
"""Where in the list of `termios.tcgetattr` the local modes are."""


@contextlib.contextmanager
def hidden_typing() -> Iterator[None]:
    """Show nothing of what is typed meanwhile but the line's end; no terminal is left alone."""
    try:
        fd = sys.stdin.fileno()
        before = termios.tcgetattr(fd)
    except (OSError, ValueError, termios.error):  # a file, a pipe, nothing
        yield
        return
    hidden = [*before]
    hidden[_LOCAL] = before[_LOCAL] & ~termios.ECHO | termios.ECHONL
    termios.tcsetattr(fd, termios.TCSADRAIN, hidden)
    try:
        yield
    finally:
        termios.tcsetattr(fd, termios.TCSADRAIN, before)
