"""How a command line may go on: what shells ask for at each TAB, answered from the tables."""

import argparse
import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from kernel.core.errors import KernelError
from llmspell.cli.actions import actions_of
from llmspell.cli.app import COMMANDS
from llmspell.cli.command_tree import arguments_of, parser_of, takes_value
from llmspell.cli.global_options import GLOBAL_OPTIONS
from llmspell.cli.word_sources import SOURCES, Word

FILES = ("FILE", "SCRIPT", "MAIN.lua", "FILE:LINE", "PATH", "ARGUMENT")
"""Metavars of what is a file, or may be,"""

FOLDERS = ("FOLDER", "DIRECTORY")
"""and of what is a folder."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """Words that may stand there, and whether files or folders may."""

    words: Sequence[Word] = field(default_factory=list)
    files: bool = False
    folders: bool = False


def candidates(before: Sequence[str], current: str) -> Candidates:
    """What may stand where ``current`` is begun, behind the words ``before`` it.

    Shells that divide words at ``=`` may hand over the pieces.
    """
    words = [each for each in before if each != "="]
    current = current.removeprefix("=")
    head, equals, value = current.partition("=")
    if equals and head.startswith("--"):  # the whole in one word
        found = _value(words, head, value)
        return Candidates([(f"{head}={word}", what) for word, what in found.words], found.files)
    line = _Line(words)
    return _beginning_with(line.candidates(current), current)


def _value(words: Sequence[str], name: str, begun: str) -> Candidates:
    line = _Line([*words, name])
    return _beginning_with(line.candidates(begun), begun)


def _beginning_with(found: Candidates, begun: str) -> Candidates:
    kept = [(word, what) for word, what in found.words if word.startswith(begun)]
    return Candidates(kept, found.files, found.folders)


class _Line:
    """The words of a command line, as far as they go."""

    def __init__(self, words: Sequence[str]) -> None:
        self._command = ""
        self._parser: argparse.ArgumentParser | None = None
        self._pending: Callable[[], Candidates] | None = None
        self._places = 0
        """Words that are no options, behind the command and its action."""
        self._is_over = False
        """Behind ``--``, or behind the name of a script."""
        for word in words:
            self._take(word)

    def candidates(self, current: str) -> Candidates:
        """What may come now."""
        if self._pending is not None:
            return self._pending()
        if self._is_over:
            return Candidates(files=True)
        if current.startswith("-"):
            return Candidates([*self._options()])
        if not self._command:
            return Candidates([(name, each.summary) for name, each in COMMANDS.items()])
        if self._parser is None:
            return Candidates(files=True)
        actions = actions_of(self._parser)
        if actions:
            return Candidates([(name, str(each.description)) for name, each in actions.items()])
        return self._place()

    def _take(self, word: str) -> None:
        if self._pending is not None:
            self._pending = None
        elif word == "--":
            self._is_over = True
        elif self._is_over:
            return
        elif word.startswith("-") and word != "-":
            self._take_option(word)
        elif not self._command:
            self._command = word
            self._parser = parser_of(word) if word in COMMANDS else None
        elif self._parser is not None and (actions := actions_of(self._parser)):
            self._parser = actions.get(word)
        else:
            self._places += 1
            command = COMMANDS.get(self._command)
            self._is_over = command is not None and command.ends_at_word

    def _take_option(self, word: str) -> None:
        for field_name, option in GLOBAL_OPTIONS.items():
            if word in option.names and not self._knows(word):
                told = ("global", field_name, option.metavar, option.choices)
                self._pending = partial(self._told, *told)
                return
        for action in arguments_of(self._parser) if self._parser is not None else ():
            if word in action.option_strings and takes_value(action):
                self._pending = partial(self._of, action)
                return

    def _knows(self, word: str) -> bool:
        return self._parser is not None and word in self._parser._option_string_actions

    def _options(self) -> Iterator[Word]:
        for action in arguments_of(self._parser) if self._parser is not None else ():
            yield from ((name, str(action.help or "")) for name in action.option_strings)
        for option in GLOBAL_OPTIONS.values():
            yield from ((name, option.help) for name in option.names if not self._knows(name))
        if not self._command:
            yield from (
                ("--help", "say how it is used"),
                ("--version", "say which version this is"),
            )

    def _place(self) -> Candidates:
        """What the next word is that is no option."""
        assert self._parser is not None
        words = [each for each in arguments_of(self._parser) if not each.option_strings]
        if not words:
            return Candidates()
        is_last = self._places >= len(words)
        if is_last and words[-1].nargs not in ("*", "+"):
            return Candidates()
        return self._of(words[min(self._places, len(words) - 1)])

    def _of(self, action: argparse.Action) -> Candidates:
        choices = tuple(map(str, action.choices or ()))
        return self._told(self._command, action.dest, str(action.metavar or ""), choices)

    def _told(self, command: str, dest: str, metavar: str, choices: Sequence[str]) -> Candidates:
        if choices:
            return Candidates([(each, "") for each in choices])
        source = SOURCES.get((command, dest)) or SOURCES.get(("", metavar))
        words: list[Word] = []
        with contextlib.suppress(KernelError, OSError, ImportError):
            words = [*source()] if source else []
        return Candidates(words, metavar in FILES, metavar in FOLDERS)


_FORMS: Mapping[str, Callable[[Word], str]] = {
    "bash": lambda word: word[0],
    "zsh": lambda word: f"{_escaped(word[0])}:{word[1]}" if word[1] else _escaped(word[0]),
    "fish": lambda word: f"{word[0]}\t{word[1]}",
}


def as_lines(found: Candidates, shell: str) -> list[str]:
    """As a shell's script reads it: words, and ``:files`` or ``:folders`` in the last line."""
    lines = [_FORMS[shell](each) for each in found.words]
    return lines + ([":files"] if found.files else []) + ([":folders"] if found.folders else [])


def _escaped(word: str) -> str:
    return word.replace("\\", "\\\\").replace(":", "\\:")
