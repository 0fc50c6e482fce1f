"""``llmspell kernel``: which kernels there are, and how they are."""

import argparse
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kernel.core.errors import UserError
from llmspell.cli.numbers import amount
from llmspell.cli.results import elapsed, table
from llmspell.cli.state import counted

if TYPE_CHECKING:
    from kernel.jupyter.connection import ConnectionInfo
    from kernel.service.records import KernelState

NOT_RUNNING = 3
"""Exit status of ``kernel status`` (LSB: program is not running)."""

NO_ANSWER = 4
"""It runs and does not say how it is (LSB: status is unknown)."""


# --- which kernel ---------------------------------------------------------------------------------


def choice_options(parser: argparse.ArgumentParser) -> None:
    """Which kernel is meant."""
    parser.add_argument("kernel", nargs="?", metavar="ID", help="its id, or the beginning of it")
    parser.add_argument("--id", "-i", default="", help="the same")


def chosen_kernel(chosen: argparse.Namespace) -> "KernelState":
    """The kernel that is meant; without an id, the only one. Raises `UserError`."""
    from kernel.service.registry import Registry

    registry = Registry()
    kernel_id = chosen.kernel or chosen.id
    if kernel_id:
        return registry.find(kernel_id)
    states = registry.all()
    running = [each for each in states if each.is_running] or states
    if len(running) == 1:
        return running[0]
    if not running:
        raise UserError("No kernel runs.")
    names = ", ".join(each.record.id for each in running)
    raise UserError(f"Which kernel? There are {names}.")


# --- status and list ------------------------------------------------------------------------------


def status_options(parser: argparse.ArgumentParser) -> None:
    """The options of ``kernel status``."""
    choice_options(parser)
    parser.add_argument("--json", action="store_true", help="the same as --format json")
    parser.add_argument(
        "--format",
        "-f",
        choices=("table", "json", "text"),
        default="text",
        help="lines of text, a table as `list` has it, or an object (text)",
    )
    parser.add_argument("--quiet", "-q", action="store_true", help="the exit status alone")
    parser.add_argument("--watch", "-w", action="store_true", help="again and again")
    parser.add_argument(
        "--interval", type=amount, default=5, metavar="S", help="seconds between two looks (5)"
    )
    parser.epilog = (
        "Exit status: 0 it runs, 3 it does not, 4 it does not answer. "
        "Without ID: of the only kernel, or of all as `list` does. "
        "With --connect ADDRESS: of a kernel that may run elsewhere."
    )


def show_status(chosen: argparse.Namespace) -> int:
    """Say how a kernel is; the exit status says whether it runs."""
    return again_and_again(chosen, lambda: _status_once(chosen))


def again_and_again(chosen: argparse.Namespace, look: Callable[[], int]) -> int:
    """Look once or, with ``--watch``, until Ctrl-C."""
    status = look()
    while chosen.watch:
        threading.Event().wait(chosen.interval)
        status = look()
    return status


def _status_once(chosen: argparse.Namespace) -> int:
    from kernel.service.records import UnknownKernel
    from kernel.service.registry import Registry

    kernel_id = chosen.kernel or chosen.id
    if not kernel_id and len(Registry().all()) != 1:
        return show_list(chosen)
    try:
        state = chosen_kernel(chosen)
    except UnknownKernel as error:
        if not chosen.quiet:
            sys.stderr.write(f"llmspell: {error}\n")
        return NOT_RUNNING
    info = _connection(state)
    health, problem = _health(state, info)
    if not chosen.quiet:
        _show(chosen, state, info, health, problem)
    if not state.is_running:
        return NOT_RUNNING
    return NO_ANSWER if health is None else 0


def _show(
    chosen: argparse.Namespace,
    state: "KernelState",
    info: "ConnectionInfo | UserError",
    health: Mapping[str, Any] | None,
    problem: str,
) -> None:
    ports = info.ports if not isinstance(info, UserError) else None
    known = {**_described(state), "ports": ports, "health": health, "problem": problem}
    if chosen.format == "table":
        lines = _table([state])
    else:
        listed = info.listed_ports() if not isinstance(info, UserError) else ""
        lines = [*_said(state, listed, health, problem)]
    chosen.results.show(known, lines)


def _said(
    state: "KernelState", ports: str, health: Mapping[str, Any] | None, problem: str
) -> Iterator[str]:
    record = state.record
    if not state.is_running:
        yield f"Kernel {record.id} does not run: {state.why}."
        yield f"  log      {record.log_file or 'none'}"
        return
    if health is None:
        yield f"Kernel {record.id} runs as process {record.pid} and does not answer: {problem}"
        return
    yield f"Kernel {record.id} runs as process {record.pid} and is {health['state']}."
    yield f"  connect  {way_in(record.id, record.connection_file)}"
    if ports:
        yield f"  ports    {ports}"
    yield from figures(health)
    if record.dap:
        yield f"  debug    attach to {record.dap}"
    if record.log_file:
        yield f"  log      {record.log_file} ({health['log_level']})"


def way_in(kernel_id: str, connection_file: str) -> str:
    """The command that opens a prompt on a kernel: Jupyter's, where its clients can reach it."""
    from kernel.jupyter.connection import read_connection

    try:
        has_ports = read_connection(Path(connection_file)).shell_port != 0
    except UserError:
        has_ports = False
    if has_ports:
        return f"jupyter console --existing {connection_file}"
    return f"llmspell kernel connect {kernel_id}"


def figures(health: Mapping[str, Any]) -> Iterator[str]:
    """What a kernel says of itself, in lines."""
    counted = health["figures"]
    limit = f" of {health['max_clients']}" if health["max_clients"] else ""
    yield f"  clients  {health['clients']}{limit}"
    yield f"  cells    {counted['executes']}, {counted['errors']} with errors"
    yield f"  uptime   {elapsed(counted['uptime'])}, idle for {elapsed(health['idle_for'])}"
    yield f"  memory   {counted['memory'] / 2**20:.0f} MiB"
    share = counted["cpu"] / max(counted["uptime"], 0.001)
    yield f"  cpu      {counted['cpu']:.1f} s, {share:.0%} of one while it is up"
    if last := health.get("last_run"):
        yield from _last_run(last)


def _last_run(last: Mapping[str, Any]) -> Iterator[str]:
    if "ended" in last:
        yield f"  before   ended {last['ended']}, after {counted(last['cells'], 'cell', 'cells')}"
    if variables := last.get("variables"):
        count = counted(variables["restored"], "variable", "variables")
        yield f"           {count} came back"
        for each in variables["lost"]:
            yield f"           not kept: {each}"


def _connection(state: "KernelState") -> "ConnectionInfo | UserError":
    """Where a kernel listens, or why nobody knows."""
    from kernel.jupyter.connection import read_connection

    if not state.is_running:
        return UserError(f"It does not run: {state.why}.")
    try:
        return read_connection(Path(state.record.connection_file))
    except UserError as error:
        return error


def _health(
    state: "KernelState", info: "ConnectionInfo | UserError"
) -> tuple[Mapping[str, Any] | None, str]:
    """What a kernel says of itself, or why it says nothing."""
    from kernel.core.loop import EventLoop
    from kernel.service.health import ask_health

    if not state.is_running:
        return None, ""
    if isinstance(info, UserError):
        return None, str(info)
    try:
        said = dict(EventLoop().run(lambda: ask_health(info)))
    except UserError as error:
        return None, str(error)
    said.pop("status", None)
    return said, ""


def list_options(parser: argparse.ArgumentParser) -> None:
    """The options of ``kernel list``."""
    parser.add_argument("--json", action="store_true", help="an array of objects")


def show_list(chosen: argparse.Namespace) -> int:
    """Say which kernels there are."""
    from kernel.service.registry import Registry

    states = Registry().all()
    if not getattr(chosen, "quiet", False):
        chosen.results.show([_described(each) for each in states], _table(states))
    is_any = any(each.is_running for each in states)
    return 0 if is_any or chosen.run is show_list else NOT_RUNNING


def _table(states: Sequence["KernelState"]) -> list[str]:
    head = ("ID", "PID", "STATE", "AGE", "LUA", "DEBUG", "CONNECTION FILE")
    rows = [
        (
            each.record.id,
            each.record.pid,
            each.word,
            elapsed(time.time() - each.record.started),
            each.record.runtime,
            each.record.dap or "-",
            each.record.connection_file if each.is_running else "-",
        )
        for each in states
    ]
    return table(head, rows)


def _described(state: "KernelState") -> dict[str, Any]:
    known = {**asdict(state.record), "state": state.word}
    del known["ended"]  # `why` says it
    return {**known, "running": state.is_running, "why": state.why}
