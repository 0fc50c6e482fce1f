"""LoadedSources: which files, named chunks and modules a script has loaded, told as they come."""

import os
from collections.abc import Callable

from kernel.core import model as m
from kernel.events import model as e
from lua_debug.sources import Sources

_LISTED_SOURCES = 10_000
"""How many files and named chunks are announced; a script may load any number of others."""


class LoadedSources:
    """What one runtime has loaded. ``tell`` hears of sources and modules."""

    def __init__(self, sources: Sources, tell: Callable[[e.KernelEvent], None]) -> None:
        self._sources = sources
        self._tell = tell
        self._loaded: dict[str, int] = {}
        """The raw sources of what was loaded, each with a hash of its newest text."""
        self._announced: set[m.Source] = set()
        self.modules: dict[str, m.Module] = {}
        self.module_of: dict[str, str] = {}
        """Their names by the raw sources of their chunks."""

    @property
    def sources(self) -> list[m.Source]:
        """Files and named chunks as they were loaded, each before what it was made from."""
        listed = (source for raw in list(self._loaded) for source in self._sources.listed(raw))
        return list(dict.fromkeys(listed))

    def note(self, raw: str, text: bytes) -> None:
        """A chunk with this raw source is being loaded."""
        if raw.encode("latin-1") == text:
            return
        self._sources.loaded(raw, text)
        before = self._loaded.get(raw)
        if before is None and len(self._loaded) >= _LISTED_SOURCES:
            return
        self._loaded[raw] = hash(text)
        is_changed = before not in (None, hash(text))
        for source in self._sources.listed(raw) if before is None or is_changed else ():
            if is_changed or source not in self._announced:
                self._announced.add(source)
                self._tell(e.SourceLoaded(source, "changed" if is_changed else "new"))

    def required(self, name: str, path: str) -> None:
        """``require`` found a module in a file."""
        where = os.path.abspath(os.fsdecode(path.encode("latin-1")))
        shown = name.encode("latin-1").decode("utf-8", "replace")
        source = self._sources.of("@" + path)
        is_mine = source.hint is not m.SourceHint.DEEMPHASIZE
        module = m.Module(shown, shown, source.path or where, is_user_code=is_mine)
        reason = "changed" if shown in self.modules else "new"
        self.modules[shown] = module
        self.module_of["@" + path] = shown
        self._tell(e.ModuleLoaded(module, reason))
