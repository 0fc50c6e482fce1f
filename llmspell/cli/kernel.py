"""``llmspell kernel``: the kernel for notebooks and other clients."""

import argparse
import importlib
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from kernel.core.errors import UserError
from llmspell.cli.actions import Action, add_actions
from llmspell.cli.global_options import GlobalOptions
from llmspell.cli.kernel_address import AT_ADDRESS, choose_kernel
from llmspell.cli.kernel_hub import (
    HUB_ACTIONS,
    add_provisioner_options,
    provisioner_metadata,
)
from llmspell.cli.kernel_service import (
    SERVICE_ACTIONS,
    add_service_options,
    libraries_option,
    limit_options,
    limit_words,
    start_service,
)
from llmspell.cli.kernel_unit import UNIT_ACTIONS
from llmspell.cli.parsing import CliParser
from llmspell.cli.results import Results


def make_parser() -> CliParser:
    """The command's parser."""
    parser = CliParser(
        prog="llmspell kernel",
        description="A kernel runs cells of Lua for Jupyter and for other clients.",
        examples=(
            "llmspell kernel start --daemon --id lab  # one in the background",
            "llmspell kernel connect lab  # a prompt on it",
            "llmspell kernel stop lab  # its end",
            "llmspell kernel install  # let Jupyter know it",
        ),
    )
    add_actions(parser, ACTIONS)
    return parser


def main(arguments: Sequence[str], options: GlobalOptions) -> int:
    """Run one of `ACTIONS`."""
    chosen = make_parser().parse_args(arguments)
    wants_json = getattr(chosen, "json", False) or getattr(chosen, "format", "") == "json"
    chosen.results = Results("json" if wants_json else options.output)
    chosen.options = options
    address = choose_kernel(chosen, options)
    if address:
        return AT_ADDRESS[chosen.action](chosen, address)
    return int(chosen.run(chosen))


# --- start ----------------------------------------------------------------------------------------


def _start_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--connection-file",
        "-f",
        type=Path,
        metavar="FILE",
        help="bind the ports that it says; written if there is none (in Jupyter's runtime folder "
        "by default)",
    )
    _lua_option(parser)
    libraries_option(parser)
    for name, what in (("tcp", "over TCP"), ("ws", "over WebSockets")):
        parser.add_argument(
            f"--{name}", type=_address, metavar="HOST:PORT", help=f"take lines of messages {what}"
        )
    parser.add_argument(
        "--stdio", action="store_true", help="serve one client, in lines, on stdin and stdout"
    )
    parser.add_argument(
        "--no-zmq", action="store_true", help="without the five sockets that Jupyter uses"
    )
    add_service_options(parser)
    # `jupyter run` passes the names of its scripts on to the kernel that it starts.
    parser.add_argument("ignored", nargs="*", help=argparse.SUPPRESS)


def _start(chosen: argparse.Namespace) -> int:
    from llmspell.config.lua_choice import configured_lua
    from llmspell.kernel_options import KernelPlaces

    chosen.lua = chosen.lua or configured_lua()
    places = KernelPlaces(
        connection_file=chosen.connection_file,
        tcp=chosen.tcp,
        ws=chosen.ws,
        stdio=chosen.stdio,
        zmq=not (chosen.no_zmq or chosen.stdio),
    )
    if chosen.stdio and chosen.daemon:
        raise UserError("A kernel in the background has no stdin: leave out --stdio or --daemon.")
    return start_service(chosen, places)


def _address(text: str) -> tuple[str, int]:
    from llmspell.wiring import check_address

    host, _, port = check_address(text).rpartition(":")
    return host.strip("[]") or "127.0.0.1", int(port)


# --- install --------------------------------------------------------------------------------------


def _install_options(parser: argparse.ArgumentParser) -> None:
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--user", action="store_true", help="for all environments of this user (the default)"
    )
    where.add_argument(
        "--sys-prefix", action="store_true", help="for this Python environment alone"
    )
    where.add_argument("--prefix", metavar="FOLDER", help="under FOLDER/share/jupyter")
    _lua_option(parser)
    parser.add_argument("--name", help="how Jupyter's commands call it (llmspell, or with --lua …)")
    parser.add_argument("--display-name", help="how people see it")
    libraries_option(parser)
    limit_options(parser)
    add_provisioner_options(parser)


def _install(chosen: argparse.Namespace) -> int:
    from llmspell.kernels import install

    folder = install(
        chosen.lua,
        prefix=sys.prefix if chosen.sys_prefix else chosen.prefix,
        name=chosen.name,
        display_name=chosen.display_name,
        metadata=provisioner_metadata(chosen),
        words=limit_words(chosen),
    )
    chosen.results.show({"installed": str(folder)}, f"Installed in {folder}")
    return 0


def _lua_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--lua", default="", metavar="VERSION", help="5.1 … 5.5, luajit (5.4)")


# --- connect --------------------------------------------------------------------------------------


def _connect_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "address",
        nargs="?",
        default="",
        metavar="ADDRESS",
        help="an id, a connection file, tcp://… or ws://…; otherwise the kernel that runs",
    )


def _connect(chosen: argparse.Namespace) -> int:
    from llmspell.cli.reaching import kernel_to_ask

    named = {"connect": chosen.address} if chosen.address else {}
    address = kernel_to_ask(replace(chosen.options, **named))
    if address is None:
        raise UserError(
            "No kernel runs; `llmspell kernel start --daemon` starts one, "
            "and `llmspell repl` needs none."
        )
    repl = importlib.import_module("llmspell.cli.repl")
    return int(repl.main([], replace(chosen.options, connect=address, kernel="")))


EXAMPLES: Mapping[str, Sequence[str]] = {
    "start": (
        "llmspell kernel start --daemon --id lab  # in the background, called lab",
        "llmspell kernel start --id lab --dap-port 4711  # editors may debug its cells",
        "llmspell kernel start --tcp 127.0.0.1:0  # for clients that speak lines of JSON",
    ),
    "stop": ("llmspell kernel stop lab", "llmspell kernel stop --all"),
    "status": (
        "llmspell kernel status lab --output json",
        "llmspell kernel status lab --quiet && echo it runs",
    ),
    "interrupt": ("llmspell kernel interrupt lab",),
    "list": ("llmspell kernel list --output json",),
    "serve": ("llmspell kernel serve --daemon", "llmspell kernel serve --status"),
    "restart": ("llmspell kernel restart lab",),
    "create": ("llmspell kernel create --id lab --lua luajit",),
    "systemd-unit": ("llmspell kernel systemd-unit --id lab -o lab.service",),
    "install": (
        "llmspell kernel install --lua luajit  # beside the usual one",
        "llmspell kernel install --sys-prefix  # for this environment alone",
    ),
    "connect": ("llmspell kernel connect lab", "llmspell kernel connect tcp://127.0.0.1:9555"),
}
"""Examples of actions, for their help."""

_TABLE: Mapping[str, tuple[str, Callable[[argparse.ArgumentParser], None], Callable[..., int]]] = {
    "start": ("Serve a kernel until it is shut down.", _start_options, _start),
    **SERVICE_ACTIONS,
    "connect": ("Open a prompt on a kernel.", _connect_options, _connect),
    **HUB_ACTIONS,
    **UNIT_ACTIONS,
    "install": ("Let Jupyter know the kernel.", _install_options, _install),
}

ACTIONS: Mapping[str, Action] = {
    name: Action(*each, EXAMPLES.get(name, ())) for name, each in _TABLE.items()
}
"""The words behind ``llmspell kernel``."""
