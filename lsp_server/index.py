"""WorkspaceIndex: what the files of the workspace define, as they stand in the editor.

Files are read bit by bit on the loop, between requests, so that no lock is needed and no request
waits longer than for one file.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Set
from dataclasses import dataclass, replace

from lsprotocol import types

from lsp_server.document import Document
from lsp_server.file_symbols import FileSymbol, added_to_library, file_symbols
from lsp_server.files import path_of, read_file, uri_of
from lsp_server.open_texts import OpenTexts
from lsp_server.positions import Encoding

SKIPPED = frozenset({"node_modules", "__pycache__"})
"""Folders that are not looked into; those whose names begin with a dot are not either."""

LARGEST = 500_000
"""Bytes of a file beyond which it is generated, and nobody looks for what it defines."""

MOST_FILES = 20_000
"""Files that are indexed; a workspace with more of them is somebody's home folder."""

PATIENCE = 10.0
"""Seconds that a request waits for files that were not read yet."""

MOST = 500
"""Symbols in an answer; whoever wants others types more letters."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _File:
    symbols: tuple[FileSymbol, ...]
    globals: frozenset[str]
    added: frozenset[str]
    """What it adds to the library: ``string.trim``."""


class WorkspaceIndex:
    """Symbols of every Lua file below some folders, and of those that are open.

    Follows files that come, change and go, and what is typed.
    """

    def __init__(self, on_names: Callable[[], None]) -> None:
        self.encoding: Encoding = "utf-16"
        self._on_names = on_names
        self._files: dict[str, _File] = {}
        self._globals: Counter[str] = Counter()
        self._added: Counter[str] = Counter()
        self._waiting: dict[str, None] = {}
        self._walks: dict[str, Iterator[str | None]] = {}
        self._folders: set[str] = set()
        self._texts = OpenTexts(self.file_changed)
        self._told: Collection[str] = frozenset()
        self._task: asyncio.Task[None] | None = None

    # --- asking ---------------------------------------------------------------------------------

    @property
    def globals(self) -> Collection[str]:
        """The globals that some file assigns."""
        return self._globals.keys()

    @property
    def names(self) -> Set[str]:
        """The same, and what some file adds to the library: ``string.trim``."""
        return self._globals.keys() | self._added.keys()

    def names_beside(self, uri: str) -> Collection[str]:
        """The same without what only this file defines: its newest text says that itself."""
        own = self._files.get(path_of(uri) or "")
        if own is None:
            return self.names
        alone = {each for each in own.globals if self._globals[each] == 1}
        alone |= {each for each in own.added if self._added[each] == 1}
        return self.names - alone

    def search(self, query: str) -> list[types.WorkspaceSymbol]:
        """The symbols whose names have the letters of ``query`` in this order."""
        wanted = query.lower()
        found: list[types.WorkspaceSymbol] = []
        for path, file in list(self._files.items()):
            matching = [each for each in file.symbols if _matches(wanted, each.name.lower())]
            if matching and self._is_there(path):
                found += [_symbol(path, each) for each in matching]
            if len(found) >= MOST:
                return found[:MOST]
        return found

    def definitions_of_global(self, name: str) -> list[types.Location]:
        """Where files assign a global."""
        self._read_typed()
        if name not in self._globals:
            return []
        return [
            types.Location(uri_of(path), each.range)
            for path, file in list(self._files.items())
            if name in file.globals and self._is_there(path)
            for each in file.symbols
            if each.name == name and each.is_global
        ]

    def definitions_of_field(self, owner: str, path: tuple[str, ...]) -> list[types.Location]:
        """Where files give a field of a global its value; not where ``owner`` is a variable."""
        self._read_typed()
        full_name = ".".join((owner, *path))
        found: list[types.Location] = []
        for file_path, file in list(self._files.items()):
            places = [each for each in file.symbols if each.name.replace(":", ".") == full_name]
            is_variable = any(each.name == owner and not each.is_global for each in file.symbols)
            if places and not is_variable and self._is_there(file_path):
                uri = uri_of(file_path)
                found += [types.Location(uri, each.range) for each in places]
        return found

    async def settled(self) -> None:
        """Wait until everything there is has been read, or for some seconds."""
        for path in self._texts.take_typed():
            self.file_changed(path)
        if self._task is not None:
            await asyncio.wait([self._task], timeout=PATIENCE)

    # --- being told -----------------------------------------------------------------------------

    def add_folder(self, path: str) -> None:
        """Read what is below a folder."""
        self._folders.add(path)
        self._walks[path] = _lua_files(path)
        self._work()

    def remove_folder(self, path: str) -> None:
        """Forget what is below a folder."""
        self._walks.pop(path, None)
        self._folders.discard(path)
        for each in [each for each in self._files if _is_below(each, path)]:
            if each not in self._texts:
                self._drop(each)
        self._work()

    def file_changed(self, path: str) -> None:
        """Read a file again; if it is gone it is dropped."""
        if not self._is_skipped(path):
            self._waiting[path] = None
            self._work()

    def file_gone(self, path: str) -> None:
        """Forget a file, or all that was in a folder of that name."""
        if path in self._texts:
            return
        self._waiting.pop(path, None)
        self._drop(path)
        if path.endswith(".lua"):
            self._work()
        else:
            self.remove_folder(path)

    def text_changed(self, document: Document) -> None:
        """The client has opened a file, or another version of it."""
        path = path_of(document.uri)
        if path is not None and not self._is_skipped(path):
            self._texts.changed(path, document)

    def text_closed(self, document: Document) -> None:
        """What is on disk counts again, in the folders of the workspace."""
        path = path_of(document.uri)
        if path is not None:
            self._texts.closed(path)
            self.file_gone(path)
            if path.endswith(".lua"):
                self.file_changed(path)

    def end(self) -> None:
        """Read no more."""
        self._texts.take_typed()
        if self._task is not None:
            self._task.cancel()

    # --- reading --------------------------------------------------------------------------------

    def _work(self) -> None:
        if self._task is None or self._task.done():
            self._task = asyncio.get_running_loop().create_task(self._read_all())

    async def _read_all(self) -> None:
        while self._waiting or self._walks:
            await asyncio.sleep(0)
            path = self._next()
            if path is not None:
                self._read(path)
        if self._told != self.names:
            self._told = self.names
            self._on_names()

    def _read_typed(self) -> None:
        """Read open texts at once: who asks where something is needs places that are right."""
        for path in self._texts.take_typed():
            self.file_changed(path)
        for path in [each for each in self._waiting if each in self._texts]:
            del self._waiting[path]
            self._read(path)

    def _next(self) -> str | None:
        if self._waiting:
            path = next(iter(self._waiting))
            del self._waiting[path]
            return path
        folder, walk = next(iter(self._walks.items()))
        try:
            found = next(walk)
        except StopIteration:
            del self._walks[folder]
            return None
        if len(self._files) < MOST_FILES:
            return found
        _log.warning("More than %d Lua files: the others below %s are left out", MOST_FILES, folder)
        del self._walks[folder]
        return None

    def _read(self, path: str) -> None:
        before = self._drop(path)
        text = self._texts.get(path)
        try:
            if text is not None:
                made = _of_text(text, before)
            else:
                made = self._of_file(path) if self._folders_of(path) else None
        except Exception:  # one file's surprise is no reason to have no index
            _log.exception("%s could not be indexed", path)
            return
        if made is not None:
            self._files[path] = made
            self._globals.update(made.globals)
            self._added.update(made.added)

    def _of_file(self, path: str) -> _File | None:
        try:
            raw = read_file(path, LARGEST + 1)
        except OSError:
            return None
        if len(raw) > LARGEST:
            return None
        from_disk = Document(uri_of(path), raw, "", self.encoding)
        return _made(file_symbols(from_disk))

    def _drop(self, path: str) -> _File | None:
        gone = self._files.pop(path, None)
        if gone is not None:
            self._globals.subtract(gone.globals)
            self._added.subtract(gone.added)
            self._globals, self._added = +self._globals, +self._added
        return gone

    def _is_skipped(self, path: str) -> bool:
        """Whether it lies in the workspace, and there in a folder that is not looked into."""
        inside = self._folders_of(path)
        return bool(inside) and all(
            any(map(_is_skipped_folder, path[len(each) + 1 :].split(os.sep)[:-1]))
            for each in inside
        )

    def _folders_of(self, path: str) -> list[str]:
        return [each for each in self._folders if _is_below(path, each)]

    def _is_there(self, path: str) -> bool:
        if path in self._texts or os.path.isfile(path):
            return True
        self._drop(path)
        return False


def _of_text(text: Document, before: _File | None) -> _File | None:
    """What an open text defines.

    What was found in the version before counts on in one that cannot be parsed: a string that is
    being typed must not take away what stands behind it.
    """
    if len(text.raw) > LARGEST:
        return None
    made = _made(file_symbols(text))
    if before is None or not text.root.has_error:
        return made
    return replace(made, globals=made.globals | before.globals, added=made.added | before.added)


def _made(symbols: Iterable[FileSymbol]) -> _File:
    found = tuple(symbols)
    names = frozenset(each.name for each in found if each.is_global)
    added = frozenset(name for each in found if (name := added_to_library(each.name)))
    return _File(found, names, added)


def _lua_files(folder: str) -> Iterator[str | None]:
    """The files, and None after each folder: a tree without Lua is also walked bit by bit."""
    for where, folders, files in os.walk(folder):
        folders[:] = [each for each in folders if not _is_skipped_folder(each)]
        yield from (os.path.join(where, each) for each in files if each.endswith(".lua"))
        yield None


def _is_below(path: str, folder: str) -> bool:
    return path.startswith(os.path.join(folder, ""))


def _is_skipped_folder(name: str) -> bool:
    return name.startswith(".") or name in SKIPPED


def _matches(wanted: str, name: str) -> bool:
    letters = iter(name)
    return all(each in letters for each in wanted)


def _symbol(path: str, symbol: FileSymbol) -> types.WorkspaceSymbol:
    location = types.Location(uri_of(path), symbol.range)
    return types.WorkspaceSymbol(location=location, name=symbol.name, kind=symbol.kind)
