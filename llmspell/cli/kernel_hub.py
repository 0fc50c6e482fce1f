"""``llmspell kernel``: the hub, which makes kernels for Jupyter and for whoever asks."""

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from kernel.core.errors import UserError
from llmspell.cli.global_options import UsageError
from llmspell.cli.kernel_service import libraries_option, limit_options
from llmspell.cli.numbers import count, port
from llmspell.cli.results import Results

AddOptions = Callable[[argparse.ArgumentParser], None]
Run = Callable[[argparse.Namespace], int]


# --- serve ----------------------------------------------------------------------------------------


def _serve_options(parser: argparse.ArgumentParser) -> None:
    from kernel.service.logs import LEVELS

    parser.add_argument("--daemon", action="store_true", help="in the background, if none runs yet")
    parser.add_argument("--stop", action="store_true", help="end the hub and its kernels")
    parser.add_argument(
        "--status", action="store_true", help="say whether one runs (0), or not (3)"
    )
    parser.add_argument(
        "--max-kernels", type=count, default=0, metavar="N", help="make at most N (0: any number)"
    )
    parser.add_argument("--log-file", type=Path, metavar="FILE", help="write a log")
    parser.add_argument("--log-level", choices=LEVELS, default="info", help="what is logged (info)")


def _serve(chosen: argparse.Namespace) -> int:
    from kernel.service.daemon import Readiness

    readiness = Readiness.of_this_process()  # before there are threads
    from llmspell.kernel_hub import serve_hub, start_hub

    if chosen.stop:
        return _stop(chosen.results)
    if chosen.status:
        return _status(chosen.results)
    if chosen.daemon:
        words = ["--log-level", chosen.log_level, "--max-kernels", str(chosen.max_kernels)]
        said = start_hub(words, log_file=chosen.log_file)
        chosen.results.show({"said": said}, said)
        return 0
    return serve_hub(
        readiness,
        log_file=chosen.log_file,
        log_level=chosen.log_level,
        max_kernels=chosen.max_kernels,
    )


def _stop(results: Results) -> int:
    from kernel.service.ending import stop
    from llmspell.kernel_hub import hub_registry

    registry = hub_registry()
    states = registry.all()
    for state in states:
        stop(registry, state)
    said = "The hub was stopped." if states else "No hub runs."
    results.show({"stopped": len(states)}, said)
    return 0


def _status(results: Results) -> int:
    from kernel.service.hub_client import ask_hub
    from kernel.service.hub_server import hub_socket
    from llmspell.kernel_hub import hub_registry

    states = hub_registry().all()
    if not any(each.is_running for each in states):
        why = states[0].why if states else ""
        said = f"No hub runs ({why})." if why else "No hub runs."
        results.show({"running": False, "why": why}, said)
        return 3
    kernels = ask_hub(hub_socket(), "list")["kernels"]
    running = sum(each["running"] for each in kernels)
    pid = states[0].record.pid
    said = f"The hub runs as process {pid}, with {running} kernel{'s' * (running != 1)}."
    results.show({"running": True, "pid": pid, "kernels": kernels}, said)
    return 0


# --- asking it ------------------------------------------------------------------------------------


def _create_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--id", "-i", default="", metavar="NAME", help="what the kernel is called")
    parser.add_argument("--lua", default="", metavar="VERSION", help="5.1 … 5.5, luajit (5.4)")
    libraries_option(parser)
    limit_options(parser)
    parser.add_argument(
        "--dap-port",
        type=port,
        default=-1,
        metavar="PORT",
        help="where debuggers attach; 0: any free port",
    )
    parser.add_argument("--json", action="store_true", help="say it as an object")


def _create(chosen: argparse.Namespace) -> int:
    from kernel.service.hub_client import ask_hub
    from kernel.service.hub_server import hub_socket

    made = ask_hub(
        hub_socket(),
        "create",
        kernel=chosen.id,
        runtime=chosen.lua,
        libraries=chosen.libraries or "",
        cwd=str(Path.cwd()),
        idle_timeout=chosen.idle_timeout,
        max_clients=chosen.max_clients,
        dap_port=chosen.dap_port,
    )
    lines = [
        f"Kernel {made['id']} runs as process {made['pid']}.",
        f"  connect  jupyter console --existing {made['connection_file']}",
    ]
    chosen.results.show(made, lines)
    return 0


def _restart_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("kernel", nargs="?", metavar="ID", help="a kernel that the hub has made")


def _restart(chosen: argparse.Namespace) -> int:
    from kernel.service.hub_client import ask_hub
    from kernel.service.hub_server import hub_socket

    if not chosen.kernel:
        raise UsageError("kernel restart: which kernel? Say its ID")
    made = ask_hub(hub_socket(), "restart", kernel=chosen.kernel)
    chosen.results.show(made, f"Kernel {made['id']} runs anew, as process {made['pid']}.")
    return 0


# --- for Jupyter ----------------------------------------------------------------------------------


def add_provisioner_options(parser: argparse.ArgumentParser) -> None:
    """The options of ``kernel install`` about the hub."""
    parser.add_argument(
        "--provisioner",
        action="store_true",
        help="have Jupyter ask a hub for kernels (`llmspell kernel serve`)",
    )
    parser.add_argument(
        "--hub-socket", default="", metavar="FILE", help="where it listens (the user's own)"
    )
    parser.add_argument(
        "--no-start-hub", action="store_true", help="fail where no hub listens, start none"
    )
    parser.add_argument(
        "--survives", action="store_true", help="kernels of a hub go on without Jupyter's server"
    )


def provisioner_metadata(chosen: argparse.Namespace) -> Mapping[str, Any]:
    """What the kernelspec says of the provisioner; empty without one. Raises `UserError`."""
    if not chosen.provisioner:
        if chosen.hub_socket or chosen.no_start_hub or chosen.survives:
            raise UserError("--hub-socket, --no-start-hub and --survives need --provisioner.")
        return {}
    from llmspell.kernel_service import command

    config = {
        "runtime": chosen.lua,
        "libraries": chosen.libraries or "",
        "idle_timeout": chosen.idle_timeout,
        "max_clients": chosen.max_clients,
        "survives": chosen.survives,
        "socket": str(Path(chosen.hub_socket).absolute()) if chosen.hub_socket else "",
        # One that is started listens at the user's own socket.
        "starts_hub": not (chosen.no_start_hub or chosen.hub_socket),
        "hub_command": "\n".join(command("kernel", "serve", "--daemon")),
    }
    return {"kernel_provisioner": {"provisioner_name": "llmspell-provisioner", "config": config}}


HUB_ACTIONS: Mapping[str, tuple[str, AddOptions, Run]] = {
    "serve": ("Be a hub that makes kernels on request.", _serve_options, _serve),
    "create": ("Ask the hub for a kernel.", _create_options, _create),
    "restart": ("Give a kernel of the hub a new process.", _restart_options, _restart),
}
"""Words behind ``llmspell kernel``: summary, options, what to do."""
