"""Terminal: the port to where somebody types and reads."""

from collections.abc import Sequence
from typing import Protocol

from kernel.execution.engine import Completeness, Completion
from kernel.repl.styles import Styles


class Assistant(Protocol):
    """What a terminal may ask of the REPL while somebody types. Called on the loop's thread."""

    def prompt(self) -> str:
        """What stands before the line now."""

    def status(self) -> Sequence[tuple[str, str]]:
        """The status line: pieces of text, each with its style."""

    async def check(self, text: str) -> Completeness:
        """Whether what was typed can be taken as it is."""

    async def complete(self, text: str, cursor: int) -> list[Completion]:
        """Ways to go on."""

    async def explain(self, text: str, cursor: int) -> str:
        """What is known of the thing at the cursor; empty if nothing is."""

    async def signature(self, text: str, cursor: int) -> str:
        """The signature of the function whose call is being typed; empty if there is none."""

    async def past(self) -> list[str]:
        """What was typed and run before, also in earlier sessions; oldest first."""

    def typed(self, text: str) -> None:
        """An entry was typed, to be remembered."""

    def break_pressed(self, has_text: bool) -> bool:
        """Ctrl-C; whether it was for the program, and the line stays as it is."""


class Terminal(Protocol):
    """One place to type, with one reader. Used on the loop's thread."""

    styles: Styles
    patience: float | None
    """Seconds to wait for the program before the next line is read; None: until it rests."""
    is_interactive: bool
    """Whether a person types."""
    has_pager: bool
    """Whether what is longer than the screen goes through a pager, where a person reads."""

    @property
    def size(self) -> tuple[int, int]:
        """Columns and lines."""

    async def open(self, assistant: Assistant) -> None:
        """Begin."""

    def write(self, text: str) -> None:
        """Show text, colours and all, where it stands: above the line that is being typed."""

    def remember(self, lines: Sequence[str]) -> None:
        """Lines of a session that was loaded, for the arrow keys."""

    def forget(self) -> None:
        """The history was cleared: the arrow keys find nothing of it any more."""

    def refresh(self) -> None:
        """What `Assistant.prompt` or `Assistant.status` say has changed."""

    async def read(self) -> str | None:
        """What is typed next, whole; None at the end of all input."""

    async def ask(self, prompt: str, *, is_secret: bool) -> str | None:
        """A line for the program; None at the end of input."""

    def is_long(self, text: str) -> bool:
        """Whether `page` would use a pager for it."""

    async def page(self, text: str) -> None:
        """Show text; through a pager where it is longer than the screen."""

    def interrupt(self) -> None:
        """The signal of Ctrl-C, which comes where no line is being edited."""

    def clear(self) -> None:
        """Clear the screen."""

    async def close(self) -> None:
        """Leave the terminal as it was found."""
