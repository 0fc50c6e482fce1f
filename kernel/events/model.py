"""What happens in the kernel, told to whoever listens. Frozen data, named by past participles."""

from dataclasses import dataclass

from kernel.core import model
from kernel.core.ids import BreakpointId, ThreadId, VariablesReference


@dataclass(frozen=True, slots=True)
class KernelEvent:
    """Base of all events."""


@dataclass(frozen=True, slots=True)
class Started(KernelEvent):
    """The program began: ``name`` is its path, ``pid`` the process it runs in."""

    name: str
    pid: int
    method: str = "launch"
    pointer_size: int = 64


@dataclass(frozen=True, slots=True)
class Stopped(KernelEvent):
    """The program stopped; every thread of it stands still."""

    thread: ThreadId
    reason: model.StopReason
    description: str | None = None
    text: str | None = None
    breakpoints: tuple[BreakpointId, ...] = ()


@dataclass(frozen=True, slots=True)
class Resumed(KernelEvent):
    """The program goes on."""

    thread: ThreadId
    all_threads: bool = True


@dataclass(frozen=True, slots=True)
class OutputWritten(KernelEvent):
    """Something was written; ``category`` is ``stdout``, ``stderr``, ``console``, ``important``.

    ``group``: what comes up to the next ``end`` belongs to this text (``start``, and
    ``startCollapsed`` where it is hidden at first).
    """

    text: str
    category: str = "stdout"
    source: model.Source | None = None
    line: int | None = None
    group: str | None = None
    reference: VariablesReference | None = None


@dataclass(frozen=True, slots=True)
class ThreadStarted(KernelEvent):
    """A thread (coroutine) is there to be seen."""

    thread: ThreadId


@dataclass(frozen=True, slots=True)
class ThreadEnded(KernelEvent):
    """A thread that was seen is dead."""

    thread: ThreadId


@dataclass(frozen=True, slots=True)
class BreakpointChanged(KernelEvent):
    """A breakpoint was verified, moved or lost; ``reason``: ``changed``, ``new``, ``removed``."""

    breakpoint: model.Breakpoint
    reason: str = "changed"


@dataclass(frozen=True, slots=True)
class SourceLoaded(KernelEvent):
    """A chunk was loaded (``reason`` is ``new``, ``changed`` or ``removed``)."""

    source: model.Source
    reason: str = "new"


@dataclass(frozen=True, slots=True)
class ModuleLoaded(KernelEvent):
    """``require`` loaded a module."""

    module: model.Module
    reason: str = "new"


@dataclass(frozen=True, slots=True)
class ValuesInvalidated(KernelEvent):
    """What was shown may be wrong now; ``areas`` as in DAP's InvalidatedAreas."""

    areas: tuple[str, ...] = ("variables",)
    thread: ThreadId | None = None


@dataclass(frozen=True, slots=True)
class ChildStarted(KernelEvent):
    """The program started another script that waits to be debugged at ``host``:``port``."""

    name: str
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Exited(KernelEvent):
    """The program ended; nothing follows."""

    code: int
