"""Beginnings of debug commands that are typed without a dot where the program stands.

``loca`` is `locals` there, as in gdb, as long as it cannot be code: no variable has that name, or
what stands behind it makes it none.
"""

import contextlib
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from kernel.core.errors import UserError
from kernel.execution.engine import CompletenessStatus
from kernel.repl.states import LOOKING
from kernel.repl.table import Call

if TYPE_CHECKING:
    from kernel.repl.repl import Repl

_BEGUN = re.compile(r"(?P<word>[A-Za-z]{2,})(?:\s+(?P<rest>\S.*))?")
GLOBALS = "globals"


async def command_begun(repl: "Repl", line: str) -> Call | None:
    """The command that a line begins, if it can only be that; None otherwise."""
    found = _BEGUN.fullmatch(line)
    if found is None or repl.state not in LOOKING or not repl.language.is_name(found["word"]):
        return None
    command = repl.table.begun(found["word"])
    if command is None:
        return None
    rest = found["rest"] or ""
    is_code = await _is_code(repl, line) if rest else await _is_variable(repl, found["word"])
    return None if is_code else Call(command, rest)


async def _is_code(repl: "Repl", text: str) -> bool:
    answer = await repl.kernel.is_complete(text)
    return answer.status is not CompletenessStatus.INVALID


async def _is_variable(repl: "Repl", name: str) -> bool:
    """Whether a local or an upvalue has the name, or a global with a value."""
    debugging = repl.debugging
    with contextlib.suppress(UserError):
        if (await debugging.evaluate(name)).get("result") != "nil":
            return True
    near = [it for it in await debugging.scopes() if not _is_of_globals(it)]
    found = [await debugging.variables_of(each) for each in near]
    return any(it["name"] == name for variables in found for it in variables)


def _is_of_globals(scope: Mapping[str, Any]) -> bool:
    return str(scope["name"]).lower().startswith(GLOBALS)
