"""WantedStops: where the clients of a program want it to stop, so that it can be kept."""

from dataclasses import dataclass, replace

from kernel.core import model as m
from kernel.debug.coordinator import BreakpointRequest


@dataclass(frozen=True, slots=True)
class SourceStops:
    """The line breakpoints of one file."""

    path: str
    requests: tuple[BreakpointRequest, ...]


@dataclass(frozen=True, slots=True)
class WantedStops:
    """Breakpoints that mean the same in the next run; those on data and in chunks do not."""

    lines: tuple[SourceStops, ...] = ()
    functions: tuple[BreakpointRequest, ...] = ()
    errors: tuple[m.ExceptionBreakpointSpec, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether nobody wants anything."""
        return not (self.lines or self.functions or self.errors)


def nobodys(requests: tuple[BreakpointRequest, ...]) -> tuple[BreakpointRequest, ...]:
    """Each once, whoever wants it."""
    return tuple(dict.fromkeys(replace(each, owner="") for each in requests))
