"""KernelService: a kernel with all that a process in the background needs."""

import asyncio
import contextlib
import logging
import os
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from kernel.events.lifecycle import ConfigurationChanged
from kernel.jupyter.connection import ConnectionInfo
from kernel.jupyter.kernel import JupyterKernel
from kernel.jupyter.serve_settings import ServeSettings
from kernel.jupyter.server import KernelServer
from kernel.service.drain import Drain
from kernel.service.gate import CountingGate
from kernel.service.health import BUSY, DRAINING, IDLE, REQUEST, STOPPED, Health
from kernel.service.idle import IdleWatch
from kernel.service.logs import DaemonLog, LevelSwitch
from kernel.service.notify import ServiceNotifier
from kernel.service.policy import ServicePolicy
from kernel.service.records import DRAINING as RECORD_DRAINING
from kernel.service.records import RUNNING
from kernel.service.registry import Hold
from kernel.service.signals import meanings
from kernel.service.statistics import Statistics

TERMINATED = 128 + 15

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a service is given of the world."""

    hold: Hold | None = None
    """Its record; None: nobody is to find it."""
    log: DaemonLog | None = None
    notifier: ServiceNotifier = field(default_factory=ServiceNotifier)
    is_stopped: Callable[[], bool] = lambda: False
    """Whether the program stands in the debugger."""
    last_run: Callable[[], Mapping[str, Any] | None] = lambda: None
    """How the run before ended, if that was kept."""
    figures: Callable[[], Mapping[str, Any]] = dict
    """Figures of parts of the kernel (its store, who observes it), for its health."""
    open_doors: Callable[["KernelService"], Awaitable[Mapping[str, Any]]] | None = None
    """Opens further doors to the kernel (for debuggers); what of the record that changes."""
    clock: Callable[[], float] = time.monotonic
    leave: Callable[[int], None] = os._exit


class KernelService:
    """Implements `Signalled` for one kernel. Made and used on the loop's thread."""

    def __init__(
        self, kernel: JupyterKernel, policy: ServicePolicy, surroundings: Surroundings
    ) -> None:
        self.kernel, self._policy, self._around = kernel, policy, surroundings
        self.gate = CountingGate(
            policy.max_clients, clock=surroundings.clock, attendance=kernel.attendance
        )
        self._levels = LevelSwitch()
        self._hold = surroundings.hold
        self._idle = IdleWatch(
            policy.idle_timeout,
            lambda: self.gate.last_request,
            lambda: kernel.manager.is_busy,
            surroundings.clock,
        )
        self.statistics = Statistics(surroundings.clock, self._idle.note_work)
        self.draining = Drain(
            kernel,
            self.gate,
            patience=policy.drain_patience,
            savers=policy.savers,
            leave=self._leave_now,
            is_stopped=surroundings.is_stopped,
            began=self._ending,
        )
        kernel.gate = self.gate
        kernel.outlives_clients = policy.outlives_clients
        kernel.subscribe(self.statistics)
        kernel.endpoints[REQUEST] = self._serve_health

    async def run(self, settings: ServeSettings, announce: Callable[[ConnectionInfo], None]) -> int:
        """Serve until the kernel has ended; its exit status. Raises `UserError`.

        ``announce`` is called when clients may come, and whoever looks finds the kernel.
        """
        server = KernelServer(
            self.kernel,
            replace(
                settings,
                signals={**meanings(self), **settings.signals},
                before_replacement=lambda: self._prepare_successor(settings),
            ),
        )
        try:
            await self._open(server, announce)
        except BaseException:
            await server.close()
            self._release()
            raise
        watches = [asyncio.ensure_future(self._watch_idle())]
        if self._around.notifier.watchdog:
            watches.append(asyncio.ensure_future(self._show_life()))
        try:
            status = await server.serve()
        finally:
            for watch in watches:
                watch.cancel()
            await self.draining.save()
            self._release()
        _log.info("ended with status %d: %s", status, self.statistics.figures().line())
        return status

    async def _open(self, server: KernelServer, announce: Callable[[ConnectionInfo], None]) -> None:
        info = await server.start()
        changes: Mapping[str, Any] = {}
        if self._around.open_doors is not None:
            changes = await self._around.open_doors(self)
        if self._hold is not None:
            self._hold.update(state=RUNNING, **changes)
            if self._hold.record.pid_file:
                Path(self._hold.record.pid_file).write_text(f"{os.getpid()}\n")
        _log.info("ready, as process %d", os.getpid())
        announce(info)
        self._around.notifier.ready("ready")

    # --- how it is ------------------------------------------------------------------------------

    def health(self) -> Health:
        """How the kernel is now."""
        return Health(
            state=self._state(),
            clients=self.gate.clients,
            max_clients=self.gate.max_clients,
            refused=self.gate.refused,
            idle_for=self._idle.idle_for(),
            idle_timeout=self._policy.idle_timeout,
            log_level=self._levels.name,
            figures=asdict(self.statistics.figures()),
            last_run=self._around.last_run(),
            parts=self._around.figures(),
        )

    def _state(self) -> str:
        if self.draining.has_begun:
            return DRAINING
        if self._around.is_stopped():
            return STOPPED
        return BUSY if self.kernel.manager.is_busy else IDLE

    async def _serve_health(self, _content: Mapping[str, Any]) -> Mapping[str, Any]:
        known = asdict(self._hold.record) if self._hold is not None else {}
        return {"kernel": {"id": known.get("id", ""), "pid": os.getpid()}, **asdict(self.health())}

    # --- signals --------------------------------------------------------------------------------

    def interrupt(self) -> None:
        """End the cell that runs; without one, Ctrl-C at a terminal is the end."""
        _log.debug("interrupted by a signal")
        if self._policy.is_foreground and not self.kernel.manager.is_busy:
            self.draining.begin("interrupted at the terminal")
        else:
            self.kernel.manager.interrupt()

    def drain(self) -> None:
        """End in order; the second time at once."""
        self.draining.begin("SIGTERM")

    def print_statistics(self) -> None:
        """Write to the log what has been done so far, whatever its level is."""
        figures, health = self.statistics.figures(), self.health()
        text = f"statistics: state={health.state} clients={health.clients} {figures.line()}"
        record = _log.makeRecord(_log.name, logging.INFO, __file__, 0, text, (), None)
        logging.getLogger().handle(record)

    def toggle_debug_log(self) -> None:
        """Switch the log between its level and ``debug``."""
        level = self._levels.toggle()
        self.kernel.tell(ConfigurationChanged(("log_level",)))
        record = _log.makeRecord(
            _log.name, logging.INFO, __file__, 0, f"the log level is {level} now", (), None
        )
        logging.getLogger().handle(record)

    def reopen_log(self) -> None:
        """Begin a new log file; where there is none the terminal has gone, and so does the kernel.

        (A kernel in the background has a log.)
        """
        if self._around.log is not None:
            self._around.log.reopen()
        else:
            self.draining.begin("SIGHUP")

    # --- what happens by itself -----------------------------------------------------------------

    async def _watch_idle(self) -> None:
        await self._idle.wait()
        self.draining.begin(f"nothing happened for {self._policy.idle_timeout:g} s")

    async def _show_life(self) -> None:
        """Tell the service manager that the loop turns."""
        while True:
            self._around.notifier.alive()
            await asyncio.sleep(self._around.notifier.watchdog / 2)

    def _ending(self, why: str) -> None:
        self.kernel.lifecycle.stopping(why)
        self._around.notifier.stopping(why)
        if self._hold is not None:
            with contextlib.suppress(OSError):
                self._hold.update(state=RECORD_DRAINING)

    def _prepare_successor(self, settings: ServeSettings) -> None:
        settings.before_replacement()
        if self._hold is not None:
            self._hold.leave_to_successor()

    def _release(self) -> None:
        if self._hold is not None:
            self._hold.release()

    def _leave_now(self) -> None:
        self._release()
        self._around.leave(TERMINATED)
