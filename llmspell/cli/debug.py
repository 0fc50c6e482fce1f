"""``llmspell debug``: run a script under the debugger and serve clients that connect."""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict

from kernel.core import model as m
from kernel.core.errors import UserError
from kernel.core.settings import DebugSettings


def main(arguments: Sequence[str]) -> int:
    """Debug the script; does not return but for mistakes: the process ends with its status."""
    words, args = _split(arguments)
    parser = argparse.ArgumentParser(
        prog="llmspell debug",
        usage="llmspell debug SCRIPT --dap-port PORT [--host HOST] [--no-wait] [--lua VERSION] "
        "[-- ARGUMENT …]\n       llmspell debug --list [--json]",
        description="Run a Lua script and wait until a debugger attaches; several may, one after "
        "another. The exit status is the script's own.",
    )
    parser.add_argument("script", nargs="?", help="the Lua file")
    parser.add_argument("--dap-port", type=_port, help="where to listen; 0: any free port, printed")
    parser.add_argument("--host", default="127.0.0.1", help="listen there (127.0.0.1)")
    parser.add_argument("--no-wait", action="store_true", help="begin without a debugger")
    parser.add_argument("--lua", default="5.4", help="5.1 … 5.5, luajit (5.4)")
    parser.add_argument("--list", action="store_true", help="say what can be attached to now")
    parser.add_argument("--json", action="store_true", help="with --list: an array of objects")
    chosen = parser.parse_args(words)
    if chosen.list:
        return _list(as_json=chosen.json)
    if chosen.script is None or chosen.dap_port is None:
        parser.error("a script and --dap-port are needed, or --list")
    return _debug(chosen, args)


def _debug(chosen: argparse.Namespace, args: Sequence[str]) -> int:
    if not os.path.isfile(chosen.script):
        sys.stderr.write(f"llmspell: Script file not found: {chosen.script}\n")
        return 1
    from llmspell.script_server import Terms, debug_script, listen
    from lua_debug.versions import find_version

    try:
        find_version(chosen.lua).load()
    except UserError as error:
        sys.stderr.write(f"llmspell: {error}\n")
        return 1
    try:
        listener = listen(chosen.host, chosen.dap_port)
    except OSError as error:
        where = f"{chosen.host}:{chosen.dap_port}"
        sys.stderr.write(f"llmspell: cannot listen on {where}: {error.strerror or error}\n")
        return 1
    terms = Terms(waits=not chosen.no_wait, says_where=True)
    settings = DebugSettings(lua=chosen.lua)
    return debug_script(_program(chosen.script, args), settings, listener, terms)


def _list(*, as_json: bool) -> int:
    from llmspell.listening import listening

    programs = listening()
    if as_json:
        sys.stdout.write(json.dumps([asdict(each) for each in programs]) + "\n")
        return 0
    for each in programs:
        where = f"{each.host}:{each.port}"
        sys.stdout.write(f"{each.pid:>8}  {where:21}  Lua {each.lua:6}  {each.program}\n")
    return 0


def debug_child(script: str, args: Sequence[str], lua: str) -> int | None:
    """A script that one being debugged has started: wait to be debugged as well.

    None: nobody wants that. Otherwise the process ends with the script's status.
    """
    if not os.path.isfile(script):
        return None
    from llmspell.script_server import announced, debug_script
    from lua_debug.versions import find_version

    try:
        find_version(lua).load()
    except UserError:
        return None  # `llmspell run` says so
    found = announced(script)
    if found is None:
        return None
    listener, terms = found
    return debug_script(_program(script, args), DebugSettings(lua=lua), listener, terms)


def _split(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """Ours, and the script's behind ``--``."""
    words = list(arguments)
    place = words.index("--") if "--" in words else len(words)
    return words[:place], words[place + 1 :]


def _program(script: str, args: Sequence[str]) -> m.Program:
    return m.Program(os.path.abspath(script), tuple(args), name=script)


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port")
    return int(text)
