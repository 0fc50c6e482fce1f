"""Where output belongs: what a cell causes becomes messages under the header of its request.

Text is joined for a moment, so that a flood becomes few messages; everything else sends what waits
first, so the order stays.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from kernel.core.errors import UserError
from kernel.core.ids import FrameId
from kernel.events import model as e
from kernel.execution.cells import Question, SessionType
from kernel.execution.engine import Call
from kernel.jupyter.messages import Content, Message

JOIN = 0.012
"""Seconds text waits for more."""

PIECE = 32 * 1024
"""Characters of text after which nothing waits."""

METADATA = "llmspell"
"""The key of a message's metadata under which clients of ours say more."""


class Publisher(Protocol):
    """Sends to all clients, or to one."""

    def publish(self, kind: str, content: Content, parent: Mapping[str, Any]) -> None:
        """To everybody who listens."""

    def ask(self, question: Question, message: Message) -> None:
        """Have the client that sent ``message`` answer a question."""


class CellOutput:
    """Implements `CellObserver` for one request."""

    def __init__(self, publisher: Publisher, message: Message, *, is_silent: bool = False) -> None:
        self._publisher, self._message = publisher, message
        self._is_silent = is_silent
        self._loop = asyncio.get_running_loop()
        self._stream = "stdout"
        self._parts: list[str] = []
        self._size = 0
        self._timer: asyncio.TimerHandle | None = None
        self._is_over = False
        self.code = ""
        self.is_counted = True
        """Whether the number is the cell's; else it is that of the one before."""
        self.number = 0
        self.pages: list[e.Display] = []
        """What is to be read by itself; it travels in the reply."""

    def began(self, number: int) -> None:
        """Tell everybody what is run."""
        self.number = number
        if not self._is_silent:
            content: dict[str, Any] = {"code": self.code, "execution_count": number}
            if not self.is_counted:
                content[METADATA] = {"counted": False, "path": path_of(self._message)}
            self._send("execute_input", content)

    def told(self, event: e.KernelEvent) -> None:
        """An event becomes what `TRANSLATIONS` says; others are not for these clients."""
        if isinstance(event, e.Paged):
            self.pages.append(event.display)
            return
        translate = TRANSLATIONS.get(type(event))
        if translate is None or self._is_silent:
            return
        kind, content = translate(event)
        if kind == "stream":
            self._join(content["name"], content["text"])
            return
        self.flush()
        self._send(kind, content)

    def asked(self, question: Question) -> None:
        """The question goes to the client whose cell it is, and to no other."""
        self.flush()
        self._publisher.ask(question, self._message)

    def show(self, kind: str, content: Content) -> None:
        """Send something else about the cell, in its place among the output."""
        if not self._is_silent:
            self.flush()
            self._send(kind, content)

    def flush(self) -> None:
        """Send the text that waits."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._parts:
            text = "".join(self._parts)
            self._parts.clear()
            self._size = 0
            self._send("stream", {"name": self._stream, "text": text})

    def end(self) -> None:
        """The cell is over: what is printed from now on, by a debugger say, waits for nothing."""
        self.flush()
        self._is_over = True

    def _join(self, stream: str, text: str) -> None:
        if stream != self._stream:
            self.flush()
            self._stream = stream
        while text:
            piece, text = text[:PIECE], text[PIECE:]
            self._parts.append(piece)
            self._size += len(piece)
            if self._size >= PIECE or self._is_over:
                self.flush()
        if self._parts and self._timer is None:
            self._timer = self._loop.call_later(JOIN, self.flush)

    def _send(self, kind: str, content: Content) -> None:
        self._publisher.publish(kind, content, self._message.header)


Translation = Callable[[Any], tuple[str, dict[str, Any]]]


def _stream(event: e.OutputWritten) -> tuple[str, dict[str, Any]]:
    name = "stderr" if event.category in ("stderr", "important") else "stdout"
    return "stream", {"name": name, "text": event.text}


def _display(event: e.Displayed) -> tuple[str, dict[str, Any]]:
    content = {
        "data": dict(event.display.data),
        "metadata": dict(event.display.metadata),
        "transient": {} if event.display_id is None else {"display_id": event.display_id},
    }
    return "update_display_data" if event.is_update else "display_data", content


def _clear(event: e.DisplayCleared) -> tuple[str, dict[str, Any]]:
    return "clear_output", {"wait": event.waits}


TRANSLATIONS: Mapping[type[e.KernelEvent], Translation] = {
    e.OutputWritten: _stream,
    e.Displayed: _display,
    e.DisplayCleared: _clear,
}
"""What clients hear of; all other events are the debugger's, who has a way of his own."""


# --- what a request is about ----------------------------------------------------------------------

TYPES: Mapping[str, SessionType] = {
    "debug_request": SessionType.DEBUG,
    "state_request": SessionType.STATE,
    "session_request": SessionType.SESSION,
}
"""What a message's type alone decides."""


def session_type(message: Message) -> SessionType:
    """What kind of work a message belongs to.

    The sender may say it (``metadata.llmspell.session_type``); otherwise its type says it, and code
    that leaves no history is `EXEC`. Raises `UserError` for a word that is none.
    """
    said = message.metadata.get(METADATA)
    if isinstance(said, Mapping) and "session_type" in said:
        word = said["session_type"]
        if word not in [*SessionType]:
            known = ", ".join(SessionType)
            raise UserError(f"metadata.{METADATA}.session_type is {word!r}; it must be of {known}.")
        return SessionType(word)
    if message.type in TYPES:
        return TYPES[message.type]
    content = message.content
    if content.get("silent") is True or content.get("store_history") is False:
        return SessionType.EXEC
    return SessionType.REPL


def path_of(message: Message) -> str | None:
    """The file that the code is from, where the sender says it (``metadata.llmspell.path``)."""
    path = _said(message, "path")
    return path if isinstance(path, str) else None


def arguments_of(message: Message) -> tuple[str, ...] | None:
    """What a script was started with, where it is one (``metadata.llmspell.arguments``).

    Raises `UserError` for what is no list of texts.
    """
    return _texts(message, "arguments")


def call_of(message: Message) -> Call | None:
    """How a script was called, where it is to find that (``metadata.llmspell.script``, ``before``).

    Raises `UserError` for what is no text, and no list of texts.
    """
    script = _said(message, "script")
    if script is None:
        return None
    if not isinstance(script, str):
        raise UserError(f"metadata.{METADATA}.script is {script!r:.80}; it must be a text.")
    return Call(script, _texts(message, "before") or ())


def _texts(message: Message, name: str) -> tuple[str, ...] | None:
    words = _said(message, name)
    if words is None:
        return None
    if not isinstance(words, list) or not all(isinstance(each, str) for each in words):
        raise UserError(f"metadata.{METADATA}.{name} is {words!r:.80}; it must be of texts.")
    return tuple(words)


def wants_values(message: Message) -> bool:
    """Whether the reply shall have what the code returned (``metadata.llmspell.values``)."""
    return _said(message, "values") is True


def frame_of(message: Message) -> FrameId | None:
    """The frame in which names are looked up (``metadata.llmspell.frame``); None: in none."""
    number = _said(message, "frame")
    is_number = isinstance(number, int) and not isinstance(number, bool)
    return FrameId(number) if is_number else None


def _said(message: Message, name: str) -> Any:  # noqa: ANN401 - what JSON can say
    said = message.metadata.get(METADATA)
    return said.get(name) if isinstance(said, Mapping) else None
