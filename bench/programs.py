"""Running the workloads, with and without the debugger, each in a process of its own."""

import math
import re
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from dap_server.client import DapClient

FOLDER = Path(__file__).parent
WORKLOADS = ("recursion", "numbers", "strings", "objects", "generator")
ADAPTER = [sys.executable, "-m", "dap_server"]
DEADLINE = 300.0

Times = Mapping[str, float]


def marked(mark: str, name: str = "workloads.lua") -> list[int]:
    """The lines of a file on which ``@mark`` stands."""
    lines = (FOLDER / name).read_text("utf-8").splitlines()
    return [number for number, line in enumerate(lines, 1) if line.endswith(f"-- @{mark}")]


def arguments(lua: str) -> list[str]:
    """What run.lua is told: LuaJIT gets more work, so that its times mean something."""
    return [str(FOLDER), "3", "20" if lua.startswith("luajit") else "1"]


def plain(lua: str) -> Times:
    """The workloads under ``llmspell run``."""
    command = [sys.executable, "-m", "llmspell", "run", "--lua", lua, str(FOLDER / "run.lua")]
    done = subprocess.run(
        [*command, *arguments(lua)], capture_output=True, text=True, check=True, timeout=DEADLINE
    )
    return _times(done.stdout)


def debugged(lua: str, known: Sequence[int] = (), late: Sequence[int] = ()) -> Times:
    """The workloads under the debugger.

    Breakpoints on the lines ``known`` are there before the file is loaded, those on ``late``
    come when it has been.
    """
    with DapClient.spawn(ADAPTER, deadline=DEADLINE) as client:
        if known:
            client.break_at(FOLDER / "workloads.lua", *known)
        if late:
            client.break_at(FOLDER / "run.lua", *marked("ready", "run.lua"))
        program, args = FOLDER / "run.lua", arguments(lua)
        stop = client.launch(program, lua=lua, args=args)
        if late:
            assert stop is not None, client.output()
            client.break_at(FOLDER / "workloads.lua", *late)
            assert client.run_to_end() == 0
        else:
            assert stop is None, client.output()
        return _times(client.output("stdout"))


def ratios(times: Sequence[Times], base: Sequence[Times]) -> dict[str, float]:
    """Per workload the median over the rounds of time by base time of the same round."""
    return {
        name: statistics.median(a[name] / b[name] for a, b in zip(times, base, strict=True))
        for name in WORKLOADS
    }


def geometric_mean(values: Sequence[float]) -> float:
    """The mean for ratios."""
    return math.exp(statistics.fmean(map(math.log, values)))


def _times(text: str) -> Times:
    return {name: float(value) for name, value in re.findall(r"(\w+)\t([\d.e-]+)", text)}
