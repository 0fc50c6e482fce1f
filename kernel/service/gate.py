"""CountingGate: which requests a kernel still takes, and from whom.

A client is whoever runs code or asks about it, under the name of its session. Over lines it is gone
when its connection is. ZeroMQ does not say who is gone, only that somebody hears no more; then the
one that was silent the longest is taken to have left, one that was refused before all others. If
one of these asks again it was somebody else, who makes room. Where more listen than ask (Jupyter's
server does), nobody leaves before somebody else needs the room. Requests on control (interrupt,
shutdown, health) are always served.
"""

import time
from collections.abc import Callable

from kernel.core.errors import UserError
from kernel.jupyter.attendance import Attendance
from kernel.jupyter.calls import Client
from kernel.jupyter.channels import ZmqClient
from kernel.jupyter.messages import Channel, Message

ALWAYS = frozenset({"kernel_info_request", "connect_request", "comm_info_request"})
"""Requests that run nothing and that clients send before anything else: also served when full."""

REMEMBERED = 1_000
"""Clients that were refused and taken to have left, and are known if they come again."""


class TooManyClients(UserError):
    """The kernel serves as many clients as it may."""


class KernelEnding(UserError):
    """The kernel takes no new requests: it is about to end."""


REFUSALS = frozenset({TooManyClients.__name__, KernelEnding.__name__})
"""The names of the errors that a request gets which was not let in."""


class CountingGate:
    """Implements `Gate`."""

    def __init__(
        self,
        max_clients: int = 0,
        *,
        clock: Callable[[], float] = time.monotonic,
        attendance: Attendance | None = None,
    ) -> None:
        """``max_clients`` 0: any number. ``attendance`` is told who comes and goes."""
        self.max_clients = max_clients
        self._attendance = attendance or Attendance()
        self.ending = ""
        """Why no request is taken any more; empty: they are."""
        self.refused = 0
        """Requests that were not let in."""
        self.last_request = clock()
        self._clock = clock
        self._last: dict[str, float] = {}
        """When each client that was let in asked last."""
        self._turned_away: dict[str, None] = {}
        """Those that were refused, the one that was refused last at the end."""
        self._presumed_gone: dict[str, None] = {}
        """Those of them that were taken to have left."""
        self._connections: dict[Client, str] = {}
        self._polite: set[str] = set()
        """Those whose end is told. Nobody guesses that they have left."""
        self._listeners = 0
        self._doubts = 0
        """Clients that may have left, or never were any: they listened, and do not now."""

    @property
    def clients(self) -> int:
        """How many clients there are."""
        return len(self._last)

    @property
    def is_full(self) -> bool:
        """Whether one more client is one too many."""
        return 0 < self.max_clients <= self.clients

    def check(self, message: Message, client: Client) -> None:
        """Let a message in; raises `TooManyClients` or `KernelEnding`."""
        if message.channel != Channel.SHELL:
            return
        if self.ending:
            self.refused += 1
            raise KernelEnding(self.ending)
        if message.session not in self._last and message.type in ALWAYS and self.is_full:
            return
        says_goodbye = not isinstance(client, ZmqClient)
        self.enter(message.session, says_goodbye=says_goodbye, transport=client.transport)
        if not isinstance(client, ZmqClient):
            self._connections[client] = message.session

    def enter(self, session: str, *, says_goodbye: bool, transport: str = "dap") -> None:
        """A client is there (by default a debugger); raises `TooManyClients`.

        ``says_goodbye``: somebody calls `leave` or `forget` when it goes, so nobody need guess.
        """
        self._correct(session)
        if session not in self._last and self.is_full and not self._has_room():
            self._turned_away.pop(session, None)
            self._turned_away[session] = None
            self.refused += 1
            self._attendance.refused(self.max_clients)
            raise TooManyClients(self.refusal)
        self._turned_away.pop(session, None)
        self.last_request = self._last[session] = self._clock()
        if says_goodbye:
            self._polite.add(session)
        self._attendance.came(session, transport)

    def _correct(self, session: str) -> None:
        """One that was taken to have left asks: it was another that was refused, or let in."""
        if session not in self._presumed_gone:
            return
        del self._presumed_gone[session]
        if self._turned_away:
            self._presume_gone()
        else:
            self._doubts += 1

    def _presume_gone(self) -> None:
        session = next(iter(self._turned_away))
        del self._turned_away[session]
        self._presumed_gone[session] = None
        if len(self._presumed_gone) > REMEMBERED:
            del self._presumed_gone[next(iter(self._presumed_gone))]

    def _has_room(self) -> bool:
        """Whether one of those that may have left makes room."""
        if not self._doubts:
            return False
        self._doubts -= 1
        return self._drop_most_silent()

    @property
    def refusal(self) -> str:
        """What the one too many is told."""
        return (
            f"This kernel serves at most {self.max_clients} clients at a time, and they are here. "
            "Wait until one leaves, or start the kernel with a greater --max-clients."
        )

    def leave(self, session: str) -> None:
        """A client is gone."""
        self._last.pop(session, None)
        self._polite.discard(session)
        self._turned_away.pop(session, None)
        self._attendance.left(session)

    def forget(self, client: Client) -> None:
        """A connection has ended."""
        session = self._connections.pop(client, None)
        if session is not None:
            self.leave(session)

    def listens(self, change: int) -> None:
        """One more client over ZeroMQ listens, or one fewer."""
        self._listeners = max(0, self._listeners + change)
        if change > 0:
            return
        if self._turned_away:
            self._presume_gone()
        elif self._listeners < len(self._guessed()):
            self._drop_most_silent()
        else:  # perhaps one that only listened
            self._doubts += 1

    def _guessed(self) -> list[str]:
        """The clients that say no goodbye, the most silent one first."""
        found = [(when, each) for each, when in self._last.items() if each not in self._polite]
        return [each for _when, each in sorted(found)]

    def _drop_most_silent(self) -> bool:
        silent = self._guessed()[:1]
        for session in silent:
            self.leave(session)
        return bool(silent)
