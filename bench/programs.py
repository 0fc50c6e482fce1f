"""Running the workloads, with and without the debugger, each in a process of its own."""

import math
import re
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dap_server.client import DapClient

FOLDER = Path(__file__).parent
ADAPTER = [sys.executable, "-m", "dap_server"]
DEADLINE = 300.0

Times = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Suite:
    """A file of workloads, their names, and how often each runs in a process; the best counts."""

    file: str
    names: tuple[str, ...]
    rounds: int

    def marked(self, mark: str) -> list[int]:
        """The lines on which ``@mark`` stands."""
        return _marked(self.file, mark)

    def arguments(self, lua: str) -> list[str]:
        """What run.lua is told: LuaJIT gets more work, so that its times mean something."""
        scale = "20" if lua.startswith("luajit") else "1"
        return [str(FOLDER / self.file), str(self.rounds), scale]


WORKLOADS = ("recursion", "numbers", "strings", "objects", "generator")
OURS = Suite("workloads.lua", WORKLOADS, 3)
PEERS = Suite("peer_workloads.lua", ("loop", "calls", "mixed", "coro"), 10)


def _marked(name: str, mark: str) -> list[int]:
    lines = (FOLDER / name).read_text("utf-8").splitlines()
    return [number for number, line in enumerate(lines, 1) if line.endswith(f"-- @{mark}")]


def plain(lua: str, suite: Suite = OURS) -> Times:
    """The workloads under ``llmspell run``."""
    command = [sys.executable, "-m", "llmspell", "run", "--lua", lua, str(FOLDER / "run.lua")]
    done = subprocess.run(
        [*command, *suite.arguments(lua)],
        capture_output=True,
        text=True,
        check=True,
        timeout=DEADLINE,
    )
    return _times(done.stdout)


def debugged(lua: str, suite: Suite = OURS, known: str = "", late: str = "") -> Times:
    """The workloads under the debugger.

    Breakpoints on the lines marked ``known`` are there before the file is loaded, those on
    ``late`` come when it has been.
    """
    with DapClient.spawn(ADAPTER, deadline=DEADLINE) as client:
        if known:
            client.break_at(FOLDER / suite.file, *suite.marked(known))
        if late:
            client.break_at(FOLDER / "run.lua", *_marked("run.lua", "ready"))
        stop = client.launch(FOLDER / "run.lua", lua=lua, args=suite.arguments(lua))
        if late:
            assert stop is not None, client.output()
            client.break_at(FOLDER / suite.file, *suite.marked(late))
            assert client.run_to_end() == 0
        else:
            assert stop is None, client.output()
        return _times(client.output("stdout"))


def ratios(times: Sequence[Times], base: Sequence[Times]) -> dict[str, float]:
    """Per workload the median over the rounds of time by base time of the same round."""
    return {
        name: statistics.median(a[name] / b[name] for a, b in zip(times, base, strict=True))
        for name in base[0]
    }


def geometric_mean(values: Sequence[float]) -> float:
    """The mean for ratios."""
    return math.exp(statistics.fmean(map(math.log, values)))


def _times(text: str) -> Times:
    return {name: float(value) for name, value in re.findall(r"(\w+)\t([\d.e-]+)", text)}
