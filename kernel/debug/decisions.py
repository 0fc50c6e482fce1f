"""What becomes of a stop before anybody hears of it: it stands, or the program goes on.

A `Decide` is asked by `DebugCoordinator` for every stop of the debuggee. The program stands
meanwhile and can be looked at; clients see it running. `kernel.debug.stop_hooks` makes one out of
hooks.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from kernel.events.model import Stopped


@dataclass(frozen=True, slots=True)
class Assignment:
    """Something assignable in the frame the program stands in, and an expression for its value.

    Both are in the debuggee's language.
    """

    expression: str
    value: str


@dataclass(frozen=True, slots=True)
class AddedStop:
    """A line the program shall stop at, though no client has set a breakpoint there."""

    path: str
    line: int
    condition: str | None = None


@dataclass(frozen=True, slots=True)
class StopDecision:
    """First values are set and stops are added; then the program stands or goes on.

    Where it goes on, a step that was under way is made again from there.
    """

    goes_on: bool = False
    assignments: tuple[Assignment, ...] = ()
    stops: tuple[AddedStop, ...] = ()
    reason: str = ""


STAND = StopDecision()
"""The stop is told as if nobody had been asked."""

Decide = Callable[[Stopped], Awaitable[StopDecision] | None]
"""Called on the loop's thread; None: there is nothing to decide, so nothing is waited for."""
