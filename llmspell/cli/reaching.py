"""Which kernel a command works on, and asking it; or the same without a kernel, in this process.

::

    --connect ADDRESS  >  --kernel ID  >  --config FILE  >  the kernel that runs  >  no kernel

A configuration that is named on the command line is about this process, so that it stands above a
kernel that happens to run; ``--kernel none`` says "no kernel" without one.
"""

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Any

from kernel.core.errors import UserError
from llmspell.cli.global_options import NO_KERNEL, GlobalOptions

if TYPE_CHECKING:
    from kernel.jupyter.client import KernelClient

_HOST_AND_PORT = re.compile(r"[\w.-]+:\d+|\[[0-9a-fA-F:]+\]:\d+")


REQUESTS: Mapping[str, str] = {
    "state": "state_request",
    "sessions": "session_request",
    "backups": "backup_request",
    "events": "event_log_request",
}
"""The message that asks a kernel about something (docs/reference/kernel-protocol.md)."""

Send = Callable[[Mapping[str, Any]], Awaitable[Mapping[str, Any]]]
"""Asks with a content; the answer's, without its status. Raises `UserError`."""

AGAIN = 0.5
"""Seconds after which what does not end is told to once more: it may not have begun before."""

KEY = "LLMSPELL_KERNEL_KEY"
"""The variable with the key of a kernel whose connection file is not on this machine."""


def kernel_key() -> str | None:
    """The key to sign messages with; None: the one in the connection file."""
    return os.environ.get(KEY) or None


def names_kernel(options: GlobalOptions) -> bool:
    """Whether the command line names a kernel."""
    return bool(options.connect) or options.kernel not in ("", NO_KERNEL)


def address_of(options: GlobalOptions) -> str:
    """Where the kernel is that was named, as `kernel.api.connect_to_kernel` takes it.

    Raises `UserError` for a kernel of ours that does not run.
    """
    if options.connect:
        if _HOST_AND_PORT.fullmatch(options.connect):
            return _at(options.connect)
        return _named(options.connect)
    return _connection_file(options.kernel)


def is_address(text: str) -> bool:
    """Whether it says where a kernel is, and not what it is called."""
    is_place = "://" in text or "/" in text or text.endswith(".json")
    return is_place or _HOST_AND_PORT.fullmatch(text) is not None


def kernel_to_ask(options: GlobalOptions) -> str | None:
    """The address of the kernel that a command works on; None: on none.

    Raises `UserError` where several run and none was named.
    """
    if names_kernel(options):
        return address_of(options)
    if options.kernel == NO_KERNEL or options.config:
        return None
    from kernel.service.registry import Registry

    running = [each.record for each in Registry().all() if each.is_running]
    if len(running) > 1:
        names = ", ".join(each.id for each in running)
        raise UserError(
            f"Several kernels run: {names}. Choose one with --kernel ID, or none with "
            f"--kernel {NO_KERNEL}."
        )
    return running[0].connection_file if running else None


def ask(
    options: GlobalOptions,
    about: str,
    action: str,
    arguments: Mapping[str, Any],
    cancelling: Mapping[str, Any] | None = None,
) -> tuple[str, Mapping[str, Any]]:
    """Ask for something about one of `REQUESTS`; in which mode, and the answer.

    ``cancelling`` is what is asked for at Ctrl-C, to end what was asked for; then, when it has
    ended, `KeyboardInterrupt` is raised. What is reported of progress is told to whoever watches.
    Raises `UserError`: what is wrong with the request, or who does not answer.
    """
    given = {name: value for name, value in arguments.items() if value is not None}

    async def run() -> tuple[str, Mapping[str, Any]]:
        async with _door(options, about) as (mode, send):
            asking = send({"action": action, **given})
            return mode, await (
                asking if cancelling is None else _endable(asking, send, cancelling)
            )

    return asyncio.run(run())


async def _endable(
    asking: Awaitable[Mapping[str, Any]], send: Send, cancelling: Mapping[str, Any]
) -> Mapping[str, Any]:
    """The answer; if this is cancelled, after having that ended which was asked for."""
    asked = asyncio.ensure_future(asking)
    try:
        return await asyncio.shield(asked)
    except asyncio.CancelledError:
        told = 0
        while not asked.done():
            if told == 1:
                sys.stderr.write("llmspell: it is being ended; Ctrl-C again does not wait\n")
            told += 1
            with suppress(UserError):  # it has ended meanwhile, or the kernel has
                await send(cancelling)
            await asyncio.wait([asked], timeout=AGAIN)
        asked.exception()  # whatever it says, nobody waits for it any more
        raise


@asynccontextmanager
async def _door(options: GlobalOptions, about: str) -> AsyncIterator[tuple[str, Send]]:
    """The mode, and how to ask there."""
    address = kernel_to_ask(options)
    if address is None:
        from llmspell.local_requests import local_requests

        with local_requests() as requests:
            yield "embedded", requests.endpoints[REQUESTS[about]]
        return
    from kernel.api import connect_to_kernel

    async with await connect_to_kernel(address, key=kernel_key()) as kernel:
        more = _acting() if about == "sessions" else {}
        yield "connected", _sending(kernel.client, REQUESTS[about], more)


def _acting() -> Mapping[str, Any]:
    """As whom a kernel is asked about sessions: as without one, where the configuration says so."""
    from llmspell.script_api.services import LocalServices

    said = LocalServices().said_actor
    return {"actor": said} if said else {}


def _sending(client: "KernelClient", kind: str, more: Mapping[str, Any]) -> Send:
    from kernel.core.progress import Progress, current_watch
    from kernel.jupyter.messages import Channel, Message
    from kernel.jupyter.progress import PROGRESS

    watch = current_watch()

    def hear(message: Message) -> None:
        if watch is not None and message.type == PROGRESS:
            watch(Progress(**message.content))

    async def send(content: Mapping[str, Any]) -> Mapping[str, Any]:
        reply = await client.request(Channel.CONTROL, kind, {**content, **more}, hear)
        if reply.content.get("status") == "error":
            raise UserError(str(reply.content.get("evalue", "The kernel refuses.")))
        return {name: value for name, value in reply.content.items() if name != "status"}

    return send


def _at(place: str) -> str:
    """A host and a port: of lines over TCP, unless a connection file says that it is WebSocket."""
    from kernel.jupyter.connection import find_listener

    return f"tcp://{place}" if find_listener("ws", place) is None else f"ws://{place}"


def _named(name: str) -> str:
    """A file, a URL, or what a kernel of ours is called."""
    if is_address(name):
        return name
    from kernel.service.records import UnknownKernel

    try:
        return _connection_file(name)
    except UnknownKernel:
        return name  # perhaps one that Jupyter has started


def _connection_file(kernel_id: str) -> str:
    from kernel.service.registry import Registry

    state = Registry().find(kernel_id)
    if not state.is_running:
        raise UserError(
            f"Kernel {state.record.id} does not run: {state.why}. "
            f"`llmspell kernel start --daemon --id {state.record.id}` starts it."
        )
    return state.record.connection_file
