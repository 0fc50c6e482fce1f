"""ReplSettings: how one REPL begins."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ReplSettings:
    """What the command line says."""

    title: str = "llmspell REPL"
    label: str = ""
    """The language with its version, for people."""
    kernel: str = "embedded"
    """How the status line calls the kernel."""
    first: Sequence[str] = ()
    """Lines that are carried out before any is read."""
    stops_on_errors: bool = True
    """Whether scripts stop in the debugger where an error is raised that nobody catches."""
    greets: bool = True
    repeats: str = ""
    """The command that Enter alone means at first."""
    is_shared: bool = False
    """Whether the kernel is one that others use, too, and may end while this is at it."""
    shows_stops: bool = False
    """Whether what stops for others is shown from the beginning, not only once this debugs."""
