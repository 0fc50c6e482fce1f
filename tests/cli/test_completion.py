"""Words are completed from the tables, in real shells."""

import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from llmspell.cli.app import COMMANDS
from llmspell.cli.candidates import Candidates, as_lines, candidates
from llmspell.cli.completion import SCRIPTS
from llmspell.cli.global_options import FORMATS
from tests.cli.conftest import CommandLine


def words(before: str, current: str = "") -> list[str]:
    """What may stand there."""
    return [word for word, _ in candidates(before.split(), current).words]


def test_commands_come_from_their_table() -> None:
    """Each of them, and no other word."""
    assert [*COMMANDS] == words("")
    assert ["kernel", "keys"] == words("", "ke")


@pytest.mark.parametrize(
    ("before", "current", "expected"),
    [
        ("state", "", ["show", "clear", "export", "import", "schemas", "migrate"]),
        ("--output json state", "s", ["show", "schemas"]),
        ("state show --output", "", [*FORMATS]),
        ("state show --output", "j", ["json"]),
        ("state show --output =", "j", ["json"]),
        ("state show", "--sc", ["--scope"]),
        ("state export f --format", "", ["json", "yaml", "toml"]),
        ("exec --lua", "5", ["5.1", "5.2", "5.3", "5.4", "5.5"]),
        ("kernel systemd-unit --output", "", [*FORMATS]),
        ("config set debug.l", "", []),
        ("config set", "debug.l", ["debug.level"]),
        ("config show", "runtime.se", ["runtime.security", "runtime.sessions"]),
        ("session replay x --mode", "", ["exact", "modified", "simulate", "debug"]),
        ("keys add", "anth", ["anthropic"]),
        ("state show --scope", "us", ["user"]),
        ("completion", "", ["bash", "zsh", "fish"]),
        ("no-such-command", "", []),
        ("no-such-command one two", "", []),
        ("kernel no-such-action one", "", []),
    ],
)
def test_what_may_stand_there(before: str, current: str, expected: list[str]) -> None:
    """Actions, values of options, keys: what the command would take at this place."""
    assert expected == words(before, current)


def test_values_in_one_word() -> None:
    """``--output=j`` goes on as one word, for shells that do not divide it."""
    assert ["--output=json"] == words("version", "--output=j")


def test_a_script_and_its_words_are_files() -> None:
    """Files are completed by the shell itself, also behind the name of the script."""
    assert Candidates(files=True) == candidates(["run"], "")
    assert Candidates(files=True) == candidates(["run", "a.lua"], "--ou")
    assert Candidates(folders=True) == candidates(["meta"], "")


def test_files_are_the_last_line() -> None:
    """A shell's script finds them behind the words, each with what it is."""
    found = Candidates([("a:b", "what it is")], files=True)
    assert ["a:b", ":files"] == as_lines(found, "bash")
    assert ["a\\:b:what it is", ":files"] == as_lines(found, "zsh")
    assert ["a:b\twhat it is", ":files"] == as_lines(found, "fish")


def test_kernels_and_sessions_are_those_there_are(cli: CommandLine) -> None:
    """The names of what runs, and of what is kept, as they are at that moment."""
    cli.start_kernel("lab")
    cli.say("session", "create", "tuesday")

    def asked(current: str, *before: str) -> Sequence[str]:
        done = cli.say("completion", "words", "bash", "--", current, *before)
        return done.stdout.splitlines()

    assert ["lab"] == asked("", "state", "show", "--kernel")
    assert ["lab"] == asked("l", "kernel", "stop")
    assert ["tuesday"] == asked("tue", "session", "show")


@dataclass(frozen=True, slots=True)
class Shell:
    """How a shell is had to complete words, and what it then says."""

    command: Sequence[str]
    """Without its configuration; the code comes behind it."""
    code: str
    """With PROGRAMS for the folder where `llmspell` is."""
    expected: Sequence[str]


SUMMARY = COMMANDS["state"].summary

SHELLS: Mapping[str, Shell] = {
    "bash": Shell(
        ("bash", "--norc", "-c"),
        """
        PATH=PROGRAMS:$PATH
        eval "$(llmspell completion bash)"
        complete_words() {
            COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMPREPLY=()
            _llmspell
            printf '%s\\n' "${COMPREPLY[@]}"
        }
        complete -p llmspell
        complete_words llmspell st
        complete_words llmspell state show --output = js
        complete_words llmspell run scr
        complete_words llmspell meta fol
        """,
        ("complete -F _llmspell llmspell", "state", "json", "script.lua", "folder"),
    ),
    "zsh": Shell(
        ("zsh", "-f", "-c"),
        """
        path=(PROGRAMS $path)
        autoload -Uz compinit && compinit -u -D
        eval "$(llmspell completion zsh)"
        print $_comps[llmspell]
        _describe() { print -rl -- ${(P)4} }
        _files() { print -r -- files$1 }
        words=(llmspell st); CURRENT=2; _llmspell
        words=(llmspell state show --output=js); CURRENT=4; _llmspell
        words=(llmspell run scr); CURRENT=3; _llmspell
        words=(llmspell meta fol); CURRENT=3; _llmspell
        """,
        ("_llmspell", f"state:{SUMMARY}", "--output=json", "files", "files-/"),
    ),
    "fish": Shell(
        ("fish", "--no-config", "-c"),
        """
        set -p PATH PROGRAMS
        llmspell completion fish | source
        complete -C "llmspell st"
        complete -C "llmspell state show --output=js"
        complete -C "llmspell run scr"
        complete -C "llmspell meta fol"
        """,
        (f"state\t{SUMMARY}", "--output=json", "script.lua", "folder/\tDirectory"),
    ),
}


@pytest.mark.parametrize("name", SHELLS)
def test_a_shell_completes(cli: CommandLine, name: str) -> None:
    """In the real one: commands, values behind ``=``, files and folders where they belong."""
    shell = SHELLS[name]
    if shutil.which(shell.command[0]) is None:
        pytest.skip(f"{name} is not installed")
    cli.write("script.lua", "")
    cli.write("folder/x", "")
    done = subprocess.run(
        [*shell.command, shell.code.replace("PROGRAMS", str(Path(sys.executable).parent))],
        cwd=cli.work,
        env=cli.environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert ([*shell.expected], "") == (done.stdout.splitlines(), done.stderr)


def test_every_shell_that_has_a_script_is_tried() -> None:
    """A script for another shell joins the story."""
    assert {*SCRIPTS} == {*SHELLS}


@pytest.mark.parametrize("shell", SCRIPTS)
def test_each_shell_has_its_script(cli: CommandLine, shell: str) -> None:
    """It is written as it is, and names where it goes in the help."""
    assert SCRIPTS[shell] == cli.say("completion", shell).stdout
    assert f"llmspell completion {shell}" in cli.say("completion", shell, "--help").stdout
