"""Modules: which file of the workspace ``require`` would load."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from pathlib import Path

from lsp_server.document import Document
from lsp_server.documents import Documents
from lsp_server.files import uri_of
from lsp_server.modules import FOLDERS, module_file

MOST = 500
"""How many modules are offered."""


class WorkspaceModules:
    """Looks for files each time it is asked, because files come and go."""

    def __init__(self, documents: Documents, folders: Callable[[], Sequence[str]]) -> None:
        self._documents, self._folders = documents, folders

    def find(self, name: str, document: Document) -> Document | None:
        """The file a document means by a module's name; None if there is none."""
        path = module_file(name, document.path, self._folders(), self._is_there)
        if path is None:
            return None
        return self._documents.open_at(path) or self._documents.find(uri_of(path))

    def _is_there(self, path: str) -> bool:
        return os.path.isfile(path) or self._documents.open_at(path) is not None

    def beginning(self, prefix: str, document: Document) -> Iterator[tuple[str, str, bool]]:
        """The modules whose names begin so: name, path, whether it is a folder of modules."""
        parent = prefix.rpartition(".")[0]
        seen: set[str] = set()
        for root in self._roots(document):
            folder = Path(root, *parent.split(".")) if parent else Path(root)
            for stem, path, is_folder in chain(_entries(folder), self._unsaved(folder)):
                name = f"{parent}.{stem}" if parent else stem
                if name.startswith(prefix) and name not in seen and path != document.path:
                    seen.add(name)
                    yield name, path, is_folder
                    if len(seen) >= MOST:
                        return

    def _unsaved(self, folder: Path) -> Iterator[tuple[str, str, bool]]:
        """Those that are open and may not be files yet."""
        for each in self._documents.opened:
            path = Path(each.path or "")
            stem = _module_name(path.name)
            if stem and path.suffix == ".lua" and path.parent == folder:
                yield stem, str(path), False

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


def _entries(folder: Path) -> Iterator[tuple[str, str, bool]]:
    """Modules, and folders of them, as far as they can be seen: name, path, whether it is one."""
    try:
        found = sorted(os.scandir(folder), key=lambda each: each.name)
    except (OSError, ValueError):  # it is not there, or cannot be
        return
    for each in found:
        if (stem := _module_name(each.name)) is None:
            continue
        if each.is_dir():
            yield each.name, each.path, not (Path(each) / "init.lua").is_file()
        elif each.name.endswith(".lua"):
            yield stem, each.path, False


def _module_name(name: str) -> str | None:
    """What a file or folder is called in a module's name; None if it cannot be."""
    stem = name.removesuffix(".lua")
    return None if "." in stem or name == "init.lua" else stem
