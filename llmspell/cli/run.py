"""``llmspell run``: a script, as the standalone interpreter runs it."""

import os
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from llmspell.cli.global_options import GLOBAL_OPTIONS, GlobalOptions, UsageError

if TYPE_CHECKING:
    from llmspell.cli.parsing import CliParser
    from llmspell.script_api.services import LocalServices
    from lua_debug.engine import LuaEngine

_NONE_GIVEN = GlobalOptions()

PARENT = "LLMSPELL_DEBUG_PARENT"
"""Set where this script was started by one that is being debugged (`dap_server.children`)."""

ENGINES = ("lua",)
"""The languages of scripts."""

COMMAND_LINE = "(command line)"
"""What code that stands on the command line is called."""


@dataclass(frozen=True, slots=True)
class Words:
    """A command line, understood."""

    script: str
    """A file, ``-``, or `COMMAND_LINE`."""
    args: tuple[str, ...] = ()
    lua: str = ""
    """Empty: the one that is configured."""
    before: tuple[str, ...] = ()
    """What stands before the script: ``arg[-1]``, ``arg[-2]`` and so on, from the right."""
    is_streaming: bool = False
    code: str | None = None
    """The code itself, where it is no file's."""


class _HelpWanted(Exception):
    """Before the script stands --help."""


def make_parser() -> "CliParser":
    """What the help says; `understand` reads the words, as the script's are not ours."""
    from llmspell.cli.parsing import CliParser  # a tenth of what starting takes

    parser = CliParser(
        prog="llmspell run",
        usage="llmspell run [--lua VERSION] [--stream] SCRIPT [[OPTION …] --] [ARGUMENT …]",
        description="Run a Lua script; it prints what it prints and nothing else, and its exit "
        "status is ours.",
        examples=(
            "llmspell run script.lua one two  # the script finds one and two in `...` and arg",
            "llmspell run script.lua -- --lang de  # and ARGS.lang",
            "llmspell run --output json script.lua  # what it printed and returned, as an object",
            "llmspell run --connect lab script.lua  # in the kernel called lab",
            "llmspell run script.lua --connect lab -- one  # the same; one is the script's",
            "echo 'print(1)' | llmspell run -  # from standard input",
        ),
    )
    parser.add_argument("script", metavar="SCRIPT", help="a file, or - for standard input")
    parser.add_argument(
        "arguments",
        metavar="ARGUMENT",
        nargs="*",
        help="what the script finds in `...`, `arg` and `ARGS`; where a -- follows SCRIPT, options "
        "before it are llmspell's, and all behind it is the script's",
    )
    lua_option(parser, "; before or behind SCRIPT")
    stream_option(parser)
    return parser


def lua_option(parser: "CliParser", where: str = "") -> None:
    """Which Lua it is."""
    parser.add_argument(
        "--lua",
        metavar="VERSION",
        default="",
        help="5.1, 5.2, 5.3, 5.4 (if none is configured), 5.5, luajit, luajit2.0 or luajit2.1"
        + where,
    )
    engine_option(parser)


def engine_option(parser: "CliParser") -> None:
    """The language, of which there is one so far."""
    from argparse import SUPPRESS

    parser.add_argument("--engine", choices=ENGINES, default="", help=SUPPRESS)


def check_engine(named: str) -> None:
    """Raises `UsageError` where there is no language of that name, or of LLMSPELL_ENGINE's."""
    from llmspell.config.variables import value_of

    engine, variable = (named, "") if named else value_of("default_engine", os.environ)
    if engine and engine not in ENGINES:
        where = f"{variable}: " if variable else ""
        raise UsageError(f"{where}there is no engine {engine!r}; there is {', '.join(ENGINES)}")


def stream_option(parser: "CliParser") -> None:
    """Whether output is told as it comes."""
    parser.add_argument(
        "--stream",
        action="store_true",
        help="with --output json: a line for each piece of output, as it comes; text comes so "
        "anyway",
    )


def main(arguments: Sequence[str], options: GlobalOptions = _NONE_GIVEN) -> int:
    """Run the script; its exit status."""
    try:
        words = understand(arguments)
    except _HelpWanted:
        make_parser().print_help()
        return 0
    except UsageError as error:
        make_parser().error(str(error))
    _note_likely_mistakes(arguments, words)
    if PARENT in os.environ and words.script != "-":
        from llmspell.cli.debug import debug_child

        status = debug_child(words.script, words.args, words.lua or _usual_lua())
        if status is not None:
            return status
    return carry_out(words, options)


def carry_out(words: Words, options: GlobalOptions) -> int:
    """Run code where and as it was asked for; its exit status."""
    if options.connect or options.kernel not in ("", "none"):
        from llmspell.cli.run_in_kernel import run_in_kernel

        return run_in_kernel(words, options)
    if options.output != "text":
        from llmspell.cli.run_result import run_for_result

        return run_for_result(words, options)
    return run(words)


def understand(arguments: Sequence[str]) -> Words:
    """Take our options out: those before the script, those between it and a ``--``, and ``--lua``.

    Raises `UsageError`.
    """
    lua, engine, place, is_streaming = "", "", 0, False
    rest: list[str] = []
    while place < len(arguments):
        word = arguments[place]
        place += 1
        if word == "--":
            rest += arguments[place:]
            break
        name, equals, value = word.partition("=")
        is_ours = not rest or "--" in arguments[place:]
        if name == "--lua" or (name == "--engine" and is_ours):
            if not equals:
                if place == len(arguments):
                    raise UsageError(f"{name} needs a value")
                value = arguments[place]
                place += 1
            if name == "--lua":
                lua = value
            else:
                engine = value
                check_engine(engine)
        elif is_ours and word == "--stream":
            is_streaming = True
        elif is_ours and word in ("-h", "--help"):
            raise _HelpWanted
        elif is_ours and word.startswith("-") and word != "-":
            raise UsageError(_unknown(word, rest))
        else:
            rest.append(word)
    check_engine(engine)
    if not rest:
        raise UsageError("which script?")
    before = arguments[: list(arguments).index(rest[0])]
    return Words(rest[0], tuple(rest[1:]), lua, ("llmspell", "run", *before), is_streaming)


def _unknown(word: str, rest: Sequence[str]) -> str:
    from llmspell.cli.parsing import near

    said = f"there is no option {word}{near(word, ('--lua', '--help', *_own_names()))}"
    if rest:
        said += f"; what is the script's stands behind --: llmspell run {rest[0]} -- {word}"
    return said


def _own_names() -> Sequence[str]:
    """Options that are ours before the script, and may be a script's own behind it."""
    names = (name for option in GLOBAL_OPTIONS.values() for name in option.names)
    return ["--stream", "--engine", *names]


def _note_likely_mistakes(arguments: Sequence[str], words: Words) -> None:
    """Tell of a script's words that are options of ours; scripts may have such, as for ``lua``.

    People are told at their terminal. Programs are not to be disturbed: for them it is logged.
    """
    if "--" in arguments:
        return  # somebody has said whose they are
    own = _own_names()
    alike = next((each for each in words.args if each.partition("=")[0] in own), None)
    if alike is None:
        return
    note = (
        f"{alike} stands behind {words.script}, so it is the script's; for llmspell, write "
        f"`llmspell run {alike} … {words.script}`, and "
        f"`{words.script} -- {alike}` without this note"
    )
    if sys.stderr.isatty():
        sys.stderr.write(f"llmspell: {note}\n")
        return
    import logging

    logging.getLogger("llmspell.cli").info(note)


def run(
    words: Words,
    hear_results: Callable[[list[Any]], None] | None = None,
    complain: Callable[[str], int] | None = None,
) -> int:
    """Run the script in this thread; ``hear_results`` gets what it returns.

    ``complain`` is told what went wrong, and gives the status; by default it says so on stderr.
    """
    tell = complain or complained
    from kernel.core.errors import UserError
    from kernel.core.settings import DebugSettings
    from llmspell.script_break import INTERRUPTED, ScriptBreak
    from llmspell.script_functions import functions_of_script, tell_end
    from llmspell.script_time import ScriptTime
    from lua_debug.engine import LuaEngine

    functions = functions_of_script(words.script, words.args)
    values: list[list[Any]] = []
    try:
        limits = functions.services.script_limits
        engine = LuaEngine(
            DebugSettings(
                lua=words.lua or _usual_lua(),
                libraries=limits.libraries or "full",
                max_memory_mb=limits.memory_mb,
            ),
            make_functions=functions.make,
            hear_results=values.append if hear_results else None,
        )
    except UserError as error:
        return tell(str(error))
    press = engine.press_break_key
    _behave_like_lua(in_lines=words.is_streaming)
    try:
        with (
            ScriptBreak(press, tell) as break_key,
            ScriptTime(limits.time, press, tell) as time,
        ):
            problem = time.explained(_run(engine, words, functions.services, values))
    except FileNotFoundError:
        return tell(f"Script file not found: {words.script}")
    except OSError as error:
        return tell(f"cannot open {words.script}: {error.strerror}")
    except UserError as error:
        return tell(str(error))
    if hear_results is not None and values:
        hear_results(values[-1])
    problem = break_key.explained(problem)
    status = 0 if problem is None else tell(problem)
    if break_key.is_pressed:
        status = INTERRUPTED
    tell_end(functions.services, status)
    engine.close()
    functions.stack.close()
    return status


def _usual_lua() -> str:
    from llmspell.config.lua_choice import configured_lua
    from lua_debug.versions import DEFAULT_VERSION

    return configured_lua() or DEFAULT_VERSION


def _run(
    engine: "LuaEngine", words: Words, services: "LocalServices", values: list[list[Any]]
) -> str | None:
    """What went wrong; raises `OSError` and, where hooks are asked, `UserError`."""

    def run(text: bytes, args: Sequence[str]) -> str | None:
        return engine.run_text(text, words.script, args, words.before)

    text, names_hooks = _text(words), services.are_said("hooks.use")
    problem = None if names_hooks else run(text, words.args)
    if not names_hooks and not services.has_hooks:
        return problem
    from llmspell.hooked_script import Script, run_hooked

    path = "" if words.code is not None or words.script == "-" else os.path.abspath(words.script)
    script = Script(path, words.args, text, run, values)
    return run_hooked(services, script, has_run=not names_hooks, problem=problem)


def _text(words: Words) -> bytes:
    if words.code is not None:
        return os.fsencode(words.code)
    if words.script == "-":
        return sys.stdin.buffer.read()
    with open(words.script, "rb") as file:
        return file.read()


def complained(problem: str) -> int:
    """Say what went wrong; the status of a script that failed."""
    if problem:
        sys.stderr.write(f"llmspell: {problem}\n")
    return 1


def _behave_like_lua(*, in_lines: bool) -> None:
    """As lua.c does, with stdout, and die quietly of a broken pipe."""
    from kernel.execution.streams import CStdout

    # ``python -u`` is about Python's output; but Python takes C's buffer away with its own.
    CStdout().buffer(lines=in_lines or os.isatty(1))
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
