"""How text is coloured: by the names of what it is, and not at all where nobody wants colours."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

SGR: Mapping[str, str] = {
    "error": "31",
    "warning": "33",
    "place": "36",
    "arrow": "1;32",
    "name": "34",
    "number": "2",
    "dim": "2",
    "heading": "1",
    "prompt": "1;32",
    "stopped": "1;33",
    "other": "35",
}
"""ECMA-48's Select Graphic Rendition, by what a text is."""

Highlight = Callable[[str], str]
"""Code to the same code with colours."""


@dataclass(frozen=True, slots=True)
class Styles:
    """Makes text of a style; plain without ``has_colour``."""

    has_colour: bool = False
    highlight: Highlight = field(default=lambda code: code)
    """For code and values; used only with colour."""

    def paint(self, style: str, text: str) -> str:
        """``text`` in a style of `SGR`."""
        if not self.has_colour or not text or style not in SGR:
            return text
        return f"\x1b[{SGR[style]}m{text}\x1b[0m"

    def code(self, text: str) -> str:
        """Code or a value."""
        return self.highlight(text) if self.has_colour else text
