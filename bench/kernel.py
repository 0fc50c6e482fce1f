"""Kernels side by side: ours and ipykernel, by Jupyter's own client, in the same run.

Times are those the client sees. ipykernel is the extra ``bench``; without it only ours is measured.
"""

import asyncio
import contextlib
import importlib.util
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import KernelManager

from bench.kernel_clients import many_clients
from bench.kernel_soak import Reading, resident, soak_here, soak_over_sockets, told
from kernel.api import start_embedded_kernel
from llmspell.kernels import lua_kernel

Client = BlockingKernelClient

ROUNDS = 300
STARTS = 5
CODES = {"llmspell": "return 1 + 1", "python3": "1 + 1"}
LOOPS: Mapping[str, Mapping[str, str]] = {
    "llmspell": {
        "a loop": "print('begun') while true do end",
        "a loop of pcall": "print('begun') while true do "
        "pcall(function() while true do end end) end",
        "a loop in coroutines": "print('begun') while true do "
        "coroutine.wrap(function() while true do end end)() end",
    },
    "python3": {"a loop": "print('begun')\nwhile 1: pass"},
}
LOOKS: Mapping[str, Mapping[str, Callable[[Client], str]]] = {
    "llmspell": {
        "complete": lambda client: client.complete("string.fo"),
        "inspect": lambda client: client.inspect("string.format"),
    },
    "python3": {
        "complete": lambda client: client.complete("str.fo"),
        "inspect": lambda client: client.inspect("str.format"),
    },
}
REST = 4.0
"""Seconds in which a kernel is asked for nothing, and loads what looks take."""


def rows() -> Iterator[tuple[str, str]]:
    """Rows of the table, as they are found."""
    with _installed() as names:
        found = {name: _measure_kernel(name) for name in names}
        embedded = asyncio.run(_embedded())
        theirs = found.get("python3", {})
        for what, value in found["llmspell"].items():
            yield what, _compared(value, theirs.get(what))
        yield "execute in this process, ms", _compared(embedded, theirs.get("execute, ms"))
        took, lost = asyncio.run(many_clients())
        yield "50 clients, 200 cells each, s", f"{took:10.2f}   lost or misrouted {lost}"
        yield "soak here, MB per 10,000 cells", told(asyncio.run(soak_here()))
        yield "soak over ZeroMQ, MB per 10,000 cells", told(_soak_over_sockets())


def _compared(ours: float, theirs: float | None) -> str:
    if theirs is None:
        return f"{ours:10.2f}"
    return f"{ours:10.2f}   ipykernel {theirs:10.2f}   ratio {ours / theirs:6.3f}"


def _measure_kernel(name: str) -> dict[str, float]:
    rows = _first_times([_started(name) for _ in range(STARTS)])
    manager, client, _ = _start(name)
    try:
        times = sorted(_timed(lambda: _execute(client, CODES[name])) for _ in range(ROUNDS))
        process = manager.provisioner.process.pid  # type: ignore[union-attr]
        rows["execute, ms"] = statistics.median(times) * 1000
        rows["resident memory, MB"] = resident(process)
        _begin(client, LOOPS[name]["a loop"])
        if name == "llmspell":  # ipykernel answers none of these while a cell runs
            for what, ask in LOOKS[name].items():
                took = [_timed(lambda ask=ask: _answered(client, ask(client))) for _ in range(20)]
                rows[f"{what} while a cell runs, ms"] = statistics.median(took) * 1000
        _interrupted(manager, client)
        for what, code in LOOPS[name].items():
            took = []
            for _ in range(5):
                _begin(client, code)
                took.append(_interrupted(manager, client))
            rows[f"interrupt of {what}, ms"] = statistics.median(took)
        return rows
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def _first_times(starts: Sequence[Mapping[str, float]]) -> dict[str, float]:
    return {what: statistics.median(each[what] for each in starts) for what in starts[0]}


def _begin(client: Client, code: str) -> None:
    """Have a loop run that has said so."""
    request = client.execute(code)
    while True:
        told = client.get_iopub_msg(timeout=10)
        if told["msg_type"] == "stream" and told["parent_header"]["msg_id"] == request:
            return


def _interrupted(manager: KernelManager, client: Client) -> float:
    """Milliseconds until a loop has ended."""
    began = time.perf_counter()
    manager.interrupt_kernel()
    while client.get_shell_msg(timeout=10)["msg_type"] != "execute_reply":
        pass
    return (time.perf_counter() - began) * 1000


def _start(name: str) -> tuple[KernelManager, Client, float]:
    manager = KernelManager(kernel_name=name)
    began = time.perf_counter()
    manager.start_kernel()
    client = manager.blocking_client()
    client.start_channels()
    client.wait_for_ready(timeout=60)
    return manager, client, time.perf_counter() - began


def _started(name: str) -> dict[str, float]:
    """Until it says what it is, until a cell has run as well, and what looks take first."""
    manager, client, ready = _start(name)
    first = _timed(lambda: _execute(client, CODES[name]))
    rows = {"start to ready, s": ready, "start to first result, s": ready + first}
    for what, ask in LOOKS[name].items():
        took = _timed(lambda ask=ask: _answered(client, ask(client)))
        rows[f"first {what}, at once, ms"] = took * 1000
    client.stop_channels()
    manager.shutdown_kernel(now=True)
    return {**rows, **_rested(name)}


def _rested(name: str) -> dict[str, float]:
    """What the first looks take of a kernel that nobody has asked for anything for a while."""
    manager, client, _ = _start(name)
    threading.Event().wait(REST)  # it is the rest that is wanted
    rows = {
        f"first {what}, after {REST:g} s of rest, ms": 1000
        * _timed(lambda ask=ask: _answered(client, ask(client)))
        for what, ask in LOOKS[name].items()
    }
    client.stop_channels()
    manager.shutdown_kernel(now=True)
    return rows


def _execute(client: Client, code: str) -> None:
    request = client.execute(code)
    _answered(client, request)
    while not (
        (told := client.get_iopub_msg(timeout=10))["msg_type"] == "status"
        and told["content"]["execution_state"] == "idle"
        and told["parent_header"]["msg_id"] == request
    ):
        pass


def _answered(client: Client, message: str) -> None:
    while client.get_shell_msg(timeout=10)["parent_header"]["msg_id"] != message:
        pass


def _timed(function: Callable[[], object]) -> float:
    before = time.perf_counter()
    function()
    return time.perf_counter() - before


async def _embedded() -> float:
    async with await start_embedded_kernel(lua_kernel()) as kernel:
        times = []
        for _ in range(ROUNDS * 3):
            before = time.perf_counter()
            await kernel.execute("return 1 + 1")
            times.append(time.perf_counter() - before)
    return statistics.median(times) * 1000


def _soak_over_sockets() -> list[Reading]:
    manager, client, _ = _start("llmspell")
    try:
        process = manager.provisioner.process.pid  # type: ignore[union-attr]
        return soak_over_sockets(process, lambda code: _execute(client, code))
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


@contextlib.contextmanager
def _installed() -> Iterator[list[str]]:
    with tempfile.TemporaryDirectory() as folder:
        install = [sys.executable, "-m", "llmspell", "kernel", "install", "--prefix", folder]
        subprocess.run(install, check=True, capture_output=True)
        os.environ["JUPYTER_PATH"] = f"{folder}/share/jupyter"
        os.environ["XDG_DATA_HOME"] = folder
        os.environ["JUPYTER_RUNTIME_DIR"] = f"{folder}/runtime"
        names = ["llmspell"]
        if importlib.util.find_spec("ipykernel"):
            from ipykernel.kernelspec import install as install_ipykernel

            install_ipykernel(prefix=folder, kernel_name="python3")
            names.append("python3")
        yield names
