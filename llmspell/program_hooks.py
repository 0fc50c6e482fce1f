"""ProgramHooks: hooks of debugging for programs that editors launch.

What asks hooks takes longer to load than most programs run, and most have none. So it is loaded
where there is one: the configuration names some, or the script has registered its first.
"""

from collections.abc import Awaitable
from typing import TYPE_CHECKING

from kernel.core import model as m
from kernel.debug.coordinator import DebugCoordinator
from kernel.debug.decisions import StopDecision
from kernel.events.model import Exited, KernelEvent, SourceLoaded, Stopped
from llmspell.kernel_services import KernelServices

if TYPE_CHECKING:
    from kernel.debug.stop_hooks import StopHooks


class ProgramHooks:
    """Asks the hooks of a script and of its configuration about one program."""

    def __init__(self, services: KernelServices, coordinator: DebugCoordinator) -> None:
        """Made on the loop's thread, before the program is launched; it asks from then on.

        Raises `UserError` where the configuration is no TOML.
        """
        self._services, self._coordinator = services, coordinator
        self._made: StopHooks | None = None
        self._are_named = services.are_said("hooks.use")
        coordinator.decide = self._decide
        coordinator.before_launch = self._before_launch
        coordinator.before_step = self._before_step
        coordinator.bus.subscribe(self._hear)

    def _hooks(self) -> "StopHooks | None":
        """Who asks them; None while there is none."""
        if self._made is None and (self._are_named or self._services.has_hooks):
            from kernel.debug.stop_hooks import StopHooks

            self._made = StopHooks(self._coordinator, self._services.runner)
        return self._made

    async def _before_launch(self, program: m.Program) -> m.Program:
        hooks = self._hooks()
        return program if hooks is None else await hooks.before_launch(program)

    async def _before_step(self, how: m.Resume) -> m.Resume:
        hooks = self._hooks()
        return how if hooks is None else await hooks.before_step(how)

    def _decide(self, stopped: Stopped) -> Awaitable[StopDecision] | None:
        hooks = self._hooks()
        return None if hooks is None else hooks.decide(stopped)

    def _hear(self, event: KernelEvent) -> None:
        if isinstance(event, Stopped | SourceLoaded | Exited) and (hooks := self._hooks()):
            hooks.hear(event)
