"""ScriptCells: cells that are scripts begin and end as programs do."""

from collections.abc import Callable
from dataclasses import replace

from kernel.core.errors import UserError
from kernel.core.model import Program
from kernel.debug.stop_hooks import StopHooks
from kernel.execution.cells import CellRequest, CellResult, Execute, Guard, SessionType


class ScriptCells:
    """Implements `Guard` around another one. Used on the loop's thread.

    A cell with a file and words is a script: hooks are asked before it is loaded
    (``PreScriptLoad``), and also around one that is debugged from its first line
    (``PreDebugSession``, ``PostDebugSession``).
    """

    def __init__(self, inner: Guard, hooks: Callable[[], StopHooks | None]) -> None:
        """``hooks``: those of the runtime there is now."""
        self._inner, self._hooks = inner, hooks

    async def around(self, request: CellRequest, number: int, execute: Execute) -> CellResult:
        """The cell with the words that hooks leave; raises `HookCancelled` and `UserError`."""
        hooks = self._hooks()
        if hooks is None or request.path is None or request.arguments is None:
            return await self._inner.around(request, number, execute)
        is_debugged = request.session_type is SessionType.DEBUG
        asked = Program(request.path, request.arguments, debug=is_debugged)
        program = await hooks.before_launch(asked)
        if program.path != asked.path:
            raise UserError(f"A hook wants {program.path} to be run; {asked.path} is read already.")
        code = 1
        try:
            said = replace(request, arguments=program.args)
            result = await self._inner.around(said, number, execute)
            code = _status(result)
        finally:
            hooks.ended(code)
        return result


def _status(result: CellResult) -> int:
    """That of the process, if the script had one."""
    outcome = result.outcome
    return int(outcome.error is not None) if outcome.exit_code is None else outcome.exit_code
