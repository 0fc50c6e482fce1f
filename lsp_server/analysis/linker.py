"""From a tree to an `Analysis`: pieces that are new are analysed, all are linked."""

from __future__ import annotations

from collections.abc import Generator, Sequence

from tree_sitter import Node

from lsp_server.analysis.analysis import Analysis
from lsp_server.analysis.linking import link
from lsp_server.analysis.model import Function, Part, Scope
from lsp_server.analysis.pieces import Key, Piece
from lsp_server.analysis.resolver import resolve, resolve_in_steps
from lsp_server.analysis.statements import Statement, statements_of

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
        if has_env and b"_ENV" in raw:
            self._statements = [Statement(root, raw, is_known=False)]
        else:
            self._statements = statements_of(root.named_children, raw)
        self._before = before
        # All versions have one chunk in common, to which the pieces belong.
        self._chunk = _chunk(root) if before is None else before.chunk

    def prepare(self) -> Generator[None, None, None]:
        """Analyse the statements that are new, with pauses."""
        before = () if self._before is None else self._before.pieces
        known = {each.key for each in before if each.key is not None}
        passed = 0
        left = [(each, self._chunk) for each in reversed(self._statements)]
        while left:
            statement, around = left.pop()
            if statement.key in known:
                continue
            node, raw = statement.node, self._raw
            made = yield from resolve_in_steps(node, raw, around, self._has_env, statement.body)
            made.key, statement.piece = statement.key, made
            if made.body is not None:
                left += [(each, made.body.scope) for each in reversed(statement.inner)]
                continue
            passed += node.end_byte - node.start_byte
            if passed > STEP:
                passed = 0
                yield

    def done(self) -> Analysis:
        """All pieces, those taken over and those made, linked."""
        kept: dict[Key, list[Piece]] = {}
        if self._before is not None and self._before.is_taken:  # by a version that was quicker
            self._chunk = _chunk(self._root)
        elif self._before is not None:
            self._before.is_taken = True
            for piece in reversed(self._before.pieces):
                if piece.key is not None:
                    kept.setdefault(piece.key, []).append(piece)
        pieces = self._pieces(self._statements, self._chunk, kept)
        main = self._chunk.function
        main.part, main.end = Part(self._root, Piece(self._root)), self._root.end_byte
        link(self._chunk, pieces)
        return Analysis(self._chunk, pieces)

    def _pieces(
        self, statements: Sequence[Statement], around: Scope, kept: dict[Key, list[Piece]]
    ) -> list[Piece]:
        """The pieces of some statements, with those of their bodies."""
        found = []
        for statement in statements:
            piece = statement.piece
            there = kept.get(statement.key) if statement.key is not None else None
            if piece is None and there:
                piece = there.pop()
            if piece is None:
                node, raw = statement.node, self._raw
                piece = resolve(node, raw, around, self._has_env, statement.body)
                piece.key = statement.key
            else:
                piece.move(statement.node, around)
            if piece.body is not None:
                piece.body.pieces = self._pieces(statement.inner, piece.body.scope, kept)
            found.append(piece)
        return found


def _chunk(root: Node) -> Scope:
    """It is all of the text, also what the parser sees as space around it."""
    main = Function(Part(root, Piece(root)), 0, 0, None, is_vararg=True)
    return Scope(0, 1 << 62, main, None)
