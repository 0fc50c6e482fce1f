"""Many clients of one kernel at once: what is lost, and what is told to the wrong one."""

import asyncio
import json
import tempfile
import time
from pathlib import Path

from kernel.api import ServeSettings, make_kernel
from kernel.jupyter.connection import ConnectionInfo
from kernel.jupyter.messages import Channel, Writer
from kernel.jupyter.server import KernelServer
from kernel.jupyter.signing import DELIMITER, Frames, Signer
from kernel.transport.zmq import SocketGroup
from llmspell.kernels import lua_kernel

PARENT, CONTENT = 3, 5
"""Places of parts behind the delimiter."""


class BareClient:
    """Sends cells one after the other, and looks only into messages that are about them."""

    def __init__(self, info: ConnectionInfo, number: int) -> None:
        self._writer = Writer()
        self._number = number
        self._frames = Frames(Signer(info.key.encode()))
        self._mine = self._writer.session.encode()
        self._sockets = SocketGroup()
        self._text, self._states = "", 0
        self._changed, self.is_heard = asyncio.Event(), asyncio.Event()
        self._reply: dict[str, object] | None = None
        identity = self._mine
        self._sockets.connect_requests(Channel.SHELL, info.url("shell"), identity, self._replied)
        self._sockets.connect_news(Channel.IOPUB, info.url("iopub"), self._told)

    async def run(self, cells: int) -> int:
        """How many cells did not have their own output, whole, and their own reply."""
        wrong = 0
        for turn in range(cells):
            self._text, self._states, self._reply = "", 0, None
            content = {"code": f"print('{self._number}-{turn}')"}
            message = self._writer.message(Channel.SHELL, "execute_request", content)
            self._sockets.send(Channel.SHELL, self._frames.encode(message))
            try:
                async with asyncio.timeout(60):
                    while self._reply is None or self._states < 2:
                        self._changed.clear()
                        await self._changed.wait()
            except TimeoutError:
                wrong += 1
                continue
            is_right = self._reply.get("status") == "ok"
            wrong += not (is_right and self._text == f"{self._number}-{turn}\n")
        return wrong

    async def close(self) -> None:
        """Leave."""
        await self._sockets.close()

    def _replied(self, frames: list[bytes]) -> None:
        start = frames.index(DELIMITER)
        if self._mine in frames[start + PARENT]:
            self._reply = json.loads(frames[start + CONTENT])
        self._changed.set()

    def _told(self, frames: list[bytes]) -> None:
        self.is_heard.set()
        if self._mine not in frames[1 + PARENT]:
            return
        content = json.loads(frames[1 + CONTENT])
        self._text += content.get("text", "")
        self._states += "execution_state" in content
        self._changed.set()


async def many_clients(count: int = 50, cells: int = 200) -> tuple[float, int]:
    """Seconds, and how many cells went wrong."""
    kernel = await make_kernel(lua_kernel())
    with tempfile.TemporaryDirectory() as folder:
        settings = ServeSettings(connection_file=Path(folder) / "kernel-bench.json")
        server = KernelServer(kernel, settings)
        info = await server.start()
        clients = [BareClient(info, number) for number in range(count)]
        await asyncio.gather(*[each.is_heard.wait() for each in clients])
        began = time.perf_counter()
        wrong = sum(await asyncio.gather(*[each.run(cells) for each in clients]))
        took = time.perf_counter() - began
        await asyncio.gather(*[each.close() for each in clients])
        await server.close()
    return took, wrong
