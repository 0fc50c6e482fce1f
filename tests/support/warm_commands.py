"""Commands in processes that are forked from one that has imported what they need.

Most of the time of a short command is its imports. Here they are done once; each command is still
a process of its own, with its own streams, folder and environment, and ends as any other does.
Started as a program, this is the process that forks.
"""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

HEADER = 1 << 20
"""Bytes that words and environment of a command may take."""

IMPORTED = (
    "pydantic",
    "kernel.sessions.requests",
    "kernel.repl.repl",
    "lua_debug.session",
    "llmspell.cli.app",
    "llmspell.replayed_cells",
)
"""What the commands that take longest import, and nothing that a thread begins with."""


AT_START = ("PYTHONPATH", "PYTHONUTF8", "PYTHONIOENCODING", "LC_ALL")
"""Variables that count where an interpreter starts: with others a command is started anew."""


class WarmCommands:
    """Runs commands one after the other."""

    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, HEADER)
        command = [sys.executable, "-P", __file__, str(theirs.fileno())]
        self._environment = {**os.environ, "PYTHONUTF8": "1"}
        self._process = subprocess.Popen(command, env=self._environment, pass_fds=[theirs.fileno()])
        theirs.close()

    def run(
        self, words: Sequence[str], cwd: Path, env: Mapping[str, str], text: str, timeout: float
    ) -> "subprocess.CompletedProcess[str]":
        """``llmspell`` with these words to its end; raises `subprocess.TimeoutExpired`."""
        if any(env.get(name) != self._environment.get(name) for name in AT_START):
            return _cold(words, cwd, env, text, timeout)
        told = json.dumps({"words": [*words], "cwd": str(cwd), "env": dict(env)}).encode()
        with (
            tempfile.TemporaryFile() as stdin,
            tempfile.TemporaryFile() as stdout,
            tempfile.TemporaryFile() as stderr,
        ):
            stdin.write(text.encode())
            stdin.seek(0)
            streams = [stdin.fileno(), stdout.fileno(), stderr.fileno()]
            socket.send_fds(self._socket, [told], streams)
            pid, status = self._receive(None), self._receive(timeout)
            if status is None:
                os.kill(int(pid or 0), signal.SIGKILL)
                self._receive(None)
                raise subprocess.TimeoutExpired(list(words), timeout)
            stdout.seek(0)
            stderr.seek(0)
            said, complained = stdout.read().decode(), stderr.read().decode()
        return subprocess.CompletedProcess(list(words), status, said, complained)

    def _receive(self, timeout: float | None) -> int | None:
        self._socket.settimeout(timeout)
        try:
            return int(self._socket.recv(64))
        except TimeoutError:
            return None

    def close(self) -> None:
        """End the process that forks."""
        self._socket.close()
        self._process.wait()


def _cold(
    words: Sequence[str], cwd: Path, env: Mapping[str, str], text: str, timeout: float
) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-P", "-m", "llmspell", *words],
        cwd=cwd,
        env=env,
        input=text,
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def _serve(door: socket.socket) -> dict[str, Any] | None:
    """Fork for each command; in the forked process, what it is to do."""
    while True:
        told, streams, _flags, _address = socket.recv_fds(door, HEADER, 3)
        if not told:
            return None
        pid = os.fork()
        if pid == 0:
            door.close()
            for number, each in enumerate(streams):
                os.dup2(each, number)
                os.close(each)
            asked: dict[str, Any] = json.loads(told)
            return asked
        for each in streams:
            os.close(each)
        door.send(str(pid).encode())
        door.send(str(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])).encode())


def _become(asked: dict[str, Any]) -> int:
    """Be the command that was asked for."""
    os.chdir(asked["cwd"])
    os.environ.clear()
    os.environ.update(asked["env"])
    sys.argv = ["llmspell", *asked["words"]]
    sys.stdin = sys.__stdin__ = open(0, closefd=False)  # noqa: SIM115 # the process's own
    sys.stdout = sys.__stdout__ = open(1, "w", closefd=False)  # noqa: SIM115 # the same
    sys.stderr = sys.__stderr__ = open(2, "w", 1, closefd=False, errors="backslashreplace")  # noqa: SIM115
    from llmspell.cli.app import main

    return main()


if __name__ == "__main__":
    import importlib

    for name in IMPORTED:
        importlib.import_module(name)
    to_do = _serve(socket.socket(fileno=int(sys.argv[1])))
    if to_do is not None:
        sys.exit(_become(to_do))
