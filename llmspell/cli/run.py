"""``llmspell run``: a script, as the standalone interpreter runs it."""

import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lua_debug.engine import LuaEngine

PARENT = "LLMSPELL_DEBUG_PARENT"
"""Set where this script was started by one that is being debugged (`dap_server.children`)."""

HELP = """\
usage: llmspell run [--lua VERSION] SCRIPT [ARGUMENT …]

Run a Lua script; it prints what it prints and nothing else, and its exit status is ours.

  SCRIPT           a file, or - for standard input
  ARGUMENT …       what the script finds in `...` and `arg`; behind -- also what looks like --lua
  --lua VERSION    5.1, 5.2, 5.3, 5.4 (the default), 5.5, luajit, luajit2.0 or luajit2.1; before or
                   after SCRIPT
"""


class UsageError(Exception):
    """The command line makes no sense."""


@dataclass(frozen=True, slots=True)
class Words:
    """A command line, understood."""

    script: str
    args: tuple[str, ...]
    lua: str
    before: tuple[str, ...]
    """What stands before the script: ``arg[-1]``, ``arg[-2]`` and so on, from the right."""


def main(arguments: Sequence[str]) -> int:
    """Run the script; its exit status."""
    if arguments and arguments[0] in ("-h", "--help"):
        sys.stdout.write(HELP)
        return 0
    try:
        words = understand(arguments)
    except UsageError as error:
        sys.stderr.write(f"llmspell run: {error}\n\n{HELP}")
        return 2
    if PARENT in os.environ and words.script != "-":
        from llmspell.cli.debug import debug_child

        status = debug_child(words.script, words.args, words.lua)
        if status is not None:
            return status
    return run(words)


def understand(arguments: Sequence[str]) -> Words:
    """Take ``--lua`` out, wherever it stands before a ``--``; raises `UsageError`."""
    lua, place = "5.4", 0
    rest: list[str] = []
    while place < len(arguments):
        word = arguments[place]
        place += 1
        if word == "--":
            rest += arguments[place:]
            break
        if word == "--lua":
            if place == len(arguments):
                raise UsageError("--lua needs a version")
            lua = arguments[place]
            place += 1
        elif word.startswith("--lua="):
            lua = word.removeprefix("--lua=")
        elif not rest and word.startswith("-") and word != "-":
            raise UsageError(f"there is no option {word}")
        else:
            rest.append(word)
    if not rest:
        raise UsageError("which script?")
    before = arguments[: list(arguments).index(rest[0])]
    return Words(rest[0], tuple(rest[1:]), lua, ("llmspell", "run", *before))


def run(words: Words) -> int:
    """Run the script in this thread."""
    from kernel.core.errors import UserError
    from kernel.core.settings import DebugSettings
    from lua_debug.engine import LuaEngine

    try:
        engine = LuaEngine(DebugSettings(lua=words.lua))
    except UserError as error:
        return _complain(str(error))
    _behave_like_lua(engine)
    try:
        problem = _run(engine, words)
    except FileNotFoundError:
        return _complain(f"Script file not found: {words.script}")
    except OSError as error:
        return _complain(f"cannot open {words.script}: {error.strerror}")
    status = 0 if problem is None else _complain(problem)
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # lua.c hears of it while a script runs only
    engine.close()
    return status


def _run(engine: "LuaEngine", words: Words) -> str | None:
    if words.script == "-":
        return engine.run_text(sys.stdin.buffer.read(), "-", words.args, words.before)
    return engine.run_file(words.script, words.args, words.before)


def _complain(problem: str) -> int:
    if problem:
        sys.stderr.write(f"llmspell: {problem}\n")
    return 1


def _behave_like_lua(engine: "LuaEngine") -> None:
    """As lua.c does, with signals and with stdout.

    Die quietly of a broken pipe; stop with a traceback at Ctrl-C, and die at the second.
    """
    from kernel.execution.streams import CStdout

    # ``python -u`` is about Python's output; but Python takes C's buffer away with its own.
    CStdout().buffer(lines=os.isatty(1))
    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    if sys.platform == "win32" or threading.current_thread() is not threading.main_thread():
        return
    # Python runs signal handlers between two steps of Python, and there are none while Lua runs;
    # but the byte that tells of the signal is written at once, and another thread can read it.
    told, teller = socket.socketpair()
    teller.setblocking(False)
    signal.signal(signal.SIGINT, lambda *_: None)
    signal.set_wakeup_fd(teller.fileno(), warn_on_full_buffer=False)
    watch = (told, teller, engine.make_break_key())
    threading.Thread(target=_watch_for_break, args=watch, name="break-key", daemon=True).start()


def _watch_for_break(
    told: socket.socket, _teller: socket.socket, press: Callable[[], None]
) -> None:
    from kernel.core.errors import KernelError

    while told.recv(1) != bytes([signal.SIGINT]):
        pass
    try:
        press()
    except KernelError:
        _die_of_break()
    while told.recv(1) != bytes([signal.SIGINT]):
        pass
    _die_of_break()


def _die_of_break() -> None:
    """As whom nobody taught anything about Ctrl-C, so that a shell script stops as well."""
    import ctypes

    ctypes.CDLL(None).signal(signal.SIGINT, 0)  # Python's own may be called in the main thread only
    os.kill(os.getpid(), signal.SIGINT)
