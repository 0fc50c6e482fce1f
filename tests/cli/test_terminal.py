"""On a terminal: colours, questions that do not show the answer, and yes or no."""

import os
import pty
import select
import signal
import subprocess
import time

import pytest

from tests.cli.conftest import DEADLINE, CommandLine
from tests.support.commands import LLMSPELL

BOLD = "\033[1m"


class Terminal:
    """A command that believes it runs in one."""

    def __init__(self, cli: CommandLine, *words: str, **more: str) -> None:
        self._ours, theirs = pty.openpty()
        self.process = subprocess.Popen(
            [*LLMSPELL, *words],
            cwd=cli.work,
            env={**cli.environment, "TERM": "xterm", **more},
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        )
        os.close(theirs)
        self.said = ""

    def wait_for(self, text: str) -> None:
        """Read until it has said so."""
        end = time.monotonic() + DEADLINE
        while text not in self.said:
            assert time.monotonic() < end, self.said
            assert self._read(), self.said

    def type(self, text: str) -> None:
        """As somebody at the keyboard."""
        os.write(self._ours, text.encode())

    def end(self) -> tuple[int, str]:
        """Its status, and all it said."""
        while self._read():
            pass
        os.close(self._ours)
        return self.process.wait(DEADLINE), self.said

    def _read(self) -> bool:
        ready, _, _ = select.select([self._ours], [], [], DEADLINE)
        try:
            data = os.read(self._ours, 4096) if ready else b""
        except OSError:  # nobody is at the other end any more
            data = b""
        self.said += data.decode()
        return bool(data)


@pytest.mark.parametrize(
    ("more", "is_coloured"), [({}, True), ({"NO_COLOR": "1"}, False), ({"TERM": "dumb"}, False)]
)
def test_colours_are_there_unless_somebody_minds(
    cli: CommandLine, more: dict[str, str], is_coloured: bool
) -> None:
    """Headings of help and results for people have them; NO_COLOR and TERM=dumb are honoured."""
    for words in (("config", "--help"), ("--output", "pretty", "version")):
        status, said = Terminal(cli, *words, **more).end()
        assert (0, is_coloured) == (status, "\033[" in said)


def test_a_key_is_asked_for_and_not_shown(cli: CommandLine) -> None:
    """What is typed does not appear, nor does the passphrase, which is asked for twice."""
    terminal = Terminal(cli, "keys", "add", "openai")
    terminal.wait_for("Key of openai: ")
    terminal.type("k-123456\n")
    terminal.wait_for("Passphrase of the file of keys: ")
    terminal.type("secret words\n")
    terminal.wait_for("The same again: ")
    terminal.type("secret words\n")
    status, said = terminal.end()
    assert (0, True) == (status, "The key of openai is in the file now." in said)
    assert "k-123456" not in said
    assert "secret words" not in said


def test_two_passphrases_that_differ_keep_nothing(cli: CommandLine) -> None:
    """A slip of the finger does not lock the keys away."""
    terminal = Terminal(cli, "keys", "add", "openai")
    for question, answer in (("Key of", "k"), ("Passphrase", "a"), ("again", "b")):
        terminal.wait_for(question)
        terminal.type(f"{answer}\n")
    status, said = terminal.end()
    assert (1, True) == (status, "passphrases differ; nothing was kept" in said)
    assert "There are no keys.\n" == cli.say("keys", "list").stdout


@pytest.mark.parametrize(("answer", "status"), [("y", 0), ("", 1), ("n", 1)])
def test_what_cannot_be_undone_is_asked_about(cli: CommandLine, answer: str, status: int) -> None:
    """Only a yes is a yes."""
    terminal = Terminal(cli, "--kernel", "none", "state", "clear")
    terminal.wait_for("Forget everything that is kept? [y/N] ")
    terminal.type(f"{answer}\n")
    done, said = terminal.end()
    assert (status, status == 0) == (done, "Cleared 0 entries." in said)
    assert (status == 1) == said.endswith("llmspell: Nothing was cleared.\r\n")


def test_ctrl_c_at_a_question_is_130(cli: CommandLine) -> None:
    """It ends the command as it ends any other."""
    terminal = Terminal(cli, "--kernel", "none", "state", "clear")
    terminal.wait_for("[y/N] ")
    terminal.process.send_signal(signal.SIGINT)
    status, said = terminal.end()
    assert 130 == status, said


@pytest.mark.parametrize("kernel", ["lab", "none"])
def test_it_is_seen_how_far_a_replay_is(recorded: CommandLine, kernel: str) -> None:
    """Where it does not end soon, its steps are counted, in a kernel as without one."""
    if kernel == "lab":
        recorded.start_kernel("lab")
    words = ("session", "replay", "tuesday", "--set", "2.code=while true do end")
    terminal = Terminal(recorded, "--kernel", kernel, *words)
    terminal.wait_for("]  33% 1 of 3 steps ")
    os.kill(terminal.process.pid, signal.SIGINT)
    status, said = terminal.end()
    assert 130 == status
    assert said.endswith("\r\033[Kllmspell: the replay was cancelled\r\n")


@pytest.mark.parametrize(
    ("words", "note"),
    [
        (
            "a.lua --connect lab",
            "llmspell: --connect stands behind a.lua, so it is the script's; for llmspell, write "
            "`llmspell run --connect … a.lua`, and `a.lua -- --connect` without this note\r\n",
        ),
        ("a.lua -- --connect lab", ""),
        ("a.lua --help me", ""),
        ("--trace off a.lua --language lua", ""),
    ],
)
def test_a_script_with_options_like_ours_is_told_of(
    cli: CommandLine, words: str, note: str
) -> None:
    """Who types them may have meant llmspell; with a -- it is clear whose they are."""
    cli.write("a.lua", "print(...)")
    given = "\t".join(words.split()[-2:])
    status, said = Terminal(cli, "run", *words.split()).end()
    assert (0, f"{note}{given}\r\n") == (status, said)
