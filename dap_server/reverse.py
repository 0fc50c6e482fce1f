"""Requests that go from us to the client."""

from typing import Any

import anyio

from dap_server.outbox import Outbox
from dap_server.protocol.model import Model
from kernel.core.errors import UserError


class ReverseRequests:
    """Asks the client and waits for what it answers."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._asked: dict[int, anyio.Event] = {}
        self._answers: dict[int, dict[str, Any]] = {}

    async def ask(self, command: str, arguments: Model) -> dict[str, Any]:
        """The body of the client's answer; raises `UserError` with its reason if it refuses."""
        number = self._outbox.request(command, arguments.wire())
        self._asked[number] = anyio.Event()
        try:
            await self._asked[number].wait()
        finally:
            del self._asked[number]
        answer = self._answers.pop(number)
        if answer.get("success") is not True:
            raise UserError(f"The editor refused {command}: {_reason(answer)}.")
        body = answer.get("body")
        return body if isinstance(body, dict) else {}

    def answered(self, response: dict[str, Any]) -> bool:
        """Take a response; False if nothing was asked that it could answer."""
        number = response.get("request_seq")
        if not isinstance(number, int) or number not in self._asked or number in self._answers:
            return False
        self._answers[number] = response
        self._asked[number].set()
        return True


def _reason(answer: dict[str, Any]) -> str:
    body = answer.get("body")
    error = body.get("error") if isinstance(body, dict) else None
    text = error.get("format") if isinstance(error, dict) else None
    return str(text or answer.get("message") or "it gave no reason").rstrip(".")
