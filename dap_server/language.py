"""What a host needs to know of a language to make programs of it ready to be debugged."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from dap_server.console import ProgramConsole
from kernel.core import model as m
from kernel.core.settings import DebugSettings
from kernel.debug.coordinator import DebugCoordinator
from kernel.debug.debuggee import Debuggee, Listener


class MakeDebuggee(Protocol):
    """Makes a debuggee on the loop's thread; it starts nothing."""

    def __call__(
        self, settings: DebugSettings, listener: Listener, console: ProgramConsole, program: str
    ) -> Debuggee:
        """``program`` is the path of what will be launched. Raises `UserError`."""


@dataclass(frozen=True, slots=True)
class Language:
    """A language, as the composition gives it to the adapter."""

    name: str
    exception_filters: Sequence[m.ExceptionFilter]
    completion_triggers: Sequence[str]
    make_debuggee: MakeDebuggee
    full_name: Callable[[str], str]
    """The one name of a version that has several; raises `UserError` where there is none."""
    attend: Callable[[DebugCoordinator], object] = lambda _: None
    """Called with the coordinator of each program that is debugged, before it is launched."""
    adapter: str = "dap_server"
    """The module that is the adapter for this language, for ``python -m`` in other processes."""
    usual_version: Callable[[], str] = lambda: ""
    """The version for launches in this folder and environment that name none; empty: as ever.

    Raises `UserError` where nobody can say.
    """
