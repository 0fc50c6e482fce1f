"""Every kind of event and its dotted name, by which events are subscribed to and kept.

The part before the first dot is the event's family. A name is part of what users write and of what
is kept in logs: it stays when a class is renamed.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module

from kernel.core.errors import UserError
from kernel.core.plain import PlainData
from kernel.events.model import KernelEvent

FAMILIES: Mapping[str, str] = {
    "execution": "Code is executed",
    "debug": "A program is debugged",
    "session": "A session lives",
    "state": "State is kept",
    "lifecycle": "The kernel lives",
    "tool": "A tool is called",
    "agent": "An agent works",
    "workflow": "A workflow runs",
    "hook": "A hook does something",
}

_PLACES: Mapping[str, str] = {
    "execution.started": "execution.ExecutionStarted",
    "execution.finished": "execution.ExecutionFinished",
    "execution.result_produced": "execution.ResultProduced",
    "execution.displayed": "model.Displayed",
    "execution.display_cleared": "model.DisplayCleared",
    "execution.paged": "model.Paged",
    "execution.next_input_set": "model.NextInputSet",
    "execution.output_written": "model.OutputWritten",
    "execution.error_raised": "execution.ErrorRaised",
    "execution.status_changed": "execution.StatusChanged",
    "execution.input_requested": "execution.InputRequested",
    "debug.started": "model.Started",
    "debug.stopped": "model.Stopped",
    "debug.resumed": "model.Resumed",
    "debug.thread_started": "model.ThreadStarted",
    "debug.thread_ended": "model.ThreadEnded",
    "debug.breakpoint_changed": "model.BreakpointChanged",
    "debug.source_loaded": "model.SourceLoaded",
    "debug.module_loaded": "model.ModuleLoaded",
    "debug.values_invalidated": "model.ValuesInvalidated",
    "debug.child_started": "model.ChildStarted",
    "debug.exited": "model.Exited",
    "session.created": "sessions.SessionCreated",
    "session.suspended": "sessions.SessionSuspended",
    "session.resumed": "sessions.SessionResumed",
    "session.completed": "sessions.SessionCompleted",
    "session.failed": "sessions.SessionFailed",
    "session.archived": "sessions.SessionArchived",
    "session.expired": "sessions.SessionExpired",
    "session.saved": "sessions.SessionSaved",
    "session.restored": "sessions.SessionRestored",
    "session.artifact_stored": "sessions.ArtifactStored",
    "session.artifact_deleted": "sessions.ArtifactDeleted",
    "session.changed": "sessions.SessionChanged",
    "session.deleted": "sessions.SessionDeleted",
    "session.warned": "sessions.SessionWarned",
    "session.refused": "sessions.SessionRefused",
    "session.cell_replayed": "sessions.CellReplayed",
    "session.replay_stopped": "sessions.ReplayStopped",
    "session.output_replayed": "sessions.OutputReplayed",
    "state.changed": "state.StateChanged",
    "state.deleted": "state.StateDeleted",
    "state.conflicted": "state.StateConflicted",
    "state.store_suspended": "state.StoreSuspended",
    "state.store_recovered": "state.StoreRecovered",
    "lifecycle.kernel_started": "lifecycle.KernelStarted",
    "lifecycle.kernel_ready": "lifecycle.KernelReady",
    "lifecycle.kernel_stopping": "lifecycle.KernelStopping",
    "lifecycle.kernel_stopped": "lifecycle.KernelStopped",
    "lifecycle.client_connected": "lifecycle.ClientConnected",
    "lifecycle.client_disconnected": "lifecycle.ClientDisconnected",
    "lifecycle.configuration_changed": "lifecycle.ConfigurationChanged",
    "lifecycle.limit_exceeded": "lifecycle.LimitExceeded",
    "lifecycle.budget_reached": "lifecycle.BudgetReached",
    "tool.called": "work.ToolCalled",
    "tool.returned": "work.ToolReturned",
    "tool.failed": "work.ToolFailed",
    "agent.started": "work.AgentStarted",
    "agent.finished": "work.AgentFinished",
    "agent.failed": "work.AgentFailed",
    "workflow.started": "work.WorkflowStarted",
    "workflow.stage_started": "work.WorkflowStageStarted",
    "workflow.stage_finished": "work.WorkflowStageFinished",
    "workflow.finished": "work.WorkflowFinished",
    "workflow.failed": "work.WorkflowFailed",
    "hook.intervened": "hooks.HookIntervened",
    "hook.failed": "hooks.HookFailed",
    "hook.suspended": "hooks.HookSuspended",
}
"""What `Announced` is not: each name the kernel itself uses, and its class in `kernel.events`."""


class _Kinds(Mapping[str, type[KernelEvent]]):
    """The classes by their names; a module is loaded when somebody asks for one of its classes.

    Most kernels never tell of agents, nor of sessions, and their classes take long to be made.
    """

    def __getitem__(self, name: str) -> type[KernelEvent]:
        module, _, kind = _PLACES[name].partition(".")
        found: type[KernelEvent] = getattr(import_module(f"kernel.events.{module}"), kind)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(_PLACES)

    def __len__(self) -> int:
        return len(_PLACES)


NAMES: Mapping[str, type[KernelEvent]] = _Kinds()
"""Each name the kernel itself uses, and its class."""

_AGENTS = "comes with agents, tools and workflows, in a later release"

UNTOLD: Mapping[str, str] = {
    **{name: _AGENTS for name in NAMES if name.partition(".")[0] in ("tool", "agent", "workflow")},
    "debug.child_started": "the programs of kernels have no children; editors hear it of scripts",
}
"""The events that no kernel tells in this release, and why; all others are told."""

FOR_CLIENTS: tuple[str, ...] = ("execution.*", "debug.*")
"""What a client is told of that asks for events without saying which (Jupyter: on iopub, as
children of the message whose id is the correlation id)."""

_NAME_AT: Mapping[str, str] = {f"kernel.events.{place}": name for name, place in _PLACES.items()}
_name_of: dict[type[KernelEvent], str] = {}

_WELL_FORMED = re.compile(r"[^\s.*?>]+(\.[^\s.*?>]+)*")


@dataclass(frozen=True, slots=True)
class Announced(KernelEvent):
    """An event of a script, or of a kernel that knows more than this one.

    ``type`` is its dotted name, ``data`` plain JSON data.
    """

    type: str
    data: PlainData = None


def name_of(event: KernelEvent) -> str:
    """The dotted name of an event; raises `UserError` where a script gave a wrong one.

    Raises `KeyError` for a class that is not in `NAMES`: that is a mistake of its author.
    """
    if isinstance(event, Announced):
        return checked_name(event.type)
    kind = type(event)
    if kind not in _name_of:
        _name_of[kind] = _NAME_AT[f"{kind.__module__}.{kind.__name__}"]
    return _name_of[kind]


def free_name(name: str) -> str:
    """``name``, if scripts may use it; raises `UserError` for one of the kernel's own."""
    if checked_name(name) in _PLACES:
        raise UserError(
            f"{name!r} is an event of the kernel, which alone tells it; choose another type, such "
            f"as my.{name}"
        )
    return name


def checked_name(name: str) -> str:
    """``name``, if it is one: words between dots, without blanks and the signs of patterns."""
    if _WELL_FORMED.fullmatch(name) is None:
        raise UserError(
            f"{name!r} is no type of event; write words with dots between them, "
            "without blanks, '*', '?' and '>': user.login"
        )
    return name
