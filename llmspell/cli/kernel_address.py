"""``llmspell --connect ADDRESS kernel``: what can be done with a kernel wherever it runs."""

import argparse
import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from kernel.core.errors import UserError
from llmspell.cli.global_options import NO_KERNEL, GlobalOptions, UsageError
from llmspell.cli.kernel_status import NO_ANSWER, again_and_again, figures

if TYPE_CHECKING:
    from kernel.jupyter.handle import KernelHandle

T = TypeVar("T")

CHOOSING: Mapping[str, frozenset[str]] = {
    "status": frozenset({"connect", "kernel"}),
    "stop": frozenset({"connect", "kernel"}),
    "interrupt": frozenset({"connect", "kernel"}),
    "connect": frozenset({"connect", "kernel"}),
    "restart": frozenset({"kernel"}),
}
"""Which of ``--connect`` and ``--kernel`` choose the kernel that an action works on."""


def choose_kernel(chosen: argparse.Namespace, options: GlobalOptions) -> str:
    """Let ``--kernel``, or the id of one of ours, be the ID of the action.

    What is left is the address of another one, or nothing. Raises `UsageError` where the options
    mean nothing, or two kernels are named.
    """
    for name in sorted(options.given & {"connect", "kernel"}):
        if name not in CHOOSING.get(chosen.action, ()):
            raise UsageError(_meaningless(chosen.action, name))
    if chosen.action == "connect":
        return ""  # it knows them itself
    if options.kernel == NO_KERNEL:
        raise UsageError(f"kernel {chosen.action} works on a kernel; {NO_KERNEL} is none")
    named = options.connect or options.kernel
    given = getattr(chosen, "kernel", None) or getattr(chosen, "id", "")
    if not named or named == given:
        return ""
    if given:
        raise UsageError(f"two kernels are named, {given!r} and {named!r}; leave one of them out")
    if options.connect and not _is_ours(options.connect):
        return options.connect
    chosen.kernel = named
    return ""


def _meaningless(action: str, name: str) -> str:
    if action == "restart":
        return "kernel restart works on kernels of the hub; say which one by its ID"
    others = "; `kernel status` says how one of them is" if action == "list" else ""
    return f"kernel {action} works on no one kernel that runs; leave --{name} out{others}"


def _is_ours(name: str) -> bool:
    from kernel.service.records import UnknownKernel
    from kernel.service.registry import Registry
    from llmspell.cli.reaching import is_address

    if is_address(name):
        return False
    try:
        Registry().find(name)
    except UnknownKernel:
        return False
    return True


# --- what is done there ---------------------------------------------------------------------------


def _show_status(chosen: argparse.Namespace, address: str) -> int:
    return again_and_again(chosen, lambda: _status_once(chosen, address))


def _status_once(chosen: argparse.Namespace, address: str) -> int:
    health: Mapping[str, Any] | None = None
    problem = ""
    try:
        health = _asked(chosen.options, _health)
    except UserError as error:
        problem = str(error)
    if not chosen.quiet:
        document = {"address": address, "health": health, "problem": problem}
        lines = [f"The kernel at {address} does not answer: {problem}"]
        if health is not None:
            lines = [f"The kernel at {address} is {health['state']}.", *figures(health)]
        chosen.results.show(document, lines)
    return NO_ANSWER if health is None else 0


async def _health(kernel: "KernelHandle") -> Mapping[str, Any]:
    from kernel.jupyter.messages import Channel
    from kernel.service.control import DEADLINE
    from kernel.service.health import REQUEST

    try:
        async with asyncio.timeout(DEADLINE):
            reply = await kernel.client.request(Channel.CONTROL, REQUEST, {})
    except TimeoutError:
        raise UserError(f"It did not say within {DEADLINE:g} s how it is.") from None
    said = dict(reply.content)
    if said.pop("status", "") != "ok":
        raise UserError(str(said.get("evalue") or "It does not say how it is."))
    return said


def _interrupt(chosen: argparse.Namespace, address: str) -> int:
    _asked(chosen.options, lambda kernel: kernel.interrupt())
    if not chosen.results.is_text:
        chosen.results.show({"interrupted": address}, "")
    return 0


def _stop(chosen: argparse.Namespace, address: str) -> int:
    if chosen.all or chosen.force or chosen.pid_file:
        raise UsageError("--all, --force and --pid-file are about kernels of this machine")
    _asked(chosen.options, lambda kernel: kernel.shutdown())
    said = f"The kernel at {address} ends."
    chosen.results.show({"stopped": [{"id": address, "how": said}]}, said)
    return 0


def _asked(options: GlobalOptions, ask: "Callable[[KernelHandle], Awaitable[T]]") -> T:
    """What a kernel answers; raises `UserError` where nobody does."""
    from kernel.api import connect_to_kernel
    from kernel.core.loop import EventLoop
    from llmspell.cli.reaching import address_of, kernel_key

    async def run() -> T:
        async with await connect_to_kernel(address_of(options), key=kernel_key()) as kernel:
            return await ask(kernel)

    return EventLoop().run(run)


AT_ADDRESS: Mapping[str, Callable[[argparse.Namespace, str], int]] = {
    "status": _show_status,
    "interrupt": _interrupt,
    "stop": _stop,
}
"""What actions do with a kernel at an address."""
