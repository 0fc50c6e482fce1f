"""No command and no action is without a golden transcript, as text and as JSON."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from llmspell.cli.app import COMMANDS
from llmspell.cli.command_tree import parsers
from llmspell.cli.global_options import UsageError, separate
from tests.cli.stories import ALONE, SHARED
from tests.cli.transcripts import FOLDER
from tools.pages.results import RESULTS

PROTOCOLS = {
    "dap": "tests/unit/llmspell/test_cli_dap.py",
    "lsp": "tests/lsp/test_life.py",
}
"""Commands that speak to a program and not to people, and where they are tried."""

OF_THE_MACHINE = {"doctor": "tests/unit/llmspell/test_cli_doctor.py"}
"""What is another object on every machine, and where it is tried."""


FINDINGS = {
    ("backup", "verify"),
    ("config", "validate"),
    ("kernel", "serve"),
    ("session", "cancel"),
    ("session", "diff"),
    ("session", "replay"),
}
"""What finds something out, or ends what may have ended: the answer no is a result as yes is."""

SCRIPTS = ("exec", "repl")
"""Where the exit status may be a script's own."""


@dataclass(frozen=True)
class Said:
    """A command of a transcript and its result on stdout."""

    words: tuple[str, ...]
    form: str
    result: str
    is_done: bool
    """Whether the exit status was 0."""
    complaints: tuple[str, ...]
    """What stood on stderr."""


def transcripts() -> Iterator[Said]:
    """What the golden files hold."""
    for name in (*SHARED, *ALONE):
        for block in (FOLDER / f"{name}.txt").read_text("utf-8").split("$ llmspell ")[1:]:
            line, *said = block.splitlines()
            try:
                options, words = separate(shlex.split(line.partition(" <<< ")[0]))
            except UsageError:  # that is what it shows
                continue
            shown = [each for each in said if not each.startswith(("! ", "["))]
            shown += [each for each in said if each.startswith(("[{", "[]"))]
            is_done = not said or re.fullmatch(r"\[\d+\]", said[-1]) is None
            complaints = tuple(each[2:] for each in said if each.startswith("! "))
            yield Said(tuple(words), options.output, "\n".join(shown), is_done, complaints)


SAID = [each for each in transcripts() if "--help" not in each.words]

NEEDED = [
    words
    for name in COMMANDS
    if name not in PROTOCOLS
    for words, _parser in parsers(name)
    if len(words) == 2 or len([*parsers(name)]) == 1
]
"""Commands, and of groups their actions."""


@pytest.mark.parametrize("words", NEEDED, ids=" ".join)
def test_every_action_has_a_golden_text(words: tuple[str, ...]) -> None:
    """A new action joins a story, with a result that was looked at."""
    texts = [
        each
        for each in SAID
        if each.form == "text"
        and (each.result or each.is_done)
        and each.words[: len(words)] == words
    ]
    assert [] != texts


@pytest.mark.parametrize("words", NEEDED, ids=" ".join)
def test_every_action_has_its_result_on_stdout(words: tuple[str, ...]) -> None:
    """What it found or did stands there, with nothing on stderr where nothing is to complain of."""
    good = [
        each
        for each in SAID
        if (each.is_done or words in FINDINGS) and each.result and not each.complaints
        if each.words[: len(words)] == words
    ]
    assert [] != good


def test_what_was_not_done_is_said_on_stderr() -> None:
    """Unless it was asked for whether something is so."""
    silent = [each.words for each in SAID if not each.is_done and not each.complaints]
    assert FINDINGS == {words[:2] for words in silent if words[0] not in SCRIPTS}


@pytest.mark.parametrize(
    "words",
    [
        (*name.split()[:1], action.strip())
        for name in RESULTS
        for action in name.partition(" ")[2].split(",")
        if name not in OF_THE_MACHINE
    ],
    ids=" ".join,
)
def test_every_result_for_programs_has_a_golden_one(words: tuple[str, str]) -> None:
    """Where the reference has a shape of a result, a story has the result."""
    command, action = words
    first = action.split()[:1] if not action.startswith(("-", "FILE")) else []
    needed = (command, *first)
    objects = [
        each
        for each in SAID
        if each.form == "json" and each.result and each.words[: len(needed)] == needed
    ]
    assert [] != objects


def test_protocols_are_tried_elsewhere() -> None:
    """What is left out here is there."""
    for place in (*PROTOCOLS.values(), *OF_THE_MACHINE.values()):
        assert (FOLDER.parents[2] / place).is_file(), place
