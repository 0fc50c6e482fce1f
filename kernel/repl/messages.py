"""MessageView: what the kernel publishes, shown in the terminal."""

import json
import os
from collections.abc import Callable, Mapping
from typing import Any

from kernel.events.patterns import matches
from kernel.jupyter.broadcast import KERNEL_EVENT
from kernel.jupyter.messages import Channel, Message
from kernel.jupyter.router import METADATA
from kernel.repl.styles import Styles
from kernel.repl.terminal import Terminal

CODE_SHOWN = 60
"""Characters of another client's cell that are shown."""


class MessageView:
    """Shows what belongs to this client, and with a mark what belongs to others."""

    def __init__(self, terminal: Terminal, session: str, page: Callable[[str], None]) -> None:
        """``page`` has a text shown in the pager, meanwhile."""
        self._terminal, self._session, self._page = terminal, session, page
        self.shows_trace = False
        self.shows_others = True
        self.events: tuple[str, ...] = ()
        """Patterns of the events that are shown; other clients may have asked for more."""
        self._other = ""
        """The client whose text comes now."""

    @property
    def _styles(self) -> Styles:
        return self._terminal.styles

    def show(self, message: Message) -> None:
        """Show one message, if it is for people."""
        if self.shows_trace:
            self._trace(message)
        if message.channel != Channel.IOPUB:
            return
        is_own = message.parent_header.get("session") in (self._session, None)
        if not is_own and not self.shows_others:
            return
        text = self._text(message, is_own)
        if is_own and message.type == "execute_result" and self._terminal.is_long(text):
            self._page(text)
        elif text:
            self._terminal.write(text if is_own else self._marked(message, text))

    def _text(self, message: Message, is_own: bool) -> str:
        content, styles = message.content, self._styles
        match message.type:
            case "stream":
                text = str(content["text"])
                return styles.paint("warning", text) if content["name"] == "stderr" else text
            case "execute_result":
                return f"{styles.code(plain_of(content))}\n"
            case "display_data" | "update_display_data":
                return f"{plain_of(content)}\n"
            case "error":
                first, *rest = list(content.get("traceback") or [content.get("evalue", "")])
                lines = [styles.paint("error", first), *(styles.paint("dim", it) for it in rest)]
                return "\n".join(lines) + "\n"
            case "execute_input" if not is_own:
                return f"{_beginning(content)}\n"
            case kind if kind == KERNEL_EVENT and self._wants(str(content.get("name", ""))):
                return self._event(content)
        return ""

    def _wants(self, event: str) -> bool:
        return any(matches(pattern, event) for pattern in self.events)

    def _event(self, content: Mapping[str, Any]) -> str:
        data = json.dumps(content.get("payload", content.get("data", {})), ensure_ascii=False)
        return self._styles.paint("other", f"event {content.get('name', '?')} {data:.400}") + "\n"

    def _marked(self, message: Message, text: str) -> str:
        client = str(message.parent_header.get("session", ""))[:6]
        mark = self._styles.paint("other", f"[{client}] ")
        return "".join(f"{mark}{line}" for line in text.splitlines(keepends=True))

    def _trace(self, message: Message) -> None:
        parent = message.parent_header.get("msg_type", "")
        size = len(json.dumps(dict(message.content), default=str))
        text = f"<- {message.channel:7} {message.type:20} {parent:20} {size} B\n"
        self._terminal.write(self._styles.paint("dim", text))


def is_counted(content: Mapping[str, Any]) -> bool:
    """Whether the number of an ``execute_input`` is the cell's own, as that of a script is not."""
    return bool(_said(content).get("counted", True))


def _beginning(content: Mapping[str, Any]) -> str:
    """What another client runs: the file of a script, the first line of a cell."""
    path = _said(content).get("path")
    if path:
        return f"runs {os.path.basename(str(path))}"
    first_line = str(content["code"]).strip().partition("\n")[0][:CODE_SHOWN]
    return f"In[{content['execution_count']}]: {first_line}" if is_counted(content) else first_line


def _said(content: Mapping[str, Any]) -> Mapping[str, Any]:
    said = content.get(METADATA)
    return said if isinstance(said, Mapping) else {}


def plain_of(content: Mapping[str, Any]) -> str:
    """The form of a display that is text."""
    data = content.get("data", {})
    text = data.get("text/plain")
    return str(text) if text is not None else f"<{', '.join(data)}>"
