"""How wide help is."""

import contextlib
import os

WIDEST = 100


def help_width() -> int:
    """Columns for help: those of the terminal, or of COLUMNS, but at most `WIDEST`."""
    with contextlib.suppress(ValueError):
        return min(int(os.environ["COLUMNS"]), WIDEST) if os.environ.get("COLUMNS") else _seen()
    return WIDEST


def _seen() -> int:
    with contextlib.suppress(OSError):
        return min(os.get_terminal_size(1).columns or WIDEST, WIDEST)
    return WIDEST
