"""Where hooks can be registered: every point, by the name that scripts and settings use."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from kernel.core.errors import UserError
from kernel.core.suggestions import closest


class Kind(StrEnum):
    """What hooks at a point are asked for."""

    BEFORE = "before"
    """Something is about to be done: ``data`` is what with. It can be changed, or not be done."""
    AFTER = "after"
    """It was done: ``data`` is what came of it, ``input`` what it was done with."""
    ERROR = "error"
    """It failed: ``error`` says how. It can be done again, or something can stand in for it."""
    NOTICE = "notice"
    """Something is so; nothing depends on what hooks say."""


@dataclass(frozen=True, slots=True)
class HookPoint:
    """A place in the course of things where hooks are asked; its name is unique."""

    name: str
    group: str
    kind: Kind
    doc: str

    def __str__(self) -> str:
        return self.name


_B, _A, _E, _N = Kind.BEFORE, Kind.AFTER, Kind.ERROR, Kind.NOTICE

_GROUPS: Mapping[str, tuple[tuple[str, Kind, str], ...]] = {
    "system": (
        ("SystemStartup", _N, "The application has started."),
        ("SystemShutdown", _N, "The application is about to end."),
        ("ConfigurationChange", _B, "Settings are about to change."),
        ("ResourceLimitExceeded", _N, "Something used more than it may."),
        ("SecurityViolation", _N, "Something that is not allowed was tried."),
        ("SystemError", _E, "Something failed that belongs to no other group."),
    ),
    "kernel": (
        ("PreKernelStartup", _B, "A kernel is about to start."),
        ("PostKernelStartup", _A, "A kernel takes requests."),
        ("PreKernelShutdown", _B, "A kernel is about to end."),
        ("PostKernelShutdown", _A, "A kernel has ended."),
        ("PreMessageHandle", _B, "A client's message is about to be served."),
        ("PostMessageHandle", _A, "A client's message was served."),
        ("PreIOPubBroadcast", _B, "All clients are about to be told something."),
        ("PostIOPubBroadcast", _A, "All clients were told something."),
    ),
    "execution": (
        ("PreCodeExecution", _B, "Code is about to be executed; ``data.code`` is its text."),
        ("PostCodeExecution", _A, "Code was executed; ``data`` is its result."),
        ("ExecutionError", _E, "Code failed."),
    ),
    "script": (
        ("PreScriptLoad", _B, "A script that a client runs is about to be loaded."),
        ("PostScriptLoad", _A, "A script's file, or a module it required, was loaded."),
    ),
    "debug": (
        ("PreDebugSession", _B, "A script is about to be run under the debugger."),
        ("PostDebugSession", _A, "A script that was run under the debugger has ended."),
        ("DebugError", _E, "A debugged program raised an error that stops it."),
    ),
    "breakpoint": (
        ("PreBreakpoint", _B, "A breakpoint was reached, and the program is about to stop."),
        ("PostBreakpoint", _A, "The program stands at a breakpoint, and clients were told."),
    ),
    "step": (
        ("PreStepExecution", _B, "A step is about to be made."),
        ("PostStepExecution", _B, "A step was made, and the program is about to stop."),
    ),
    "state": (
        ("BeforeStateRead", _B, "An entry is about to be read."),
        ("AfterStateRead", _A, "An entry was read."),
        ("BeforeStateWrite", _B, "An entry is about to be written."),
        ("AfterStateWrite", _A, "An entry was written."),
        ("StateConflict", _E, "An entry was written by somebody else in between."),
        ("StateMigration", _B, "Kept state is about to be brought to a newer form."),
        ("PreStateChange", _B, "The kernel's own state is about to change."),
        ("PostStateChange", _A, "The kernel's own state has changed."),
        ("PreStatePersist", _B, "The kernel's own state is about to be written down."),
        ("PostStatePersist", _A, "The kernel's own state was written down."),
        ("StateError", _E, "Reading or writing state failed."),
    ),
    "session": (
        ("SessionStart", _B, "A session is about to begin."),
        ("SessionEnd", _A, "A session has ended."),
        ("SessionCheckpoint", _B, "A session is about to be kept as it is now."),
        ("SessionRestore", _B, "A session is about to become what was kept of it."),
        ("SessionSave", _B, "A session is about to be written down."),
    ),
    "agent": (
        ("BeforeAgentInit", _B, "An agent is about to be made."),
        ("AfterAgentInit", _A, "An agent was made."),
        ("BeforeAgentExecution", _B, "An agent is about to be given a task."),
        ("AfterAgentExecution", _A, "An agent has answered."),
        ("BeforeAgentShutdown", _B, "An agent is about to be given up."),
        ("AfterAgentShutdown", _A, "An agent was given up."),
        ("AgentError", _E, "An agent failed."),
    ),
    "tool": (
        ("BeforeToolDiscovery", _B, "Tools are about to be looked for."),
        ("AfterToolDiscovery", _A, "Tools were looked for; ``data`` lists them."),
        ("BeforeToolExecution", _B, "A tool is about to be called."),
        ("AfterToolExecution", _A, "A tool has its result."),
        ("ToolValidation", _B, "A tool's arguments are about to be checked."),
        ("ToolError", _E, "A tool failed."),
    ),
    "workflow": (
        ("BeforeWorkflowStart", _B, "A workflow is about to begin."),
        ("WorkflowStageTransition", _N, "A workflow goes from one stage to the next."),
        ("BeforeWorkflowStage", _B, "A stage of a workflow is about to begin."),
        ("AfterWorkflowStage", _A, "A stage of a workflow has its result."),
        ("WorkflowCheckpoint", _N, "What a workflow has so far is kept."),
        ("WorkflowRollback", _B, "A workflow is about to undo what it did."),
        ("AfterWorkflowComplete", _A, "A workflow has its result."),
        ("WorkflowError", _E, "A workflow, or a stage of one, failed."),
    ),
    "event": (
        ("BeforeEventEmit", _B, "A script is about to publish an event."),
        ("AfterEventEmit", _A, "A script has published an event."),
        ("EventSubscription", _B, "A script is about to subscribe to events."),
    ),
}

POINTS: Mapping[str, HookPoint] = {
    name: HookPoint(name, group, kind, doc)
    for group, points in _GROUPS.items()
    for name, kind, doc in points
}
"""Every point there is, by name, in the order of its group."""

FROM_LUA: tuple[str, ...] = tuple(
    name
    for name, point in POINTS.items()
    if point.group in ("agent", "tool", "workflow") or name in ("SystemStartup", "SystemShutdown")
)
"""The 23 points at which scripts register hooks with ``Hook.register``."""


_AGENTS = "comes with agents, tools and workflows, in a later release"

LATER: Mapping[str, str] = {
    **{
        name: _AGENTS
        for name, point in POINTS.items()
        if point.group in ("agent", "tool", "workflow")
    },
    "PreIOPubBroadcast": "what is published cannot wait for hooks",
    "PostIOPubBroadcast": "what is published cannot wait for hooks",
    "PreStateChange": "cells, sessions and breakpoints have points of their own",
    "PostStateChange": "cells, sessions and breakpoints have points of their own",
}
"""The points at which nobody is asked in this release, and why; at all others hooks are."""


def find_point(name: str) -> HookPoint:
    """The point called ``name``; raises `UserError` if there is none."""
    point = POINTS.get(name)
    if point is None:
        close = closest(name, POINTS)
        rest = f"Did you mean {close}?" if close else f"There are {', '.join(POINTS)}."
        raise UserError(f"Unknown hook point: {name}. {rest}")
    return point


def custom_point(name: str, kind: Kind = Kind.NOTICE, doc: str = "") -> HookPoint:
    """A point of somebody's own; raises `UserError` if the kernel has one of that name."""
    if name in POINTS:
        raise UserError(f"{name} is a hook point of the kernel; call your own something else.")
    return HookPoint(name, "custom", kind, doc)


def groups() -> Iterator[str]:
    """The groups of points, in their order."""
    return iter(_GROUPS)


# --- what is guarded -----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Targets:
    """What an operation may be redirected to."""

    doc: str
    check: Callable[[str], object] = str
    """Raises `UserError` for a text that names none."""
    key: str = ""
    """Where ``data`` name it, too."""


def _scope(text: str) -> object:
    from kernel.state.scopes import Scope  # a kernel whose scripts keep nothing loads no state

    return Scope.parse(text)


OTHERS = Targets("another component")
SCOPES = Targets("another scope, such as `user:ann`", _scope, "scope")


@dataclass(frozen=True, slots=True)
class Guarded:
    """The points around one kind of operation; `HookRunner.guard` asks at them."""

    before: HookPoint
    after: HookPoint
    error: HookPoint | None = None
    special: tuple[tuple[type[Exception], HookPoint | None], ...] = ()
    """Errors that are asked about at points of their own, or nowhere, instead of at ``error``."""
    targets: Targets | None = OTHERS
    """None: nothing else could do it, and a redirect is refused."""

    def point_of(self, error: Exception) -> HookPoint | None:
        """Where hooks are asked about an error."""
        for kind, point in self.special:
            if isinstance(error, kind):
                return point
        return self.error


def _guarded(
    before: str, after: str, error: str | None = None, targets: Targets | None = None
) -> Guarded:
    failed = POINTS[error] if error else None
    return Guarded(POINTS[before], POINTS[after], failed, targets=targets)


KERNEL_STARTUP = _guarded("PreKernelStartup", "PostKernelStartup", "SystemError")
MESSAGE = _guarded("PreMessageHandle", "PostMessageHandle", "SystemError")
BROADCAST = _guarded("PreIOPubBroadcast", "PostIOPubBroadcast")
CODE_EXECUTION = _guarded("PreCodeExecution", "PostCodeExecution", "ExecutionError")
STATE_READ = _guarded("BeforeStateRead", "AfterStateRead", "StateError", SCOPES)
STATE_WRITE = _guarded("BeforeStateWrite", "AfterStateWrite", "StateError", SCOPES)
STATE_CHANGE = _guarded("PreStateChange", "PostStateChange", "StateError")
STATE_PERSISTENCE = _guarded("PreStatePersist", "PostStatePersist", "StateError")
AGENT_INIT = _guarded("BeforeAgentInit", "AfterAgentInit", "AgentError", OTHERS)
AGENT_EXECUTION = _guarded("BeforeAgentExecution", "AfterAgentExecution", "AgentError", OTHERS)
AGENT_SHUTDOWN = _guarded("BeforeAgentShutdown", "AfterAgentShutdown", "AgentError", OTHERS)
TOOL_DISCOVERY = _guarded("BeforeToolDiscovery", "AfterToolDiscovery", "ToolError", OTHERS)
TOOL_EXECUTION = _guarded("BeforeToolExecution", "AfterToolExecution", "ToolError", OTHERS)
WORKFLOW = _guarded("BeforeWorkflowStart", "AfterWorkflowComplete", "WorkflowError", OTHERS)
WORKFLOW_STAGE = _guarded("BeforeWorkflowStage", "AfterWorkflowStage", "WorkflowError", OTHERS)
EVENT_EMISSION = _guarded("BeforeEventEmit", "AfterEventEmit")
