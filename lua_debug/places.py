"""Where the breakpoints of a text lie: the line, and the spot for a source probe."""

from collections.abc import Sequence
from dataclasses import dataclass

from kernel.core.model import BreakpointSpec
from lua_debug.syntax.active_lines import ActiveLines, FunctionLines, LuaSyntaxError
from lua_debug.syntax.jumps import jumps_on
from lua_debug.syntax.outline import parse
from lua_debug.syntax.placement import function_entries, place
from lua_debug.syntax.probes import Spot


@dataclass(frozen=True, slots=True)
class Shown:
    """A place in an original: ``column`` (UTF-16) only where one was asked for."""

    line: int
    column: int | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """A line with code, and where on it a probe belongs.

    ``column`` (UTF-16) is where the statement begins that a column chose; ``message`` tells why
    the line is not the one that was asked for. ``function`` is the first line of the function that
    begins there, 0 for what is no beginning of one. ``without_probe`` is the place in code in which
    no probe stands, where that differs. ``shown`` is the place in the original that the line was
    made from, if a breakpoint was set there.
    """

    line: int
    spot: Spot
    column: int | None = None
    message: str | None = None
    function: int = 0
    without_probe: "Place | None" = None
    shown: Shown | None = None


class TextPlaces:
    """Finds places in one text. Lua is asked for its lines at the first question."""

    def __init__(self, lines: ActiveLines, text: bytes) -> None:
        self._lines = lines
        self.text = text
        self._functions: Sequence[FunctionLines] | None = None
        self._entries: dict[frozenset[str], list[Place]] = {}
        self.problem: LuaSyntaxError | None = None

    @property
    def functions(self) -> Sequence[FunctionLines]:
        """The functions of the text; none if it does not compile, then ``problem`` is set."""
        if self._functions is None:
            try:
                self._functions = self._lines.functions(self.text)
            except LuaSyntaxError as error:
                self.problem, self._functions = error, ()
        return self._functions

    def of(self, spec: BreakpointSpec) -> Place | None:
        """The place of a line breakpoint; None if no line holds code."""
        found = place(spec.line, self.functions)
        if found.line is None:
            return None
        if found.line != spec.line:
            moved = Place(found.line, found.line, message=found.message)
            is_jump = self._lines.hides_jumps and jumps_on(self.text, spec.line)
            return Place(spec.line, spec.line, without_probe=moved) if is_jump else moved
        if spec.column is None:
            return Place(found.line, found.line)
        return self._at_column(spec.line, spec.column)

    def _at_column(self, line: int, column: int) -> Place:
        outline = parse(self.text)
        begins = [each.column for each in outline.statements if each.line == line]
        if not begins:
            return Place(line, line)
        wanted = outline.source.byte_column(line, column)
        chosen = max((each for each in begins if each <= wanted), default=min(begins))
        return Place(line, (line, chosen), outline.source.utf16_column(line, chosen))

    def entries(self, names: frozenset[str]) -> Sequence[Place]:
        """The places where the functions begin that have one of these names."""
        if names not in self._entries:
            found = function_entries(self.text, names)
            self._entries[names] = [Place(at.line, at, function=line) for line, at in found]
        return self._entries[names]
