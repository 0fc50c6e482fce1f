"""``python -m dap_server``: the debug adapter for Lua, composed.

::

    --stdio                         serve the client at stdin and stdout (the default)
    --listen HOST:PORT              serve any number of clients, each in a process of its own
    --connect HOST:PORT --token T   serve the client of the adapter that opened this terminal
    --socket-fd N                   serve the client at an inherited socket
"""

import argparse
import gc
import socket
import sys
from collections.abc import Sequence
from typing import NoReturn

from dap_server import worker
from dap_server.language import Language
from dap_server.rehearsal import rehearse
from dap_server.server import Server, can_fork, forking, spawning
from kernel.transport.tcp import listening_socket, shown_address
from lua_debug.debuggee import LuaDebuggee
from lua_debug.exceptions import EXCEPTION_FILTERS
from lua_debug.versions import DEFAULT_VERSION, find_version


def lua() -> Language:
    """Lua, as the adapter wants a language to be."""
    return Language(
        name="Lua",
        exception_filters=EXCEPTION_FILTERS,
        completion_triggers=(".", ":"),
        make_debuggee=lambda settings, listener, console, program: LuaDebuggee(
            settings, listener, console, program=program
        ),
        full_name=lambda name: find_version(name).name,
    )


def serve_clients(host: str, port: int, language: Language) -> None:
    """Listen until a signal asks to end; says on stderr where. Raises `OSError`."""
    listener = listening_socket(host, port)
    find_version(DEFAULT_VERSION).load()
    worker.log_to_stderr()

    def serve(connection: socket.socket) -> NoReturn:
        worker.serve_socket(connection, language)

    where = listener.getsockname()
    sys.stderr.write(f"listening on {shown_address(*where[:2])}\n")
    sys.stderr.flush()
    rehearse(language)
    gc.collect()
    gc.freeze()  # so that workers share what was imported
    Server(listener, forking(serve) if can_fork() else spawning(language.adapter)).run()


def address(text: str) -> tuple[str, int]:
    """``HOST:PORT``, ``:PORT`` or ``PORT``; the host is 127.0.0.1 unless it is named."""
    host, _, port = text.rpartition(":")
    if not port.isdecimal() or int(port) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no HOST:PORT")
    return host.strip("[]") or "127.0.0.1", int(port)


def main(arguments: Sequence[str] | None = None, language: Language | None = None) -> int:
    """Serve as the command line says; ``language``: Lua with more than the library, perhaps."""
    language = language or lua()
    parser = argparse.ArgumentParser(prog="python -m dap_server", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    way = parser.add_mutually_exclusive_group()
    way.add_argument("--stdio", action="store_true", help=argparse.SUPPRESS)
    way.add_argument("--listen", type=address, metavar="HOST:PORT", help=argparse.SUPPRESS)
    way.add_argument("--connect", type=address, metavar="HOST:PORT", help=argparse.SUPPRESS)
    way.add_argument("--socket-fd", type=int, metavar="N", help=argparse.SUPPRESS)
    parser.add_argument("--token", default="", help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    if chosen.listen:
        host, port = chosen.listen
        try:
            serve_clients(host, port, language)
        except OSError as error:
            sys.stderr.write(f"llmspell: cannot listen on {host}:{port}: {error.strerror}\n")
            return 1
        return 0
    if chosen.connect:
        host, port = chosen.connect
        worker.serve_terminal(host, port, chosen.token, language)
    if chosen.socket_fd is not None:
        worker.serve_socket(socket.socket(fileno=chosen.socket_fd), language)
    return worker.serve_stdio(language)


if __name__ == "__main__":
    sys.exit(main())
