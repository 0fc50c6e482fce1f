"""What the probe has to know: which probes and which lines stand for which breakpoints."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from kernel.core.model import (
    BreakpointSpec,
    DataBreakpointSpec,
    FunctionBreakpointSpec,
    HitCondition,
)
from lua_debug.chunks import Chunk
from lua_debug.places import Place
from lua_debug.syntax.loops import for_head
from lua_debug.syntax.outline import parse
from lua_debug.syntax.placement import owners
from lua_debug.syntax.probes import line_of
from lua_debug.syntax.revisits import revisits_of

AnySpec = BreakpointSpec | FunctionBreakpointSpec


class Arming:
    """Collects what the probe has to know: which probes and which lines stand for what."""

    def __init__(self) -> None:
        self._probes: dict[int, dict[str, Any]] = {}
        self._lines: dict[bytes, dict[int, list[int]]] = {}
        self._loops: dict[bytes, dict[int, dict[str, Any]]] = {}
        self._entries: dict[bytes, dict[int, dict[int, bool]]] = {}
        self._owners: dict[bytes, dict[int, dict[int, bool]]] = {}
        self._probed: dict[bytes, dict[int, int]] = {}
        self._marks: dict[bytes, dict[int, bool]] = {}
        self._unmarked: set[bytes] = set()

    def add(self, chunks: Sequence[Chunk], places: Sequence[list[tuple[AnySpec, Place]]]) -> None:
        """Chunks of one raw source and the places of breakpoints in each.

        A line hook cannot tell them from each other, so a breakpoint is reached by probes only if
        all of them have one for it.
        """
        raw = chunks[0].raw.encode("latin-1")
        unreached = {
            spec.id
            for chunk, found in zip(chunks, places, strict=True)
            for spec, place in found
            if _probe_for(chunk, place) is None
        }
        for chunk, found in zip(chunks, places, strict=True):
            for spot, own in chunk.probes.items():
                self._probes[own] = {"ids": [], "is_single": spot in chunk.single}
                if not isinstance(spot, tuple):
                    line = line_of(spot)
                    last = revisits_of(chunk.places.text).get(line, line)
                    self._probed.setdefault(raw, {})[line] = last
            for spec, place in found:
                probe = _probe_for(chunk, place)
                if probe is None or spec.id in unreached:
                    self._add_line(raw, chunk, place.without_probe or place, spec.id)
                else:
                    self._probes[probe]["ids"].append(spec.id)

    def _add_line(self, raw: bytes, chunk: Chunk, place: Place, number: int) -> None:
        numbers = self._lines.setdefault(raw, {}).setdefault(place.line, [])
        if number not in numbers:
            numbers.append(number)
        if place.function:
            functions = self._entries.setdefault(raw, {}).setdefault(place.line, {})
            functions[place.function] = True
        self._add_marks(raw, chunk, place.line)
        self._add_owners(raw, chunk, place.line)
        head = for_head(chunk.places.text, place.line)
        if head is not None:
            self._loops.setdefault(raw, {})[place.line] = asdict(head)

    def _add_owners(self, raw: bytes, chunk: Chunk, line: int) -> None:
        """In which functions a line is visited; no entries where that is in any."""
        of_line = self._owners.setdefault(raw, {})
        known = of_line.get(line)
        found = owners(line, parse(chunk.places.text), chunk.places.functions)
        if found is None or known == {}:
            of_line[line] = {}
        else:
            of_line[line] = {**(known or {}), **dict.fromkeys(found, True)}

    def _add_marks(self, raw: bytes, chunk: Chunk, line: int) -> None:
        around = chunk.marks_around(line)
        if around is None:
            self._unmarked.add(raw)
        else:
            self._marks.setdefault(raw, {}).update(dict.fromkeys(around, True))

    def command(self, number: int, specs: Iterable[AnySpec]) -> dict[str, Any]:
        """The probe's ``arm`` operation; of several, that with the largest number counts."""
        return {
            "op": "arm",
            "number": number,
            "specs": {spec.id: described(spec) for spec in specs},
            "probes": self._probes,
            "lines": self._lines,
            "entries": self._entries,
            "owners": self._owners,
            "loops": self._loops,
            "probed": self._probed,
            "marks": {raw: self._marks[raw] for raw in self._marks.keys() - self._unmarked},
        }


def _probe_for(chunk: Chunk, place: Place) -> int | None:
    """The probe of a place; for a column, that of its line will do."""
    probe = chunk.probes.get(place.spot)
    return chunk.probes.get(place.line) if probe is None and place.column else probe


def described(spec: AnySpec | DataBreakpointSpec) -> dict[str, Any]:
    """A specification as the probe wants it; ``key`` changes whenever anything of it does."""
    described: dict[str, Any] = {"id": spec.id, "key": repr(spec)}
    if spec.condition:
        described["condition"] = spec.condition
    if isinstance(spec.hit_condition, HitCondition):
        all_of_them = (spec.hit_condition, *spec.hit_condition.further)
        described["counts"] = [[str(each.operator), each.count] for each in all_of_them]
    if isinstance(spec, FunctionBreakpointSpec):
        described["reason"] = "function breakpoint"
    elif isinstance(spec, BreakpointSpec) and spec.log_message:
        described["log"] = list(spec.log_message.parts)
    return described
