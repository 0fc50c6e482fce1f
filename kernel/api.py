r"""The front door: start a kernel, connect to one, or serve one; each gives a `KernelHandle`.

A kernel runs the cells of any language behind the port `ScriptEngine`; which, says the
`EngineFactory` it is made with (for Lua, `llmspell.wiring` has these functions without it).

    async with await start_embedded_kernel(make_engine) as kernel:
        done = await kernel.execute("print(6 * 7)")
        assert done.stdout == "42\n"
"""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from kernel.core.errors import UserError
from kernel.core.language import LanguageInfo
from kernel.execution.cells import EngineFactory
from kernel.jupyter.blocking import BlockingKernel
from kernel.jupyter.client import KernelClient
from kernel.jupyter.composition import KernelParts, make_kernel
from kernel.jupyter.connection import (
    ConnectionInfo,
    NoConnectionFile,
    find_connection,
    read_connection,
)
from kernel.jupyter.handle import KernelHandle, opened
from kernel.jupyter.kernel import JupyterKernel
from kernel.jupyter.linking import line_link, link_to
from kernel.jupyter.links import KernelLost, Link, MemoryLink
from kernel.jupyter.router import METADATA
from kernel.jupyter.serve_settings import ServeSettings
from kernel.jupyter.server import KernelServer
from kernel.service.records import KernelRecord
from kernel.service.registry import Registry

DEADLINE = 30.0
"""Seconds a kernel may take to answer for the first time."""

Target = str | Path | ConnectionInfo | JupyterKernel | Link
"""Where a kernel is; see `connect_to_kernel`."""


async def start_embedded_kernel(parts: KernelParts | EngineFactory) -> KernelHandle:
    """A kernel in this process and on this loop.

    It ends when the handle is closed, or a client or the program ends it. Nothing is serialised and
    nothing listens. More clients come by ``connect_to_kernel(handle.kernel)``. Raises `UserError`.
    """
    whole = parts if isinstance(parts, KernelParts) else KernelParts(parts)
    kernel = await make_kernel(whole)
    kernel.lifecycle.ready()
    living = asyncio.create_task(_until_ended(kernel))

    async def end() -> None:
        kernel.ended.set()
        await living

    return await _connected(MemoryLink(kernel), DEADLINE, kernel, end)


async def _until_ended(kernel: JupyterKernel) -> None:
    await kernel.ended.wait()
    await kernel.close()


async def serve_kernel(
    parts: KernelParts | EngineFactory, settings: ServeSettings | None = None
) -> KernelHandle:
    """As `start_embedded_kernel`, and clients in other processes reach it, too.

    ``handle.connection`` says where: by default at five sockets of ZeroMQ on this machine. It ends
    when the handle is closed or a client shuts it down; ``handle.kernel.ended`` is then set.
    Signals are the caller's. Raises `UserError` where it cannot listen.
    """
    whole = parts if isinstance(parts, KernelParts) else KernelParts(parts)
    kernel = await make_kernel(whole)
    server = KernelServer(kernel, settings or ServeSettings())
    try:
        connection = await server.start()
    except BaseException:
        await server.close()
        raise
    serving = asyncio.create_task(server.serve(hears_signals=False))

    async def end() -> None:
        kernel.ended.set()
        await serving

    return await _connected(MemoryLink(kernel), DEADLINE, kernel, end, connection)


async def connect_to_kernel(
    target: Target, *, key: str | None = None, deadline: float = DEADLINE
) -> KernelHandle:
    """A client of a kernel that runs already: by its connection file, address, or id.

    - a path: its connection file, also of a kernel that is not ours; one without ZeroMQ is reached
      where it takes lines;
    - ``tcp://host:port`` or ``ws://host:port``: where it takes lines, with ``key``, or the key that
      its connection file says if that is on this machine;
    - other text: its id, or the beginning of it;
    - a kernel in this process.

    Raises `UserError`: nobody is there, it has another key, or does not answer in time.
    """
    if isinstance(target, JupyterKernel):
        return await _connected(MemoryLink(target), deadline, target)
    began = time.monotonic()
    try:
        async with asyncio.timeout(deadline):
            link = await _link(target, key)
    except TimeoutError:
        raise KernelLost(f"Nobody answered at {target} within {deadline:g} s.") from None
    return await _connected(link, deadline, spent=time.monotonic() - began)


def connect_blocking(target: Target, *, key: str | None = None) -> BlockingKernel:
    """As `connect_to_kernel`, for code without a loop."""
    return BlockingKernel(lambda: connect_to_kernel(target, key=key))


def serve_blocking_kernel(
    parts: KernelParts | EngineFactory, settings: ServeSettings | None = None
) -> BlockingKernel:
    """As `serve_kernel`, for code without a loop; the kernel has a thread of its own."""
    return BlockingKernel(lambda: serve_kernel(parts, settings))


def start_blocking_kernel(parts: KernelParts | EngineFactory) -> BlockingKernel:
    """As `start_embedded_kernel`, for code without a loop; the kernel has a thread of its own."""
    return BlockingKernel(lambda: start_embedded_kernel(parts))


async def _connected(
    link: Link,
    deadline: float,
    kernel: JupyterKernel | None = None,
    when_closed: Callable[[], Awaitable[None]] | None = None,
    connection: ConnectionInfo | None = None,
    spent: float = 0,
) -> KernelHandle:
    client = KernelClient(link)
    async with opened(client, deadline, spent) as reply:
        said: Mapping[str, Any] = reply.content["language_info"]
        own = reply.content.get(METADATA)
        label = str(own.get("language", "")) if isinstance(own, Mapping) else ""
    return KernelHandle(client, _language(said, label), when_closed, kernel, connection)


async def _link(target: str | Path | ConnectionInfo | Link, key: str | None) -> Link:
    if isinstance(target, ConnectionInfo):
        return await link_to(target, "The connection information")
    if not isinstance(target, str | Path):
        return target
    text = str(target)
    kind, separator, address = text.partition("://")
    if separator:
        return await line_link(kind, address.rstrip("/"), key)
    path = Path(target)
    is_file = isinstance(target, Path) or path.suffix == ".json" or path.is_file()
    file = path if is_file else _file_of(text)
    return await link_to(read_connection(file), str(file))


def _file_of(kernel_id: str) -> Path:
    """In Jupyter's folder, or where a kernel of ours that runs has it."""
    ours = _record_of(kernel_id)
    if ours is not None and ours.id == kernel_id:
        return Path(ours.connection_file)
    try:
        return find_connection(kernel_id)
    except NoConnectionFile:
        if ours is None:
            raise
        return Path(ours.connection_file)


def _record_of(kernel_id: str) -> KernelRecord | None:
    with contextlib.suppress(UserError):
        state = Registry().find(kernel_id)
        if state.is_running and state.record.connection_file:
            return state.record
    return None


def _language(said: Mapping[str, Any], label: str) -> LanguageInfo:
    """``label``: how our kernels call it, as LuaJIT is Lua 5.1 to Jupyter."""
    name, version = str(said.get("name", "")), str(said.get("version", ""))
    return LanguageInfo(
        name=name,
        version=version,
        label=label or f"{name.capitalize()} {version}",
        mimetype=str(said.get("mimetype", "")),
        file_extension=str(said.get("file_extension", "")),
        pygments_lexer=str(said.get("pygments_lexer", name)),
        codemirror_mode=str(said.get("codemirror_mode", name)),
    )


__all__: Sequence[str] = (
    "BlockingKernel",
    "KernelHandle",
    "KernelParts",
    "ServeSettings",
    "connect_blocking",
    "connect_to_kernel",
    "make_kernel",
    "serve_blocking_kernel",
    "serve_kernel",
    "start_blocking_kernel",
    "start_embedded_kernel",
)
