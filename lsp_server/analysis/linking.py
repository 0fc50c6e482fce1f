"""Linking: what names mean that are declared in one piece and used in another."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter

from lsp_server.analysis.model import Declaration, Kind, Name, Root, Scope
from lsp_server.analysis.pieces import Body, Free, Piece

_START = attrgetter("start")


def link(chunk: Scope, pieces: Sequence[Piece]) -> None:
    """Link all pieces of a text, of which these are the statements of the chunk."""
    chunk.children, chunk.declarations = [], []
    _link_block(chunk, pieces, {}, {}, [])


def _link_block(
    scope: Scope,
    pieces: Sequence[Piece],
    alive: dict[str, Declaration],
    aliases: dict[Declaration, Root],
    gotos: list[Name],
) -> list[Name]:
    """Link the statements of a block, around which these are alive; gotos that leave it.

    ``gotos`` are those of the block that are in no piece of its own.
    """
    for piece in pieces:
        piece.unlink()
        scope.children += piece.outer_scopes
        scope.declarations += piece.outer_declarations
    for piece in pieces:
        for name, free in piece.free.items():
            _mean(free, name, alive.get(name), aliases)
        for each in piece.first_declarations:
            each.shadows = alive.get(each.name)
        gotos += piece.gotos
        if piece.body is not None:
            gotos += _link_body(piece, piece.body, alive, aliases)
        aliases |= piece.aliases
        for each in piece.outer_declarations:
            if each.kind is not Kind.LABEL:
                alive[each.name] = each
    return _settle(scope, gotos)


def _link_body(
    piece: Piece, body: Body, alive: dict[str, Declaration], aliases: dict[Declaration, Root]
) -> list[Name]:
    """Link the block of a long statement; gotos that leave it and stay in the function."""
    scope = body.scope
    alive_inside, aliases_inside = alive | body.alive, aliases | body.aliases
    gotos = _link_block(scope, body.pieces, alive_inside, aliases_inside, body.gotos)
    # What the statement has behind its body was found before what is in it.
    scope.children.sort(key=_START)
    scope.declarations.sort(key=_START)
    for name in piece.free.keys() & alive.keys():
        alive[name].references.sort(key=_START)
    for each in body.alive.values():
        each.references.sort(key=_START)
    return gotos if scope.function is piece.around.function else []


def _settle(scope: Scope, gotos: list[Name]) -> list[Name]:
    """Let gotos mean the labels of a block; those that find none in it."""
    labels = {each.name: each for each in scope.declarations if each.kind is Kind.LABEL}
    left = []
    for goto in sorted(gotos, key=_START):
        goto.declaration = labels.get(goto.name)
        if goto.declaration is None:
            left.append(goto)
        else:
            goto.declaration.references.append(goto)
    return left


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
