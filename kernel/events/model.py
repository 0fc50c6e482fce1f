"""What happens in the kernel, told to whoever listens. Frozen data, named by past participles."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

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
    """A client assigned to something, so that what others show may be wrong.

    ``areas`` as in DAP's InvalidatedAreas.
    """

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


@dataclass(frozen=True, slots=True)
class Display:
    """A value in several forms, for clients to choose from (a MIME bundle, in Jupyter's words)."""

    data: Mapping[str, Any]
    """By media type; text for text, base64 text for bytes, the value itself for JSON."""
    metadata: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Displayed(KernelEvent):
    """The program shows something; with an id it may show something else in its place later."""

    display: Display
    display_id: str | None = None
    is_update: bool = False


@dataclass(frozen=True, slots=True)
class DisplayCleared(KernelEvent):
    """What the cell has shown is to go; ``waits``: not before something new comes."""

    waits: bool = False


@dataclass(frozen=True, slots=True)
class NextInputSet(KernelEvent):
    """The program wants a text put in front of the user as the next cell; the last counts."""

    text: str


@dataclass(frozen=True, slots=True)
class Paged(KernelEvent):
    """The program shows something to be read by itself, such as help."""

    display: Display
