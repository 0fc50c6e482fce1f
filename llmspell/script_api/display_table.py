"""display: rich output, for notebooks and whoever else can show it."""

import base64
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any

from kernel.core.argument_types import Shown
from kernel.core.catalogue import Field
from kernel.core.errors import UserError
from kernel.core.functions import HostObject, HostTable, host_function
from kernel.core.script_values import Opaque, as_json
from kernel.events.model import Display, DisplayCleared, Displayed, KernelEvent, NextInputSet
from kernel.execution.engine import InputDenied
from llmspell.script_api.record_tables import html_of
from llmspell.script_api.rendering import render

Tell = Callable[[KernelEvent], object]

Ask = Callable[[str, bool], Awaitable[str | None]]
"""Given the prompt and whether the answer is secret; a line, or None at the end of input."""

ALONE = (
    "display.ask needs a client that can be asked (`llmspell repl`, a notebook); this script runs "
    "by itself, and io.read reads its standard input."
)

TEXTS = frozenset({"application/javascript", "application/xml", "image/svg+xml"})
"""Media types beside ``text/…`` whose content is a text."""


@dataclass(frozen=True)
class DisplayOptions:
    """How something is shown."""

    id: Annotated[str | None, "By which it can be shown anew later; else one is made."] = None
    metadata: Annotated[dict[str, Any] | None, "For whoever shows it, such as a width."] = None
    alt: Annotated[str | None, "What those see who can show text only."] = None


class DisplayHandle(HostObject):
    """Something that is shown, and can be shown anew in its place."""

    name = "DisplayHandle"
    fields = (Field("id", "string", "By which `display.update` finds it."),)
    is_on_display = True

    def __init__(self, id_: str, tell: Tell) -> None:
        self.id = id_
        self._tell = tell

    def values(self) -> dict[str, Any]:
        """What scripts see."""
        return {"id": self.id}

    @host_function("update")
    def update(self, value: Shown, options: DisplayOptions | None = None) -> "DisplayHandle":
        """Shows something else in its place; gives the handle."""
        self._tell(Displayed(bundle_of(value, options), self.id, is_update=True))
        return self


class DisplayTable(HostTable):
    """Shows values: as text, or in forms by media type of which a client chooses the richest."""

    name = "display"

    def __init__(self, tell: Tell, ask: Ask | None = None) -> None:
        """``ask``: asks the client whose cell it is; None: nobody can be asked."""
        self._tell, self._ask = tell, ask

    @host_function("display")
    def display(self, value: Shown, options: DisplayOptions | None = None) -> DisplayHandle:
        """Shows a value. A table with media types as keys (`["text/html"] = …`) shows its forms."""
        return self._show(bundle_of(value, options), options)

    @host_function("display.update")
    def update(self, id: str, value: Shown, options: DisplayOptions | None = None) -> None:
        """Shows something else in the place of what has that id."""
        self._tell(Displayed(bundle_of(value, options), id, is_update=True))

    @host_function("display.clear")
    def clear(self, wait: Annotated[bool, "Not before something new is shown."] = False) -> None:
        """Takes away what the cell has shown."""
        self._tell(DisplayCleared(waits=wait))

    @host_function("display.text")
    def text(self, text: str, options: DisplayOptions | None = None) -> DisplayHandle:
        """Shows plain text."""
        return self._form("text/plain", text, options)

    @host_function("display.html")
    def html(self, text: str, options: DisplayOptions | None = None) -> DisplayHandle:
        """Shows HTML."""
        return self._form("text/html", text, options)

    @host_function("display.markdown")
    def markdown(self, text: str, options: DisplayOptions | None = None) -> DisplayHandle:
        """Shows Markdown."""
        return self._form("text/markdown", text, options)

    @host_function("display.latex")
    def latex(self, text: str, options: DisplayOptions | None = None) -> DisplayHandle:
        """Shows mathematics in the form of LaTeX."""
        return self._form("text/latex", text, options)

    @host_function("display.svg")
    def svg(self, text: str, options: DisplayOptions | None = None) -> DisplayHandle:
        """Shows a drawing in the form of SVG."""
        return self._form("image/svg+xml", text, options)

    @host_function("display.png")
    def png(self, content: bytes, options: DisplayOptions | None = None) -> DisplayHandle:
        """Shows the bytes of a PNG file as a picture."""
        return self._form("image/png", content, options)

    @host_function("display.jpeg")
    def jpeg(self, content: bytes, options: DisplayOptions | None = None) -> DisplayHandle:
        """Shows the bytes of a JPEG file as a picture."""
        return self._form("image/jpeg", content, options)

    @host_function("display.json")
    def json(self, value: Any, options: DisplayOptions | None = None) -> DisplayHandle:
        """Shows a value as a tree that can be unfolded."""
        return self._form("application/json", value, options)

    @host_function("display.ask")
    async def ask(
        self,
        prompt: Annotated[str, "Stands before what is typed."] = "",
        secret: Annotated[bool, "Whether what is typed is not to be seen, as a password."] = False,
    ) -> Annotated[str | None, "The line; nil at the end of input."]:
        """Asks whoever runs the cell for a line; an error where nobody can be asked."""
        if self._ask is None:
            raise UserError(ALONE)
        try:
            return await self._ask(prompt, secret)
        except InputDenied as denied:
            raise UserError(str(denied)) from None

    @host_function("display.next_input")
    def next_input(
        self, text: Annotated[str, "Code; it is not run. The last text that a cell gives counts."]
    ) -> None:
        """Has the client put a text in front of the user as the next cell."""
        self._tell(NextInputSet(text))

    def _form(self, media: str, content: Any, options: DisplayOptions | None) -> DisplayHandle:
        forms = {media: content}
        if media != "text/plain":
            forms["text/plain"] = content if isinstance(content, str) else _short(media, content)
        return self._show(_bundle(forms, options), options)

    def _show(self, shown: Display, options: DisplayOptions | None) -> DisplayHandle:
        id_ = (options.id if options else None) or uuid.uuid4().hex
        self._tell(Displayed(shown, id_))
        return DisplayHandle(id_, self._tell)


def bundle_of(value: Any, options: DisplayOptions | None = None) -> Display:
    """The forms of a value; raises `UserError` for a content that does not fit its media type."""
    is_bundle = isinstance(value, dict) and value and all(_is_media(key) for key in value)
    if is_bundle:
        return _bundle(value, options)
    text = value.text if isinstance(value, Opaque) else value
    shown = text if isinstance(text, str) else render(value)
    table = html_of(value)
    forms = {"text/plain": shown} if table is None else {"text/html": table, "text/plain": shown}
    return _bundle(forms, options)


def _is_media(key: Any) -> bool:
    return isinstance(key, str) and 0 < key.find("/") < len(key) - 1 and " " not in key


def _bundle(forms: dict[str, Any], options: DisplayOptions | None) -> Display:
    data = {media: _content(media, each) for media, each in forms.items()}
    if options and options.alt is not None:
        data["text/plain"] = options.alt
    return Display(data, dict(options.metadata or {}) if options else {})


def _content(media: str, content: Any) -> Any:
    """As it is told: texts as texts, bytes as base64, JSON with texts as keys."""
    if media.endswith("json"):
        return as_json(content)
    is_text = media.startswith("text/") or media in TEXTS
    if is_text and isinstance(content, str):
        return content
    if is_text and isinstance(content, int | float) and not isinstance(content, bool):
        return str(content)
    if is_text or not isinstance(content, str | bytes):
        raise UserError(f"The content of {media} must be a string{' in UTF-8' if is_text else ''}.")
    octets = content.encode() if isinstance(content, str) else content
    return base64.b64encode(octets).decode("ascii")


def _short(media: str, content: Any) -> str:
    if isinstance(content, bytes):
        return f"{media}, {len(content)} bytes"
    return render(content)
