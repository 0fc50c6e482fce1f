"""Names of modules inside ``require("…")``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kernel.core.catalogue import Catalogue
from lsp_server.completion.candidates import Candidate, Kind, saying
from lsp_server.cursor.tokens import Sort, Token
from lsp_server.document import Document
from lsp_server.workspace_modules import WorkspaceModules


def is_required(tokens: Sequence[Token]) -> bool:
    """Whether the last token is a string that ``require`` is given."""
    before = [each.text for each in tokens[-3:-1]]
    return before[-1:] == ["require"] or before == ["require", "("]


def module_names(
    string: Token, document: Document, modules: WorkspaceModules, catalogue: Catalogue
) -> Iterator[Candidate]:
    """What the string can become."""
    prefix, start = string.value, string.start + 1
    if string.text[0] == "[" or string.sort is not Sort.STRING:
        return
    for name, table in catalogue.modules.items():
        if name.startswith(prefix):
            yield Candidate(
                name, Kind.Module, saying("module"), saying(table.doc), rank=2, start=start
            )
    for name, path, is_folder in modules.beginning(prefix, document):
        kind = Kind.Folder if is_folder else Kind.File
        yield Candidate(name, kind, saying(path), rank=1, start=start)
