"""REPLs for Lua: an embedded kernel or one that runs, and a terminal, put together."""

import asyncio
import io
import os
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from platformdirs import user_data_path

from kernel.api import connect_to_kernel, start_embedded_kernel
from kernel.core.errors import UserError
from kernel.core.language import LanguageInfo
from kernel.core.loop import EventLoop
from kernel.execution.history import SqliteHistory
from kernel.jupyter.handle import KernelHandle
from kernel.repl.commands import all_commands
from kernel.repl.repl import Repl
from kernel.repl.settings import ReplSettings
from kernel.repl.simple import SimpleTerminal
from kernel.repl.styles import Styles
from kernel.repl.terminal import Terminal
from kernel.repl.typed_lines import TypedLines
from llmspell.kernel_description import check_runs
from llmspell.kernel_options import NAME, Libraries
from llmspell.kernel_services import KernelServices
from llmspell.kernels import lua_kernel
from llmspell.lua_programs import LuaPrograms
from llmspell.lua_repl import LuaRepl

EXTRA = (
    "llmspell: the plain prompt is used; `pip install 'llmspell[repl]'` brings editing, completion "
    "and colours\n"
)


@dataclass(frozen=True, slots=True)
class ReplChoice:
    """What the command line says about the kernel and the terminal."""

    lua: str = ""
    connect: str | None = None
    """Where a kernel is; None: one of our own."""
    key: str | None = None
    """What its messages are signed with; None: what its connection file says."""
    name: str = "embedded"
    """What people call the kernel."""
    history: Path | None = None
    libraries: Libraries | None = None
    """None: as it is configured, or full."""
    is_simple: bool = False
    is_vi: bool = False
    has_pager: bool = True


def run_repl(choice: ReplChoice, settings: ReplSettings) -> int:
    """Read and run until somebody leaves; the exit status. Raises `UserError`."""
    status = EventLoop().run(lambda: _run(choice, settings))
    # A thread that stands in a C function cannot be joined, and nothing is left to be done.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


async def _run(choice: ReplChoice, settings: ReplSettings) -> int:
    kernel = await _kernel(choice)
    async with kernel:
        if choice.connect is not None and choice.lua:
            check_runs(kernel.language, choice.lua)
        terminal = make_terminal(choice, kernel.language)
        terminal.has_pager = choice.has_pager
        settings = replace(
            settings,
            label=settings.label or kernel.language.label,
            kernel=choice.name,
            greets=settings.greets and terminal.is_interactive,
            stops_on_errors=settings.stops_on_errors and terminal.is_interactive,
            is_shared=choice.connect is not None,
            shows_stops=choice.connect is not None and terminal.is_interactive,
        )
        typed = None if isinstance(terminal, SimpleTerminal) else TypedLines(_typed_before(choice))
        repl = Repl(kernel, terminal, LuaRepl(), all_commands(), settings, typed_lines=typed)
        asyncio.get_running_loop().add_signal_handler(signal.SIGINT, terminal.interrupt)
        if choice.connect is None and not isinstance(terminal, SimpleTerminal):
            repl.start(_warm_up())
        return await repl.run()


async def _kernel(choice: ReplChoice) -> KernelHandle:
    if choice.connect is not None:
        if choice.history is not None:
            raise UserError("--history is for a kernel of our own; one that runs keeps its own.")
        return await connect_to_kernel(choice.connect, key=choice.key)
    kept = user_data_path(NAME, appauthor=False)
    services = KernelServices(kept)
    libraries = choice.libraries or services.script_limits.libraries or "full"
    programs = LuaPrograms(choice.lua, libraries=libraries, services=services)
    parts = lua_kernel(
        choice.lua, history=choice.history or kept / "history.sqlite", programs=programs
    )
    return await start_embedded_kernel(parts)


def _typed_before(choice: ReplChoice) -> SqliteHistory:
    """Beside the kernels' history; it is the person's, also at a kernel that runs elsewhere."""
    kernels = choice.history or user_data_path(NAME, appauthor=False) / "history.sqlite"
    return SqliteHistory(kernels.with_name(f"{kernels.stem}-typed{kernels.suffix}"))


def make_terminal(choice: ReplChoice, language: LanguageInfo) -> Terminal:
    """A terminal with all there is where a person types and the extra ``repl`` is there."""
    is_person = sys.stdin.isatty() and sys.stdout.isatty()
    is_dumb = os.environ.get("TERM", "dumb") == "dumb"
    has_colour = sys.stdout.isatty() and not os.environ.get("NO_COLOR") and not is_dumb
    if is_person and not is_dumb and not choice.is_simple:
        try:
            from kernel.repl.prompt import PromptTerminal, code_styles
        except ImportError as error:
            if (error.name or "").partition(".")[0] not in ("prompt_toolkit", "pygments"):
                raise
            sys.stderr.write(EXTRA)
        else:
            styles = code_styles(language.pygments_lexer) if has_colour else Styles()
            return PromptTerminal(styles, language.pygments_lexer, is_vi=choice.is_vi)
    _take_all_bytes()
    return SimpleTerminal(sys.stdin, sys.stdout, Styles(has_colour), is_interactive=is_person)


def _take_all_bytes() -> None:
    """Bytes of a pipe that are no UTF-8 are the program's; nothing that is written fails."""
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(errors="surrogateescape")
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


async def _warm_up() -> None:
    """Load the adapter while nobody waits for it."""
    import importlib

    await asyncio.to_thread(importlib.import_module, "dap_server.notebook")


def first_lines(
    script: str, args: Sequence[str], breakpoints: Sequence[str], watches: Sequence[str]
) -> list[str]:
    """What a debugger does before anybody types: stop at the first line, and be prepared."""
    import shlex

    path = os.path.abspath(script)
    lines = [f".break {_place(each, path)}" for each in breakpoints]
    lines.append(f".start {shlex.join([script, *args])}")
    return [*lines, *(f".watch-or-display {each}" for each in watches)]


def _place(text: str, path: str) -> str:
    return f"{path}:{text}" if text.partition(" ")[0].isdecimal() else text
