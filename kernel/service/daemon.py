"""Processes in the background: how one is begun, and how it says that it is ready.

`start_detached` starts a command, which calls `Readiness.of_this_process` before anything else. It
leaves the terminal and the session of whoever started it (two forks and a new session between
them), writes to its log, and says through a pipe that it is ready or why it is not.
"""

import json
import os
import select
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from kernel.core.errors import UserError

VARIABLE = "LLMSPELL_DAEMON_READY"
"""The descriptor of the pipe, in the environment of a process that shall be a daemon."""

DEADLINE = 60.0
"""Seconds to get ready."""

CHILD_VARIABLE = "LLMSPELL_CHILD_READY"
"""The same, of a process that stays the child of whoever waits for it."""

NOT_OURS = frozenset(
    {"JPY_PARENT_PID", "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LLMSPELL_KERNEL_HUB"}
)
"""Variables about the process that starts a daemon, of no meaning to one that outlives it."""

LAST_LINES = 5


@dataclass(slots=True)
class Readiness:
    """The end of the pipe of whoever gets ready; without one nothing is said."""

    descriptor: int = -1

    @classmethod
    def of_this_process(cls) -> "Readiness":
        """Become a daemon where that is wanted; to be called before there are threads."""
        said, child = os.environ.pop(VARIABLE, ""), os.environ.pop(CHILD_VARIABLE, "")
        if not (said or child).isdigit():
            return cls()
        if said and os.fork():
            os._exit(0)  # the daemon leads no session, so no terminal can become its own
        os.umask(0o077)
        descriptor = int(said or child)
        os.set_inheritable(descriptor, False)
        readiness = cls(descriptor)
        readiness._say({"pid": os.getpid()})
        return readiness

    @property
    def is_daemon(self) -> bool:
        """Whether somebody waits for us to be ready."""
        return self.descriptor >= 0

    def tell(self, **what: object) -> None:
        """We are ready; ``what`` is given to whoever waits."""
        self._say({"ready": what})
        self._end()

    def fail(self, problem: str) -> None:
        """We will not be ready."""
        self._say({"error": problem})
        self._end()

    def _say(self, said: Mapping[str, object]) -> None:
        if self.descriptor >= 0:
            try:
                os.write(self.descriptor, json.dumps(said).encode() + b"\n")
            except OSError:  # nobody waits any more
                self._end()

    def _end(self) -> None:
        if self.descriptor >= 0:
            os.close(self.descriptor)
            self.descriptor = -1


def start_detached(
    command: Sequence[str],
    *,
    log: Path,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    deadline: float = DEADLINE,
) -> Mapping[str, Any]:
    """Start a daemon; what it says when it is ready. Raises `UserError` with why it is not."""
    reading, writing = os.pipe()
    try:
        inherited = {k: v for k, v in (env or os.environ).items() if k not in NOT_OURS}
        with _opened(log) as output:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=[writing],
                cwd=cwd,
                env={**inherited, VARIABLE: str(writing)},
                start_new_session=True,
            )
    except OSError as error:
        os.close(reading)
        if cwd is not None and str(error.filename) == str(cwd):
            raise UserError(f"A kernel cannot run in {cwd}: {error.strerror}.") from error
        raise UserError(f"{command[0]} cannot be started: {error.strerror}.") from error
    finally:
        os.close(writing)
    try:
        return _outcome(_Pipe(reading, time.monotonic() + deadline), log)
    finally:
        os.close(reading)
        process.wait()  # the process between the two forks


class _Pipe:
    def __init__(self, descriptor: int, until: float) -> None:
        self._descriptor, self._until, self._held = descriptor, until, b""

    def next(self) -> Mapping[str, Any] | None:
        """What is said next; None at the end. Raises `TimeoutError`."""
        while b"\n" not in self._held:
            left = self._until - time.monotonic()
            if left <= 0 or not select.select([self._descriptor], [], [], left)[0]:
                raise TimeoutError
            data = os.read(self._descriptor, 65536)
            if not data:
                return None
            self._held += data
        line, _, self._held = self._held.partition(b"\n")
        said: Mapping[str, Any] = json.loads(line)
        return said


def _outcome(pipe: _Pipe, log: Path) -> Mapping[str, Any]:
    pid = 0
    try:
        while (said := pipe.next()) is not None:
            pid = int(said.get("pid", pid))
            if "ready" in said:
                ready: Mapping[str, Any] = said["ready"]
                return ready
            if "error" in said:
                raise UserError(str(said["error"]))
    except TimeoutError:
        if pid:
            os.kill(pid, signal.SIGKILL)
        raise UserError(f"It did not get ready in time; see {log}.") from None
    raise UserError(f"It ended before it was ready. The last lines of {log}:\n{_tail(log)}")


def _opened(log: Path) -> BinaryIO:
    log.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    return open(descriptor, "ab")


def _tail(log: Path) -> str:
    try:
        return "\n".join(log.read_text(errors="replace").splitlines()[-LAST_LINES:])
    except OSError as error:
        return str(error)
