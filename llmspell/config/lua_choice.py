"""Which Lua is configured. Read before every script, so without the rest of the configuration."""

import os
from collections.abc import Mapping
from pathlib import Path

from kernel.core.errors import UserError
from llmspell.config.places import find_file
from llmspell.config.variables import value_of

KEY = "engines.lua.version"


def configured_lua(environment: Mapping[str, str] | None = None, folder: Path | None = None) -> str:
    """The Lua that the environment or the configuration names; empty if neither does.

    Raises `UserError` for a file that cannot be read or is no TOML, and where there is no such Lua.
    """
    given = os.environ if environment is None else environment
    named, variable = value_of(KEY, given)
    if named:
        return _known(named, variable)
    path = find_file(given, folder or Path())
    if path is None:
        return ""
    from llmspell.config.toml_file import parse, read_text

    found: object = parse(read_text(path), path)
    for name in KEY.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return "" if found is None else _known(str(found), f"{path}: {KEY}")


def _known(name: str, where: str) -> str:
    from lua_debug.versions import find_version

    try:
        find_version(name)
    except UserError as error:
        raise UserError(f"{where}: {error}") from None
    return name
