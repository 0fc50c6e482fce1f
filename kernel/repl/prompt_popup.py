"""Popup: a short text in a frame under the cursor, which goes with the next key."""

import textwrap

from prompt_toolkit import PromptSession
from prompt_toolkit.application import run_in_terminal
from prompt_toolkit.filters import Condition
from prompt_toolkit.layout import (
    ConditionalContainer,
    Float,
    FloatContainer,
    FormattedTextControl,
    HSplit,
    Window,
)
from prompt_toolkit.layout.dimension import Dimension
from prompt_toolkit.utils import get_cwidth
from prompt_toolkit.widgets import Frame

FRAME = 2
"""Lines and columns that the frame takes."""

NARROWEST, LEFT_FREE = 20, 10
"""Columns of the text at least, and lines of the screen that a popup never takes."""


class Popup:
    """The popup of one prompt session."""

    def __init__(self, session: PromptSession[str | None]) -> None:
        self._app = session.app
        self.lines: list[str] = []
        is_shown = Condition(lambda: bool(self.lines))
        text = Window(
            FormattedTextControl(lambda: "\n".join(self.lines)),
            width=lambda: Dimension.exact(max(map(get_cwidth, self.lines), default=0)),
            height=lambda: Dimension.exact(len(self.lines)),
        )
        framed = Frame(text, style="class:popup")
        layout = session.app.layout
        assert isinstance(layout.container, HSplit)
        # Floats take no room, and a prompt is as high as what is typed: the room is made below it.
        room = Window(height=lambda: Dimension.exact(len(self.lines) + FRAME))
        layout.container.children.insert(-1, ConditionalContainer(room, is_shown))
        layout.container = FloatContainer(
            layout.container,
            [Float(ConditionalContainer(framed, is_shown), xcursor=True, ycursor=True)],
        )
        session.app.key_processor.before_key_press += lambda _: self.hide()

    def show(self, text: str) -> bool:
        """Show a text if the screen has room for it; whether it had."""
        size = self._app.output.get_size()
        width = max(NARROWEST, size.columns - FRAME - 1)
        lines = [part for line in text.rstrip().split("\n") for part in _wrapped(line, width)]
        if len(lines) + FRAME > size.rows - LEFT_FREE:
            return False
        self.lines = lines
        self._app.invalidate()
        return True

    def hide(self) -> None:
        """Take it away."""
        self.lines = []

    async def show_or_print(self, text: str) -> None:
        """Show a text, above the prompt where it is too long for a popup."""
        if not self.show(text):
            output = self._app.output

            def put() -> None:
                output.write_raw(f"{text}\n")
                output.flush()

            await run_in_terminal(put)


def _wrapped(line: str, width: int) -> list[str]:
    if get_cwidth(line) <= width:
        return [line]
    return textwrap.wrap(line, width, subsequent_indent="  ") or [""]
