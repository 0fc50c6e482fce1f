"""Lua texts with marks: ``«a»`` is a place called by what stands in it, ``«a:2»`` one called 2."""

import re

from lsp_server.document import Document

_MARK = re.compile("«([^»:]*)(?::([^»]*))?»")


def marked(text: str, lua: str = "5.4") -> tuple[Document, dict[str, int]]:
    """The document without the marks, and the byte at which each marked word begins."""
    places: dict[str, int] = {}
    plain = ""
    last = 0
    for match in _MARK.finditer(text):
        plain += text[last : match.start()]
        places[match[2] or match[1]] = len(plain.encode())
        plain += match[1]
        last = match.end()
    plain += text[last:]
    return Document("file:///marked.lua", plain.encode(), lua), places
