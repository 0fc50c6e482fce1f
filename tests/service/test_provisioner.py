"""Jupyter's server asks a hub for kernels, by the provisioner that the kernelspec names."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import connect

from kernel.service.records import UnknownKernel
from kernel.service.registry import Registry
from tests.service.conftest import Kernels, has_ended
from tests.support.commands import become

pytest.importorskip("jupyter_server", reason="needs the extra jupyter-tests")

TOKEN = "t0ken"


class Server:
    """A Jupyter server, over REST and websockets."""

    def __init__(self, kernels: Kernels, **more: str) -> None:
        self.kernels = kernels
        done = kernels.say("install", "--provisioner", "--name", "hubbed", "--lua", "5.1")
        assert (0, "") == (done.returncode, done.stderr)
        env = {**kernels.env, "JUPYTER_CONFIG_DIR": str(kernels.folder / "config")}
        options = {
            "ServerApp.port": "0",
            "ServerApp.open_browser": "False",
            "ServerApp.root_dir": str(kernels.folder),
            "IdentityProvider.token": TOKEN,
            "ServerApp.allow_root": "True",
            "KernelManager.shutdown_wait_time": "10",
            **{f"ServerApp.{name}": value for name, value in more.items()},
        }
        words = [f"--{name}={value}" for name, value in options.items()]
        self.log = (kernels.folder / "jupyter.log").open("w+")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "jupyter_server", *words], env=env, stderr=self.log
        )
        self.address = ""
        become(self._is_up, 90)

    def _is_up(self) -> bool:
        assert self.process.poll() is None
        for path in (self.kernels.folder / "jupyter").glob("jpserver-*.json"):
            try:
                said = json.loads(path.read_text())
                self.address = f"127.0.0.1:{said['port']}"
                self.ask("GET", "api")
            except (OSError, ValueError):
                continue
            return True
        return False

    def ask(self, method: str, path: str, body: object = None) -> Any:
        """A request of the REST API."""
        request = urllib.request.Request(
            f"http://{self.address}/{path}?token={TOKEN}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
        )
        with urllib.request.urlopen(request, timeout=90) as response:
            said = response.read()
        return json.loads(said) if said else None

    def start(self) -> str:
        """A new kernel."""
        return str(self.ask("POST", "api/kernels", {"name": "hubbed"})["id"])

    def end(self) -> None:
        """Stop it, in order if it can."""
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(30)
        self.log.close()

    def said(self) -> str:
        """Its log."""
        return (self.kernels.folder / "jupyter.log").read_text()


class Socket:
    """A kernel's websocket, as a notebook has it."""

    def __init__(self, server: Server, kernel: str) -> None:
        url = f"ws://{server.address}/api/kernels/{kernel}/channels?token={TOKEN}"
        self._stack = contextlib.ExitStack()
        self._end = self._stack.enter_context(connect(url, max_size=None))
        self._session = uuid.uuid4().hex

    def until_heard(self) -> None:
        """Ask until what a new process publishes is heard: ZeroMQ has to find it first."""
        asked = set()
        for _ in range(90):
            asked.add(self.send("", "kernel_info_request"))
            with contextlib.suppress(TimeoutError):
                while True:
                    message = json.loads(self._end.recv(timeout=1))
                    is_status = message["msg_type"] == "status"
                    if is_status and message["parent_header"].get("msg_id") in asked:
                        return
        raise AssertionError("nothing was heard")

    def send(self, code: str, kind: str = "execute_request") -> str:
        """Send a cell; the id of the message."""
        header = {
            "msg_id": uuid.uuid4().hex,
            "msg_type": kind,
            "session": self._session,
            "username": "",
            "version": "5.4",
            "date": "",
        }
        content = {"code": code, "silent": False, "allow_stdin": False} if code else {}
        message = {"header": header, "parent_header": {}, "metadata": {}, "content": content}
        self._end.send(json.dumps({**message, "channel": "shell", "buffers": []}))
        return str(header["msg_id"])

    def reply(self, number: str) -> tuple[dict[str, Any], str]:
        """The reply to a cell, and what it printed."""
        printed, reply, is_idle = "", None, False
        while reply is None or not is_idle:
            message = json.loads(self._end.recv(timeout=90))
            if message["parent_header"].get("msg_id") != number:
                continue
            match message["msg_type"]:
                case "stream":
                    printed += message["content"]["text"]
                case "execute_reply":
                    reply = message["content"]
                case "status":
                    is_idle = message["content"]["execution_state"] == "idle"
        return reply, printed

    def run(self, code: str) -> str:
        """What a cell prints."""
        return self.reply(self.send(code))[1]

    def close(self) -> None:
        """Leave."""
        self._stack.close()


@pytest.fixture
def server(kernels: Kernels) -> Iterator[Server]:
    made = Server(kernels)
    yield made
    made.end()
    kernels.say("serve", "--stop")


def pid_of(server: Server, kernel: str) -> int:
    return server.kernels.registry.find(kernel).record.pid


def runs_anew(server: Server, kernel: str, before: int) -> bool:
    """Whether another process than before is the kernel now."""
    with contextlib.suppress(UnknownKernel):
        state = server.kernels.registry.find(kernel)
        return state.is_running and state.record.pid != before
    return False


def hub_pid(server: Server) -> int:
    (state,) = Registry(server.kernels.runtime / "llmspell" / "hub").all()
    return state.record.pid


def parent_of(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def test_a_kernel_of_the_hub_lives_as_any_of_jupyters(server: Server) -> None:
    """It is started by the hub, runs cells, is interrupted, restarted and deleted over REST."""
    kernel = server.start()
    first = pid_of(server, kernel)
    assert hub_pid(server) == parent_of(first)
    assert server.process.pid not in (first, hub_pid(server))
    socket = Socket(server, kernel)
    assert "Lua 5.1\n" == socket.run("x = 1 print(_VERSION)")
    running = socket.send("print('on') while true do end")
    become(lambda: server.kernels.status(kernel)["health"]["state"] == "busy")
    server.ask("POST", f"api/kernels/{kernel}/interrupt")
    reply, printed = socket.reply(running)
    assert ("Interrupted", "on\n") == (reply["ename"], printed)
    server.ask("POST", f"api/kernels/{kernel}/restart")
    socket.until_heard()
    assert "nil\n" == socket.run("print(x)")
    assert first != pid_of(server, kernel)
    assert has_ended(first)
    socket.close()
    second = pid_of(server, kernel)
    server.ask("DELETE", f"api/kernels/{kernel}")
    assert has_ended(second)
    assert [] == server.ask("GET", "api/kernels")
    assert [] == list((server.kernels.folder / "jupyter").glob("kernel-*"))
    assert "The hub runs as process" in server.kernels.say("serve", "--status").stdout


def test_a_kernel_that_dies_is_noticed_and_started_again(server: Server) -> None:
    """Jupyter restarts it at the same ports, and the notebook goes on."""
    kernel = server.start()
    socket = Socket(server, kernel)
    assert "1\n" == socket.run("print(1)")
    first = pid_of(server, kernel)
    os.kill(first, signal.SIGKILL)
    become(lambda: runs_anew(server, kernel, first))
    socket.until_heard()
    assert "2\n" == socket.run("print(2)")
    assert "it was killed by SIGKILL" in server.said()
    socket.close()


def test_the_death_of_the_hub_is_noticed_and_made_good(server: Server) -> None:
    """Its kernels end, Jupyter is told, a new hub is started, and the notebook goes on."""
    kernel = server.start()
    socket = Socket(server, kernel)
    assert "1\n" == socket.run("print(1)")
    before, first = hub_pid(server), pid_of(server, kernel)
    os.kill(before, signal.SIGKILL)
    become(lambda: runs_anew(server, kernel, first))
    socket.until_heard()
    assert "2\n" == socket.run("print(2)")
    assert before != hub_pid(server)
    assert has_ended(first)
    assert f"The hub of kernel {kernel} has ended" in server.said()
    socket.close()


def test_a_server_shows_kernels_that_it_has_not_started(kernels: Kernels) -> None:
    """As external kernels; a notebook shares the globals with everybody else, and they stay."""
    record = kernels.start("lab")
    runtime = str(kernels.folder / "jupyter")
    server = Server(kernels, allow_external_kernels="True", external_connection_dir=runtime)
    try:
        found: list[dict[str, Any]] = []

        def is_shown() -> bool:
            found[:] = server.ask("GET", "api/kernels")
            return bool(found)

        become(is_shown, 90)
        assert ["llmspell"] == [each["name"] for each in found]
        with kernels.client(record) as client:
            client.execute_interactive("shared = 42")
        socket = Socket(server, found[0]["id"])
        socket.until_heard()
        assert "42\n" == socket.run("print(shared)")
        socket.close()
    finally:
        server.end()
    assert kernels.status("lab")["running"]


def test_kernels_end_when_jupyters_server_is_killed(server: Server) -> None:
    """The hub notices that nobody holds them; the hub itself stays for others."""
    kernel = server.start()
    running = pid_of(server, kernel)
    server.process.kill()
    server.process.wait(30)
    become(lambda: has_ended(running))
    assert not has_ended(hub_pid(server))


def test_a_kernel_that_cannot_be_made_is_explained(server: Server) -> None:
    """Jupyter's answer has the hub's words."""
    hub = server.kernels.say("serve", "--daemon", "--max-kernels", "1")
    assert 0 == hub.returncode
    server.start()
    with pytest.raises(urllib.error.HTTPError) as caught:
        server.start()
    server.process.kill()  # one that has failed to start a kernel does not stop in order
    assert 503 == caught.value.code
    said = json.loads(caught.value.read())["message"]
    assert said.startswith("This hub has 1 kernels, as many as it may")
