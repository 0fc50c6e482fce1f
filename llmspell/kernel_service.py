"""Kernels for Lua as services: how one is put together, begun in the background and found."""

import asyncio
import contextlib
import gc
import importlib
import logging
import os
import signal
import sys
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from platformdirs import user_log_path

from kernel.core.errors import KernelError, UserError
from kernel.core.loop import EventLoop
from kernel.jupyter.channels import ZmqChannels
from kernel.jupyter.connection import (
    PORTS,
    ConnectionInfo,
    connection_path,
    new_key,
    write_connection,
)
from kernel.jupyter.description import kernel_info_content
from kernel.jupyter.greeter import Greeter
from kernel.jupyter.serve_settings import ServeSettings, connection_for
from kernel.service.daemon import Readiness, start_detached
from kernel.service.kernel_processes import HUB, OWNS
from kernel.service.logs import DaemonLog, log_to_file
from kernel.service.records import check_id, new_record
from kernel.service.registry import Hold, Registry, socket_prefix
from kernel.service.runtime import made
from kernel.transport.base import Transport
from llmspell import __version__
from llmspell.kernel_description import describe_kernel
from llmspell.kernel_options import NAME, ServiceOptions
from lua_debug.versions import DEFAULT_VERSION, find_version

_log = logging.getLogger(__name__)


class OwnOutput:
    """Standard output and error as they were before the program's output was captured."""

    def __init__(self) -> None:
        self._kept = [os.dup(1), os.dup(2)]
        self.stderr = os.fdopen(os.dup(2), "w", buffering=1)

    def say(self, text: str) -> None:
        """Tell whoever started us."""
        with contextlib.suppress(OSError):
            self.stderr.write(text)
            self.stderr.flush()

    def renew(self) -> None:
        """They lead elsewhere now."""
        for kept, descriptor in zip(self._kept, (1, 2), strict=True):
            os.dup2(descriptor, kept, inheritable=False)

    def restore(self) -> None:
        """Let them lead where they did, for the program that replaces this one."""
        for kept, descriptor in zip(self._kept, (1, 2), strict=True):
            os.dup2(kept, descriptor)


def log_path(name: str) -> Path:
    """Where a daemon's log is by default."""
    return user_log_path(NAME, appauthor=False) / f"{name}.log"


# --- being one ------------------------------------------------------------------------------------


def serve_service(options: ServiceOptions, readiness: Readiness) -> int:
    """Serve a kernel until it has ended; does not return but for `KernelError`.

    Every kernel in a process of its own is put together here, whoever its clients are.
    """
    output = OwnOutput()
    try:
        log = _begin_log(options, readiness, output)
        hold, file = _place(options, readiness)
    except UserError as error:
        readiness.fail(str(error))
        raise
    try:
        status = EventLoop().run(lambda: _serve(options, file, hold, log, readiness, output))
    except KernelError as error:
        if hold is not None:
            hold.release()
        readiness.fail(str(error))
        if options.log_file is not None:  # without a log it is told by whoever started us
            _log.error("%s", error)
        raise
    logging.shutdown()
    # A thread that stands in a C function cannot be joined, and nothing is left to be done.
    with contextlib.suppress(OSError):
        sys.stdout.flush()
        sys.stderr.flush()
    os._exit(status)


async def _serve(
    options: ServiceOptions,
    file: Path | None,
    hold: Hold | None,
    log: DaemonLog | None,
    readiness: Readiness,
    output: OwnOutput,
) -> int:
    """Let clients come, whose requests wait while Lua is being loaded; then serve them."""
    greeter = _greeter(options)
    settings = _bound(options, file, output, greeter)
    _ignore_interrupts()

    def announce(info: ConnectionInfo) -> None:
        _announce(options, hold, info, readiness, output)
        gc.freeze()  # what is loaded stays, and is not looked through again and again
        gc.enable()

    try:
        served = await asyncio.to_thread(importlib.import_module, "llmspell.served_kernel")
        surroundings = served.ServedSurroundings(hold, log, greeter.writer)
        status: int = await served.serve(options, settings, surroundings, announce)
    except BaseException:
        if settings.channels is not None:
            await settings.channels.close()
        raise
    return status


def _greeter(options: ServiceOptions) -> Greeter:
    lua = find_version(options.lua or DEFAULT_VERSION)
    return Greeter(kernel_info_content(describe_kernel(lua), lua.language, has_debugger=True))


def _ignore_interrupts() -> None:
    """No cell runs yet that could be interrupted; the server listens for signals when it is made.

    Without this, a client that interrupts what it has just sent would end the kernel.
    """
    with contextlib.suppress(ValueError, RuntimeError):  # only in the main thread
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, lambda: None)


def _bound(
    options: ServiceOptions, file: Path | None, output: OwnOutput, greeter: Greeter
) -> ServeSettings:
    """Where the kernel is served; its sockets are bound, so that clients need not try again.

    Standard input and output are taken before the program's console is. Raises `UserError`.
    """
    places = options.places
    settings = ServeSettings(
        connection_file=file,
        kernel_name=NAME,
        zmq=places.zmq,
        tcp=places.tcp,
        ws=places.ws,
        transport=_parent() if places.stdio else None,
        can_be_replaced=not places.stdio,
        before_replacement=output.restore,
    )
    if not places.zmq:
        return settings
    return replace(settings, channels=ZmqChannels(connection_for(settings), greeter))


def _parent() -> Transport:
    """Whoever speaks to us through the pipes that we were started with."""
    from kernel.transport.stdio import StdioTransport, claim_stdio

    return StdioTransport(*claim_stdio())


def _announce(
    options: ServiceOptions,
    hold: Hold | None,
    info: ConnectionInfo,
    readiness: Readiness,
    output: OwnOutput,
) -> None:
    record = hold.record if hold is not None else None
    if readiness.is_daemon and record is not None:
        readiness.tell(**asdict(record))
        return
    lines = []
    is_ours = record is not None and record.owns_connection_file and not record.hub
    if record is not None and (options.places.connection_file is None or is_ours):
        lines.append(f"to connect: --existing {record.connection_file}")
        if ports := info.listed_ports():
            lines.append(f"ports: {ports}")
    for kind, address in (
        ("tcp", info.llmspell_tcp),
        ("ws", info.llmspell_ws),
        ("dap", record.dap if record is not None else ""),
    ):
        if address:
            lines.append(f"listening on {kind}://{address}")
    output.say("".join(f"llmspell: {line}\n" for line in lines))


def _begin_log(
    options: ServiceOptions, readiness: Readiness, output: OwnOutput
) -> DaemonLog | None:
    if options.log_file is None:
        logging.basicConfig(
            format="llmspell: %(levelname)s: %(message)s",
            level=logging.WARNING,
            stream=output.stderr,
        )
        return None
    log = log_to_file(options.log_file, options.log_level, options.log_size, options.log_count)
    if readiness.is_daemon:
        log.adopt_output()
        output.renew()
    return log


def _place(options: ServiceOptions, readiness: Readiness) -> tuple[Hold | None, Path | None]:
    """The record of the kernel, and its connection file; raises `UserError`."""
    given = options.places.connection_file
    if options.places.only_parent:
        return None, given
    kernel_id = options.id or _id_of(given)
    file = given or connection_path(kernel_id)
    is_there = given is not None and given.exists()
    record = new_record(
        kernel_id,
        os.getpid(),
        version=__version__,
        language="lua",
        runtime=find_version(options.lua or DEFAULT_VERSION).name,
        connection_file=str(file.absolute()),
        owns_connection_file=not is_there or os.environ.pop(OWNS, "") == "1",
        log_file=str(options.log_file or ""),
        pid_file=str(options.pid_file or ""),
        hub=int(os.environ.get(HUB) or 0),
    )
    hold = None
    try:
        hold = Registry().hold(record)
    except UserError as error:
        if options.id or readiness.is_daemon:
            raise
        _log.warning("Nobody will find this kernel by its id: %s", error)
    try:
        if given is None and not (hold is not None and hold.is_successor):
            file.unlink(missing_ok=True)  # of a kernel of this name before the last boot
        _prepare_connection(options, file)
    except BaseException:
        if hold is not None:
            hold.release()
        raise
    return hold, file


def _id_of(connection_file: Path | None) -> str:
    if connection_file is not None:
        with contextlib.suppress(UserError):
            return check_id(connection_file.stem.removeprefix("kernel-"))
    return uuid.uuid4().hex[:12]


def _prepare_connection(options: ServiceOptions, file: Path) -> None:
    """Write the connection file where the ports are ours to say."""
    if options.transport == "tcp" and not options.port and options.ip == "127.0.0.1":
        return
    if file.exists() and file.stat().st_size:
        return  # what it says counts: Jupyter has written it, or we have before we began anew
    first, ip = options.port, options.ip
    if options.transport == "ipc":
        first, ip = 1, str(socket_prefix(file.absolute()))
    info = ConnectionInfo(ip, options.transport, key=new_key(), kernel_name=NAME)
    if first:
        in_a_row = {name: first + place for place, name in enumerate(PORTS)}
        info = replace(info, **in_a_row)  # type: ignore[arg-type]
    try:
        write_connection(file, info)
    except OSError as error:
        raise UserError(f"{file} cannot be written: {error.strerror}") from error


# --- beginning one --------------------------------------------------------------------------------


def command(*words: str) -> list[str]:
    """A command of ours, as a process of its own."""
    return [sys.executable, "-P", "-m", "llmspell", *words]


def start_daemon(
    options: ServiceOptions, words: Sequence[str], cwd: Path | None = None
) -> Mapping[str, Any]:
    """Begin a kernel in the background; its record, when it answers. Raises `UserError`.

    ``words`` are those of the command line behind ``kernel start``, without ``--daemon``.
    """
    kernel_id = options.id or _id_of(options.places.connection_file)
    state = next(
        (each for each in Registry().all() if each.record.id == kernel_id and each.is_running), None
    )
    if state is not None:
        raise UserError(
            f"Kernel {kernel_id!r} runs already, as process {state.record.pid}; "
            f"`llmspell kernel stop {kernel_id}` ends it."
        )
    log = (options.log_file or log_path(f"kernel-{kernel_id}")).absolute()
    pid_file = options.pid_file or made(Registry().folder) / f"{kernel_id}.pid"
    own = ["--id", kernel_id, "--log-file", str(log), "--pid-file", str(pid_file.absolute())]
    return start_detached(command("kernel", "start", *words, *own), log=log, cwd=cwd)
