"""HubClient: what a hub is asked from another process."""

import asyncio
import itertools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kernel.core.errors import UserError
from kernel.service import orders as o
from kernel.service.runtime import socket_address


class HubGone(UserError):
    """Nobody listens at the hub's socket, or not any more."""


class HubClient:
    """A connection to a hub; any number of requests at once. Used on the loop's thread."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Mapping[str, Any]]] = {}
        self._reading = asyncio.ensure_future(self._read())

    @classmethod
    async def connect(cls, path: Path) -> "HubClient":
        """Connect; raises `HubGone`."""
        try:
            with socket_address(path) as address:
                streams = await asyncio.open_unix_connection(address, limit=o.LONGEST_LINE)
        except OSError as error:
            raise HubGone(
                f"No hub listens at {path}; start one with `llmspell kernel serve --daemon`."
            ) from error
        return cls(*streams)

    @property
    def is_open(self) -> bool:
        """Whether the hub is still there."""
        return not self._reading.done()

    async def ask(self, action: str, **arguments: object) -> Mapping[str, Any]:
        """The result of a request; raises `HubGone`, or `UserError` with the hub's words."""
        if not self.is_open:
            raise HubGone("The hub has ended.")
        number = next(self._numbers)
        future: asyncio.Future[Mapping[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[number] = future
        try:
            self._writer.write(o.line({"id": number, "action": action, **arguments}))
            answer = await future
        finally:
            self._waiting.pop(number, None)
        if not answer.get("ok"):
            raise UserError(str(answer.get("error", "refused")))
        result: Mapping[str, Any] = answer["result"]
        return result

    async def close(self) -> None:
        """Leave; kernels that were leased end."""
        self._reading.cancel()
        self._writer.close()

    async def _read(self) -> None:
        try:
            async for text in self._reader:
                answer = o.parsed(text)
                future = self._waiting.get(int(answer.get("id") or 0))
                if future is not None and not future.done():
                    future.set_result(answer)
        except OSError:
            pass
        finally:
            for future in self._waiting.values():
                if not future.done():
                    future.set_exception(HubGone("The hub has ended."))


def ask_hub(path: Path, action: str, **arguments: object) -> Mapping[str, Any]:
    """One request, for code without a loop; raises `UserError`."""

    async def ask() -> Mapping[str, Any]:
        client = await HubClient.connect(path)
        try:
            return await client.ask(action, **arguments)
        finally:
            await client.close()

    return asyncio.run(ask())
