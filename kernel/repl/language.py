"""ReplLanguage: the port to what a REPL must know of the language that it runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from kernel.execution.engine import Completion


@dataclass(frozen=True, slots=True)
class Unsaved:
    """A variable, or a part of one, that cannot be kept."""

    name: str
    """As the language writes it: ``config.on_error``."""
    reason: str
    """``is a function``."""


@dataclass(frozen=True, slots=True)
class SavedVariables:
    """What can be kept of variables: plain JSON, in a form of the language's own."""

    values: Mapping[str, Any]
    unsaved: Sequence[Unsaved]


class ReplLanguage(Protocol):
    """Code of one language, for what people ask without writing code."""

    suffix: str
    """Of files: ``.lua``."""

    def script(self, text: str) -> str:
        """The text of a file as a cell: line for line, without what only a shell reads."""

    def complete_files(self, before: str) -> list[Completion]:
        """What files give to go on with at the end of a text: names of modules and of files."""

    def function_lines(self, text: str, line: int) -> tuple[int, int]:
        """The first and last line of the innermost function around a line; of all, of the text."""

    def function_named(self, text: str, name: str) -> int | None:
        """The line of a text where a function of this name begins; None if none does."""

    def is_name(self, text: str) -> bool:
        """Whether it can be the name of a variable."""

    def assignment(self, name: str, value: str) -> str:
        """Gives a variable the value of an expression."""

    def removal(self, names: Sequence[str]) -> str:
        """Takes variables away."""

    def fresh_start(self, names: Sequence[str]) -> str:
        """Takes variables away, and has modules loaded anew when they are asked for."""

    def snapshot(self, names: Sequence[str]) -> str:
        """An expression that gives what `read_snapshot` reads."""

    def read_snapshot(self, text: str) -> SavedVariables:
        """What the expression of `snapshot` gave; raises `UserError` for what it never gives."""

    def restoring(self, values: Mapping[str, Any]) -> Sequence[str]:
        """Pieces of code that give the variables back, to be run one after the other.

        Raises `UserError` for what no `SavedVariables.values` is.
        """
