"""Drain: how a kernel ends when it is told to by a signal.

In this order: no new requests; cells that wait are aborted; the one that runs may go on for a
while, unless it stands in the debugger; then it is interrupted; what is to be saved is saved; the
files are taken away. Being told a second time ends the process at once.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence

from kernel.jupyter.kernel import JupyterKernel
from kernel.service.gate import CountingGate
from kernel.service.policy import PATIENCE, Save

ENDING = "The kernel is about to end and takes no new requests."

_log = logging.getLogger(__name__)


class Drain:
    """The way to the end. Used on the loop's thread."""

    def __init__(
        self,
        kernel: JupyterKernel,
        gate: CountingGate,
        *,
        patience: float = PATIENCE,
        savers: Sequence[Save] = (),
        leave: Callable[[], None],
        is_stopped: Callable[[], bool] = lambda: False,
        began: Callable[[str], None] = lambda _why: None,
    ) -> None:
        """``leave`` ends the process at once; ``began`` is told why the kernel ends.

        ``is_stopped``: whether the program stands in the debugger.
        """
        self._kernel, self._gate = kernel, gate
        self._patience, self._savers = patience, savers
        self._leave, self._is_stopped, self._began = leave, is_stopped, began
        self._task: asyncio.Task[None] | None = None

    @property
    def has_begun(self) -> bool:
        """Whether the kernel is about to end."""
        return self._task is not None

    def begin(self, why: str) -> None:
        """Begin to end; the second time, end."""
        if self._task is not None:
            _log.warning("%s again: ending at once", why)
            self._leave()
            return
        _log.info("%s: the kernel ends", why)
        self._gate.ending = ENDING
        self._kernel.manager.abort_waiting()
        self._began(why)
        self._task = asyncio.ensure_future(self._drain())

    async def _drain(self) -> None:
        manager = self._kernel.manager
        if self._is_stopped():  # it does not go on by itself
            _log.warning("the program stands in the debugger: it is interrupted")
            manager.interrupt()
        try:
            await asyncio.wait_for(manager.wait_idle(), self._patience)
        except TimeoutError:
            _log.warning("the cell did not end within %g s: it is interrupted", self._patience)
            manager.interrupt()
        self._kernel.ended.set()

    async def save(self) -> None:
        """Have everybody save who has something to save; one that fails keeps none of the rest."""
        for saver in self._savers:
            try:
                await saver()
            except Exception:
                _log.exception("Something could not be saved")
