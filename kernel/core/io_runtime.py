"""IoRuntime: where the asynchronous things of all scripts live: made, used and closed on one loop.

An HTTP client that a script causes belongs to the process, not to the script: another script, on
another thread, finds it as it was, minutes later. So nothing asynchronous can outlive its loop.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any, TypeVar

from kernel.core.loop import EventLoop

if TYPE_CHECKING:
    import httpx

T = TypeVar("T")

_log = logging.getLogger(__name__)

CLOSE_DEADLINE = 10.0
"""Seconds all resources together have to close."""

KEEPALIVE = 300.0
"""Seconds an idle HTTP connection is kept."""


class IoRuntime:
    """Long-lived resources by name, on the loop it is given or on one it starts when needed."""

    def __init__(self, loop: EventLoop | None = None) -> None:
        self.loop = loop or EventLoop()
        self._resources: dict[str, tuple[AbstractAsyncContextManager[Any], asyncio.Task[Any]]] = {}
        self._is_closing = False

    def submit(self, coroutine: Coroutine[Any, Any, T]) -> "Future[T]":
        """Begin a coroutine on the loop, from any thread; do not wait for it.

        Raises `RuntimeError` once the runtime is closed.
        """
        if self._is_closing:
            coroutine.close()
            raise RuntimeError("The IO runtime is closed.")
        if not self.loop.is_running:
            self.loop.start()
        return self.loop.submit(coroutine)

    async def resource(self, name: str, make: Callable[[], AbstractAsyncContextManager[T]]) -> T:
        """The resource of that name, on the loop; the first who asks has it made and entered.

        Who asks meanwhile waits for the same one. What cannot be made is not remembered.
        """
        known = self._resources.get(name)
        if known is None:
            manager = make()
            task = asyncio.ensure_future(manager.__aenter__())
            known = self._resources[name] = (manager, task)
        try:
            entered: T = await asyncio.shield(known[1])
        except BaseException:
            if known[1].done() and (known[1].cancelled() or known[1].exception()):
                self._forget(name, known)
            raise
        return entered

    def _forget(self, name: str, known: object) -> None:
        if self._resources.get(name) is known:
            del self._resources[name]

    async def discard(self, name: str) -> bool:
        """Close a resource, on the loop; False if there is none of that name."""
        known = self._resources.pop(name, None)
        if known is None:
            return False
        manager, task = known
        await task
        await manager.__aexit__(None, None, None)
        return True

    @property
    def names(self) -> list[str]:
        """The resources there are, oldest first."""
        return list(self._resources)

    async def close_resources(self) -> None:
        """Close all, on the loop, the newest first; one that fails to leaves the others closed."""
        for name in reversed(self.names):
            try:
                await asyncio.wait_for(self.discard(name), CLOSE_DEADLINE)
            except Exception:
                _log.exception("%s did not close", name)

    def close(self) -> None:
        """Close all resources and end the loop's thread, if it is ours; harmless when done twice.

        Not to be called on the loop.
        """
        if self._is_closing:
            return
        self._is_closing = True
        if self.loop.is_running:
            self.loop.run_coroutine(self.close_resources())
        self.loop.stop()


async def http_client(runtime: IoRuntime) -> "httpx.AsyncClient":
    """The HTTP client of the process; to be asked for and used on the loop."""
    return await runtime.resource("http", _make_http_client)


def _make_http_client() -> "httpx.AsyncClient":
    import httpx

    limits = httpx.Limits(
        max_connections=200, max_keepalive_connections=50, keepalive_expiry=KEEPALIVE
    )
    return httpx.AsyncClient(limits=limits, follow_redirects=True)
