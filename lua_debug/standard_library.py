"""What each Lua has by itself: its globals, modules and keywords, as a catalogue."""

from functools import lru_cache
from importlib.resources import files

from kernel.core.catalogue import Catalogue
from kernel.core.catalogue_text import read_catalogue
from lua_debug.versions import VERSIONS


@lru_cache(maxsize=1)
def whole_library() -> Catalogue:
    """What any version has; each entry says which."""
    text = files("lua_debug").joinpath("standard_library.toml").read_text("utf-8")
    return read_catalogue(text, tuple(VERSIONS))


@lru_cache(maxsize=len(VERSIONS))
def standard_library(version: str) -> Catalogue:
    """What one version has, by the name it has in `VERSIONS`."""
    return whole_library().of_version(version)
