"""The script API as a catalogue, read from the ``*.toml`` files beside this module."""

from functools import lru_cache, reduce
from importlib.resources import files

from kernel.core.catalogue import Catalogue
from kernel.core.catalogue_text import read_catalogue

PARTS = ("values", "tools", "agents", "workflows", "state", "rag", "events", "debug")

AVAILABLE = frozenset({"arg"})
"""The globals of it that scripts have in this release."""


@lru_cache(maxsize=1)
def script_catalogue() -> Catalogue:
    """Everything, whether or not this release has it."""
    return reduce(Catalogue.joined, map(part_of_catalogue, PARTS))


@lru_cache(maxsize=len(PARTS))
def part_of_catalogue(part: str) -> Catalogue:
    """What one of the files describes."""
    text = files("llmspell.script_api").joinpath(f"{part}.toml").read_text("utf-8")
    return read_catalogue(text)
