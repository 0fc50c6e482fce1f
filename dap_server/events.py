"""From what happens in the kernel to the protocol's events: one function per kind, in one table."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dap_server import to_dap
from dap_server.protocol import generated as dap
from dap_server.protocol.model import Model
from kernel.events import model as e

if TYPE_CHECKING:
    from dap_server.client_session import ClientSession

Translation = Callable[["ClientSession", Any], Model | None]
"""The body of the event for a client; None if this client is not told."""


def stopped(session: ClientSession, it: e.Stopped) -> Model | None:
    """The program stands; a client that is not ready yet is told when it is."""
    if not session.program.is_running:
        return None
    return dap.StoppedEventBody(
        reason=it.reason.value,
        description=it.description,
        thread_id=it.thread,
        text=it.text,
        all_threads_stopped=True,
        hit_breakpoint_ids=[session.breakpoints.shown(each) for each in it.breakpoints] or None,
    )


def continued(session: ClientSession, it: e.Resumed) -> Model | None:
    """Somebody else resumed the program: a client that did it itself has its answer."""
    if session.is_resuming:
        session.resumed_meanwhile = it
        return None
    if not session.program.is_running:
        return None
    return dap.ContinuedEventBody(thread_id=it.thread, all_threads_continued=it.all_threads)


def process(session: ClientSession, it: e.Started) -> Model:
    """The program began, or was there when the client came."""
    return dap.ProcessEventBody(
        name=it.name,
        system_process_id=it.pid,
        is_local_process=True,
        start_method="attach" if session.program.is_attached else "launch",
        pointer_size=it.pointer_size,
    )


def exited(_session: ClientSession, it: e.Exited) -> Model:
    """The program ended; the session adds ``terminated``."""
    return dap.ExitedEventBody(exit_code=it.code)


def output(session: ClientSession, it: e.OutputWritten) -> Model:
    """Something was written."""
    known = it.group in ("start", "startCollapsed", "end")
    return dap.OutputEventBody(
        category=it.category,
        output=it.text,
        group=it.group if known else None,  # type: ignore[arg-type] # one of the three words
        variables_reference=it.reference or None,
        source=to_dap.source(session.client, it.source) if it.source else None,
        line=session.client.line_out(it.line) if it.line else None,
    )


def thread_started(_session: ClientSession, it: e.ThreadStarted) -> Model:
    """A thread is there."""
    return dap.ThreadEventBody(reason="started", thread_id=it.thread)


def thread_exited(_session: ClientSession, it: e.ThreadEnded) -> Model:
    """A thread is gone."""
    return dap.ThreadEventBody(reason="exited", thread_id=it.thread)


def breakpoint_changed(session: ClientSession, it: e.BreakpointChanged) -> Model:
    """A breakpoint was verified, moved or lost."""
    shown = session.breakpoints.shown(it.breakpoint.id)
    body = to_dap.breakpoint_(session.client, shown, it.breakpoint)
    return dap.BreakpointEventBody(reason=it.reason, breakpoint=body)


def source_loaded(session: ClientSession, it: e.SourceLoaded) -> Model:
    """A chunk was loaded."""
    return dap.LoadedSourceEventBody(
        reason=_reason(it.reason),  # type: ignore[arg-type] # one of the three words
        source=to_dap.source(session.client, it.source),
    )


def module_loaded(session: ClientSession, it: e.ModuleLoaded) -> Model:
    """A module was loaded."""
    return dap.ModuleEventBody(
        reason=_reason(it.reason),  # type: ignore[arg-type] # one of the three words
        module=to_dap.module(session.client, it.module),
    )


def invalidated(session: ClientSession, it: e.ValuesInvalidated) -> Model | None:
    """What the client shows may be wrong; only for clients that take the hint."""
    if not session.client.said.supports_invalidated_event:
        return None
    return dap.InvalidatedEventBody(areas=list(it.areas), thread_id=it.thread)


def shown(_session: ClientSession, it: e.Displayed | e.Paged) -> Model | None:
    """A debug console has no pictures: it gets the form that is text."""
    text = it.display.data.get("text/plain")
    return None if text is None else dap.OutputEventBody(category="stdout", output=f"{text}\n")


def _reason(reason: str) -> str:
    return reason if reason in ("new", "changed", "removed") else "changed"


TRANSLATIONS: dict[type[e.KernelEvent], tuple[str, Translation]] = {
    e.Started: ("process", process),
    e.Stopped: ("stopped", stopped),
    e.Resumed: ("continued", continued),
    e.OutputWritten: ("output", output),
    e.ThreadStarted: ("thread", thread_started),
    e.ThreadEnded: ("thread", thread_exited),
    e.BreakpointChanged: ("breakpoint", breakpoint_changed),
    e.SourceLoaded: ("loadedSource", source_loaded),
    e.ModuleLoaded: ("module", module_loaded),
    e.ValuesInvalidated: ("invalidated", invalidated),
    e.Displayed: ("output", shown),
    e.Paged: ("output", shown),
    e.Exited: ("exited", exited),
}
"""The event's name and its translation."""

NOT_TRANSLATED: frozenset[type[e.KernelEvent]] = frozenset(
    {e.ChildStarted, e.DisplayCleared, e.NextInputSet}
)
"""Events that make the session do something instead, or that are for others."""
