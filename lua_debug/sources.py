"""Chunk names, paths and source references: the one place where they are mapped onto each other.

Lua knows a chunk by its *raw source* (``debug.getinfo(f, "S").source``): ``@path`` for files,
``=name`` for names of the host's choice, else the text itself (Lua manual, lua_Debug). Clients know
a file by its path, as they spell it, and everything else by a source reference.
"""

import contextlib
import fnmatch
import os
import re
import threading
import unicodedata
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import replace
from urllib.parse import unquote, urlsplit

from kernel.core.errors import UserError
from kernel.core.ids import SourceReference
from kernel.core.model import NO_REFERENCE, Location, Source, SourceHint
from kernel.core.settings import PathMapping
from lua_debug.originals import Originals
from lua_debug.origins import Origin, OriginalFile, Origins
from lua_debug.source_maps.document import OriginalText
from lua_debug.source_maps.errors import BadSourceMap
from lua_debug.source_maps.globs import file_for

_DRIVE = re.compile(r"/[A-Za-z]:/")
_KEPT_TEXTS = 2000
"""How many texts of unnamed chunks are kept for clients to read."""

_ORIGINAL = "\x1b"
"""Begins what stands for the raw source of an original without a file; no text begins so."""


class Sources:
    """Resolves raw sources to `Source` and clients' sources to keys. Used from any thread."""

    def __init__(
        self,
        *,
        is_library: Callable[[str], bool] = lambda _: False,
        is_skipped: Callable[[str], bool] = lambda _: False,
        mappings: Sequence[PathMapping] = (),
        globs: Sequence[tuple[str, str]] = (),
        folder: str | None = None,
        follows_maps: bool = True,
        warn: Callable[[str], None] = lambda _: None,
    ) -> None:
        """``is_library`` is about files with Lua, ``is_skipped`` about what Lua was made from.

        ``globs`` that are relative are below ``folder``, the working directory by default.
        """
        self._is_library = is_library
        self._is_skipped = is_skipped
        self._mappings = mappings
        self._globs = globs
        self._folder = folder or os.getcwd()
        self.originals = Originals(
            describe=self._original_file,
            is_known=lambda path: self._to_client(path) != path,
            warn=warn,
            are_wanted=follows_maps,
        )
        self._lock = threading.Lock()
        self._spellings: dict[str, str] = {}
        self._references: dict[str, SourceReference] = {}
        self._raw_of: dict[SourceReference, str] = {}
        self._texts: OrderedDict[str, bytes] = OrderedDict()
        self._paths: dict[str, str] = {}
        self._sources: dict[str, Source] = {}

    def adopt(
        self,
        mappings: Sequence[PathMapping],
        is_library: Callable[[str], bool],
        is_skipped: Callable[[str], bool],
    ) -> None:
        """Call files by the names another client has for them."""
        with self._lock:
            self._mappings, self._is_library, self._is_skipped = mappings, is_library, is_skipped
            self._spellings.clear()
            self._sources.clear()

    # --- from Lua ---------------------------------------------------------------------------------

    def loaded(self, raw: str, text: bytes) -> None:
        """A chunk is being loaded: what its name means now is what it means from now on.

        A relative path, for one, means another file when the working directory changes.
        """
        with self._lock:
            path = self._file_of(raw)
            if path is not None and self._paths.get(raw) != os.path.abspath(path):
                self._paths[raw] = os.path.abspath(path)
                self._sources.pop(raw, None)
            if path is None or not os.path.exists(path):
                self._keep_text(raw, text)
        origins = self.originals.load(raw, path and os.path.abspath(path), text)
        for file in origins.files if origins else ():
            if file.content is not None and file.key.startswith("#"):
                with self._lock:
                    self._keep_text(file.key[1:], file.content.encode())

    def forget(self, raw: str) -> None:
        """Keep nothing of a chunk that can be found out again."""
        with self._lock:
            self._paths.pop(raw, None)
            self._sources.pop(raw, None)

    def _file_of(self, raw: str) -> str | None:
        return file_for(raw, self._globs, self._folder) or _path_in(raw)

    def _keep_text(self, raw: str, text: bytes) -> None:
        self._texts[raw] = text
        self._texts.move_to_end(raw)
        while len(self._texts) > _KEPT_TEXTS:
            self._texts.popitem(last=False)

    def of(self, raw: str) -> Source:
        """The source of a chunk; ``raw`` as Lua gives it, bytes as latin-1."""
        with self._lock:
            known = self._sources.get(raw)
            if known is None:
                known = self._sources[raw] = self._describe(raw)
            return known

    def key_of(self, raw: str) -> str:
        """What breakpoints of the chunk are filed under: the real path, or # and its name."""
        with self._lock:
            return self._key_of(raw)

    def key_of_source(self, path: str | None, reference: int) -> str:
        """The key of a source as it was described to the probe; empty if it has neither."""
        if not path and reference == NO_REFERENCE:
            return ""
        return self._key(path and self._from_client(path), reference)

    # --- originals --------------------------------------------------------------------------------

    def place(self, raw: str, line: int, origins: Origins | None = None) -> Location:
        """What is shown for a line of a chunk: of the original, if it comes from one.

        ``origins`` where the chunk is not loaded yet.
        """
        origins = origins or self.originals.of(raw)
        origin = origins and origins.at(line)
        return self._location(origin) if origin else Location(self.of(raw), line)

    def listed(self, raw: str) -> list[Source]:
        """A loaded chunk as clients know it, and what it was made of."""
        origins = self.originals.of(raw)
        made_of = tuple(map(self.original, origins.files if origins else ()))
        return [replace(self.of(raw), made_of=made_of), *made_of]

    def original_place(self, number: int, line: int, column: int | None = None) -> Location | None:
        """The original's place for one of the chunk that has this number in `Originals`."""
        origins = self.originals.numbered(number)
        origin = origins and origins.at(line, column)
        return self._location(origin) if origin else None

    def _location(self, origin: Origin) -> Location:
        return Location(self.original(origin.file), origin.line, origin.column)

    def original(self, file: OriginalFile) -> Source:
        """An original as clients know it: a file, or a reference to the text in the map."""
        name = f"\0{file.key}"
        with self._lock:
            known = self._sources.get(name)
            if known is None:
                known = self._sources[name] = self._describe_original(file)
            return known

    def origins_on_disk(self, path: str, text: bytes) -> Origins | None:
        """The map of a file that is not loaded yet; what is wrong with it is told at loading."""
        with contextlib.suppress(BadSourceMap):
            return self.originals.read(os.path.abspath(path), text)
        return None

    def may_be_original(self, key: str) -> bool:
        """Whether a file that is no Lua may be one that Lua is made from."""
        return self.originals.are_wanted and not key.startswith("#") and not key.endswith(".lua")

    def _original_file(self, path: str, text: OriginalText) -> OriginalFile:
        has_file = text.content is None or os.path.exists(path) or self._to_client(path) != path
        key = canonical(path) if has_file else f"#{_ORIGINAL}{path}"
        is_skipped = text.is_ignored or self._is_skipped(path)
        return OriginalFile(path, key, text.content, is_skipped)

    def _describe_original(self, file: OriginalFile) -> Source:
        hint = SourceHint.DEEMPHASIZE if file.is_skipped else SourceHint.NORMAL
        if file.key.startswith("#"):
            reference = self._mint(file.key[1:])
            name = os.path.basename(file.path)
            return Source(name=name, reference=reference, origin="source map", hint=hint)
        shown = self._spellings.get(file.key, file.path)
        return Source(name=os.path.basename(shown), path=self._to_client(shown), hint=hint)

    # --- from clients -----------------------------------------------------------------------------

    def key(self, source: Source) -> str:
        """The key of a client's source; its spelling of the path is what frames will show."""
        if source.reference:
            return self._key(None, source.reference)
        if source.path is None:
            raise UserError("A source needs a path or a sourceReference.")
        path = self._from_client(local_path(source.path))
        key = canonical(path)
        with self._lock:
            if self._spellings.get(key) != path:
                self._spellings[key] = path
                self._sources.clear()
        return key

    def _key(self, path: str | None, reference: int) -> str:
        if path is not None:
            return canonical(path)
        with self._lock:
            raw = self._raw_of.get(SourceReference(reference))
            if raw is None:
                raise UserError(f"There is no source {reference}.")
            return self._key_of(raw)

    def text(self, reference: SourceReference) -> str:
        """The text of a chunk by its reference; raises `UserError` if there is none."""
        with self._lock:
            raw = self._raw_of.get(reference)
            if raw is None:
                raise UserError(f"There is no source {reference}.")
            text = self._text_of(raw)
        if text is None:
            raise UserError(f"The text of {raw[1:]!r} is not known: it was not loaded from text.")
        return text.decode("utf-8", "replace")

    def chunk_behind(self, key: str) -> tuple[str, bytes] | None:
        """The name and the text of a chunk that has no file, if they are known."""
        if not key.startswith("#") or key.startswith(f"#{_ORIGINAL}"):
            return None
        with self._lock:
            text = self._text_of(key[1:])
            return None if text is None else (key[1:], text)

    # --- inside ---------------------------------------------------------------------------------

    def _mint(self, raw: str) -> SourceReference:
        if raw not in self._references:
            reference = SourceReference(len(self._references) + 1)
            self._references[raw] = reference
            self._raw_of[reference] = raw
        return self._references[raw]

    def _key_of(self, raw: str) -> str:
        path = None if raw.startswith(_ORIGINAL) else self._path_of(raw)
        return f"#{raw}" if path is None else canonical(path)

    def _path_of(self, raw: str) -> str | None:
        return self._paths.get(raw) or self._file_of(raw)

    def _text_of(self, raw: str) -> bytes | None:
        """A chunk that nobody gave a name has its text for one (Lua manual, load)."""
        own = None if raw.startswith(("@", "=", _ORIGINAL)) else raw.encode("latin-1")
        return self._texts.get(raw, own)

    def _describe(self, raw: str) -> Source:
        path = self._path_of(raw)
        if path is not None and (raw not in self._texts or os.path.exists(path)):
            return self._describe_file(path)
        own = _path_in(raw)  # not that of a glob which names no file
        name = _name_of(raw) if own is None else os.path.basename(own)
        reference = NO_REFERENCE if self._text_of(raw) is None else self._mint(raw)
        return Source(name=name, reference=reference, origin="load")

    def _describe_file(self, path: str) -> Source:
        shown = self._spellings.get(canonical(path), os.path.abspath(path))
        hint = SourceHint.DEEMPHASIZE if self._is_library(shown) else SourceHint.NORMAL
        return Source(name=os.path.basename(shown), path=self._to_client(shown), hint=hint)

    def _from_client(self, path: str) -> str:
        moved = (mapping.to_remote(path) for mapping in self._mappings)
        return next((each for each in moved if each is not None), path)

    def _to_client(self, path: str) -> str:
        moved = (mapping.to_local(path) for mapping in self._mappings)
        return next((each for each in moved if each is not None), path)


def canonical(path: str) -> str:
    """One name for a file however it is spelt: absolute, links resolved, case as on disk."""
    real = os.path.realpath(path)
    if not os.path.exists(real):
        found = _other_case(real)
        real = os.path.realpath(found) if found else real
    return os.path.normcase(real)


def _other_case(path: str) -> str | None:
    """The file that differs from ``path`` only in case, or in how its letters are composed.

    Some clients fold the case of paths; some systems take accents and letters apart (NFD).
    """
    folder, name = os.path.split(path)
    if not name:
        return path if os.path.exists(path) else None
    if not os.path.isdir(folder):
        other = _other_case(folder)
        if other is None:
            return None
        folder = other
    exact = os.path.join(folder, name)
    if os.path.exists(exact):
        return exact
    matches = [each for each in os.listdir(folder) if _folded(each) == _folded(name)]
    return os.path.join(folder, matches[0]) if len(matches) == 1 else None


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def local_path(path: str) -> str:
    """A path, also if it was written as a ``file://`` URI."""
    if path.startswith("file://"):
        found = unquote(urlsplit(path).path)
        return found[1:] if _DRIVE.match(found) else found
    return path


def library_test(
    patterns: Sequence[str], is_foreign: Callable[[str], bool] = lambda _: False
) -> Callable[[str], bool]:
    """A test of paths against ``skipFiles`` globs; ``**`` crosses folders, ``!`` excepts.

    What ``is_foreign`` is a library, too, unless a glob excepts it.
    """

    def is_library(path: str) -> bool:
        skipped = is_foreign(path)
        for pattern in patterns:
            wanted = not pattern.startswith("!")
            glob = pattern.lstrip("!").replace("**/", "*").replace("**", "*")
            if fnmatch.fnmatchcase(path, glob) or fnmatch.fnmatchcase(path, f"*/{glob}"):
                skipped = wanted
        return skipped

    return is_library


def _path_in(raw: str) -> str | None:
    return os.fsdecode(raw[1:].encode("latin-1")) if raw.startswith("@") else None


def _name_of(raw: str) -> str:
    if raw.startswith("="):
        return _decoded(raw[1:])
    first = _decoded(raw).strip().splitlines()
    line = first[0] if first else ""
    return f'[string "{line[:40]}{"…" if len(line) > 40 or len(first) > 1 else ""}"]'


def _decoded(text: str) -> str:
    return text.encode("latin-1").decode("utf-8", "replace")
