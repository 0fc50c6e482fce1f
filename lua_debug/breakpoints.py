"""Which breakpoints there are, in which chunks they lie, and how each is reached.

A breakpoint known when its chunk is loaded is compiled into the text as a source probe; one that
comes later, or lies where no probe can stand, is reached by the line hook. The table is used by the
loop's thread (breakpoints are set) and by the Lua thread (chunks are loaded), one at a time.
"""

import itertools
import os
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kernel.core.ids import BreakpointId
from kernel.core.model import (
    Breakpoint,
    BreakpointLocation,
    BreakpointSpec,
    FunctionBreakpointSpec,
)
from lua_debug.arming import AnySpec, Arming
from lua_debug.chunks import Chunk, Chunks, Form
from lua_debug.exchanges import Exchanges, missing
from lua_debug.function_names import parse_function_name
from lua_debug.original_places import original_locations, original_places
from lua_debug.origins import Origins
from lua_debug.places import Place, TextPlaces
from lua_debug.refusals import Refusals
from lua_debug.sources import Sources
from lua_debug.syntax.active_lines import ActiveLines, FunctionLines, LuaSyntaxError
from lua_debug.syntax.probes import Spot
from lua_debug.syntax.slices import function_slice
from lua_debug.written import Watched, written

Emit = Callable[[Breakpoint], None]


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a chunk being loaded becomes: its text with probes, the command that arms them."""

    text: bytes | None
    command: Mapping[str, Any] | None


class BreakpointTable:
    """All line and function breakpoints of one debuggee."""

    def __init__(
        self,
        lines: ActiveLines,
        sources: Sources,
        refusals: Refusals,
        *,
        safepoints: bool,
        emit: Emit,
    ) -> None:
        self._lines = lines
        self._sources = sources
        self._refusals = refusals
        self._safepoints = safepoints
        self._emit = emit
        self._lock = threading.RLock()
        self._specs: dict[str, list[BreakpointSpec]] = {}
        self._functions: list[FunctionBreakpointSpec] = []
        self._chunks = Chunks(lines, safepoints=safepoints, is_passing=self._is_passing)
        self._exchanges = Exchanges(self._chunks)
        self._told: dict[BreakpointId, Breakpoint] = {}
        self._numbers = itertools.count(1)
        self._program: str | None = None
        self._expected: str | None = None
        self._expected_folder: str | None = None
        self._as_run: Callable[[bytes], bytes] = bytes
        self._program_text: TextPlaces | None = None

    def expect(self, program: str) -> None:
        """The path of the main program: its breakpoints are verified before it is loaded."""
        self._program = program
        self._expected = self._sources.key_of(_raw(program))

    def expect_below(self, folder: str, as_run: Callable[[bytes], bytes]) -> None:
        """The same for every file of a folder: what is there will be run, ``as_run``."""
        self._as_run = as_run
        self._expected_folder = os.path.join(self._sources.key_of(_raw(folder)), "")

    def _is_expected(self, key: str) -> bool:
        return key == self._expected or self._is_below(key)

    def _is_below(self, key: str) -> bool:
        return self._expected_folder is not None and key.startswith(self._expected_folder)

    def _is_passing(self, key: str) -> bool:
        return key.startswith("#") or self._is_below(key)

    # --- setting ----------------------------------------------------------------------------------

    def set_lines(self, key: str, specs: Sequence[BreakpointSpec]) -> list[Breakpoint]:
        """Replace the breakpoints of a source; answers in the order of ``specs``."""
        with self._lock:
            self._specs[key] = list(specs)
            if specs and not self._chunks.of(key):
                self._enter_unseen(key)
            return [self._tell(self._standing(key, spec)) for spec in specs]

    def _enter_unseen(self, key: str) -> None:
        """A chunk that nobody gave a name was not looked at when it was loaded."""
        known = self._sources.chunk_behind(key)
        if known is not None:
            raw, text = known
            self._chunks.enter(raw, key, text).is_compiled = True

    def set_functions(self, specs: Sequence[FunctionBreakpointSpec]) -> list[Breakpoint]:
        """Replace the function breakpoints; verified where a loaded chunk defines the function."""
        with self._lock:
            self._functions = list(specs)
            return [self._tell(self._standing_function(spec)) for spec in specs]

    def clear(self) -> None:
        """Forget all breakpoints."""
        with self._lock:
            self._specs.clear()
            self._functions = []

    def _tell(self, standing: Breakpoint) -> Breakpoint:
        self._told[standing.id] = standing
        return standing

    # --- loading ----------------------------------------------------------------------------------

    def wants(self) -> bool:
        """Whether chunks that nobody gave a name have to be seen when they are loaded."""
        with self._lock:
            return (
                self._safepoints
                or bool(self._functions)
                or any(specs and key.startswith("#") for key, specs in self._specs.items())
            )

    def load(self, raw: str, text: bytes, form: Form = Form.PROBED) -> Loaded:
        """A chunk is being loaded: put probes into its text, verify what waited for it."""
        with self._lock:
            is_binary = form is Form.BINARY
            chunk = self._chunks.enter(raw, self._sources.key_of(raw), text, is_binary=is_binary)
            chunk.origins = self._sources.originals.of(raw)
            probed = None
            if form is not Form.PROBED:
                chunk.probes, chunk.marks, chunk.is_compiled = {}, {}, True
                chunk.compiled = None
            else:
                spots = [place.spot for _, place in self._places(chunk)]
                probed = self._chunks.probed(chunk, spots)
            has_breakpoints = self._announce(chunk)
            for forgotten in self._chunks.trim(self._specs):
                self._sources.forget(forgotten)
            return Loaded(probed, self.command() if has_breakpoints else None)

    def _announce(self, chunk: Chunk) -> bool:
        """Tell what changed for the breakpoints of a chunk; whether there are any."""
        keys = [chunk.key, *(chunk.origins.keys() if chunk.origins else ())]
        functions = [each for each in self._functions if self._entries(each, chunk)]
        standings = [self._standing(key, spec) for key in keys for spec in self._specs.get(key, ())]
        standings += [self._standing_function(spec) for spec in functions]
        for standing in standings:
            if self._told.get(standing.id) != standing:
                self._emit(self._tell(standing))
        return bool(standings)

    def written(self, names: str, has_fields: bool, raw: str | None) -> dict[bytes, Any]:
        """Assignments to what is watched (see `Watched`), by raw source: of all, or of one."""
        watched = Watched(frozenset(names.encode("latin-1").split()), has_fields)
        with self._lock:
            if raw is not None:
                return {raw.encode("latin-1"): written(self._called(raw), watched)}
            return {each[0].raw.encode("latin-1"): written(each, watched) for each in self._chunks}

    # --- arming -----------------------------------------------------------------------------------

    def command(self) -> dict[str, Any]:
        """The probe's ``arm`` operation for all that is set now."""
        with self._lock:
            arming = Arming()
            for chunks in self._chunks:
                arming.add(chunks, [list(self._places(chunk)) for chunk in chunks])
            specs = [each for each in self._all_specs() if not self._refusals.of(each)]
            command = arming.command(next(self._numbers), specs)
            return command | {"exchanges": any(True for _ in self._missing())}

    def _missing(self) -> Iterator[tuple[Chunk, frozenset[Spot]]]:
        for chunk in (each for chunks in self._chunks for each in chunks):
            spots = missing(chunk, [place.spot for _, place in self._places(chunk)])
            if spots:
                yield chunk, spots

    def exchanges(self) -> list[dict[str, Any]]:
        """The texts that the probe may exchange so that all that is set now has its probes."""
        with self._lock:
            return self._exchanges.begin(list(self._missing()))

    def exchanged(self, number: int, outcome: str) -> None:
        """What became of one of them; see `Exchanges.end`."""
        with self._lock:
            chunk = self._exchanges.end(number, outcome)
            if chunk is not None:
                self._announce(chunk)

    def _places(self, chunk: Chunk) -> Iterator[tuple[AnySpec, Place]]:
        for spec in self._specs.get(chunk.key, ()):
            place = None if self._refusals.of(spec) else chunk.places.of(spec)
            if place is not None:
                yield spec, place
        for key in chunk.origins.keys() if chunk.origins else ():
            for spec in self._specs.get(key, ()):
                if chunk.origins and self._refusals.of(spec) is None:
                    for place in original_places(spec, key, chunk.origins, chunk.places):
                        yield spec, place
        for function in self._functions:
            if self._refusals.of(function) is None:
                for entry in self._entries(function, chunk):
                    yield function, entry

    def _entries(self, spec: FunctionBreakpointSpec, chunk: Chunk) -> Sequence[Place]:
        return _entries(
            spec, (chunk.key, *(chunk.origins.keys() if chunk.origins else ())), chunk.places
        )

    def _all_specs(self) -> Iterator[AnySpec]:
        for specs in self._specs.values():
            yield from specs
        yield from self._functions

    # --- looking at texts -------------------------------------------------------------------------

    def functions(self, text: bytes) -> Sequence[FunctionLines]:
        """The functions of a text and the lines with code of each; none if it does not compile."""
        try:
            return self._lines.functions(text)
        except LuaSyntaxError:
            return ()

    def text_of(self, key: str) -> bytes | None:
        """The text behind a key: as loaded last, else as it is on disk, else None."""
        with self._lock:
            places = self._text(key)
            return None if places is None else places.text

    def plain_function(
        self, raw: str, first: int, last: int, parameters: int, upvalues: Sequence[bytes]
    ) -> bytes | None:
        """A text that compiles to a function without our probes; None if it has none.

        For a main chunk (``last`` 0) the whole text; else as `function_slice` has it.
        """
        with self._lock:
            known = self._called(raw)
            if not known or not (self._safepoints or any(each.probes for each in known)):
                return None
            text = known[-1].places.text
        if last == 0:
            return text
        return function_slice(text, first, last, parameters, upvalues)

    def _called(self, raw: str) -> list[Chunk]:
        """The chunks of a raw source, the newest last."""
        return [each for each in self._chunks.of(self._sources.key_of(raw)) if each.raw == raw]

    def _text(self, key: str) -> TextPlaces | None:
        chunks = self._chunks.of(key)
        if chunks:
            return chunks[-1].places
        known = self._sources.chunk_behind(key)
        if known is not None:
            return TextPlaces(self._lines, known[1])
        try:
            path = self._program if self._program and key == self._expected else key
            with open(path, "rb") as file:
                text = file.read()
                return TextPlaces(self._lines, self._as_run(text) if self._is_below(key) else text)
        except OSError:
            return None

    # --- how they stand ---------------------------------------------------------------------------

    def _standing(self, key: str, spec: BreakpointSpec) -> Breakpoint:
        def failed(message: str) -> Breakpoint:
            return Breakpoint(spec.id, False, message, line=spec.line, reason="failed")

        problem = self._refusals.of(spec)
        if problem:
            return failed(problem)
        made = self._made_from(key)
        if made is not None:
            return self._standing_original(key, spec, *made)
        text = self._text(key)
        if text is None:
            return failed(f"There is no file {key}." if key[0] != "#" else "This chunk is gone.")
        place = text.of(spec)
        is_binary = text.text.startswith(b"\x1b")
        if text.problem and not is_binary and self._sources.may_be_original(key):
            message = "Not loaded yet; verified as soon as the script loads what was made of it."
            return Breakpoint(spec.id, False, message, line=spec.line, reason="pending")
        if text.problem:
            return failed(f"The file does not compile: {text.problem}")
        if place is None:
            return failed("No line of this file holds code.")
        chunks = self._chunks.of(key)
        if not chunks and not self._is_expected(key):
            message = "Not loaded yet; verified as soon as the script loads this file."
            return Breakpoint(spec.id, False, message, line=place.line, reason="pending")
        if place.without_probe and any(place.spot not in chunk.probes for chunk in chunks):
            place = place.without_probe
        if place.column and any(place.spot not in chunk.probes for chunk in chunks):
            message = "Stops where its line begins: the code was loaded before."
            return Breakpoint(spec.id, True, message, line=place.line)
        return Breakpoint(spec.id, True, place.message, line=place.line, column=place.column)

    def _standing_original(
        self, key: str, spec: BreakpointSpec, origins: Origins, text: TextPlaces
    ) -> Breakpoint:
        found = original_places(spec, key, origins, text)
        shown = found[0].shown if found else None
        if shown is None:
            message = "No line of this file holds code."
            return Breakpoint(spec.id, False, message, line=spec.line, reason="failed")
        return Breakpoint(spec.id, True, found[0].message, line=shown.line, column=shown.column)

    def _made_from(self, key: str) -> tuple[Origins, TextPlaces] | None:
        """The newest text that was made from an original, loaded or to be run, and its map."""
        for chunks in self._chunks.newest_first():
            origins = chunks[-1].origins
            if origins is not None and origins.has(key):
                return origins, chunks[-1].places
        text, origins = self._to_be_run()
        return (origins, text) if text and origins and origins.has(key) else None

    def original_locations(
        self, key: str, within: BreakpointLocation
    ) -> list[BreakpointLocation] | None:
        """Where breakpoints can stand in a range of an original; None if it is none."""
        with self._lock:
            made = self._made_from(key)
            return None if made is None else original_locations(within, key, *made)

    def _standing_function(self, spec: FunctionBreakpointSpec) -> Breakpoint:
        problem = self._refusals.of(spec)
        if problem:
            return Breakpoint(spec.id, False, problem, reason="failed")
        for raw, places, origins in self._known_texts():
            keys = self._sources.key_of(raw), *(origins.keys() if origins else ())
            found = _entries(spec, keys, places)
            if found:
                at = self._sources.place(raw, found[0].line, origins)
                return Breakpoint(spec.id, True, source=at.source, line=at.line)
        wanted = parse_function_name(spec.name)
        if not wanted.file and self._refusals.is_c_function(spec.name):
            message = f"{spec.name} is a C function: it has no lines to stop at."
            return Breakpoint(spec.id, False, message, reason="failed")
        message = f"Nothing that is loaded defines a function {wanted} yet."
        return Breakpoint(spec.id, False, message, reason="pending")

    def _known_texts(self) -> Iterator[tuple[str, TextPlaces, Origins | None]]:
        for chunks in self._chunks:
            yield chunks[-1].raw, chunks[-1].places, chunks[-1].origins
        text, origins = self._to_be_run()
        if text is not None and self._program is not None:
            yield _raw(self._program), text, origins

    def _to_be_run(self) -> tuple[TextPlaces | None, Origins | None]:
        """The text of the main program, and its map, while that is not loaded."""
        if self._expected is None or self._program is None or self._chunks.of(self._expected):
            return None, None
        text = self._text(self._expected)
        if text is None:
            return None, None
        if self._program_text is None or self._program_text.text != text.text:
            self._program_text = text
        origins = self._sources.origins_on_disk(self._program, text.text)
        return self._program_text, origins


def _entries(
    spec: FunctionBreakpointSpec, keys: Sequence[str], places: TextPlaces
) -> Sequence[Place]:
    """Where the functions that are wanted begin in a text that is filed under these."""
    names = parse_function_name(spec.name).spellings_in(keys)
    return places.entries(names) if names else ()


def _raw(path: str) -> str:
    """The raw source of a file."""
    return "@" + os.fsencode(path).decode("latin-1")
