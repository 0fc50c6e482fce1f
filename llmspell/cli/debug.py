"""``llmspell debug``: a script under the debugger, at a prompt or for clients that connect."""

import argparse
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict

from kernel.core import model as m
from kernel.core.errors import UserError
from kernel.core.program_files import require_program
from kernel.core.settings import DebugSettings
from llmspell.cli.global_options import GlobalOptions
from llmspell.cli.numbers import port
from llmspell.cli.parsing import CliParser
from llmspell.cli.reaching import names_kernel
from llmspell.cli.repl import add_options, choice_of, refuse_forms
from llmspell.cli.results import Results
from llmspell.cli.run import check_engine


def make_parser() -> CliParser:
    """The command's parser."""
    parser = CliParser(
        prog="llmspell debug",
        usage="llmspell debug SCRIPT [--break-at FILE:LINE] [--watch EXPR] [--step] "
        "[-- ARGUMENT …]\n       llmspell debug SCRIPT --dap-port PORT [--host HOST] [--no-wait] "
        "[-- ARGUMENT …]\n       llmspell debug --list [--json]",
        description="Debug a Lua script: at a prompt that stands at the first line it runs, or, "
        "with a port, from editors that attach, one after another; the exit status is then the "
        "script's own.",
        examples=(
            "llmspell debug script.lua  # a prompt, at the first line it runs",
            "llmspell debug script.lua --break-at 12 --watch total -- a b",
            "llmspell debug script.lua --connect lab  # in the kernel lab",
            "llmspell debug script.lua --dap-port 4711  # wait for an editor",
        ),
    )
    parser.add_argument("script", metavar="SCRIPT", nargs="?", help="the Lua file")
    parser.add_argument(
        "--break-at",
        action="append",
        default=[],
        metavar="FILE:LINE",
        help="a breakpoint, also LINE, a function, with `if CONDITION`; any number of times",
    )
    parser.add_argument(
        "--watch",
        action="append",
        default=[],
        metavar="EXPR",
        help="stop when a variable changes; what cannot be watched is shown at each stop",
    )
    parser.add_argument("--step", action="store_true", help="Enter alone steps from the beginning")
    parser.add_argument(
        "--dap-port",
        "--port",
        type=port,
        metavar="PORT",
        help="where to listen; 0: any free port, printed",
    )
    parser.add_argument("--host", help="with --dap-port: listen there (127.0.0.1)")
    parser.add_argument("--no-wait", action="store_true", help="with --dap-port: begin at once")
    parser.add_argument("--list", action="store_true", help="say what can be attached to now")
    parser.add_argument("--json", action="store_true", help="with --list: an array of objects")
    add_options(parser)
    return parser


def main(arguments: Sequence[str], options: GlobalOptions) -> int:
    """Debug the script; with a port the process ends with the script's status."""
    words, args = _split(arguments)
    parser = make_parser()
    chosen = parser.parse_args(words)
    check_engine(chosen.engine)
    if chosen.list:
        return _list(Results("json" if chosen.json else options.output))
    if chosen.script is None:
        parser.error("which script? or --list")
    if chosen.script == "-":
        parser.error("a file is needed: standard input is the prompt's, or the script's own")
    refuse_forms(parser, options)
    has_port = chosen.dap_port is not None
    if not has_port and (chosen.no_wait or chosen.host):
        parser.error(f"{'--no-wait' if chosen.no_wait else '--host'} needs --dap-port PORT")
    if has_port and names_kernel(options):
        name = "--connect" if options.connect else "--kernel"
        parser.error(f"--dap-port serves a script of its own; leave {name} out")
    try:
        require_program(chosen.script)
    except UserError as error:
        sys.stderr.write(f"llmspell: {error}\n")
        return 1
    return _debug(chosen, args) if has_port else _at_prompt(chosen, args, options)


def _at_prompt(chosen: argparse.Namespace, args: Sequence[str], options: GlobalOptions) -> int:
    from kernel.repl.settings import ReplSettings
    from llmspell.repl import first_lines, run_repl

    settings = ReplSettings(
        title="LLMSpell Debugger",
        first=first_lines(chosen.script, args, chosen.break_at, chosen.watch),
        repeats="step" if chosen.step else "",
    )
    return run_repl(choice_of(chosen, options), settings)


def _debug(chosen: argparse.Namespace, args: Sequence[str]) -> int:
    from kernel.transport.tcp import shown_address
    from llmspell.config.lua_choice import configured_lua
    from llmspell.script_server import Terms, debug_script, listen
    from lua_debug.versions import DEFAULT_VERSION, find_version

    try:
        lua = chosen.lua or configured_lua() or DEFAULT_VERSION
        find_version(lua).load()
    except UserError as error:
        sys.stderr.write(f"llmspell: {error}\n")
        return 1
    try:
        host = chosen.host or "127.0.0.1"
        listener = listen(host, chosen.dap_port)
    except OSError as error:
        where = shown_address(host, chosen.dap_port)
        sys.stderr.write(f"llmspell: cannot listen on {where}: {error.strerror or error}\n")
        return 1
    terms = Terms(waits=not chosen.no_wait, says_where=True)
    settings = DebugSettings(lua=lua)
    return debug_script(_program(chosen.script, args), settings, listener, terms)


def _list(results: Results) -> int:
    from kernel.transport.tcp import shown_address
    from llmspell.listening import listening

    programs = listening()
    lines = [
        f"{each.pid:>8}  {shown_address(each.host, each.port):21}  Lua {each.lua:6}  {each.program}"
        for each in programs
    ]
    nothing = "No program waits for a debugger, and none that runs can be attached to."
    results.show([asdict(each) for each in programs], lines or nothing)
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
