"""The parts of a service by themselves: idle watch, gate, logs, notifications, daemons."""

import asyncio
import logging
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kernel.core.errors import UserError
from kernel.jupyter.channels import ZmqClient
from kernel.jupyter.messages import Channel, Message, Writer
from kernel.service.daemon import start_detached
from kernel.service.gate import CountingGate, KernelEnding, TooManyClients
from kernel.service.idle import IdleWatch
from kernel.service.logs import DaemonLog, LevelSwitch
from kernel.service.notify import ServiceNotifier
from kernel.service.statistics import Statistics


class Time:
    """A clock that stands until it is told."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def test_idle_is_the_time_since_the_last_request_or_the_end_of_a_cell() -> None:
    """Whichever was later; while a cell runs it is nothing."""
    time, busy, last = Time(), [False], [100.0]
    watch = IdleWatch(10, lambda: last[0], lambda: busy[0], time)
    time.now = 104
    assert (4, 6) == (watch.idle_for(), watch.remaining())
    last[0] = 104
    assert 10 == watch.remaining()
    busy[0], time.now = True, 150
    assert 10 == watch.remaining()
    busy[0], time.now = False, 158
    watch.note_work()
    time.now = 167
    assert 1 == watch.remaining()
    time.now = 169
    assert 0 == watch.remaining()


def test_waiting_for_idleness_begins_again_after_work() -> None:
    """It returns when nothing happened for the whole time, and not at the first look."""
    time, slept, last = Time(), [], [100.0]
    watch = IdleWatch(10, lambda: last[0], lambda: False, time)

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        time.now += seconds
        if len(slept) == 1:
            last[0] = time.now - 3  # a request came meanwhile

    asyncio.run(watch.wait(sleep))
    assert [10, 7] == slept
    assert float("inf") == IdleWatch(0, lambda: 0, lambda: False, time).remaining()


def asked(session: str, kind: str = "execute_request", channel: str = Channel.SHELL) -> Message:
    return Writer(session).message(channel, kind, {})


def test_the_gate_counts_clients_over_zeromq_by_their_sessions() -> None:
    """One that was turned away leaves first, then the one that was silent the longest."""
    time = Time()
    gate, client = CountingGate(2, clock=time), ZmqClient(None, [])  # type: ignore[arg-type]
    for _ in "abc":
        gate.listens(1)
    for name in ("a", "b", "a"):
        time.now += 1
        gate.check(asked(name), client)
    with pytest.raises(TooManyClients, match="at most 2 clients"):
        gate.check(asked("c"), client)
    gate.check(asked("c", "kernel_info_request"), client)
    gate.check(asked("c", "interrupt_request", Channel.CONTROL), client)
    assert (2, True, 1) == (gate.clients, gate.is_full, gate.refused)
    gate.listens(-1)
    assert 2 == gate.clients
    gate.listens(-1)
    assert 1 == gate.clients
    gate.listens(1)
    gate.check(asked("d"), client)
    with pytest.raises(TooManyClients):
        gate.check(asked("b"), client)
    gate.check(asked("a"), client)


def test_one_that_was_refused_gets_the_room_of_one_that_left() -> None:
    """It was taken to have left itself until it asked again; whoever is there stays."""
    gate, client = CountingGate(2), ZmqClient(None, [])  # type: ignore[arg-type]
    for name in "ab":
        gate.listens(1)
        gate.check(asked(name), client)
    for name in "cd":
        gate.listens(1)
        with pytest.raises(TooManyClients):
            gate.check(asked(name), client)
    gate.listens(-1)  # it is d who leaves
    with pytest.raises(TooManyClients):
        gate.check(asked("c"), client)
    gate.listens(-1)  # it is a who leaves
    gate.check(asked("c"), client)
    with pytest.raises(TooManyClients):
        gate.check(asked("a"), client)
    gate.check(asked("b"), client)


def test_who_only_listens_and_leaves_takes_nobody_with_it() -> None:
    """As long as nobody needs the room; then the one that was silent the longest makes it."""
    time = Time()
    gate, client = CountingGate(2, clock=time), ZmqClient(None, [])  # type: ignore[arg-type]
    for name in ("a", "b", "only listens"):
        time.now += 1
        gate.listens(1)
        if len(name) == 1:
            gate.check(asked(name), client)
    gate.listens(-1)
    assert 2 == gate.clients
    gate.check(asked("c"), client)
    with pytest.raises(TooManyClients):
        gate.check(asked("a"), client)
    gate.check(asked("b"), client)


def test_nobody_guesses_that_one_has_left_who_says_so() -> None:
    """A debugger was silent for longer, and has not said goodbye yet when another hears no more."""
    time = Time()
    gate, client = CountingGate(clock=time), ZmqClient(None, [])  # type: ignore[arg-type]
    gate.enter("debugger", says_goodbye=True)
    time.now += 1
    gate.listens(1)
    gate.check(asked("a"), client)
    gate.listens(-1)
    assert 1 == gate.clients
    gate.leave("debugger")
    assert 0 == gate.clients


def test_the_gate_of_a_kernel_that_ends_lets_control_in_alone() -> None:
    """Nothing new runs; interrupts and questions about its health are served."""
    gate, client = CountingGate(), ZmqClient(None, [])  # type: ignore[arg-type]
    gate.ending = "going"
    gate.check(asked("a", "shutdown_request", Channel.CONTROL), client)
    with pytest.raises(KernelEnding, match="going"):
        gate.check(asked("a"), client)


def test_statistics_are_counted_from_what_is_published() -> None:
    """Cells, also silent ones, errors, and characters of output; no cell that was not let in."""
    ends: list[int] = []
    statistics, writer = Statistics(Time(), lambda: ends.append(1)), Writer("a")
    for kind, content, about in (
        ("status", {"execution_state": "busy"}, "execute_request"),
        ("stream", {"text": "12345"}, "execute_request"),
        ("error", {}, "execute_request"),
        ("status", {"execution_state": "idle"}, "execute_request"),
        ("status", {"execution_state": "idle"}, "complete_request"),
        ("error", {"ename": "TooManyClients"}, "execute_request"),
        ("status", {"execution_state": "idle"}, "execute_request"),
    ):
        statistics.send(writer.message(Channel.IOPUB, kind, content, {"msg_type": about}))
    figures = statistics.figures()
    assert (1, 1, 2, 7, 5) == (
        figures.executes,
        figures.errors,
        figures.requests,
        figures.events,
        figures.output,
    )
    assert [1, 1] == ends
    assert figures.memory > 2**20


@pytest.fixture
def logger() -> Iterator[logging.Logger]:
    made = logging.Logger("service", logging.INFO)
    yield made
    for handler in made.handlers:
        handler.close()


def test_a_log_is_rotated_and_no_line_is_lost(tmp_path: Path, logger: logging.Logger) -> None:
    """By size, keeping as many older ones as asked for, all for their owner alone."""
    logger.addHandler(DaemonLog(tmp_path / "log", size=2000, count=3))
    for number in range(200):
        logger.info("line %d", number)
    files = [tmp_path / name for name in ("log.3", "log.2", "log.1", "log")]
    assert sorted(files) == sorted(tmp_path.iterdir())
    assert {0o600} == {each.stat().st_mode & 0o777 for each in files}
    lines = "".join(each.read_text() for each in files).splitlines()
    last = [f"line {number}" for number in range(200 - len(lines), 200)]
    assert last == [line.rpartition(": ")[2] for line in lines]
    assert all(each.stat().st_size <= 2000 for each in files)


def test_the_descriptors_follow_the_log(tmp_path: Path) -> None:
    """What children write after a rotation is in the new file."""
    code = f"""
import logging, os, subprocess
from pathlib import Path
from kernel.service.logs import log_to_file
log = log_to_file(Path({str(tmp_path / "log")!r}), "info", 300, 2)
log.adopt_output()
logging.info("x" * 250)
logging.info("y" * 250)
subprocess.run(["echo", "from a child"])
os.rename({str(tmp_path / "log")!r}, {str(tmp_path / "moved")!r})
log.reopen()
os.write(2, b"after the move")
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
    assert (tmp_path / "moved").read_text().endswith("from a child\n")
    assert "after the move" == (tmp_path / "log").read_text()
    assert "x" * 250 in (tmp_path / "log.1").read_text()


def test_the_level_goes_to_debug_and_back(logger: logging.Logger) -> None:
    """Also where it was debug to begin with: then to info."""
    logger.setLevel(logging.WARNING)
    switch = LevelSwitch(logger)
    assert ["debug", "warning", "debug"] == [switch.toggle() for _ in range(3)]
    switch = LevelSwitch(logger)
    assert ["info", "debug"] == [switch.toggle() for _ in range(2)]


@pytest.mark.parametrize("is_abstract", [False, True])
def test_notifications_go_where_the_manager_listens(tmp_path: Path, is_abstract: bool) -> None:
    """To a path or an abstract name; to nobody without an error."""
    name = f"@llmspell-{os.getpid()}" if is_abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(name.replace("@", "\0", 1) if is_abstract else name)
        manager.settimeout(30)
        notifier = ServiceNotifier({"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "3000000"})
        assert 3.0 == notifier.watchdog
        assert notifier.tell(READY="1", STATUS="there")
        assert b"READY=1\nSTATUS=there" == manager.recv(100)
    assert not notifier.tell(READY="1")
    assert not ServiceNotifier({}).tell(READY="1")
    other = {"WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "1"}
    assert 0.0 == ServiceNotifier(other).watchdog


@pytest.mark.parametrize(
    ("code", "wanted"),
    [
        ("raise SystemExit('no such thing')", "ended before it was ready.*no such thing"),
        (
            "from kernel.service.daemon import Readiness as R\n"
            "R.of_this_process().fail('the port is taken')",
            "^the port is taken$",
        ),
        (
            "from kernel.service.daemon import Readiness as R\n"
            "R.of_this_process()\nimport threading\nthreading.Event().wait()",
            "did not get ready in time",
        ),
    ],
)
def test_a_daemon_that_does_not_get_ready_is_explained(
    tmp_path: Path, code: str, wanted: str
) -> None:
    """By its own words, by the end of its log, or by the time that is over; none is left."""
    log = tmp_path / "logs" / "log"
    with pytest.raises(UserError, match=f"(?s){wanted}"):
        start_detached([sys.executable, "-c", code], log=log, deadline=5)


def test_a_command_that_is_not_there_is_said(tmp_path: Path) -> None:
    """By its name."""
    with pytest.raises(UserError, match="no-such-command cannot be started"):
        start_detached(["no-such-command"], log=tmp_path / "log")
