"""Step-in targets: the calls of a line, and which of them a step in is to enter."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

from kernel.core import model as m
from kernel.core.errors import UserError
from lua_debug.instructions import WORD, find_code
from lua_debug.syntax.bytecode import own_code
from lua_debug.syntax.call_code import call_instructions
from lua_debug.syntax.outline import Call, Outline, parse
from lua_debug.versions import LuaVersion


class StepTargets:
    """The targets told last, by their numbers."""

    def __init__(self, version: LuaVersion) -> None:
        self._version = version
        self._told: dict[int, dict[str, Any]] = {}

    def of_frame(self, text: bytes | None, where: Mapping[str, Any]) -> list[m.StepInTarget]:
        """The calls that the statements on a frame's line are still to make, in their order.

        ``where`` is what the probe tells of the frame (``place``). Only the frame in which a step
        begins has targets.
        """
        self._told = {}
        if text is None or "top" not in where:
            return []
        outline = parse(text)
        line, function_line = where["line"], where["function_line"]
        calls = [each for each in outline.calls_at(line) if each.function_line == function_line]
        wanted = self._by_instruction(outline, calls, where)
        if wanted is None:
            wanted = _by_name(calls, where)
        self._told = dict(enumerate((told for _, told in wanted), 1))
        return [_target(outline, number, call) for number, (call, _) in enumerate(wanted, 1)]

    def chosen(self, number: int | None) -> dict[str, Any] | None:
        """A target as the probe wants it (probe/targets.lua)."""
        if number is None:
            return None
        if number not in self._told:
            raise UserError(f"There is no step-in target {number}; ask for the targets again.")
        return self._told[number]

    def _by_instruction(
        self, outline: Outline, calls: list[Call], where: Mapping[str, Any]
    ) -> list[tuple[Call, dict[str, Any]]] | None:
        """Those that are not over, as far as that is known, each with its instruction.

        None if it is not known which instruction is which call.
        """
        top = where["top"]
        if "code" not in top:
            return None
        dump, version = bytes.fromhex(top["code"]), self._version.probe_name
        lines = where["function_line"], where["last_line"]
        found = call_instructions(version, dump, outline.syntax, *lines)
        code = own_code(version, dump) or b""
        start = find_code(self._version, top["func"], code)
        if found is None or start is None:
            return None
        here = top.get("instruction")  # where the frame goes on; None where LuaJIT does not say it
        if not start < (here or start + WORD) <= start + len(code):
            return None
        first = (here or start) + (WORD if top["is_behind"] else 0)
        targets = []
        for call in calls:
            behind = start + WORD * (found[call.end].index + 1)
            if behind >= first and (here or call.statement[0] == where["line"]):
                told = {**_extent(call), "instruction": behind, "is_tail": found[call.end].is_tail}
                targets.append((call, told))
        return targets


def _by_name(calls: list[Call], where: Mapping[str, Any]) -> list[tuple[Call, dict[str, Any]]]:
    """Those that their names tell apart, before the line is begun."""
    if where["top"]["is_behind"]:
        return []
    here = [call for call in calls if call.statement[0] == where["line"]]
    names = Counter(call.name for call in here)
    return [
        (call, {**_extent(call), "name": call.name})
        for call in here
        if call.name is not None and names[call.name] == 1
    ]


def _extent(call: Call) -> dict[str, Any]:
    first, last = call.statement
    return {"first_line": first, "last_line": last}


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
