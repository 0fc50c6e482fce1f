"""The script API as a catalogue.

Globals that are there are defined in Python (`llmspell.script_api.tables`), and their entries are
made from that; what later releases will have is described in the ``*.toml`` files beside this.
"""

from collections.abc import Mapping
from functools import lru_cache, reduce
from importlib.resources import files
from typing import Any

from kernel.core.catalogue import Catalogue
from kernel.core.catalogue_text import read_catalogue
from kernel.core.function_catalogue import catalogue_of, schema_of
from kernel.core.functions import functions_of
from llmspell.script_api.tables import table_types

PARTS = ("values", "tools", "agents", "workflows", "state", "rag", "events", "debug")


@lru_cache(maxsize=1)
def available() -> frozenset[str]:
    """The globals of it that scripts have in this release."""
    defined = (table.name for part in table_types().values() for table in part)
    return frozenset({"arg", *(name for name in defined if "." not in name)})


def schema_named(name: str) -> Mapping[str, Any] | None:
    """The JSON Schema of the arguments of a function, such as ``State.save``, by their names.

    None if there is no such function, or if it is described in a file.
    """
    for part in table_types().values():
        for table in part:
            if name.startswith(table.name):
                for each in functions_of(table):
                    if each.name == name:
                        return schema_of(each)
    return None


@lru_cache(maxsize=1)
def script_catalogue() -> Catalogue:
    """Everything, whether or not this release has it."""
    return reduce(Catalogue.joined, map(part_of_catalogue, PARTS))


@lru_cache(maxsize=len(PARTS))
def part_of_catalogue(part: str) -> Catalogue:
    """One part: what is described in the file of that name, and what is defined in Python."""
    defined = catalogue_of(table_types().get(part, ()))
    file = files("llmspell.script_api").joinpath(f"{part}.toml")
    if not file.is_file():
        return defined
    return read_catalogue(file.read_text("utf-8")).joined(defined)
