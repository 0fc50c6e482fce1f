"""CliParser: a parser of arguments whose errors and help say how to go on."""

import argparse
import os
import re
import sys
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

from kernel.core.suggestions import closest
from llmspell.cli.global_options import GLOBAL_OPTIONS
from llmspell.cli.help_width import help_width

OF_KERNELS = ("connect", "kernel")
"""Options that mean nothing to commands that work on no kernel."""

_HEADING = re.compile(r"^(usage:|[a-z][\w ]*:$)", re.MULTILINE)


class CliParser(argparse.ArgumentParser):
    """Has examples in its help, takes no abbreviations, and asks what was meant."""

    def __init__(self, *arguments: Any, examples: Sequence[str] = (), **named: Any) -> None:  # noqa: ANN401 - the library's
        """``examples``: command lines, each with what it does behind a ``#``."""
        named.setdefault("allow_abbrev", False)
        named.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(*arguments, **named)
        if self.description:
            self.description = _filled(self.description)
        self.examples = tuple(examples)
        self._given: list[str] = []

    def format_help(self) -> str:
        """The help, with the examples and where the other options are."""
        parts = [super().format_help()]
        if self.examples:
            parts.append("examples:\n" + "".join(f"  {each}\n" for each in _aligned(self.examples)))
        parts.append(_filled(f"{_everywhere(self.prog)}; see llmspell --help.") + "\n")
        return "\n".join(parts)

    def print_help(self, file: Any = None) -> None:  # noqa: ANN401
        """As the base class; headings are bold on terminals."""
        target = sys.stdout if file is None else file
        text = self.format_help()
        if is_coloured(target):
            text = _HEADING.sub("\033[1m\\1\033[0m", text)
        target.write(text)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:  # noqa: ANN401
        """As the base class; but words that nobody knows are an error here, where they stand."""
        self._given = list(sys.argv[1:] if args is None else args)
        chosen, rest = super().parse_known_args(args, namespace)
        unknown = [*getattr(chosen, "_unrecognized_args", []), *rest]
        if unknown:
            self.error(self._unknown(unknown))
        return chosen, rest

    def error(self, message: str) -> NoReturn:
        """Say what is wrong and how it is used, on stderr; the exit status is 2."""
        if " required" in message and (strange := self._strange_option()):
            message = self._unknown([strange])  # what is missing may be misspelt
        self.print_usage(sys.stderr)
        self.exit(2, f"Try '{self.prog} --help'.\n{self.prog}: {message}\n")

    def _strange_option(self, before: str | None = None) -> str | None:
        """The first option that nobody knows, in front of the word ``before`` if there is one."""
        known = self._option_string_actions
        given = self._given[: self._given.index(before)] if before in self._given else self._given
        options = (each.partition("=")[0] for each in given if each.startswith("--"))
        return next((each for each in options if len(each) > 2 and each not in known), None)

    def _check_value(self, action: argparse.Action, value: Any) -> None:  # noqa: ANN401 - the library's
        if action.choices is None or value in action.choices:
            return
        names = [str(each) for each in action.choices]
        is_word = isinstance(action, argparse._SubParsersAction)
        if is_word and (strange := self._strange_option(before=str(value))):
            raise argparse.ArgumentError(None, self._unknown([strange]))  # it may be its value
        what = f"there is no {str(action.metavar).lower()}" if is_word else "not"
        raise argparse.ArgumentError(
            None if is_word else action,
            f"{what} {value!r}; there are {', '.join(names)}{near(str(value), names)}",
        )

    def _unknown(self, words: Sequence[str]) -> str:
        options = [name for each in self._actions for name in each.option_strings]
        options += [name for option in GLOBAL_OPTIONS.values() for name in option.names]
        word = words[0].partition("=")[0]
        if word.startswith("-") and word != "-":
            return f"there is no option {word}{near(word, options)}"
        return f"{word!r} is one word too many"


def _everywhere(prog: str) -> str:
    """The options that the command takes as others do."""
    from llmspell.cli.app import COMMANDS  # it imports us where it needs us

    command = COMMANDS.get(prog.partition(" ")[2].partition(" ")[0])
    takes_all = command is None or command.reaches_kernels
    names = [each for each in GLOBAL_OPTIONS if takes_all or each not in OF_KERNELS]
    options = (GLOBAL_OPTIONS[each] for each in names)
    return "Options of every command: " + ", ".join(
        f"{each.names[0]} {each.metavar}" for each in options
    )


def near(word: str, names: Iterable[str]) -> str:
    """``; did you mean …?`` if one of the names is like the word."""
    bare = {each.lstrip("-"): each for each in names}  # all options are alike in their dashes
    close = closest(word.lstrip("-"), bare)
    return "" if close is None else f"; did you mean {bare[close]}?"


def is_coloured(stream: Any) -> bool:  # noqa: ANN401 - any file
    """Whether colours are wanted there: on terminals, unless NO_COLOR is set (no-color.org)."""
    if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
        return False
    return bool(getattr(stream, "isatty", lambda: False)())


def _filled(text: str) -> str:
    import textwrap

    width = help_width() - 2
    return "\n".join(textwrap.fill(part, width) for part in text.split("\n"))


def _aligned(examples: Sequence[str]) -> list[str]:
    """The remarks behind ``#`` in one column."""
    split = [each.partition("  # ") for each in examples]
    width = max(len(command) for command, _, _ in split)
    return [f"{command.ljust(width)}{mark}{what}".rstrip() for command, mark, what in split]
