"""Document: one version of a text, with its lines, its syntax tree and what is known about it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

from lsprotocol import types
from tree_sitter import Node, Tree

from lsp_server.analysis.analysis import Analysis
from lsp_server.analysis.linker import analyse, analyse_in_steps
from lsp_server.files import path_of
from lsp_server.open_strings import close_strings
from lsp_server.parsing import Parsed, parsed
from lsp_server.positions import Encoding, LineIndex
from lua_debug.syntax.source_text import SourceText

PROGRAMS = frozenset({"file", "untitled"})
"""The schemes of addresses at which editors have programs."""


class Document:
    """One version of a text. It never changes: an edit makes another document.

    All places inside the server are byte offsets into ``raw``; `offset` and `position` translate
    them for the client. ``lua`` is the Lua version the text is written for.
    """

    def __init__(
        self, uri: str, raw: bytes, lua: str, encoding: Encoding = "utf-16", version: int = 0
    ) -> None:
        self.uri, self.raw, self.lua, self.version = uri, raw, lua, version
        self.source = SourceText(raw)
        self.lines = LineIndex(raw, encoding)
        code = self.source.for_parser()
        self._code = close_strings(code)
        self._has_open_string = self._code is not code
        self._before: Document | None = None
        self._analysis: Analysis | None = None
        self._earlier: Analysis | None = None

    @cached_property
    def _parsed(self) -> Parsed:
        before, self._before = self._before, None
        return parsed(self._code, None if before is None else before._parsed)

    @property
    def tree(self) -> Tree:
        """The syntax tree, of a text in which every byte is where it is in ``raw``."""
        return self._parsed.tree

    @property
    def root(self) -> Node:
        """The chunk."""
        return self.tree.root_node

    @property
    def can_be_parsed(self) -> bool:
        """Whether the tree is one of Lua, so that more can be said than what its compiler says."""
        return not (self._has_open_string or self._parsed.left_out or self.root.has_error)

    def parse_all(self) -> None:
        """Leave nothing out, however long it takes: a text that compiles is no riddle."""
        if self._parsed.left_out:
            self._parsed = parsed(self._code)
            self._analysis = None

    @property
    def analysis(self) -> Analysis:
        """Every name of this version, and what it means.

        The first one takes 10 ms for a thousand lines, those of later versions a few milliseconds:
        they take over what is the same. Who holds an analysis must not use it after another
        version's was asked for; asking an older document again makes it anew.
        """
        if self._analysis is None or self._analysis.is_taken:
            self._analysis = analyse(self.root, self.raw, self._has_env, self._earlier)
            self._earlier = None
        return self._analysis

    def analysing(self) -> Iterator[None]:
        """Makes the `analysis` bit by bit, unless somebody who cannot wait does it meanwhile."""
        if not self.has_analysis:
            steps = analyse_in_steps(self.root, self.raw, self._has_env, self._earlier)
            while not self.has_analysis:
                try:
                    yield next(steps)
                except StopIteration as ended:
                    self._analysis, self._earlier = ended.value, None

    @property
    def has_analysis(self) -> bool:
        """Whether the `analysis` of this version is there."""
        return self._analysis is not None and not self._analysis.is_taken

    @property
    def _has_env(self) -> bool:
        return not self.lua.startswith(("5.1", "luajit"))

    @cached_property
    def path(self) -> str | None:
        """The file, if the text is one."""
        return path_of(self.uri)

    @property
    def is_program(self) -> bool:
        """Whether the text is one by itself: no cell of a notebook, and no file's older version."""
        return self.uri.partition(":")[0].lower() in PROGRAMS

    def offset(self, position: types.Position) -> int:
        """The byte at a client's position."""
        return self.lines.offset(position)

    def position(self, offset: int) -> types.Position:
        """The client's position of a byte."""
        return self.lines.position(offset)

    def range(self, start: int, end: int) -> types.Range:
        """The client's range between two bytes."""
        return self.lines.range(start, end)

    def text(self, start: int, end: int) -> str:
        """Some of the text."""
        return self.raw[start:end].decode("utf-8", "replace")

    # --- becoming another one -------------------------------------------------------------------

    def edited(
        self, changes: Sequence[types.TextDocumentContentChangeEvent], version: int
    ) -> Document:
        """The next version. Its tree is made from this one's, which takes a few milliseconds."""
        raw, lines = self.raw, self.lines
        for change in changes:
            new = as_bytes(change.text)
            if isinstance(change, types.TextDocumentContentChangePartial):
                start, end = lines.offset(change.range.start), lines.offset(change.range.end)
                raw = raw[:start] + new + raw[max(start, end) :]
            else:
                raw = new
            lines = LineIndex(raw, self.lines.encoding)
        after = Document(self.uri, raw, self.lua, self.lines.encoding, version)
        after._before = self if "_parsed" in self.__dict__ else self._before
        after._earlier = self._analysis if self.has_analysis else self._earlier
        return after

    def patched(self, raw: bytes) -> Document:
        """A text nearly like this one, which no client has."""
        made = Document(self.uri, raw, self.lua, self.lines.encoding, self.version)
        made._before = self
        return made

    def written_for(self, lua: str) -> Document:
        """The same text for another Lua."""
        return Document(self.uri, self.raw, lua, self.lines.encoding, self.version)


def as_bytes(text: str) -> bytes:
    """UTF-8; halves of surrogate pairs, which have none, become question marks."""
    return text.encode("utf-8", "replace")
