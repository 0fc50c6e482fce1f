"""What scripts have done for them: by tools, agents and workflows."""

from dataclasses import dataclass

from kernel.events.model import KernelEvent


@dataclass(frozen=True, slots=True)
class ToolCalled(KernelEvent):
    """A tool begins; its arguments are not told, they may be secrets."""

    tool: str
    operation: str = ""


@dataclass(frozen=True, slots=True)
class ToolReturned(KernelEvent):
    """A tool has its result."""

    tool: str
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class ToolFailed(KernelEvent):
    """A tool ended with an error."""

    tool: str
    error: str = ""


@dataclass(frozen=True, slots=True)
class AgentStarted(KernelEvent):
    """An agent begins with a task."""

    agent: str
    provider: str = ""
    model: str = ""


@dataclass(frozen=True, slots=True)
class AgentFinished(KernelEvent):
    """An agent has answered; ``cost`` in dollars where it is known."""

    agent: str
    input_tokens: int = 0
    output_tokens: int = 0
    cost: float | None = None


@dataclass(frozen=True, slots=True)
class AgentFailed(KernelEvent):
    """An agent ended with an error."""

    agent: str
    error: str = ""


@dataclass(frozen=True, slots=True)
class WorkflowStarted(KernelEvent):
    """A workflow begins."""

    workflow: str
    kind: str = ""


@dataclass(frozen=True, slots=True)
class WorkflowStageStarted(KernelEvent):
    """A stage of a workflow begins."""

    workflow: str
    stage: str


@dataclass(frozen=True, slots=True)
class WorkflowStageFinished(KernelEvent):
    """A stage of a workflow is over; ``status`` is ``ok``, ``error`` or ``skipped``."""

    workflow: str
    stage: str
    status: str = "ok"


@dataclass(frozen=True, slots=True)
class WorkflowFinished(KernelEvent):
    """A workflow has its result."""

    workflow: str
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class WorkflowFailed(KernelEvent):
    """A workflow ended with an error."""

    workflow: str
    error: str = ""
