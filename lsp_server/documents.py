"""Documents: what the client has open, and files that it has not."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence

from lsprotocol import types

from kernel.core.errors import UserError
from lsp_server.document import Document, as_bytes
from lsp_server.files import path_of, read_file
from lsp_server.positions import Encoding

HUGE = 4_000_000
"""Bytes of a text beyond which it is only compiled, because all else would take seconds."""

KEPT_FILES = 32
"""How many files that are not open are kept parsed."""


def is_huge(document: Document) -> bool:
    """Whether a text is too long to be parsed and analysed while somebody waits."""
    return len(document.raw) > HUGE


class Documents:
    """The newest version of each text."""

    def __init__(self, lua_of: Callable[[str], str], encoding: Encoding = "utf-16") -> None:
        """``lua_of``: the Lua that the text at an address is written for."""
        self.encoding = encoding
        self._lua_of = lua_of
        self._open: dict[str, Document] = {}
        self._files: OrderedDict[tuple[str, bytes], Document] = OrderedDict()

    def get(self, uri: str) -> Document:
        """The open document, or else the file; raises `UserError`."""
        if uri in self._open:
            return self._open[uri]
        path = path_of(uri)
        if path is None:
            raise UserError(f"{uri} is not open, and is no file.")
        try:
            raw = read_file(path)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise UserError(f"{path} cannot be read: {reason}.") from error
        return self._file(uri, raw)

    def find(self, uri: str) -> Document | None:
        """The open document or the file; None without either."""
        try:
            return self.get(uri)
        except UserError:
            return None

    @property
    def opened(self) -> list[Document]:
        """Everything that is open."""
        return list(self._open.values())

    def open_at(self, path: str) -> Document | None:
        """The text that the client has of a file, which need not be there yet."""
        return next((each for each in self._open.values() if each.path == path), None)

    def is_open(self, uri: str) -> bool:
        """Whether the client has the text, so that the file does not count."""
        return uri in self._open

    def is_current(self, document: Document) -> bool:
        """Whether the client has no newer version, and no other."""
        return self._open.get(document.uri, document) is document

    def open(self, item: types.TextDocumentItem) -> Document:
        """The client has a text from now on."""
        made = Document(
            item.uri, as_bytes(item.text), self._lua_of(item.uri), self.encoding, item.version
        )
        self._open[item.uri] = made
        return made

    def change(
        self,
        identifier: types.VersionedTextDocumentIdentifier,
        changes: Sequence[types.TextDocumentContentChangeEvent],
    ) -> Document | None:
        """The client has changed a text; None if it never opened it."""
        before = self._open.get(identifier.uri)
        if before is None:
            return None
        after = before.edited(changes, identifier.version)
        self._open[identifier.uri] = after
        return after

    def close(self, uri: str) -> Document | None:
        """The file counts again."""
        return self._open.pop(uri, None)

    def settings_changed(self) -> None:
        """Texts may be written for another Lua than before."""
        for uri, each in self._open.items():
            if (lua := self._lua_of(uri)) != each.lua:
                self._open[uri] = each.written_for(lua)
        self._files.clear()

    def _file(self, uri: str, raw: bytes) -> Document:
        key = (uri, raw)
        kept = self._files.pop(key, None)
        self._files[key] = kept or Document(uri, raw, self._lua_of(uri), self.encoding)
        while len(self._files) > KEPT_FILES:
            self._files.popitem(last=False)
        return self._files[key]
