"""Results on stdout, everything else on stderr: over the table of all commands."""

import json
import signal
import subprocess

import pytest

from llmspell.cli.app import COMMANDS, EXIT_STATUSES
from llmspell.cli.command_tree import arguments_of, parsers
from llmspell.cli.global_options import GLOBAL_OPTIONS
from tests.cli.conftest import CommandLine
from tests.support.commands import LLMSPELL

GOOD = {
    "run": ("script.lua",),
    "exec": ("print(1)",),
    "kernel": ("list",),
    "state": ("show",),
    "session": ("list",),
    "events": ("show",),
    "config": ("show",),
    "keys": ("list",),
    "backup": ("list",),
    "doctor": (),
    "meta": ("library",),
    "completion": ("bash",),
    "version": (),
}
"""For each command that ends by itself, words with which it has a result."""

SERVERS = ("debug", "dap", "lsp", "repl")
"""Those that talk to a client or a person; they have tests of their own."""

NOT_FOR_PROGRAMS = ("completion",)
"""Whose result is a script for a shell, whatever the format."""


@pytest.fixture
def line(cli: CommandLine) -> CommandLine:
    """With a script."""
    cli.write("script.lua", "print(1) return 2")
    return cli


def test_every_command_is_tried() -> None:
    """A new command joins one of the lists."""
    assert set(COMMANDS) <= {*GOOD, *SERVERS}


@pytest.mark.parametrize("name", GOOD)
def test_results_are_on_stdout(line: CommandLine, name: str) -> None:
    """A command that did what it should says it on stdout, and nothing on stderr."""
    done = line.say(name, *GOOD[name])
    assert (0, "") == (done.returncode, done.stderr)
    assert "" != done.stdout


@pytest.mark.parametrize("name", [name for name in GOOD if name not in NOT_FOR_PROGRAMS])
def test_results_are_json(line: CommandLine, name: str) -> None:
    """With --output json, stdout is one line of JSON and stderr is empty."""
    done = line.say("--output", "json", name, *GOOD[name])
    assert (0, "") == (done.returncode, done.stderr)
    (only,) = done.stdout.splitlines()
    assert isinstance(json.loads(only), dict | list)


@pytest.mark.parametrize("name", COMMANDS)
def test_mistakes_are_on_stderr(line: CommandLine, name: str) -> None:
    """A command line without sense says so on stderr; the status is 2 and stdout stays empty."""
    done = line.say(name, "--nonsense")
    assert (2, "") == (done.returncode, done.stdout)
    assert "--nonsense" in done.stderr


@pytest.mark.parametrize("name", COMMANDS)
def test_help_is_a_result(line: CommandLine, name: str) -> None:
    """--help is on stdout, and has examples where the command tells its parser."""
    done = line.say(name, "--help")
    assert (0, "") == (done.returncode, done.stderr)
    assert f"usage: llmspell {name}" in done.stdout
    if [*parsers(name)]:
        assert "\nexamples:\n" in done.stdout


def test_every_action_has_examples() -> None:
    """Nobody has to guess how an action is used."""
    without = [words for name in COMMANDS for words, parser in parsers(name) if not parser.examples]
    assert [] == without


def test_everything_that_is_taken_is_explained() -> None:
    """No option and no word stands in a help without a text."""
    bare = [
        (*words, each.dest)
        for name in COMMANDS
        for words, parser in parsers(name)
        for each in arguments_of(parser)
        if not each.help
    ]
    assert [] == bare


def test_helps_name_no_option_that_is_refused(line: CommandLine) -> None:
    """Who works on no kernel does not offer to choose one."""
    for name, command in COMMANDS.items():
        said = line.say(name, "--help").stdout
        assert command.reaches_kernels == ("--connect ADDRESS" in said), name


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ("state show --limit x", "argument --limit: 'x' is no number above 0"),
        ("session list --limit 0", "argument --limit: '0' is no number above 0"),
        ("session replay a --from-step -1", "argument --from-step: '-1' is no number above 0"),
        ("session replay a --timeout soon", "argument --timeout: 'soon' is no number of seconds"),
        ("session schedule a --every x", "argument --every: 'x' is no number of seconds"),
        ("events show --after x", "argument --after: 'x' is no count"),
    ],
)
def test_what_is_no_number_is_said(line: CommandLine, words: str, problem: str) -> None:
    """Before anything is asked for, with the option it is about."""
    done = line.say(*words.split())
    assert (2, "") == (done.returncode, done.stdout)
    assert problem in done.stderr


def test_an_interrupt_is_130(line: CommandLine) -> None:
    """Ctrl-C ends a command that waits, with the status that shells expect."""
    process = subprocess.Popen(
        [*LLMSPELL, "--kernel", "none", "state", "import", "-"],
        cwd=line.work,
        env=line.environment,
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert process.stdin is not None
    _wait_until_it_reads(process.pid)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=60)
    assert (130, b"") == (process.returncode, out)
    assert 130 in EXIT_STATUSES


def _wait_until_it_reads(pid: int) -> None:
    from pathlib import Path

    from tests.support.commands import become

    become(lambda: "pipe_read" in Path(f"/proc/{pid}/wchan").read_text() or _sleeps(pid))


def _sleeps(pid: int) -> bool:
    """Whether it stands in ``read`` of descriptor 0 (where /proc tells)."""
    from contextlib import suppress
    from pathlib import Path

    with suppress(OSError):
        return Path(f"/proc/{pid}/syscall").read_text().startswith("0 0x0 ")
    return False


def test_scripts_end_with_their_own_status(line: CommandLine) -> None:
    """What a script gives to os.exit is the status, and an error is 1."""
    assert 7 == line.say("exec", "os.exit(7)").returncode
    assert 1 == line.say("exec", "error('oh')").returncode
    assert 7 == line.say("exec", "os.exit(7)", "--output", "json").returncode


def test_colours_are_for_terminals(line: CommandLine) -> None:
    """Through a pipe there are none, whatever is written."""
    for words in (("--help",), ("config", "--help"), ("--output", "pretty", "version")):
        assert "\033[" not in line.say(*words).stdout


def test_a_broken_pipe_is_quiet(line: CommandLine) -> None:
    """Who reads no further ends the command without a word."""
    for words in (("--help",), ("config", "show")):
        process = subprocess.Popen(
            [*LLMSPELL, *words],
            cwd=line.work,
            env=line.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert process.stdout is not None
        process.stdout.close()
        _, err = process.communicate(timeout=60)
        assert (1, b"") == (process.returncode, err)


def test_marks_are_escaped_where_there_are_none(line: CommandLine) -> None:
    """A terminal without ✓ gets something else instead of a traceback."""
    more = {
        "PYTHONUTF8": "0",
        "LC_ALL": "C",
        "PYTHONCOERCECLOCALE": "0",
        "PYTHONIOENCODING": "ascii",
    }
    done = line.say("config", "init", more=more)
    assert (0, "") == (done.returncode, done.stderr)
    assert done.stdout.startswith("\\u2713 Created")


def test_a_named_configuration_holds_for_kernels_too(line: CommandLine) -> None:
    """What -c names is what a kernel in the background reads."""
    store = line.work / "named.sqlite"
    line.write("c.toml", f'[runtime.state_persistence]\nbackend_type = "sqlite:{store}"\n')
    done = line.say("-c", "c.toml", "kernel", "start", "--daemon", "--id", "lab")
    assert 0 == done.returncode, done.stderr
    assert 0 == line.say("exec", "--kernel", "lab", "State.save('global', 'x', 1)").returncode
    assert store.exists()
    assert "1\n" == line.say("-c", "c.toml", "state", "show", "x").stdout


def test_the_help_names_everything(line: CommandLine) -> None:
    """Every command with what it does, every option with its values, and how to go on."""
    said = line.say("--help").stdout
    flat = " ".join(said.split())
    assert [] == [name for name, each in COMMANDS.items() if f"{name} {each.summary}" not in flat]
    for option in GLOBAL_OPTIONS.values():
        assert f"{', '.join(option.names)} {option.metavar} {option.help}" in flat
        assert ", ".join(option.choices) in flat
    assert "examples:" in said
    assert max(map(len, said.splitlines())) <= 100
    assert said == line.say("help").stdout
