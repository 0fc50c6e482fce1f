"""What hooks do to what happens in a kernel, and what becomes of them."""

from dataclasses import dataclass

from kernel.events.model import KernelEvent


@dataclass(frozen=True, slots=True)
class HookIntervened(KernelEvent):
    """A hook changed the course of things; ``result`` is the word for it (``cancel``, ...)."""

    hook: str
    point: str
    result: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class HookFailed(KernelEvent):
    """A hook raised an error."""

    hook: str
    point: str
    error: str = ""


@dataclass(frozen=True, slots=True)
class HookSuspended(KernelEvent):
    """A hook failed or was slow too often and is not called for ``seconds``."""

    hook: str
    seconds: float = 0.0
