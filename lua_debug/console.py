"""Console: where a script's output and input are besides the debugger."""

from typing import Protocol

from kernel.core import model as m


class Console(Protocol):
    """The standard streams, as the script's engine has them. Called on the Lua thread."""

    def write(
        self,
        data: bytes,
        category: str,
        source: m.Source | None = None,
        line: int | None = None,
        group: str | None = None,
    ) -> None:
        """Tell ``data``, behind all that the script and others wrote before.

        ``group``: it begins (``startCollapsed``) or ends (``end``) what belongs together.
        """

    def mark(self, source: m.Source | None, line: int | None) -> None:
        """What comes through the descriptors from now on is written by this line."""

    def drain(self) -> None:
        """Collect what was written so far."""

    def waits_for_input(self, is_waiting: bool) -> None:
        """The script begins or ends to wait for a line."""

    def feed(self, text: str) -> bool:
        """Give a waiting script a line (on the loop's thread); False if it does not wait."""

    def end_input(self) -> None:
        """Let a script that waits for input see its end (on the loop's thread)."""
