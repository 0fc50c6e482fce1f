"""The command ``llmspell``: a table of commands, each imported when it is asked for."""

import importlib
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from io import TextIOWrapper

from llmspell.cli.global_options import (
    GLOBAL_OPTIONS,
    GlobalOptions,
    UsageError,
    merged,
    separate,
)
from llmspell.cli.help_width import help_width


@dataclass(frozen=True, slots=True)
class Command:
    """A command: a module with ``main(words, options) -> int``.

    For help, completion and the manual the module has ``make_parser() -> CliParser`` as well.
    """

    module: str
    summary: str
    reaches_kernels: bool = False
    """Whether ``--connect`` and ``--kernel`` mean something to it."""
    ends_at_word: bool = False
    """What stands behind its first word is a script's, unless a ``--`` stands there too."""
    with_value: tuple[str, ...] = ()
    """Options before that word that have a value."""


COMMANDS: Mapping[str, Command] = {
    "run": Command(
        "llmspell.cli.run",
        "Run a Lua script.",
        reaches_kernels=True,
        ends_at_word=True,
        with_value=("--lua", "--engine"),
    ),
    "exec": Command("llmspell.cli.exec", "Run some Lua code.", reaches_kernels=True),
    "repl": Command(
        "llmspell.cli.repl", "A prompt for Lua that also debugs.", reaches_kernels=True
    ),
    "debug": Command(
        "llmspell.cli.debug",
        "Debug a Lua script, at a prompt or from an editor.",
        reaches_kernels=True,
    ),
    "dap": Command("llmspell.cli.dap", "Be a debug adapter, on stdio or TCP."),
    "lsp": Command("llmspell.cli.lsp", "Be a language server, on stdio or TCP."),
    "kernel": Command(
        "llmspell.cli.kernel",
        "Begin, end and look after kernels; let Jupyter know them.",
        reaches_kernels=True,
    ),
    "state": Command(
        "llmspell.cli.state", "Show, clear, export and import what is kept.", reaches_kernels=True
    ),
    "session": Command(
        "llmspell.cli.session",
        "Look at sessions, replay, end and delete them.",
        reaches_kernels=True,
    ),
    "events": Command("llmspell.cli.events", "Show what happened.", reaches_kernels=True),
    "config": Command("llmspell.cli.config", "Write, check and show the configuration."),
    "keys": Command("llmspell.cli.keys", "Keep the keys of providers."),
    "backup": Command(
        "llmspell.cli.backup", "Back up state, artifacts, configuration.", reaches_kernels=True
    ),
    "doctor": Command(
        "llmspell.cli.doctor", "Explain the installation, or why a breakpoint is not hit."
    ),
    "meta": Command("llmspell.cli.meta", "Write the script API as a library for LuaLS."),
    "completion": Command("llmspell.cli.completion", "Write what a shell completes words with."),
    "version": Command("llmspell.cli.version", "Say which version this is, and of what."),
}

EXIT_STATUSES: Mapping[int, str] = {
    0: "It was done.",
    1: "It could not be done, or the script ended with an error; stderr says why. Of `session "
    "replay` and `session diff`: something differs; of `config validate` and `backup verify`: "
    "something is wrong; of `session cancel`: no replay ran. stdout says what.",
    2: "The command line makes no sense; nothing was done.",
    3: "`kernel status`, `kernel serve --status`: it does not run.",
    4: "`kernel status`: it does not answer.",
    130: "Interrupted with Ctrl-C.",
}
"""What exit statuses mean. `run`, `exec` and `debug` end with the status that a script gives to
`os.exit`."""

FAILED, USAGE_ERROR, INTERRUPTED = 1, 2, 130

EXAMPLES = (
    "llmspell run script.lua one --key value  # run a script",
    "llmspell exec 'print(_VERSION)'          # run some code",
    "llmspell debug script.lua --dap-port 0   # run a script under a debugger",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; its exit status, see `EXIT_STATUSES`."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        _write_what_can_be_written()
        status = _main(words)
        sys.stdout.flush()
        return status
    except UsageError as error:
        sys.stderr.write(f"llmspell: {error}\nTry 'llmspell --help'.\n")
        return USAGE_ERROR
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # whoever read the results wants no more of them
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return FAILED
    except SystemExit as asked:  # argparse
        return asked.code if isinstance(asked.code, int) else FAILED


def _write_what_can_be_written() -> None:
    """Where a terminal has no ✓, escape it instead of failing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper) and stream.encoding.lower() not in ("utf-8", "utf8"):
            stream.reconfigure(errors="backslashreplace")


def _main(words: list[str]) -> int:
    options, words = separate(words, ends_at_word=True)
    name = words.pop(0) if words else ""
    if name == "help":
        name, *words = [*words, "--help"]
    if name in COMMANDS:
        return _run(name, words, options)
    if name in ("-V", "--version"):
        sys.stdout.write(f"llmspell {installed_version()}\n")
        return 0
    if name in ("-h", "--help"):
        sys.stdout.write(usage())
        return 0
    if name:
        from llmspell.cli.parsing import near

        what = "option" if name.startswith("-") else "command"
        options_known = [each for option in GLOBAL_OPTIONS.values() for each in option.names]
        names = [*options_known, "--help", "--version"] if what == "option" else [*COMMANDS]
        raise UsageError(f"there is no {what} {name!r}{near(name, names)}")
    sys.stderr.write(usage())
    return USAGE_ERROR


def _run(name: str, words: list[str], before: GlobalOptions) -> int:
    command = COMMANDS[name]
    behind, words = separate(
        words,
        ends_at_word=command.ends_at_word,
        goes_on_to_dashes=command.ends_at_word,
        with_value=command.with_value,
    )
    options = merged(before, behind)
    kernels = options.given & {"connect", "kernel"}
    if kernels and not command.reaches_kernels:
        raise UsageError(f"{name} works on no kernel; leave --{min(kernels)} out")
    options.hand_on(os.environ)
    if "trace" in options.given or "LLMSPELL_LOG" in os.environ:
        from llmspell.cli.log_filter import log_to_stderr

        log_to_stderr(options.trace, os.environ.get("LLMSPELL_LOG", ""))
    module = importlib.import_module(command.module)
    return _guarded(lambda: module.main(words, options))


def _guarded(command: Callable[[], int]) -> int:
    """The status of a command; what cannot be done is said."""
    try:
        return int(command())
    except Exception as error:
        from kernel.core.errors import KernelError

        if not isinstance(error, KernelError):
            raise
        sys.stderr.write(f"llmspell: {error}\n")
        return FAILED


def usage() -> str:
    """The help of the command itself."""
    width = max(map(len, COMMANDS)) + 2
    options = {
        ", ".join(option.names) + " " + option.metavar: _explained(option.help, option.choices)
        for option in GLOBAL_OPTIONS.values()
    }
    options |= {"-h, --help": "say this", "-V, --version": "say which version this is"}
    wide = max(map(len, options)) + 2
    examples = [each.partition("  # ") for each in EXAMPLES]
    return "\n".join(
        [
            "usage: llmspell [OPTION …] COMMAND …",
            "",
            "Run and debug Lua scripts.",
            "",
            "commands:",
            *(f"  {name.ljust(width)}{command.summary}" for name, command in COMMANDS.items()),
            "",
            "options, before or behind the command (run: before the script, or before a --):",
            *_columns(options, wide),
            "",
            "examples:",
            *(f"  {command.rstrip().ljust(39)}  # {what}" for command, _, what in examples),
            "",
            "`llmspell COMMAND --help` says more, with examples.",
            "",
        ]
    )


def _columns(rows: Mapping[str, str], wide: int) -> list[str]:
    """Rows of a name and a text, which goes on below itself."""
    import textwrap

    margin = " " * (wide + 2)
    return [
        textwrap.fill(
            text, help_width(), initial_indent=f"  {name.ljust(wide)}", subsequent_indent=margin
        )
        for name, text in rows.items()
    ]


def _explained(text: str, choices: Sequence[str]) -> str:
    return f"{text}: {', '.join(choices)}" if choices else text


def installed_version() -> str:
    """The version of the package; without its metadata, which take longer to read than all else."""
    from llmspell import __version__

    return __version__
