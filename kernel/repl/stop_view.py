"""StopView: how a stop, its frames and their source are shown."""

from kernel.core.errors import UserError
from kernel.repl.breakpoints import DATA, Breakpoint
from kernel.repl.debugging import Debugging
from kernel.repl.stops import Frame, Stop
from kernel.repl.terminal import Terminal

AROUND = 2
"""Lines shown before and after the one where the program stands, at a new place."""


class StopView:
    """Shows where the program stands."""

    def __init__(self, debugging: Debugging, terminal: Terminal) -> None:
        self._debugging, self._terminal = debugging, terminal
        self._last: tuple[str, str] = ("", "")
        """Source and function of the stop before."""
        self.expects_start = False
        """The next pause is the beginning of a script."""

    async def show(self, stop: Stop) -> list[Breakpoint]:
        """Show a stop with its place and what is displayed; the breakpoints that were hit."""
        debugging = self._debugging
        hit = debugging.breakpoints.hit(stop.ids)
        await debugging.read_frames()
        if any(each.is_silent for each in hit):
            return hit
        if not debugging.frames:
            self._say(self._heading(stop, hit) or "Stopped.")
            return hit
        frame = debugging.frame
        function = (frame.path or frame.source, frame.name.partition("(")[0])
        heading = self._heading(stop, hit)
        if heading or function != self._last:
            self._say(f"{heading}{', ' if heading else ''}{self.place(frame)}")
            await self.show_lines(frame, AROUND)
        else:
            await self.show_lines(frame, 0)
        self._last = function
        await self.show_returned(frame)
        await self.show_displays()
        return hit

    def place(self, frame: Frame) -> str:
        """``f(a = 1) at script.lua:3``."""
        paint = self._terminal.styles.paint
        if not frame.line:
            return paint("dim", frame.name)
        where = self._debugging.sources.shown(frame.path, frame.source)
        return f"{paint('name', frame.name)} at {paint('place', f'{where}:{frame.line}')}"

    async def show_lines(self, frame: Frame, around: int) -> None:
        """The line of a frame, with some before and after it."""
        lines = await self._debugging.sources.lines_of(frame)
        self.show_range(lines, frame.line - around, frame.line + around, frame.line)

    def show_range(self, lines: list[str], first: int, last: int, current: int = 0) -> int:
        """Lines of a source, ``current`` with an arrow; the first line that was not shown."""
        text, following = self.range_text(lines, first, last, current)
        self._terminal.write(text)
        return following

    def range_text(
        self, lines: list[str], first: int, last: int, current: int = 0
    ) -> tuple[str, int]:
        """The same as a text, and the first line that is not in it."""
        styles = self._terminal.styles
        first, last = max(1, first), min(len(lines), last)
        marked = self._breakpoint_lines()
        written = []
        shown = styles.code("\n".join(lines[first - 1 : last])).split("\n")
        for number, text in zip(range(first, last + 1), shown, strict=False):
            arrow = "->" if number == current else " *" if number in marked else "  "
            style = "arrow" if number == current else "error"
            digits = styles.paint("number", f"{number:>4}")
            written.append(f"{styles.paint(style, arrow)}{digits}  {text}".rstrip() + "\n")
        return "".join(written), last + 1

    def _breakpoint_lines(self) -> set[int]:
        path = self._debugging.sources.current
        return {it.line for it in self._debugging.breakpoints if it.where == path and it.is_enabled}

    def _heading(self, stop: Stop, hit: list[Breakpoint]) -> str:
        paint = self._terminal.styles.paint
        numbers = ", ".join(str(each.number) for each in hit)
        match stop.reason:
            case "exception":
                text = self._debugging.sources.renamed(stop.text)
                return paint("error", f"Error: {text}")
            case "data breakpoint":
                what = ", ".join(f"{it.number}" for it in hit if it.kind == DATA)
                return paint("stopped", f"Watch {what}: {stop.text}")
            case "pause" if self.expects_start:
                self.expects_start = False
                return paint("stopped", "Start")
            case "pause":
                return paint("stopped", "Paused")
            case _ if hit:
                kind = "Temporary breakpoint" if hit[0].is_temporary else "Breakpoint"
                return paint("stopped", f"{kind} {numbers}")
            case "step":
                return ""
        return paint("stopped", f"Stopped ({stop.reason})")

    async def show_returned(self, frame: Frame) -> bool:
        """What a function that was finished has returned; whether one was."""
        is_shown = False
        said = await self._debugging.ask("scopes", {"frameId": frame.id})
        for scope in said.get("scopes", []):
            if scope.get("presentationHint") == "returnValue":
                reference = {"variablesReference": scope["variablesReference"]}
                found = await self._debugging.ask("variables", reference)
                values = ", ".join(str(it["value"]) for it in found.get("variables", []))
                self._say(f"Returned {self._terminal.styles.code(values or 'nothing')}")
                is_shown = True
        return is_shown

    async def show_displays(self) -> None:
        """What shall be shown at each stop."""
        for number, expression in self._debugging.displays.items():
            try:
                value = self._terminal.styles.code(await self._debugging.value(expression))
            except UserError as error:
                value = self._terminal.styles.paint("dim", f"({error})")
            self._say(f"{number}: {expression} = {value}")

    def _say(self, text: str) -> None:
        self._terminal.write(f"{text}\n")
