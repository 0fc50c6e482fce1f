"""From a tree to an `Analysis`: pieces that are new are analysed, all are linked."""

from __future__ import annotations

from collections.abc import Generator, Sequence

from tree_sitter import Node

from lsp_server.analysis.analysis import Analysis
from lsp_server.analysis.model import Declaration, Function, Kind, Part, Root, Scope
from lsp_server.analysis.pieces import Free, Piece
from lsp_server.analysis.resolver import resolve, resolve_in_steps

STEP = 16_000
"""Bytes of new statements that are analysed without a pause."""


def analyse(
    root: Node, raw: bytes, has_env: bool = True, before: Analysis | None = None
) -> Analysis:
    """Analyse a chunk. Texts with syntax errors are analysed as far as they were understood.

    ``has_env``: globals are fields of ``_ENV`` (Lua 5.2 and later). ``before`` is the analysis of
    an earlier version; its pieces are taken, and nobody must ask it any more.
    """
    return _Work(root, raw, has_env, before).done()


def analyse_in_steps(
    root: Node, raw: bytes, has_env: bool = True, before: Analysis | None = None
) -> Generator[None, None, Analysis]:
    """The same with pauses, a few milliseconds apart; nothing is taken before the end."""
    work = _Work(root, raw, has_env, before)
    yield from work.prepare()
    return work.done()


class _Work:
    def __init__(self, root: Node, raw: bytes, has_env: bool, before: Analysis | None) -> None:
        self._root, self._raw, self._has_env = root, raw, has_env
        # A local _ENV changes what every global of the text is: then the text is one piece.
        is_whole = has_env and b"_ENV" in raw
        nodes = [root] if is_whole else root.named_children
        self._statements = [each for each in nodes if each.type != "comment"]
        self._texts = [
            None if is_whole or each.has_error else raw[each.start_byte : each.end_byte]
            for each in self._statements
        ]
        self._begin(before)

    def _begin(self, before: Analysis | None) -> None:
        """All versions have one chunk in common, to which the pieces belong."""
        self._before = before
        self._fresh: dict[int, Piece] = {}
        main = Function(Part(self._root, Piece(self._root)), 0, 0, None, is_vararg=True)
        # A chunk is all of its text, also what the parser sees as space around it.
        self._chunk = Scope(0, 1 << 62, main, None) if before is None else before.chunk

    def prepare(self) -> Generator[None, None, None]:
        """Analyse the statements that are new, with pauses."""
        before = () if self._before is None else self._before.pieces
        known = {each.text for each in before} - {None}
        passed = 0
        for index, node in enumerate(self._statements):
            if self._texts[index] not in known:
                made = yield from resolve_in_steps(node, self._raw, self._chunk, self._has_env)
                made.text = self._texts[index]
                self._fresh[index] = made
                passed += node.end_byte - node.start_byte
            if passed > STEP:
                passed = 0
                yield

    def done(self) -> Analysis:
        """All pieces, those taken over and those made, linked."""
        if self._before is not None and self._before.is_taken:  # by a version that was quicker
            self._begin(None)
        kept: dict[bytes, list[Piece]] = {}
        if self._before is not None:
            self._before.is_taken = True
            for piece in reversed(self._before.pieces):
                if piece.text is not None:
                    kept.setdefault(piece.text, []).append(piece)
        pieces = [self._piece(index, kept) for index in range(len(self._statements))]
        main = self._chunk.function
        main.part, main.end = Part(self._root, Piece(self._root)), self._root.end_byte
        _link(self._chunk, pieces)
        return Analysis(self._chunk, pieces)

    def _piece(self, index: int, kept: dict[bytes, list[Piece]]) -> Piece:
        text = self._texts[index]
        there = kept.get(text) if text is not None else None
        if index in self._fresh:
            return self._fresh[index]
        if not there:
            return self._resolved(index)
        piece = there.pop()
        piece.move(self._statements[index])
        return piece

    def _resolved(self, index: int) -> Piece:
        made = resolve(self._statements[index], self._raw, self._chunk, self._has_env)
        made.text = self._texts[index]
        return made


def _link(chunk: Scope, pieces: Sequence[Piece]) -> None:
    """Say what names mean that are declared in one piece and used in another."""
    labels: dict[str, Declaration] = {}
    chunk.children, chunk.declarations = [], []
    for piece in pieces:
        piece.unlink()
        chunk.children += piece.outer_scopes
        chunk.declarations += piece.chunk_declarations
    for declaration in chunk.declarations:
        if declaration.kind is Kind.LABEL:
            labels[declaration.name] = declaration
    alive: dict[str, Declaration] = {}
    aliases: dict[Declaration, Root] = {}
    for piece in pieces:
        for name, free in piece.free.items():
            _mean(free, name, alive.get(name), aliases)
        for each in piece.first_declarations:
            each.shadows = alive.get(each.name)
        for goto in piece.gotos:
            goto.declaration = labels.get(goto.name)
            if goto.declaration is not None:
                goto.declaration.references.append(goto)
        aliases |= piece.aliases
        for each in piece.chunk_declarations:
            if each.kind is not Kind.LABEL:
                alive[each.name] = each


def _mean(
    free: Free, name: str, found: Declaration | None, aliases: dict[Declaration, Root]
) -> None:
    is_local = found is not None and found.kind is not Kind.GLOBAL
    free.root.owner = found if is_local else name
    for each in free.names:
        each.declaration = found
    if found is not None:
        found.references += free.names
        if found in aliases:
            free.root.owner = aliases[found].owner
