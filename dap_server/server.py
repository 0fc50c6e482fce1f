"""Server: accepts connections and gives each to a worker process of its own.

The server is one small thread that never looks at what a client sends. A worker that crashes, hangs
or eats its memory concerns nobody else. The server keeps its own end of each connection until the
worker is gone, to say the last word where the worker died without one.
"""

import contextlib
import errno
import logging
import os
import select
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any, NoReturn, Protocol

from dap_server.process_group import ending_signals
from dap_server.terminal import adapter_command
from dap_server.wire import encode

PATIENCE = 2.0
"""Seconds workers have to end after SIGTERM before they are killed."""

PAUSE = 0.1
"""Seconds to wait when the system has no descriptors or processes left."""

LAST = 2**31 - 8
"""Number of the first message that is sent in place of a worker that died."""

_log = logging.getLogger(__name__)


class Closable(Protocol):
    """What a forked worker inherits and has no business with."""

    def close(self) -> None:
        """Let go of it."""


StartWorker = Callable[[socket.socket, Sequence[Closable]], int]
"""Gives a connection to a new process, without the server's own things; its process id.

Raises `OSError`.
"""


class Server:
    """Serves any number of clients at once, until a signal asks it to end (`ending_signals`)."""

    def __init__(self, listener: socket.socket, start_worker: StartWorker) -> None:
        self._listener = listener
        self._start_worker = start_worker
        self._workers: dict[int, socket.socket] = {}
        self._is_ending = False
        self._wake_read, self._wake_write = socket.socketpair()
        self._selector = selectors.DefaultSelector()

    def run(self) -> None:
        """Accept and reap; must have the main thread, and the process no other."""
        self._listener.setblocking(False)
        for end in (self._wake_read, self._wake_write):
            end.setblocking(False)
        signal.set_wakeup_fd(self._wake_write.fileno(), warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for number in ending_signals():
            signal.signal(number, lambda *_: self.end())
        for source in (self._listener, self._wake_read):
            self._selector.register(source, selectors.EVENT_READ)
        while not self._is_ending:
            self._selector.select()
            self._drain_signals()
            self._reap()
            self._accept()
        self._listener.close()
        self._end_workers()

    def end(self) -> None:
        """Stop accepting and end all workers."""
        self._is_ending = True

    # --- connections ----------------------------------------------------------------------------

    def _accept(self) -> None:
        while not self._is_ending:
            try:
                connection, _ = self._listener.accept()
            except BlockingIOError:
                return
            except OSError as error:
                self._endure(error)
                return
            try:
                connection.setblocking(True)
                worker = self._start_worker(connection, self._own())
            except OSError as error:
                connection.close()
                self._endure(error)
                return
            self._workers[worker] = connection

    def _own(self) -> list[Closable]:
        wake = (self._wake_read, self._wake_write)
        return [self._listener, self._selector, *wake, *self._workers.values()]

    def _endure(self, error: OSError) -> None:
        """A connection failed; if the system has run out of something, give it a moment."""
        _log.warning("A connection could not be served: %s", error)
        if error.errno not in (errno.ECONNABORTED, errno.EPROTO):
            select.select([self._wake_read], [], [], PAUSE)

    def _drain_signals(self) -> None:
        with contextlib.suppress(BlockingIOError):
            while self._wake_read.recv(4096):
                pass

    # --- workers --------------------------------------------------------------------------------

    def _reap(self) -> None:
        for worker in list(self._workers):
            number, status = os.waitpid(worker, os.WNOHANG)
            if number:
                self._buried(worker, os.waitstatus_to_exitcode(status))

    def _buried(self, worker: int, code: int) -> None:
        connection = self._workers.pop(worker)
        if code != 0 and not self._is_ending:
            _say_last_words(connection, code)
        connection.close()

    def _end_workers(self) -> None:
        self._signal_all(signal.SIGTERM)
        deadline = time.monotonic() + PATIENCE
        while self._workers and (left := deadline - time.monotonic()) > 0:
            select.select([self._wake_read], [], [], left)
            self._drain_signals()
            self._reap()
        self._signal_all(signal.SIGKILL)
        for worker in list(self._workers):
            self._buried(worker, os.waitstatus_to_exitcode(os.waitpid(worker, 0)[1]))

    def _signal_all(self, number: signal.Signals) -> None:
        """Signal the workers with what they started: each leads a process group."""
        for worker in self._workers:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(worker, number)


def _say_last_words(connection: socket.socket, code: int) -> None:
    """Tell the client how the program ended that could not tell it itself.

    If the worker died in the middle of a message these words are lost in it, and the connection
    closes all the same.
    """
    how = f"was killed by {_signal_name(-code)}" if code < 0 else f"ended with status {code}"
    text = f"The process of the program {how} without a word.\n"
    status = 128 - code if code < 0 else code
    events: tuple[tuple[str, dict[str, Any]], ...] = (
        ("output", {"category": "important", "output": text}),
        ("exited", {"exitCode": status}),
        ("terminated", {}),
    )
    with contextlib.suppress(OSError):
        connection.setblocking(False)
        for place, (event, body) in enumerate(events):
            message = {"seq": LAST + place, "type": "event", "event": event, "body": body}
            connection.send(encode(message))
        connection.shutdown(socket.SHUT_WR)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


# --- starting a worker --------------------------------------------------------------------------


def forking(serve: Callable[[socket.socket], NoReturn]) -> StartWorker:
    """Workers are forked, with everything imported already: a session begins in milliseconds."""

    def start(connection: socket.socket, servers_own: Sequence[Closable]) -> int:
        worker = os.fork()
        if worker:
            return worker
        try:
            os.setsid()
            signal.set_wakeup_fd(-1)
            for number in (signal.SIGCHLD, *ending_signals()):
                signal.signal(number, signal.SIG_DFL)
            for each in servers_own:
                each.close()
            serve(connection)
        except BaseException:
            _log.exception("A worker failed")
        finally:
            os._exit(70)  # EX_SOFTWARE; a worker that serves ends by itself

    return start


def spawning(adapter: str) -> StartWorker:
    """Workers are new interpreters: where there is no fork, or it is not to be trusted."""

    def hire(connection: socket.socket, _servers_own: Sequence[Closable]) -> int:
        number = connection.fileno()
        command = adapter_command(adapter, "--socket-fd", str(number))
        process = subprocess.Popen(command, pass_fds=[number], start_new_session=True)
        process.returncode = 0  # the server reaps it
        return process.pid

    return hire


def can_fork() -> bool:
    """Whether a worker may be a copy of this process; macOS's libraries do not bear it."""
    return hasattr(os, "fork") and sys.platform != "darwin"
