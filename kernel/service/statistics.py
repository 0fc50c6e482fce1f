"""Statistics: what a kernel has done so far, counted from what it publishes."""

import os
import resource
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from kernel.jupyter.messages import Message
from kernel.service.gate import REFUSALS


@dataclass(frozen=True, slots=True)
class Figures:
    """Statistics at one moment."""

    uptime: float
    """Seconds."""
    executes: int
    """Cells that ended, also silent ones."""
    errors: int
    """Of them, those that ended with an error."""
    requests: int
    """All requests that were served."""
    events: int
    """Messages published for everybody."""
    output: int
    """Characters that programs wrote."""
    memory: int
    """Bytes of the process that are in memory."""
    cpu: float
    """Seconds of processor time."""

    def line(self) -> str:
        """For the log."""
        shown: Mapping[str, object] = {
            **asdict(self),
            "uptime": f"{self.uptime:.0f}s",
            "memory": f"{self.memory / 2**20:.0f}MiB",
            "cpu": f"{self.cpu:.1f}s",
        }
        return " ".join(f"{name}={value}" for name, value in shown.items())


class Statistics:
    """Implements `Client`: hears what the kernel publishes, and counts."""

    transport = "memory"
    is_congested = False

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        when_executed: Callable[[], None] = lambda: None,
    ) -> None:
        """``when_executed`` is called when a cell has ended."""
        self._clock, self._began = clock, clock()
        self._when_executed = when_executed
        self._published: Counter[str] = Counter()
        self._finished: Counter[str] = Counter()
        self._errors = self._refused = 0
        self._output = 0

    def send(self, message: Message) -> None:
        """Something was published."""
        self._published[message.type] += 1
        about = str(message.parent_header.get("msg_type", ""))
        match message.type:
            case "status" if message.content.get("execution_state") == "idle" and about:
                self._finished[about] += 1
                if about == "execute_request":
                    self._when_executed()
            case "error" if message.content.get("ename") in REFUSALS:
                self._refused += 1
            case "error":
                self._errors += 1
            case "stream":
                self._output += len(message.content.get("text", ""))

    async def wait_for_room(self) -> None:
        """There always is."""

    def figures(self) -> Figures:
        """What it is by now."""
        used = resource.getrusage(resource.RUSAGE_SELF)
        return Figures(
            uptime=self._clock() - self._began,
            executes=self._finished["execute_request"] - self._refused,
            errors=self._errors,
            requests=sum(self._finished.values()) - self._refused,
            events=sum(self._published.values()),
            output=self._output,
            memory=resident_memory(used.ru_maxrss),
            cpu=used.ru_utime + used.ru_stime,
        )


def resident_memory(most: int) -> int:
    """Bytes in memory; where the system does not tell, the most there ever were (``most`` KiB)."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except (OSError, ValueError, IndexError):
        return most * 1024
    return pages * os.sysconf("SC_PAGE_SIZE")
