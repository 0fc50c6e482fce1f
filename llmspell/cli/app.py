"""The command ``llmspell``: a table of commands, each imported when it is asked for."""

import importlib
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Command:
    """A command: a module with ``main(arguments) -> int``."""

    module: str
    summary: str


COMMANDS: Mapping[str, Command] = {
    "run": Command("llmspell.cli.run", "Run a Lua script."),
    "debug": Command("llmspell.cli.debug", "Run a Lua script and wait for a debugger."),
    "dap": Command("llmspell.cli.dap", "Be a debug adapter, on stdio or TCP."),
    "lsp": Command("llmspell.cli.lsp", "Be a language server, on stdio or TCP."),
    "doctor": Command(
        "llmspell.cli.doctor", "Explain the installation, or why a breakpoint is not hit."
    ),
    "meta": Command("llmspell.cli.meta", "Write the script API as a library for LuaLS."),
}

USAGE_ERROR = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; its exit status. A mistake in the command line is 2."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    name = words.pop(0) if words else ""
    if name in COMMANDS:
        return _run(name, words)
    if name in ("-V", "--version"):
        sys.stdout.write(f"llmspell {_version()}\n")
        return 0
    if name in ("-h", "--help", "help"):
        sys.stdout.write(_usage())
        return 0
    if name:
        sys.stderr.write(f"llmspell: there is no command {name!r}\n\n")
    sys.stderr.write(_usage())
    return USAGE_ERROR


def _run(name: str, words: list[str]) -> int:
    try:
        status = importlib.import_module(COMMANDS[name].module).main(words)
    except KeyboardInterrupt:
        return 130
    except SystemExit as asked:  # argparse
        return asked.code if isinstance(asked.code, int) else 1
    return int(status)


def _usage() -> str:
    lines = [f"  {name:8}{command.summary}" for name, command in COMMANDS.items()]
    return "\n".join(
        [
            "usage: llmspell COMMAND …",
            "",
            *lines,
            "",
            "`llmspell COMMAND --help` says more; `llmspell --version` says which version.",
            "",
        ]
    )


def _version() -> str:
    from importlib.metadata import version

    return version("llmspell")
