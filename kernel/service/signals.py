"""What signals do to a kernel that is a service: one table."""

import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol


class Signalled(Protocol):
    """What can be asked of a kernel by a signal."""

    def interrupt(self) -> None:
        """End the cell that runs."""

    def drain(self) -> None:
        """End in order; the second time at once."""

    def print_statistics(self) -> None:
        """Write to the log what has been done so far."""

    def toggle_debug_log(self) -> None:
        """Switch the log between its level and ``debug``."""

    def reopen_log(self) -> None:
        """Begin a new log file under the name of the old one."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a signal does."""

    action: str
    """The method of `Signalled`."""
    summary: str


SIGNALS: Mapping[signal.Signals, Meaning] = {
    signal.SIGINT: Meaning("interrupt", "ends the cell that runs"),
    signal.SIGTERM: Meaning("drain", "ends the kernel in order; the second one at once"),
    signal.SIGHUP: Meaning(
        "reopen_log", "begins a new log file, for logrotate; without a log, as SIGTERM"
    ),
    signal.SIGUSR1: Meaning("print_statistics", "writes statistics to the log"),
    signal.SIGUSR2: Meaning("toggle_debug_log", "switches debug logging on and off"),
}


def meanings(kernel: Signalled) -> dict[int, Callable[[], None]]:
    """The functions to call, by signal."""
    return {int(number): getattr(kernel, each.action) for number, each in SIGNALS.items()}
