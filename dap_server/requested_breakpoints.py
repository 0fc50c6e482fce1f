"""What the client wants breakpoints on, whether or not there is a program yet.

Clients set breakpoints before ``launch``, and expect them to survive ``restart``: the wishes are
kept here and put to every new coordinator. A client knows a breakpoint by one number for good, so
the coordinator's numbers are translated.
"""

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from kernel.core import model as m
from kernel.core.ids import BreakpointId
from kernel.debug.coordinator import BreakpointRequest, DebugCoordinator

Key = tuple[str, ...]


@dataclass(slots=True)
class Wish:
    """All breakpoints of one kind (and source), as last asked for."""

    key: Key
    requests: tuple[BreakpointRequest, ...] = ()
    source: m.Source | None = None
    errors: tuple[m.ExceptionBreakpointSpec, ...] = ()
    shown: list[int] = field(default_factory=list)
    """The numbers the client got, in the order of the requests."""

    async def put_to(self, coordinator: DebugCoordinator) -> list[m.Breakpoint]:
        """Set them; one answer for each, in order."""
        match self.key[0]:
            case "line":
                assert self.source is not None
                return await coordinator.set_breakpoints(self.source, self.requests)
            case "function":
                return await coordinator.set_function_breakpoints(self.requests)
            case "data":
                return await coordinator.set_data_breakpoints(self.requests)
            case _:
                return await _set_errors(coordinator, self.errors)


class RequestedBreakpoints:
    """All wishes of one client, and the numbers it knows them by."""

    def __init__(self) -> None:
        self._wishes: dict[Key, Wish] = {}
        self._unmet: dict[Key, Wish] = {}
        self._numbers = itertools.count(1)
        self._shown: dict[BreakpointId, int] = {}

    def shown(self, number: BreakpointId) -> int:
        """The number a client knows the coordinator's breakpoint by."""
        if number not in self._shown:
            self._shown[number] = next(self._numbers)
        return self._shown[number]

    def remember(self, wish: Wish) -> None:
        """Take what the client wants from now on, for this kind and source."""
        self._wishes[wish.key] = self._unmet[wish.key] = wish

    def wants(self, kind: str) -> bool:
        """Whether the client said anything about this kind."""
        return any(key[0] == kind for key in self._wishes)

    def pending(self, wish: Wish, why: str) -> list[m.Breakpoint]:
        """The answers while there is no program: not verified, under numbers that will stay."""
        count = len(wish.requests) or len(wish.errors)
        wish.shown = [next(self._numbers) for _ in range(count)]
        lines = [each.line or None for each in wish.requests] or [None] * count
        return [
            m.Breakpoint(
                BreakpointId(-number),
                verified=False,
                message=why,
                source=wish.source,
                line=line,
                reason="pending",
            )
            for number, line in zip(self._bound_to_themselves(wish), lines, strict=True)
        ]

    def met(self, wish: Wish, answers: Sequence[m.Breakpoint]) -> None:
        """The coordinator answered a wish: its numbers are shown as the client knows them."""
        self._unmet.pop(wish.key, None)
        for known, answer in zip(wish.shown, answers, strict=False):
            self._shown[answer.id] = known
        wish.shown = [self.shown(answer.id) for answer in answers]

    def unmet(self) -> Iterator[Wish]:
        """The wishes that no coordinator has heard yet; may grow while it is read."""
        while self._unmet:
            yield self._unmet.pop(next(iter(self._unmet)))

    def start_over(self) -> None:
        """There will be another coordinator: all wishes are unmet, its numbers mean nothing yet."""
        self._shown.clear()
        self._unmet = dict(self._wishes)

    def _bound_to_themselves(self, wish: Wish) -> list[int]:
        # No coordinator hands out negative numbers, so these cannot be taken for one of its own.
        self._shown.update({BreakpointId(-number): number for number in wish.shown})
        return wish.shown


async def _set_errors(
    coordinator: DebugCoordinator, specs: Sequence[m.ExceptionBreakpointSpec]
) -> list[m.Breakpoint]:
    """Set those filters there are; a filter there is not costs only itself."""
    known = {each.filter for each in coordinator.debuggee.exception_filters}
    real = [each for each in specs if each.filter in known]
    answers = iter(await coordinator.set_exception_breakpoints(real))
    return [
        next(answers)
        if each.filter in known
        else m.Breakpoint(
            BreakpointId(-(2**31) + place),
            verified=False,
            message=f"There is no exception filter {each.filter!r}; "
            f"there are {', '.join(sorted(known))}.",
            reason="failed",
        )
        for place, each in enumerate(specs)
    ]
