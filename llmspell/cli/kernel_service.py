"""``llmspell kernel``: kernels in the background, and those that look after them."""

import argparse
import gc
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kernel.core.errors import UserError
from llmspell.cli.kernel_status import (
    choice_options,
    chosen_kernel,
    list_options,
    show_list,
    show_status,
    status_options,
    way_in,
)
from llmspell.cli.numbers import amount, count, first_of_five, port

if TYPE_CHECKING:
    from llmspell.kernel_options import KernelPlaces

PATIENCE = 10.0
"""Seconds a running cell has when the kernel is told to end."""

AddOptions = Callable[[argparse.ArgumentParser], None]
Run = Callable[[argparse.Namespace], int]


# --- start ----------------------------------------------------------------------------------------


def add_service_options(parser: argparse.ArgumentParser) -> None:
    """The options of ``kernel start`` that make a service of it."""
    group = parser.add_argument_group("as a service")
    group.add_argument(
        "--daemon", action="store_true", help="run in the background; return when it answers"
    )
    group.add_argument("--id", "-i", default="", metavar="NAME", help="what the kernel is called")
    group.add_argument(
        "--port",
        "-p",
        type=first_of_five,
        default=0,
        metavar="PORT",
        help="the first of five ports in a row (0: any five)",
    )
    group.add_argument(
        "--ip", default="127.0.0.1", metavar="ADDRESS", help="where they are (127.0.0.1)"
    )
    group.add_argument(
        "--transport",
        choices=("tcp", "ipc"),
        default="tcp",
        help="ports, or sockets in the file system beside the connection file",
    )
    group.add_argument(
        "--dap-port", type=port, metavar="PORT", help="where debuggers attach; 0: any free port"
    )
    group.add_argument(
        "--session",
        default="",
        metavar="NAME_OR_ID",
        help="be in this session, which is begun if it is not there",
    )
    limit_options(group)
    group.add_argument(
        "--drain",
        type=amount,
        default=PATIENCE,
        metavar="S",
        help="at SIGTERM, let a cell go on for S seconds (10)",
    )
    group.add_argument("--pid-file", type=Path, metavar="FILE", help="write the process id there")
    group.add_argument("--cwd", type=Path, metavar="FOLDER", help="run there, with --daemon")
    group.add_argument("--json", action="store_true", help="with --daemon: say it as an object")
    add_log_options(group)


def limit_options(group: "argparse._ActionsContainer") -> None:
    """When a kernel ends by itself, and for how many it is there."""
    group.add_argument(
        "--idle-timeout",
        type=amount,
        default=0,
        metavar="S",
        help="end when nothing happened for S seconds",
    )
    group.add_argument(
        "--max-clients",
        type=count,
        default=0,
        metavar="N",
        help="serve N clients at a time, refuse others",
    )


def limit_words(chosen: argparse.Namespace) -> list[str]:
    """The words of a command line for what the options about libraries and limits say."""
    given: Mapping[str, tuple[object, object]] = {  # with the defaults
        "--libraries": (chosen.libraries, None),
        "--idle-timeout": (chosen.idle_timeout, 0),
        "--max-clients": (chosen.max_clients, 0),
    }
    return _words(given)


def _words(given: Mapping[str, tuple[object, object]]) -> list[str]:
    """Names and values of options that are not what they usually are."""
    return [
        word
        for name, (value, usual) in given.items()
        if value != usual
        for word in (name, str(value).removesuffix(".0"))
    ]


def libraries_option(parser: argparse.ArgumentParser) -> None:
    """What of the process a cell may reach."""
    parser.add_argument(
        "--libraries",
        choices=("closed", "full"),
        help="full: cells may load C modules and bytecode and reach into the process (closed, "
        "unless engines.lua.stdlib says otherwise)",
    )


def add_log_options(group: "argparse._ArgumentGroup") -> None:
    """The options about a log."""
    from kernel.service.logs import COUNT, LEVELS, SIZE

    group.add_argument("--log-file", type=Path, metavar="FILE", help="write a log")
    group.add_argument("--log-level", choices=LEVELS, default="info", help="what is logged (info)")
    group.add_argument(
        "--log-rotate-size",
        type=count,
        default=SIZE,
        metavar="BYTES",
        help=f"begin a new log after so many bytes ({SIZE >> 20} MiB; 0: never)",
    )
    group.add_argument(
        "--log-rotate-count",
        type=count,
        default=COUNT,
        metavar="N",
        help=f"keep so many older logs ({COUNT})",
    )


def start_service(chosen: argparse.Namespace, places: "KernelPlaces") -> int:
    """Serve a kernel here, or begin one in the background."""
    gc.disable()  # nearly all that is made while it is loaded stays; to look through it takes time
    try:
        return _start_service(chosen, places)
    finally:
        gc.enable()


def _start_service(chosen: argparse.Namespace, places: "KernelPlaces") -> int:
    from kernel.service.daemon import Readiness

    readiness = Readiness.of_this_process()  # before there are threads
    from kernel.service.kernel_processes import HUB
    from kernel.service.policy import ServicePolicy
    from llmspell.kernel_options import ServiceOptions
    from llmspell.kernel_service import serve_service, start_daemon
    from lua_debug.versions import DEFAULT_VERSION, find_version

    options = ServiceOptions(
        id=chosen.id,
        lua=chosen.lua,
        libraries=chosen.libraries,
        places=places,
        port=chosen.port,
        ip=chosen.ip,
        transport=chosen.transport,
        session=chosen.session,
        dap=None if chosen.dap_port is None else ("127.0.0.1", chosen.dap_port),
        log_file=chosen.log_file,
        log_level=chosen.log_level,
        log_size=chosen.log_rotate_size,
        log_count=chosen.log_rotate_count,
        pid_file=chosen.pid_file and chosen.pid_file.absolute(),
        policy=ServicePolicy(
            idle_timeout=chosen.idle_timeout,
            max_clients=chosen.max_clients,
            drain_patience=chosen.drain,
            outlives_clients=bool(chosen.id) and HUB not in os.environ,
            is_foreground=sys.stdin is not None and sys.stdin.isatty(),
        ),
    )
    if not chosen.daemon:
        return serve_service(options, readiness)
    find_version(chosen.lua or DEFAULT_VERSION)  # say what is wrong with it here
    record = start_daemon(options, service_words(chosen), chosen.cwd)
    chosen.results.show(record, lambda: _started(record))
    return 0


def service_words(chosen: argparse.Namespace) -> list[str]:
    """The command line of a kernel that is started elsewhere with the same options."""
    from kernel.service.logs import COUNT, SIZE

    given: Mapping[str, tuple[object, object]] = {  # with the defaults
        "--lua": (chosen.lua, ""),
        "--connection-file": (chosen.connection_file and chosen.connection_file.absolute(), None),
        "--tcp": (_written(getattr(chosen, "tcp", None)), ""),
        "--ws": (_written(getattr(chosen, "ws", None)), ""),
        "--port": (chosen.port, 0),
        "--ip": (chosen.ip, "127.0.0.1"),
        "--transport": (chosen.transport, "tcp"),
        "--dap-port": (chosen.dap_port, None),
        "--session": (chosen.session, ""),
        "--drain": (chosen.drain, PATIENCE),
        "--log-level": (chosen.log_level, "info"),
        "--log-rotate-size": (chosen.log_rotate_size, SIZE),
        "--log-rotate-count": (chosen.log_rotate_count, COUNT),
    }
    words = [*_words(given), *limit_words(chosen)]
    return [*words, *(["--no-zmq"] if getattr(chosen, "no_zmq", False) else [])]


def _written(address: tuple[str, int] | None) -> str:
    return "" if address is None else f"{address[0]}:{address[1]}"


def _started(record: Mapping[str, Any]) -> Iterator[str]:
    yield f"Kernel {record['id']} runs as process {record['pid']}."
    yield f"  connect  {way_in(record['id'], record['connection_file'])}"
    if record.get("dap"):
        yield f"  debug    attach to {record['dap']}"
    yield f"  log      {record['log_file']}"


# --- stop -----------------------------------------------------------------------------------------


def _stop_options(parser: argparse.ArgumentParser) -> None:
    choice_options(parser)
    parser.add_argument("--pid-file", type=Path, metavar="FILE", help="the kernel that wrote it")
    parser.add_argument("--all", action="store_true", help="all kernels of this user")
    parser.add_argument("--force", action="store_true", help="kill it (SIGKILL)")
    parser.add_argument(
        "--timeout", type=amount, default=30, metavar="S", help="kill it after S seconds (30)"
    )
    parser.add_argument(
        "--no-cleanup", action="store_true", help="keep the record of a kernel that was dead"
    )


def _stop(chosen: argparse.Namespace) -> int:
    from kernel.service.ending import stop
    from kernel.service.registry import Registry

    registry = Registry()
    if chosen.pid_file is not None:
        path = str(chosen.pid_file.absolute())
        states = [each for each in registry.all() if each.record.pid_file == path]
        if not states:
            raise UserError(f"No kernel has written {path}.")
    else:
        states = registry.all() if chosen.all else [chosen_kernel(chosen)]
    how = {
        state.record.id: stop(
            registry,
            state,
            force=chosen.force,
            patience=chosen.timeout,
            forgets=not chosen.no_cleanup,
        )
        for state in states
    }
    stopped = [{"id": name, "how": said} for name, said in how.items()]
    chosen.results.show({"stopped": stopped}, list(how.values()) or "No kernel runs.")
    return 0


def _interrupt(chosen: argparse.Namespace) -> int:
    import signal

    from kernel.core.loop import EventLoop
    from kernel.service.control import interrupt_by_message
    from kernel.service.ending import send_signal
    from kernel.service.registry import Registry

    state = chosen_kernel(chosen)
    file = state.record.connection_file
    is_told = state.is_running and EventLoop().run(lambda: interrupt_by_message(file))
    if not is_told and not send_signal(Registry(), state, signal.SIGINT):
        raise UserError(f"Kernel {state.record.id} does not run: {state.why}.")
    if not chosen.results.is_text:
        chosen.results.show({"interrupted": state.record.id}, "")
    return 0


SERVICE_ACTIONS: Mapping[str, tuple[str, AddOptions, Run]] = {
    "stop": ("End a kernel in order.", _stop_options, _stop),
    "interrupt": ("End the cell that a kernel runs.", choice_options, _interrupt),
    "status": ("Say how a kernel is.", status_options, show_status),
    "list": ("Say which kernels there are.", list_options, show_list),
}
"""Words behind ``llmspell kernel``: summary, options, what to do."""
