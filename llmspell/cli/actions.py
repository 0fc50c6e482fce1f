"""Actions: the words behind a command that is a group, such as ``llmspell state show``."""

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from llmspell.cli.parsing import CliParser


@dataclass(frozen=True, slots=True)
class Action:
    """A word behind a command, what it takes and what it does."""

    summary: str
    add_options: Callable[[CliParser], None]
    run: Callable[..., int]
    """Called with what was chosen, and what else its group hands on."""
    examples: Sequence[str] = ()


def add_actions(parser: CliParser, actions: Mapping[str, Action]) -> None:
    """Let a parser take one of the actions; ``chosen.run`` is what it does."""
    words = parser.add_subparsers(metavar="ACTION", dest="action", required=True)
    for name, action in actions.items():
        each = words.add_parser(
            name,
            help=action.summary,
            description=action.summary,
            examples=action.examples,
        )
        action.add_options(each)
        each.set_defaults(run=action.run)


def actions_of(parser: argparse.ArgumentParser) -> Mapping[str, CliParser]:
    """The parsers of a group's actions; none if it is no group."""
    found: dict[str, Any] = {}
    for each in parser._actions:
        if isinstance(each, argparse._SubParsersAction):
            found.update(each.choices)
    return found
