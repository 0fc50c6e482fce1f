"""Live values: what the program has in its variables while a debug session is stopped.

The client runs the debug session, so the client is asked; docs/reference/live-values.md has the
protocol. Nothing here may keep anybody waiting: an answer that takes too long is left out.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from pygls.exceptions import JsonRpcException

EVALUATE = "llmspell/evaluate"
COMPLETIONS = "llmspell/completions"
STOPPED = "llmspell/stopped"
CONTINUED = "llmspell/continued"

PATIENCE = 0.5
"""Seconds that the client has for an answer."""

_log = logging.getLogger(__name__)


class Client(Protocol):
    """Who can be asked."""

    async def ask(self, method: str, params: Mapping[str, Any], /) -> object:
        """Send a request; its result."""


@dataclass(frozen=True, slots=True)
class LiveValue:
    """A value of the stopped program, as the debugger shows it."""

    text: str
    type: str = ""


@dataclass(frozen=True, slots=True)
class LiveMember:
    """A name that the debugger would complete."""

    label: str
    type: str = ""
    detail: str = ""


class LiveValues:
    """Where the program is stopped, and the questions about its values."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.is_supported = False
        """Whether the client has said that it answers."""
        self._stopped: dict[str, int] = {}

    def stopped(self, uri: str, line: int) -> None:
        """The program stands on this line, counted from 0; where else it was does not count."""
        self._stopped = {uri: line}

    def continued(self) -> None:
        """The program runs, or has ended."""
        self._stopped = {}

    def stopped_line(self, uri: str) -> int | None:
        """The line of a document the program stands on; None unless there is anything to ask."""
        return self._stopped.get(uri) if self.is_supported else None

    async def evaluate(self, uri: str, line: int, expression: str) -> LiveValue | None:
        """The value of an expression; None without one."""
        params = {"uri": uri, "line": line, "expression": expression}
        answer = plain(await self._ask(EVALUATE, params))
        text = answer.get("result")
        return LiveValue(text, _text(answer, "type")) if isinstance(text, str) else None

    async def completions(self, uri: str, line: int, text: str) -> list[LiveMember]:
        """What the program has behind ``text``, or what begins with it."""
        column = len(text.encode("utf-16-le")) // 2
        params = {"uri": uri, "line": line, "text": text, "column": column}
        answer = await self._ask(COMPLETIONS, params)
        items = answer if isinstance(answer, Sequence) and not isinstance(answer, str) else []
        return [
            LiveMember(_text(each, "label"), _text(each, "type"), _text(each, "detail"))
            for each in map(plain, items)
            if _text(each, "label")
        ]

    async def _ask(self, method: str, params: Mapping[str, Any]) -> object:
        asking = asyncio.ensure_future(self._client.ask(method, params))
        await asyncio.wait({asking}, timeout=PATIENCE)
        if not asking.done():  # it is not cancelled: an answer that is late finds nobody waiting
            asking.add_done_callback(_forget)
            return None
        try:
            return asking.result()
        except JsonRpcException as error:
            _log.info("No live value: %s", error)
            return None


def _forget(answer: asyncio.Future[object]) -> None:
    if not answer.cancelled():
        answer.exception()


def _text(told: Mapping[str, Any], key: str) -> str:
    value = told.get(key)
    return value if isinstance(value, str) else ""


def plain(told: object) -> Mapping[str, Any]:
    """An object of a message that pygls has no type for, as a dictionary."""
    if isinstance(told, Mapping):
        return told
    if isinstance(told, tuple) and hasattr(told, "_asdict"):
        found: Mapping[str, Any] = told._asdict()
        return found
    return vars(told) if hasattr(told, "__dict__") else {}
