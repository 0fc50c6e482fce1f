"""Keys pressed while no prompt is on the screen wait, as they were pressed, for the next one."""

import contextlib
import sys
from collections.abc import Iterator

with contextlib.suppress(ImportError):  # Windows has no termios, and no line discipline either
    import termios

LOCAL_FLAGS, INPUT_FLAGS, CHARACTERS = 3, 0, 6
"""Places in what ``tcgetattr`` gives."""


@contextlib.contextmanager
def keys_kept() -> Iterator[None]:
    """Take the terminal out of canonical mode (POSIX.1-2024, 11.1.6) until the end of this.

    In canonical mode the line discipline edits what comes between two prompts: it shows it, and a
    Ctrl-D it hears there is gone. Signals stay on, so that Ctrl-C interrupts.
    """
    try:
        before = termios.tcgetattr(sys.stdin)
    except (NameError, termios.error, ValueError, OSError):
        yield
        return
    flags = termios.tcgetattr(sys.stdin)
    flags[LOCAL_FLAGS] &= ~(termios.ICANON | termios.ECHO)
    flags[INPUT_FLAGS] &= ~termios.ICRNL
    flags[CHARACTERS][termios.VMIN], flags[CHARACTERS][termios.VTIME] = 1, 0
    termios.tcsetattr(sys.stdin, termios.TCSANOW, flags)
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSANOW, before)
