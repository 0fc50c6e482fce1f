"""BreakKey: what Ctrl-C does, wherever the program is."""

from typing import TYPE_CHECKING

from kernel.repl.states import State

if TYPE_CHECKING:
    from kernel.repl.repl import Repl


class BreakKey:
    """Ctrl-C of one REPL: the first interrupts, the second does so whatever it costs."""

    def __init__(self, repl: "Repl") -> None:
        self._repl = repl
        self._presses = 0

    def forget(self) -> None:
        """What was interrupted is over."""
        self._presses = 0

    def pressed(self) -> bool:
        """Whether it was for the program, or for what looks at it; else it is the line's."""
        repl = self._repl
        if repl.state is State.RUNNING or self._stands_for_commands:
            self._presses += 1
            force = self._presses > 1
            self._say(force)
            repl.start(repl.kernel.interrupt(force=force))
            return True
        return (repl.is_entering or repl.is_showing) and self._break_off()

    def _break_off(self) -> bool:
        """End what is evaluated where the program stands, and nothing else."""
        debugging = self._repl.debugging
        if not debugging.is_asking:
            return False
        force = debugging.has_taken_back
        self._say(force)
        work = self._repl.kernel.interrupt(force=True) if force else debugging.take_back()
        self._repl.start(work)
        return True

    @property
    def _stands_for_commands(self) -> bool:
        """Whether it stands only while a breakpoint's commands are carried out: it may go on."""
        debugging = self._repl.debugging
        stop = debugging.stop
        if stop is None or not self._repl.is_showing:
            return False
        return any(it.commands for it in debugging.breakpoints if it.id in stop.ids)

    def _say(self, force: bool) -> None:
        self._repl.warn("Killing it." if force else "Interrupting… (Ctrl-C again kills)")
