"""The commands with their actions, options and words, as completion and the manual need them."""

import argparse
import importlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from llmspell.cli.actions import actions_of
from llmspell.cli.app import COMMANDS
from llmspell.cli.parsing import CliParser


@dataclass(frozen=True, slots=True)
class OptionRow:
    """An option or a word of a command, for people."""

    names: tuple[str, ...]
    """Empty for a word."""
    metavar: str
    help: str


def parser_of(name: str) -> CliParser | None:
    """The parser of a command; None if its module does not tell."""
    module = importlib.import_module(COMMANDS[name].module)
    make = getattr(module, "make_parser", None)
    return None if make is None else make()


def parsers(name: str) -> Iterator[tuple[tuple[str, ...], CliParser]]:
    """The parser of a command and those of its actions, with the words that lead there."""
    parser = parser_of(name)
    if parser is None:
        return
    yield (name,), parser
    for word, each in actions_of(parser).items():
        yield (name, word), each


def arguments_of(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    """Its options and words, without those that are not told and without a group's actions."""
    return [
        each
        for each in parser._actions
        if each.help != argparse.SUPPRESS and not isinstance(each, argparse._SubParsersAction)
    ]


def takes_value(action: argparse.Action) -> bool:
    """Whether a word stands behind the option."""
    return action.nargs != 0


def option_rows(parser: argparse.ArgumentParser) -> Sequence[OptionRow]:
    """What a command or action takes, words first."""
    rows = [
        OptionRow(tuple(each.option_strings), _metavar(each), str(each.help or ""))
        for each in arguments_of(parser)
    ]
    return sorted(rows, key=lambda row: bool(row.names))


def _metavar(action: argparse.Action) -> str:
    if not takes_value(action):
        return ""
    if action.choices is not None and action.metavar is None:
        return "{" + ",".join(map(str, action.choices)) + "}"
    return str(action.metavar or action.dest.upper())
