"""EventRequests: the log of events asked for as data, with a kernel or without one.

docs/reference/kernel-protocol.md has the requests and their answers.
"""

import json
from collections import deque
from collections.abc import Mapping
from typing import Annotated, Any

from annotated_types import Ge

from kernel.core.actions import action, serve_action
from kernel.core.errors import UserError
from kernel.events.log import Entry, EventLog
from kernel.events.patterns import compile_pattern
from kernel.state.store import StateStore

MOST = 10_000
"""Events in one answer; further ones are asked for behind the last number."""

Plain = dict[str, Any]


class EventRequests:
    """Implements `kernel.jupyter.calls.Endpoint` by `serve`."""

    def __init__(self, store: StateStore) -> None:
        """``store``: where the log is."""
        self._log = EventLog(store)

    async def serve(self, content: Mapping[str, Any]) -> Mapping[str, Any]:
        """Do what ``action`` says; raises `UserError`."""
        return await serve_action(self, content)

    @action("show")
    def show(
        self,
        *,
        pattern: str = "*",
        message: str | None = None,
        since: float | None = None,
        until: float | None = None,
        after: Annotated[int, Ge(0)] = 0,
        limit: Annotated[int, Ge(1)] | None = None,
        last: Annotated[int, Ge(1)] | None = None,
    ) -> Plain:
        """What was kept, oldest first: behind number ``after``, of a message, in a time.

        ``limit`` is how many at most, ``last`` how many of the newest.
        """
        if limit is not None and last is not None:
            raise UserError("show takes either limit or last; say one of them.")
        compile_pattern(pattern)
        entries = self._log.replay(
            after,
            pattern=pattern,
            correlation_id=message,
            since=since,
            until=until,
            limit=None if last is not None else min(limit or MOST, MOST),
        )
        found = [*entries] if last is None else [*deque(entries, min(last, MOST))]
        return {"events": [_shown(each) for each in found]}


def _shown(entry: Entry) -> Plain:
    return {"number": entry.number, **json.loads(entry.published.encode())}
