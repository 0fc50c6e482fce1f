"""Step-in targets: the calls of a line, and which of them a step in is to enter."""

from typing import Any

from kernel.core import model as m
from kernel.core.errors import UserError
from lua_debug.syntax.outline import Call, Outline, parse


class StepTargets:
    """The targets told last, by their numbers."""

    def __init__(self) -> None:
        self._calls: dict[int, Call] = {}

    def of_line(self, text: bytes | None, line: int, function_line: int) -> list[m.StepInTarget]:
        """The calls that a function's statements on a line make, in the order they are made.

        ``function_line`` is the line the function begins on, 0 for the main chunk.
        """
        self._calls = {}
        if text is None:
            return []
        outline = parse(text)
        calls = [call for call in outline.calls_on(line) if call.function_line == function_line]
        self._calls = dict(enumerate(calls, 1))
        return [_target(outline, number, call) for number, call in self._calls.items()]

    def chosen(self, number: int | None) -> dict[str, Any] | None:
        """A target as the probe wants it: the n-th call of that name on the line."""
        if number is None:
            return None
        call = self._calls.get(number)
        if call is None:
            raise UserError(f"There is no step-in target {number}; ask for the targets again.")
        same = [each for each in self._calls.values() if each.name == call.name]
        return {"name": call.name, "nth": same.index(call) + 1}


def _target(outline: Outline, number: int, call: Call) -> m.StepInTarget:
    column = outline.source.utf16_column
    return m.StepInTarget(
        number,
        call.label,
        call.line,
        column(call.line, call.column),
        call.end_line,
        column(call.end_line, call.end_column),
    )
