"""What the program does, as far as somebody at a prompt is concerned."""

from collections.abc import Mapping
from enum import StrEnum


class State(StrEnum):
    """Decides which commands are legal, and what a bare word means."""

    IDLE = "idle"
    """No cell runs: what is typed is code."""
    RUNNING = "running"
    """A cell runs, of this client or of another."""
    STOPPED = "stopped"
    """The program stands in the debugger."""
    OVER = "over"
    """No cell runs, and what is left of one that has failed is looked at."""


WAYS_OUT: Mapping[State, str] = {
    State.RUNNING: "pause stops it, interrupt ends it.",
    State.STOPPED: "kill ends it, continue has it go on.",
    State.OVER: "continue goes back to the prompt.",
    State.IDLE: ".run FILE and code run it, breakpoints stop it.",
}
"""What brings the program into another state."""

ALWAYS = frozenset(State)
STOPPED = frozenset({State.STOPPED})
LOOKING = frozenset({State.STOPPED, State.OVER})
READY = frozenset({State.IDLE, State.OVER})
RUNNING = frozenset({State.RUNNING})
IDLE = frozenset({State.IDLE})
