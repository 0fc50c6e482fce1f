"""Commands: what each is called, when it is legal, and what it does; and which line means which.

A line is a command when it begins with a dot (``.help``) or with ``db:`` or ``debug:``; while the
program stands or runs, also by a bare word of a debug command (``next``). ``!`` makes the rest of a
line code.
"""

import difflib
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from kernel.core.errors import UserError
from kernel.repl.states import ALWAYS, State

if TYPE_CHECKING:
    from kernel.repl.repl import Repl

PREFIXES = ("debug:", "db:", ".")
FORCE = "!"
HELP = tuple(f"{prefix}?" for prefix in PREFIXES)
"""Where nothing stands behind it, ``?`` asks what there is."""

_WORD = re.compile(r"\?|[A-Za-z][\w-]*")
_NOT_AFTER_A_COMMAND = re.compile(r"\s*(?:=(?!=)|,)")
"""What makes a first word the target of an assignment: ``n = 1``, ``a , b = 1, 2``."""


class Group(StrEnum):
    """Where a command stands in the help."""

    RUN = "Running"
    STOPS = "Stops"
    STEPS = "Steps"
    LOOK = "Looking"
    PROGRAM = "Variables and sessions"
    TERMINAL = "The terminal"


class BadCommand(UserError):
    """A command that cannot be carried out as it was typed; the text says what would be right."""


Run = Callable[["Repl", str], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Command:
    """One command."""

    name: str
    run: Run
    group: Group
    help: str
    """One sentence, as it stands in lists."""
    short: tuple[str, ...] = ()
    arguments: str = ""
    more: str = ""
    """What else ``.help NAME`` says: forms and examples."""
    when: frozenset[State] = ALWAYS
    is_debug: bool = False
    """Whether the bare word is meant while the program runs or stands."""
    repeats: bool = False
    """Whether Enter alone does it again."""
    completes: str = ""
    """What its arguments are: ``file``, ``place``, ``code``, ``command`` or ``variable``."""
    alone: tuple[str, ...] = ()
    """Words that mean it without a dot and with nothing behind them, as elsewhere they are code."""


@dataclass(frozen=True, slots=True)
class Call:
    """A command as it was typed."""

    command: Command
    arguments: str


class CommandTable:
    """All commands, by all their names."""

    def __init__(self, commands: Iterable[Command]) -> None:
        self.commands = tuple(commands)
        self._named: dict[str, Command] = {}
        self._alone = {name: each for each in self.commands for name in each.alone}
        for command in self.commands:
            for name in (command.name, *command.short):
                assert name not in self._named, name
                self._named[name] = command

    def find(self, name: str) -> Command:
        """A command by a name, short form, or clear beginning of a name; raises `BadCommand`."""
        command = self._named.get(name)
        if command is not None:
            return command
        begun = [each for each in self.commands if each.name.startswith(name)]
        if len(begun) == 1 and len(name) > 1:
            return begun[0]
        if begun and len(name) > 1:
            raise BadCommand(f".{name} may be {_either(each.name for each in begun)}.")
        close = difflib.get_close_matches(name, self._named, 3)
        advice = f"Did you mean {_either(close)}? " if close else ""
        raise BadCommand(f"There is no command .{name}. {advice}.help lists them all.")

    def begun(self, word: str) -> Command | None:
        """The only debug command whose name begins so; None if there are several, or none."""
        found = [it for it in self.commands if it.is_debug and it.name.startswith(word)]
        return found[0] if len(found) == 1 else None

    def parse(self, line: str, state: State) -> Call | None:
        """The command that a line means; None for code. Raises `BadCommand` for unknown ones."""
        text = line.strip()
        if text in HELP:
            return Call(self.find("help"), "")
        for prefix in PREFIXES:
            rest = text.removeprefix(prefix)
            if rest != text and (word := _WORD.match(rest.lstrip())):
                command = self.find(word[0])
                return Call(command, rest.lstrip()[word.end() :].strip())
        if state is State.IDLE:
            return None
        return self._bare(text)

    def bare_word(self, line: str) -> str | None:
        """The debug command that a line would be if the program stood; None if none."""
        call = self._bare(line.strip())
        return None if call is None else call.command.name

    def _bare(self, text: str) -> Call | None:
        if text in self._alone:
            return Call(self._alone[text], "")
        word = _WORD.match(text)
        if word is None:
            return None
        command, rest = self._named.get(word[0]), text[word.end() :]
        if command is None or not command.is_debug:
            return None
        if rest.startswith("/") or word[0] == "?":  # print/x, ?name
            return Call(command, rest.strip())
        if (rest and not rest[0].isspace()) or _NOT_AFTER_A_COMMAND.match(rest):
            return None
        return Call(command, rest.strip())

    def names(self) -> Mapping[str, Command]:
        """All names and short forms."""
        return self._named


def count_of(text: str, default: int = 1) -> int:
    """The count behind a command; raises `BadCommand` for what is none, as it may be code."""
    if text and not text.isdecimal():
        raise BadCommand(f"{text!r} is no count; with `!` before all of it the line is code.")
    return int(text or default)


def _either(names: Iterable[str]) -> str:
    return " or ".join(f".{name}" for name in names)
