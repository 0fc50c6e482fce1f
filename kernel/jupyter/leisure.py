"""Leisure: what is loaded when a kernel is there and nobody asks it for anything.

What the first look (``inspect_request``, ``complete_request``, ``debug_request``) needs takes
longer to load than a kernel to start, and would hold up the first cell if it were loaded at once.
So it is loaded piece by piece in a thread, each when nothing has been asked for a while; whoever
asks before that has it loaded then, in a thread as well.
"""

import asyncio
import logging
import sys
from collections.abc import Callable, Sequence

from kernel.jupyter.kernel import JupyterKernel

QUIET = 1.0
"""Seconds in which nothing is asked, before something is loaded."""

TURN = 0.0005
"""Seconds after which the thread that loads lets others go on; Python's own is ten times that."""

_log = logging.getLogger(__name__)


async def spend_leisure(
    kernel: JupyterKernel, pieces: Sequence[Callable[[], object]], quiet: float = QUIET
) -> None:
    """Load the pieces in their order. What cannot be loaded is told to whoever asks for it."""
    for piece in pieces:
        while (rest := quiet - kernel.seconds_unasked) > 0:
            await asyncio.sleep(rest)
        try:
            await asyncio.to_thread(_load, piece)
        except Exception:
            _log.debug("%r could not be loaded ahead", piece, exc_info=True)


def _load(piece: Callable[[], object]) -> None:
    """In a thread that gives way: a cell that begins now goes to and fro between threads."""
    usual = sys.getswitchinterval()
    sys.setswitchinterval(TURN)
    try:
        piece()
    finally:
        sys.setswitchinterval(usual)
