"""TypingHelp: what the terminal asks while somebody types."""

import contextlib
import os
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from kernel.core.errors import UserError
from kernel.execution.engine import Completeness, CompletenessStatus, Completion
from kernel.jupyter.links import KernelLost
from kernel.repl.states import LOOKING, State
from kernel.repl.table import FORCE, BadCommand, Call
from kernel.repl.typed_lines import REMEMBERED, in_one_order

if TYPE_CHECKING:
    from kernel.repl.repl import Repl

PROMPTS = {
    State.IDLE: "> ",
    State.RUNNING: "(running) > ",
    State.STOPPED: "(debug) > ",
    State.OVER: "(post-mortem) > ",
}
_COMMAND = re.compile(r"^\s*(?:debug:|db:|\.)\s*([A-Za-z?][\w?-]*)?$")


class TypingHelp:
    """Implements `Assistant` for a `Repl`."""

    def __init__(self, repl: "Repl") -> None:
        self._repl = repl

    def prompt(self) -> str:
        """Says what a line would mean."""
        repl = self._repl
        if repl.collecting is not None:
            return f"(commands of {repl.collecting.number}) > "
        if repl.is_interacting and repl.state in LOOKING:
            return "(code) > "
        return PROMPTS[repl.state]

    def status(self) -> Sequence[tuple[str, str]]:
        """The language, the kernel, and where the program stands."""
        repl, debugging = self._repl, self._repl.debugging
        state = str(repl.state)
        if debugging.stop is not None and debugging.frames:
            frame = debugging.frame
            where = debugging.sources.shown(frame.path, frame.source)
            word = "failed" if debugging.is_post_mortem else "stopped"
            state = f"{word} at {where}:{frame.line}"
        style = "stopped" if repl.state in LOOKING else "place"
        return [
            (repl.settings.label or repl.kernel.language.label, "heading"),
            (repl.settings.kernel, "dim"),
            (state, style),
        ]

    async def check(self, text: str) -> Completeness:
        """Commands are whole, and so is code where the compiler says so."""
        repl = self._repl
        if repl.collecting is not None or not text.strip():
            return Completeness(CompletenessStatus.COMPLETE)
        code = text
        try:
            if text.startswith(FORCE):
                code = text.removeprefix(FORCE)
            elif not repl.is_interacting and repl.table.parse(text, repl.state) is not None:
                return Completeness(CompletenessStatus.COMPLETE)
        except BadCommand:
            return Completeness(CompletenessStatus.COMPLETE)
        try:
            return await repl.kernel.is_complete(code)
        except KernelLost:  # the REPL is told, too; nothing goes on here
            return Completeness(CompletenessStatus.COMPLETE)

    async def complete(self, text: str, cursor: int) -> list[Completion]:
        """Commands and their arguments, and code as the kernel knows it."""
        repl, before = self._repl, text[:cursor]
        if (word := _COMMAND.match(before)) is not None:
            typed = word[1] or ""
            names = (each for each in repl.table.commands if each.name.startswith(typed))
            start = cursor - len(typed)
            return [Completion(it.name, start, cursor, "command", it.help) for it in names]
        try:
            call = repl.table.parse(before, repl.state)
        except BadCommand:
            return []
        if call is not None and (before.rstrip() != before or call.arguments):
            return await self._argument(call, text, cursor)
        found = [*self._repl.language.complete_files(before), *await self._code(text, cursor)]
        if repl.state is not State.IDLE and before.strip().isalpha():
            typed = before.strip()
            known = [it for it in repl.table.commands if it.is_debug and it.name.startswith(typed)]
            start = cursor - len(typed)
            found = [
                *(Completion(it.name, start, cursor, "command", it.help) for it in known),
                *found,
            ]
        return found

    async def explain(self, text: str, cursor: int) -> str:
        """What the kernel knows of the thing at the cursor, or the help of a command."""
        with contextlib.suppress(UserError):
            call = self._repl.table.parse(text[:cursor], self._repl.state)
            if call is not None:
                return f"{call.command.name} {call.command.arguments}\n{call.command.help}"
        with contextlib.suppress(UserError):
            frame = self._repl.debugging.frame_id
            found = await self._repl.kernel.inspect(text, cursor, frame=frame)
            if found is not None:
                return str(found.data.get("text/plain", ""))
        return ""

    async def signature(self, text: str, cursor: int) -> str:
        """Of the innermost call that is open at the cursor."""
        opened = _open_call(text[:cursor])
        if opened is None:
            return ""
        with contextlib.suppress(UserError):
            frame = self._repl.debugging.frame_id
            found = await self._repl.kernel.inspect(text, opened, frame=frame)
            said = str(found.data.get("text/plain", "")) if found is not None else ""
            for line in said.splitlines():
                if line.startswith("Signature: "):
                    return line.removeprefix("Signature: ")
        return ""

    async def past(self) -> list[str]:
        """The kernel's last cells, and what was typed."""
        cells: list[str] = []
        with contextlib.suppress(UserError):
            found = await self._repl.kernel.history("tail", count=REMEMBERED)
            cells = [entry.code for entry in found]
        typed = self._repl.typed_lines
        return cells if typed is None else in_one_order(cells, await typed.past())

    def typed(self, text: str) -> None:
        """Keep it for the next time."""
        if self._repl.typed_lines is not None:
            self._repl.typed_lines.add(text)

    def break_pressed(self, has_text: bool) -> bool:  # noqa: ARG002 - the port's
        """Ctrl-C."""
        return self._repl.break_key.pressed()

    # --- completion -----------------------------------------------------------------------------

    async def _argument(self, call: Call, text: str, cursor: int) -> list[Completion]:
        match call.command.completes:
            case "file" | "place":
                word = re.split(r"\s", text[:cursor])[-1]
                return _files(word, cursor)
            case "command":
                word = re.split(r"[\s.]", text[:cursor])[-1]
                names = (it for it in self._repl.table.commands if it.name.startswith(word))
                start = cursor - len(word)
                return [Completion(it.name, start, cursor, "command", it.help) for it in names]
            case "code" | "variable":
                begin = text.index(call.arguments) if call.arguments else cursor
                found = await self._code(text[begin:], cursor - begin)
                return [
                    Completion(it.text, it.start + begin, it.end + begin, it.kind, it.detail)
                    for it in found
                ]
        return []

    async def _code(self, text: str, cursor: int) -> list[Completion]:
        repl, debugging = self._repl, self._repl.debugging
        shift = len(FORCE) if text.startswith(FORCE) else 0
        try:
            if debugging.frame_id is None:
                found = await repl.kernel.complete(text[shift:], cursor - shift)
            else:
                found = await self._in_frame(text[shift:], cursor - shift, debugging.frame_id)
        except UserError:
            return []
        return [
            Completion(it.text, it.start + shift, it.end + shift, it.kind, it.detail)
            for it in found
        ]

    async def _in_frame(self, text: str, cursor: int, frame: int) -> list[Completion]:
        line = text[:cursor].count("\n")
        begin = text.rfind("\n", 0, cursor) + 1
        where = {"line": line + 1, "column": _units(text[begin:cursor]) + 1}
        said = await self._repl.debugging.ask(
            "completions", {"text": text, "frameId": frame, **where}
        )
        found = []
        for each in said.get("targets", []):
            start = begin + int(each.get("start", cursor - begin + 1)) - 1
            end = start + int(each.get("length", 0))
            new = str(each.get("text") or each["label"])
            kind, detail = str(each.get("type", "")), str(each.get("detail", ""))
            found.append(Completion(new, start, end, kind, detail))
        return found


def _units(text: str) -> int:
    """In UTF-16 code units, as the debugger counts."""
    return len(text) + sum(ord(char) > 0xFFFF for char in text)


def _files(word: str, cursor: int) -> list[Completion]:
    folder, begun = os.path.split(word)
    where = os.path.expanduser(folder) or "."
    try:
        names = sorted(each.name + "/" * each.is_dir() for each in os.scandir(where))
    except OSError:
        return []
    start = cursor - len(begun)
    hidden = begun.startswith(".")
    return [
        Completion(name, start, cursor, "file")
        for name in names
        if name.startswith(begun) and (hidden or not name.startswith("."))
    ]


def _open_call(text: str) -> int | None:
    """Where the innermost parenthesis stands that is still open."""
    quote = ""
    opened: list[int] = []
    for place, char in enumerate(text):
        if quote:
            quote = "" if char == quote and text[place - 1] != "\\" else quote
        elif char in "\"'":
            quote = char
        elif char == "(":
            opened.append(place)
        elif char == ")" and opened:
            opened.pop()
    return opened[-1] if opened else None
