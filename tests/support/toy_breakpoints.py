"""The breakpoints of a toy program, and what they do where the program gets to."""

import itertools
from collections import Counter
from collections.abc import Callable, Sequence

from kernel.core import model as m
from kernel.core.ids import BreakpointId, ThreadId
from kernel.events import model as e
from tests.support import toy_language as toy

MAIN = ThreadId(1)
Spec = m.BreakpointSpec | m.FunctionBreakpointSpec | m.DataBreakpointSpec

_COMPARES: dict[m.HitOperator, Callable[[int, int], bool]] = {
    m.HitOperator.EQUAL: lambda hits, count: hits == count,
    m.HitOperator.GREATER: lambda hits, count: hits > count,
    m.HitOperator.GREATER_EQUAL: lambda hits, count: hits >= count,
    m.HitOperator.LESS: lambda hits, count: hits < count,
    m.HitOperator.LESS_EQUAL: lambda hits, count: hits <= count,
    m.HitOperator.EVERY: lambda hits, count: hits % count == 0,
}


class ToyBreakpoints:
    """All kinds of them; a client sets the lists."""

    def __init__(self, log: Callable[[str], None]) -> None:
        self.lines: dict[str, Sequence[m.BreakpointSpec]] = {}
        self.functions: Sequence[m.FunctionBreakpointSpec] = ()
        self.watches: Sequence[m.DataBreakpointSpec] = ()
        self.errors: Sequence[m.ExceptionBreakpointSpec] = ()
        self._log = log
        self._hits: Counter[BreakpointId] = Counter()
        self._seen: dict[str, object] = {}

    def clear(self) -> None:
        """Forget all of them."""
        self.lines, self.functions, self.watches, self.errors = {}, (), (), ()

    def watch(self, specs: Sequence[m.DataBreakpointSpec], globals_: dict[str, object]) -> None:
        """Stop when these globals are other than they are now."""
        self.watches = specs
        self._seen = {each.data_id: globals_.get(each.data_id) for each in specs}

    async def reached(self, program: toy.Toy, path: str) -> e.Stopped | None:
        """What the next statement, which the program is about to run, stops on."""
        frame = program.frames[-1]
        is_entered, frame.is_new = frame.is_new, False
        kinds: list[tuple[m.StopReason, list[Spec]]] = [
            (
                m.StopReason.DATA_BREAKPOINT,
                [each for each in self.watches if self._has_changed(each.data_id, program)],
            ),
            (
                m.StopReason.FUNCTION_BREAKPOINT,
                [each for each in self.functions if is_entered and each.name == frame.name],
            ),
            (
                m.StopReason.BREAKPOINT,
                [each for each in self.lines.get(path, ()) if each.line == frame.line],
            ),
        ]
        for reason, specs in kinds:
            if hit := [each.id for each in specs if await self._stops(each, program)]:
                return e.Stopped(MAIN, reason, breakpoints=tuple(hit))
        return None

    def failed(self, error: toy.ToyError) -> e.Stopped | None:
        """What an error that nothing catches stops on."""
        if not self.errors:
            return None
        numbers = tuple(each.id for each in self.errors if each.id)
        return e.Stopped(MAIN, m.StopReason.EXCEPTION, text=str(error), breakpoints=numbers)

    def _has_changed(self, name: str, program: toy.Toy) -> bool:
        before, self._seen[name] = self._seen[name], program.globals.get(name)
        return before is not self._seen[name]

    async def _stops(self, spec: Spec, program: toy.Toy) -> bool:
        """Whether a breakpoint that was reached counts and stops; a log point writes instead."""
        frame = program.frames[-1]
        if spec.condition and not await program.evaluate(spec.condition, frame):
            return False
        self._hits[spec.id] += 1
        wanted = (spec.hit_condition, *spec.hit_condition.further) if spec.hit_condition else ()
        if not all(_COMPARES[it.operator](self._hits[spec.id], it.count) for it in wanted):
            return False
        log = spec.log_message if isinstance(spec, m.BreakpointSpec) else None
        if log is not None:
            parts = zip(log.parts, itertools.cycle([False, True]), strict=False)
            texts = [
                toy.plain(await program.evaluate(part, frame)) if is_code else part
                for part, is_code in parts
            ]
            self._log("".join(texts) + "\n")
        return log is None
