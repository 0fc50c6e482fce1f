"""How a kernel for Lua in a process of its own is put together and served."""

import asyncio
import contextlib
import logging
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from platformdirs import user_data_path

from kernel.core.errors import UserError
from kernel.jupyter.composition import KernelParts, make_kernel
from kernel.jupyter.connection import ConnectionInfo
from kernel.jupyter.kernel import JupyterKernel
from kernel.jupyter.messages import Writer
from kernel.jupyter.serve_settings import ServeSettings
from kernel.service.kernel_processes import BEGINS_ANEW
from kernel.service.logs import DaemonLog, redact_logs
from kernel.service.registry import Hold
from kernel.service.service import KernelService, Surroundings
from llmspell.kernel_debug import DebugDoor
from llmspell.kernel_observers import KernelObservers
from llmspell.kernel_options import NAME, ServiceOptions
from llmspell.kernel_services import KernelServices
from llmspell.kernels import lua_kernel
from llmspell.listening import Listening, listed
from llmspell.lua_programs import LuaPrograms
from lua_debug.versions import DEFAULT_VERSION, find_version

if TYPE_CHECKING:
    from llmspell.kept_variables import KeptVariables
    from llmspell.kernel_keeper import KernelKeeper

_log = logging.getLogger(__name__)

_MADE_UP = re.compile(r"[0-9a-f]{12}|[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}")
"""The id of a kernel that nobody gave a name: ours, or Jupyter's."""


@dataclass(frozen=True, slots=True)
class ServedSurroundings:
    """What a kernel finds that is put together."""

    hold: Hold | None
    """Its record; None: nobody is to find it."""
    log: DaemonLog | None
    writer: Writer
    """What has spoken for it before."""


async def serve(
    options: ServiceOptions,
    settings: ServeSettings,
    around: ServedSurroundings,
    announce: Callable[[ConnectionInfo], None],
) -> int:
    """Put a kernel together and serve it until it has ended; its exit status.

    Every kernel in a process of its own is put together here, whoever its clients are.
    ``announce`` is called when clients may come. Raises `UserError`, or `StoreUnavailable`.
    """
    redact_logs()
    kept = user_data_path(NAME, appauthor=False)
    services = KernelServices()
    programs = LuaPrograms(
        options.lua, has_process=True, libraries=options.libraries, services=services
    )
    door = DebugDoor(lambda: programs.program, "The kernel")
    history = kept / "history.sqlite"
    parts = lua_kernel(options.lua, history=history, programs=programs)
    observers = KernelObservers(services, os.environ)
    parts = replace(
        parts,
        writer=around.writer,
        tracer=observers.tracer(),
        id=around.hold.record.id if around.hold is not None else options.id or parts.id,
        when_stopped=observers.end,
        when_closed=lambda: _close(programs, observers),
    )
    keeper = _keeper(options, services, programs)
    if keeper is not None:
        parts = _kept(parts, keeper, programs)
    variables = _variables(options, services, programs)
    if variables is not None:
        parts = _with_variables(parts, variables, programs)
    with contextlib.ExitStack() as stack:

        async def open_doors(service: KernelService) -> Mapping[str, Any]:
            door.gate = service.gate
            if options.dap is None:
                return {}
            where = await _open_debug_door(door, options, around.hold, stack)
            return {"dap": where}

        surroundings = Surroundings(
            hold=around.hold,
            log=around.log,
            is_stopped=lambda: door.is_stopped,
            open_doors=open_doors,
            last_run=lambda: _last_run(keeper, variables),
            figures=lambda: {
                "store": services.store_figures(),
                **services.hook_figures(),
                **observers.figures(),
            },
        )
        observers.start()
        programs.sessions.keep_up()
        if keeper is not None:
            await asyncio.to_thread(services.check_store)
        if options.session:
            await programs.sessions.start_in(options.session)
        if keeper is not None:
            programs.remembered = await keeper.begin()
        kernel = await make_kernel(parts)
        is_successor = around.hold is not None and around.hold.is_successor
        begins_anew = os.environ.pop(BEGINS_ANEW, "") == "1"
        if variables is not None and begins_anew:
            await asyncio.to_thread(variables.forget)
        elif variables is not None and programs.session is not None and not is_successor:
            await variables.give_back(programs.session)
        service = KernelService(kernel, options.policy, surroundings)
        return await service.run(settings, announce)


def _keeper(
    options: ServiceOptions, services: KernelServices, programs: LuaPrograms
) -> "KernelKeeper | None":
    """Of a kernel that has a name, so that there can be a next one."""
    if not options.id:
        return None
    from llmspell.kernel_keeper import KernelKeeper, KernelNow

    now = KernelNow(
        programs.version.name,
        lambda: programs.count,
        programs.current,
        programs.sessions.go_on,
        programs.wanted,
        programs.files.prefix,
    )
    return KernelKeeper(lambda: services.store, options.id, now, programs.runner)


def _variables(
    options: ServiceOptions, services: KernelServices, programs: LuaPrograms
) -> "KeptVariables | None":
    """Of a kernel that is in a session that was asked for, or has a name."""
    has_name = bool(options.id) and _MADE_UP.fullmatch(options.id) is None
    if not has_name and not options.session:
        return None
    from llmspell.kept_variables import KeptVariables

    def key() -> str:
        if not options.session:
            return f"kernel:{options.id}"
        home = programs.sessions.home
        return f"session:{home}" if home is not None else ""

    return KeptVariables(lambda: services.store, key)


def _with_variables(
    parts: KernelParts, variables: "KeptVariables", programs: LuaPrograms
) -> KernelParts:
    """The same kernel; its variables are kept at its end, unless it is to begin without any."""
    programs.when_closing = variables.take

    def attend(kernel: JupyterKernel) -> None:
        parts.when_made(kernel)
        kernel.when_restarting = variables.drop

    return replace(parts, when_made=attend)


def _last_run(
    keeper: "KernelKeeper | None", variables: "KeptVariables | None"
) -> Mapping[str, Any] | None:
    """How the run before ended, and what of its variables is there again."""
    said = keeper.last_run() if keeper is not None else None
    returned = variables.told() if variables is not None else None
    return said if returned is None else {**(said or {}), "variables": returned}


def _kept(parts: KernelParts, keeper: "KernelKeeper", programs: LuaPrograms) -> KernelParts:
    """The same kernel, of which is kept what it does."""
    programs.current.when_changed = keeper.note_change
    programs.when_stops_changed = keeper.note_change

    watches: list[asyncio.Task[None]] = []
    made: list[JupyterKernel] = []

    async def freeze(kernel: JupyterKernel) -> None:
        await kernel.ended.wait()
        keeper.freeze()

    def attend(kernel: JupyterKernel) -> None:
        parts.when_made(kernel)
        made.append(kernel)
        watches.append(asyncio.ensure_future(freeze(kernel)))

    async def end() -> None:
        for watch in watches:
            watch.cancel()
        await parts.when_ending()
        await keeper.end(is_replaced=any(kernel.is_given_up for kernel in made))

    guard = None if parts.guard is None else keeper.around(parts.guard)
    return replace(parts, guard=guard, when_made=attend, when_ending=end)


def _close(programs: LuaPrograms, observers: KernelObservers) -> None:
    observers.close()
    programs.close()


async def _open_debug_door(
    door: DebugDoor, options: ServiceOptions, hold: Hold | None, stack: contextlib.ExitStack
) -> str:
    assert options.dap is not None
    try:
        host, port = await _open_again(door, hold) or await door.open(*options.dap)
    except OSError as error:
        host, port = options.dap
        raise UserError(f"cannot listen on {host}:{port}: {error.strerror or error}") from error
    lua = find_version(options.lua or DEFAULT_VERSION).name
    name = f"kernel {hold.record.id if hold is not None else os.getpid()}"
    stack.enter_context(listed(Listening(os.getpid(), host, port, name, lua, "kernel")))
    return f"{host}:{port}"


async def _open_again(door: DebugDoor, hold: Hold | None) -> tuple[str, int] | None:
    """Where editors know it from the program that this one has replaced; None if it was nowhere."""
    if hold is None or not hold.is_successor or not hold.record.dap:
        return None
    host, _, port = hold.record.dap.rpartition(":")
    try:
        return await door.open(host, int(port))
    except OSError as error:
        _log.warning("Debuggers find the kernel elsewhere than before: %s", error)
        return None
