"""Modules: which file of the workspace ``require`` would load."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from pygls.uris import from_fs_path

from lsp_server.document import Document
from lsp_server.documents import Documents
from lsp_server.modules import FOLDERS, module_file

MOST = 500
"""How many modules are offered."""


class WorkspaceModules:
    """Looks for files each time it is asked, because files come and go."""

    def __init__(self, documents: Documents, folders: Callable[[], Sequence[str]]) -> None:
        self._documents, self._folders = documents, folders

    def find(self, name: str, document: Document) -> Document | None:
        """The file a document means by a module's name; None if there is none."""
        path = module_file(name, document.path, self._folders())
        uri = None if path is None else from_fs_path(path)
        return None if uri is None else self._documents.find(uri)

    def beginning(self, prefix: str, document: Document) -> Iterator[tuple[str, str, bool]]:
        """The modules whose names begin so: name, path, whether it is a folder of modules."""
        parent = prefix.rpartition(".")[0]
        seen: set[str] = set()
        for root in self._roots(document):
            folder = Path(root, *parent.split(".")) if parent else Path(root)
            for each in _entries(folder):
                stem = each.name.removesuffix(".lua") if each.is_file() else each.name
                name = f"{parent}.{stem}" if parent else stem
                is_folder = each.is_dir() and not (Path(each) / "init.lua").is_file()
                if name.startswith(prefix) and name not in seen and each.path != document.path:
                    seen.add(name)
                    yield name, each.path, is_folder
                    if len(seen) >= MOST:
                        return

    def _roots(self, document: Document) -> Iterator[str]:
        """Each folder once, the nearest first."""
        own = [os.path.dirname(document.path)] if document.path else []
        seen: set[str] = set()
        for base in (*own, *self._folders()):
            for folder in FOLDERS:
                root = os.path.join(base, folder) if folder else base
                if root not in seen:
                    seen.add(root)
                    yield root


def _entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    """Lua files and folders, as far as they can be seen."""
    try:
        found = sorted(os.scandir(folder), key=lambda each: each.name)
    except (OSError, ValueError):  # it is not there, or cannot be
        return
    for each in found:
        is_lua = each.name.endswith(".lua") and each.name != "init.lua"
        if each.name.startswith(".") or "." in each.name.removesuffix(".lua"):
            continue
        if is_lua or each.is_dir():
            yield each
