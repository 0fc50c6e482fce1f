"""The hub of kernels for Lua: how it is served, begun in the background and asked."""

import logging
import os
import sys
import threading
import time
from dataclasses import asdict
from pathlib import Path

from kernel.core.errors import UserError
from kernel.core.loop import EventLoop
from kernel.service.daemon import Readiness, start_detached
from kernel.service.hub import KernelHub
from kernel.service.hub_client import HubGone, ask_hub
from kernel.service.hub_server import HubServer, hub_socket
from kernel.service.logs import log_to_file, redact_logs
from kernel.service.orders import Create
from kernel.service.records import RUNNING, new_record
from kernel.service.registry import Registry
from kernel.service.runtime import runtime_folder
from llmspell import __version__
from llmspell.kernel_service import command, log_path

NAME = "hub"

PATIENCE = 30.0
"""Seconds to wait for a hub that somebody else is starting."""

GLANCE = 0.05


class LuaCommands:
    """Implements `Commands`."""

    def of(self, order: Create) -> list[str]:
        """``llmspell kernel start`` as ordered."""
        given: dict[str, object] = {
            "--id": order.kernel,
            "--lua": order.runtime,
            "--libraries": order.libraries,
            "--connection-file": order.connection_file,
            "--idle-timeout": order.idle_timeout or "",
            "--max-clients": order.max_clients or "",
            "--log-file": log_path(f"kernel-{order.kernel}"),
        }
        words = [str(word) for name, value in given.items() if value for word in (name, value)]
        if order.dap_port >= 0:
            words += ["--dap-port", str(order.dap_port)]
        return command("kernel", "start", *words)


def hub_registry() -> Registry:
    """Where the hub has its record."""
    return Registry(runtime_folder() / "hub")


def serve_hub(
    readiness: Readiness, *, log_file: Path | None, log_level: str, max_kernels: int
) -> int:
    """Serve until told to end; raises `UserError`."""
    try:
        log = None
        if log_file is not None:
            log = log_to_file(log_file, log_level)
            redact_logs()
            if readiness.is_daemon:
                log.adopt_output()
        else:
            logging.basicConfig(format="llmspell: %(message)s", level=logging.INFO)
        record = new_record(
            NAME,
            os.getpid(),
            version=__version__,
            log_file=str(log_file or ""),
        )
        hold = hub_registry().hold(record)
    except UserError as error:
        readiness.fail(str(error))
        raise

    def announce() -> None:
        hold.update(state=RUNNING)
        if readiness.is_daemon:
            readiness.tell(**asdict(hold.record))
        else:
            sys.stderr.write(f"llmspell: making kernels for who asks at {hub_socket()}\n")
            sys.stderr.flush()

    async def run() -> None:
        hub = KernelHub(LuaCommands(), max_kernels=max_kernels)
        await HubServer(hub, hub_socket()).run(announce)

    try:
        EventLoop().run(run)
    except UserError as error:
        readiness.fail(str(error))
        raise
    finally:
        hold.release()
    return 0


def start_hub(words: list[str], *, log_file: Path | None) -> str:
    """See to it that a hub runs in the background; what was done. Raises `UserError`."""
    log = (log_file or log_path(NAME)).absolute()
    serve = command("kernel", "serve", *words, "--log-file", str(log))
    if not _is_there():
        try:
            started = start_detached(serve, log=log, cwd=Path.home())
        except UserError:
            if not _is_there():  # somebody else was not faster either
                raise
        else:
            return f"The hub runs as process {started['pid']}; it listens at {hub_socket()}."
    until = time.monotonic() + PATIENCE
    while True:
        try:
            ask_hub(hub_socket(), "list")
        except HubGone:
            if not _is_there() or time.monotonic() > until:
                raise
            threading.Event().wait(GLANCE)
        else:
            return "The hub runs already."


def _is_there() -> bool:
    return any(each.is_running for each in hub_registry().all())
