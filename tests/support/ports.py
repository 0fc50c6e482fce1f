"""Ports that are free now, and still are when somebody comes to them later.

The system gives away ports of its own range (from 32768 on, Linux) to whoever asks for any; one of
those that was free a moment ago may be another test's by now. These lie below.
"""

import contextlib
import os
import socket

FIRST, BEYOND = 20_000, 32_000
MOST = 5000
"""How far from `FIRST` processes begin to look, so that two of them seldom look at the same."""


def free_port(in_a_row: int = 1) -> int:
    """The first of so many in a row that nobody has on 127.0.0.1."""
    for first in range(FIRST + os.getpid() * in_a_row % MOST, BEYOND, in_a_row):
        with contextlib.ExitStack() as tried, contextlib.suppress(OSError):
            for port in range(first, first + in_a_row):
                tried.enter_context(socket.socket()).bind(("127.0.0.1", port))
            return first
    raise AssertionError(f"there are no {in_a_row} free ports in a row")


def is_open(port: int) -> bool:
    """Whether somebody listens there; servers say so a moment before they do."""
    with socket.socket() as peer:
        return peer.connect_ex(("127.0.0.1", port)) == 0
