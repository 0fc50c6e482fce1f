"""OutputCapture: what a cell writes and shows, as it is recorded."""

from collections.abc import Callable

from kernel.events.model import Displayed, KernelEvent, OutputWritten
from kernel.sessions.cells import Output

MOST = 1024 * 1024
"""Characters of one cell that are recorded; what is beyond is left out, and that is said."""

JOINED = 0.05
"""Seconds within which what is written to one stream counts as written at once."""

STREAMS = ("stdout", "stderr")
DISPLAY = "display"
"""The stream of what is displayed; its text is the plain one."""


def as_kept(text: str, most: int | None = MOST) -> str:
    """A text as it can be kept: no longer than that, and without halves of characters."""
    if most is not None and len(text) > most:
        text = f"{text[:most]}\n[what follows was not recorded]\n"
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


class OutputCapture:
    """Hears the events of one program while one cell runs. Used on the loop's thread."""

    def __init__(self, clock: Callable[[], float]) -> None:
        """``clock``: seconds."""
        self._clock, self._begun = clock, clock()
        self._pieces: list[tuple[str, float, list[str]]] = []
        self._left = MOST

    def hear(self, event: KernelEvent) -> None:
        """Take what belongs to the output; any other event is not for us."""
        match event:
            case OutputWritten(text=text, category=stream) if stream in STREAMS:
                self._add(stream, text)
            case Displayed(display=display):
                self._add(DISPLAY, str(display.data.get("text/plain", "")))

    def outputs(self) -> tuple[Output, ...]:
        """What was heard, in its order; neighbours of one stream are one."""
        return tuple(Output("".join(texts), stream, at) for stream, at, texts in self._pieces)

    def _add(self, stream: str, text: str) -> None:
        if not text or self._left < 0:
            return
        kept = as_kept(text, self._left)
        self._left = self._left - len(text) if len(text) <= self._left else -1
        text = kept
        at = self._clock() - self._begun
        if self._pieces and stream == self._pieces[-1][0] != DISPLAY:
            _, before, texts = self._pieces[-1]
            if at - before < JOINED:
                texts.append(text)
                return
        self._pieces.append((stream, round(at, 3), [text]))
