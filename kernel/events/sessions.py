"""What happens to kernel sessions and what they keep."""

from dataclasses import dataclass

from kernel.events.model import KernelEvent


@dataclass(frozen=True, slots=True)
class SessionEvent(KernelEvent):
    """Base of all that happens to a session; ``session`` is its id."""

    session: str


@dataclass(frozen=True, slots=True)
class SessionCreated(SessionEvent):
    """A session is there and active."""

    name: str = ""
    owner: str = ""


@dataclass(frozen=True, slots=True)
class SessionSuspended(SessionEvent):
    """A session rests; nothing runs in it until it is resumed."""


@dataclass(frozen=True, slots=True)
class SessionResumed(SessionEvent):
    """A session that rested is active again."""


@dataclass(frozen=True, slots=True)
class SessionCompleted(SessionEvent):
    """A session has reached its end."""


@dataclass(frozen=True, slots=True)
class SessionFailed(SessionEvent):
    """A session ended because of ``reason``."""

    reason: str = ""


@dataclass(frozen=True, slots=True)
class SessionArchived(SessionEvent):
    """A session that has ended was put away."""


@dataclass(frozen=True, slots=True)
class SessionExpired(SessionEvent):
    """A session lived longer than it may, or was idle for too long."""

    reason: str = ""


@dataclass(frozen=True, slots=True)
class SessionSaved(SessionEvent):
    """A session was written down, at a checkpoint (its name) or as it is."""

    checkpoint: str | None = None


@dataclass(frozen=True, slots=True)
class SessionRestored(SessionEvent):
    """A session is as it was written down."""

    checkpoint: str | None = None


@dataclass(frozen=True, slots=True)
class ArtifactStored(SessionEvent):
    """A session keeps a thing: ``artifact`` is its id, ``size`` in bytes."""

    artifact: str = ""
    name: str = ""
    version: int = 1
    size: int = 0


@dataclass(frozen=True, slots=True)
class ArtifactDeleted(SessionEvent):
    """A session no longer keeps a thing."""

    artifact: str = ""


@dataclass(frozen=True, slots=True)
class SessionChanged(SessionEvent):
    """Something else about a session changed: ``action`` says what was done, ``actor`` by whom."""

    action: str = ""
    actor: str = ""


@dataclass(frozen=True, slots=True)
class SessionDeleted(SessionEvent):
    """A session is gone, with all that it kept."""


@dataclass(frozen=True, slots=True)
class SessionWarned(SessionEvent):
    """A policy will soon refuse something, or end the session."""

    text: str = ""


@dataclass(frozen=True, slots=True)
class SessionRefused(SessionEvent):
    """A policy, or a permission that is missing, kept ``actor`` from ``action``."""

    action: str = ""
    actor: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class CellReplayed(SessionEvent):
    """A recorded cell was run again, or (in a simulation) its recorded end was reached."""

    replay: str = ""
    step: int = 0
    status: str = ""


@dataclass(frozen=True, slots=True)
class ReplayStopped(SessionEvent):
    """A replay will stop before ``step``; debuggers attach at ``address``, if it is there."""

    replay: str = ""
    step: int = 0
    address: str = ""


@dataclass(frozen=True, slots=True)
class OutputReplayed(SessionEvent):
    """What a cell wrote when it was recorded, at its time in the simulation."""

    replay: str = ""
    step: int = 0
    stream: str = "stdout"
    text: str = ""
