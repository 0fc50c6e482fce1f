"""What commands say: an example of each action, from the golden transcripts of the tests."""

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from llmspell.cli.app import COMMANDS
from llmspell.cli.command_tree import parsers
from llmspell.cli.global_options import UsageError, separate
from tools.pages.markdown import mark

GOLDEN = Path(__file__).resolve().parents[2] / "tests" / "cli" / "golden"

MOST = 30
"""Lines of an example that are shown."""

ENOUGH = 200
"""Letters from which on one example is not better than another for saying more."""

PROTOCOLS = ("dap", "lsp")
"""What they write is a protocol's, for programs."""

INTRODUCTION = """
# What commands say

An example of each command and action with what it really says, as text and as JSON.
[Commands](commands.md) has the help of each, and the shapes of the JSON.

All of it is from the transcripts that the tests hold commands to (`tests/cli/golden`).
Words in capitals, such as `UUID`, `TIME`, `PID`, `N` and `FOLDER`, stand for what is another one each time.
A line that begins with `!` went to stderr; a number in brackets is an exit status that is not 0.
`dap` and `lsp` speak to programs, and their protocols are documented elsewhere.
"""


@dataclass(frozen=True)
class Example:
    """A command line of a transcript, with what it said."""

    words: Sequence[str]
    form: str
    line: str
    said: Sequence[str]

    @property
    def rank(self) -> tuple[bool, int]:
        """Lower is better: those that succeed, and of them those that say something, up to much."""
        failed = bool(self.said) and re.fullmatch(r"\[\d+\]", self.said[-1]) is not None
        return failed, -min(sum(map(len, self.said)), ENOUGH)

    def text(self) -> str:
        """As a block of Markdown."""
        cut = ["…"] if len(self.said) > MOST else []
        lines = [f"$ llmspell {self.line}", *self.said[:MOST], *cut]
        return "```text\n" + "\n".join(lines) + "\n```\n"


def outputs_page() -> str:
    """The whole page."""
    examples = [*_examples()]
    parts = [mark("tests/cli/golden"), INTRODUCTION]
    for name in COMMANDS:
        if name in PROTOCOLS:
            continue
        parts.append(f"\n## llmspell {name}\n")
        every = [words for words, _ in parsers(name)]
        for words in every[1:] or every:
            title = f"\n### llmspell {' '.join(words)}\n\n" if len(words) > 1 else "\n"
            parts.append(title + "\n".join(_chosen(examples, words)))
    return "".join(parts)


def _chosen(examples: Sequence[Example], words: Sequence[str]) -> Iterator[str]:
    """The best example as text, and the best as JSON."""
    own = [each for each in examples if [*each.words[: len(words)]] == [*words]]
    for form in ("text", "json"):
        found = sorted((each for each in own if each.form == form), key=lambda each: each.rank)
        if found:
            yield found[0].text()


def _examples() -> Iterator[Example]:
    for path in sorted(GOLDEN.glob("*.txt")):
        for block in path.read_text("utf-8").split("$ llmspell ")[1:]:
            line, *said = block.splitlines()
            try:
                options, words = separate(shlex.split(line.partition(" <<< ")[0]))
            except UsageError:  # that is what it shows
                continue
            if "--help" not in words:
                yield Example(words, options.output, line, said)
