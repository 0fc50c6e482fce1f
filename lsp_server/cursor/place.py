"""Cursor: where a client asks, and what stands before it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lsp_server.cursor.chains import Typed
from lsp_server.cursor.tokens import Token
from lsp_server.document import Document


@dataclass(frozen=True, slots=True)
class Cursor:
    """A place in a document, the tokens before it, and what of them is being typed."""

    document: Document
    offset: int
    tokens: Sequence[Token]
    typed: Typed
