"""ServiceRequests: state and sessions of one set of services, asked for as data.

The same object serves a kernel's clients (``state_request``, ``session_request``) and commands that
work without a kernel.
"""

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from kernel.core.errors import UserError
from kernel.core.lazily import made_once
from kernel.sessions.current import CurrentSession

if TYPE_CHECKING:
    from kernel.events.requests import EventRequests
    from kernel.jupyter.calls import Endpoint
    from kernel.sessions.requests import SessionRequests
    from llmspell.backups.requests import BackupRequests
    from llmspell.hooked_state_requests import HookedStateRequests
    from llmspell.script_api.script_services import ScriptServices

STATE_REQUEST, SESSION_REQUEST = "state_request", "session_request"
BACKUP_REQUEST, EVENT_LOG_REQUEST = "backup_request", "event_log_request"


class ServiceRequests:
    """Used on a loop's thread. What it stands on is loaded with the first request."""

    def __init__(self, services: "ScriptServices", current: CurrentSession | None = None) -> None:
        self._services = services
        self._current = current or CurrentSession()

    @property
    def endpoints(self) -> "Mapping[str, Endpoint]":
        """By the type of the message, what serves it."""
        return {
            STATE_REQUEST: self.serve_state,
            SESSION_REQUEST: self.serve_sessions,
            BACKUP_REQUEST: self.serve_backups,
            EVENT_LOG_REQUEST: self.serve_events,
        }

    async def serve_state(self, content: Mapping[str, Any]) -> Mapping[str, Any]:
        """See `StateRequests.serve`."""
        state = await asyncio.to_thread(lambda: self._state)
        return await state.serve(content)

    async def serve_sessions(self, content: Mapping[str, Any]) -> Mapping[str, Any]:
        """See `SessionRequests.serve`."""
        sessions = await asyncio.to_thread(lambda: self._sessions)
        return await sessions.serve(content)

    async def serve_backups(self, content: Mapping[str, Any]) -> Mapping[str, Any]:
        """See `BackupRequests.serve`; raises `UserError` where nothing is kept."""
        backups = await asyncio.to_thread(lambda: self._backups)
        return await backups.serve(content)

    async def serve_events(self, content: Mapping[str, Any]) -> Mapping[str, Any]:
        """See `EventRequests.serve`."""
        events = await asyncio.to_thread(lambda: self._events)
        return await events.serve(content)

    @made_once
    def _events(self) -> "EventRequests":
        from kernel.events.requests import EventRequests

        return EventRequests(self._services.audit_store)

    @made_once
    def _backups(self) -> "BackupRequests":
        from llmspell.backups.requests import BackupRequests
        from llmspell.kernel_services import KernelServices

        if not isinstance(self._services, KernelServices):
            raise UserError("This kernel keeps nothing that could be backed up.")
        return BackupRequests(self._services.backup_folder, self._services.kept)

    @made_once
    def _state(self) -> "HookedStateRequests":
        from kernel.state.requests import StateRequests
        from llmspell.hooked_state_requests import HookedStateRequests

        services = self._services
        requests = StateRequests(services.state, schemas=services.schemas)
        return HookedStateRequests(requests, services.runner)

    @made_once
    def _sessions(self) -> "SessionRequests":
        from kernel.sessions.requests import SessionRequests

        services = self._services
        return SessionRequests(services.sessions, services.actor, self._current)
