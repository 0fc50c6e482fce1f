"""What source maps have to do with a breakpoint: in what a compiler read, and in what it wrote."""

from collections.abc import Iterator

from kernel.core.ids import BreakpointId
from kernel.core.model import BreakpointSpec
from lua_debug.original_places import original_places
from lua_debug.origins import Origins
from lua_debug.places import TextPlaces
from lua_debug.requires import files_loaded_by
from lua_debug.source_maps.errors import BadSourceMap
from lua_debug.sources import Sources, canonical
from lua_debug.syntax.active_lines import ActiveLines
from lua_debug.versions import LuaVersion


def about_lua(path: str, line: int) -> str | None:
    """Where stops on a line of a Lua file are shown, if it has a source map."""
    try:
        origins = _origins(path)
    except BadSourceMap as error:
        return f"{error} Stops are shown in this file."
    if origins is None:
        return None
    origin = origins.at(line)
    if origin is None:
        return f"By its source map line {line} was made of nothing; stops there are shown here."
    place = f"{origin.file.path}:{origin.line}"
    return f"By its source map line {line} was made of {place}; stops are shown there."


def made_of(path: str, line: int, lua: LuaVersion, program: str) -> Iterator[tuple[str, bool]]:
    """What the program loads that was made of a line of ``path``; True: it differs from the line.

    Nothing at all where no source map of what it loads names the file.
    """
    key = canonical(path)
    for file in (canonical(program), *files_loaded_by(program).loadings):
        try:
            origins = _origins(file)
        except BadSourceMap as error:
            yield str(error), True
            continue
        if origins is not None and origins.has(key):
            yield _place(file, line, lua, key, origins)


def _place(file: str, line: int, lua: LuaVersion, key: str, origins: Origins) -> tuple[str, bool]:
    with open(file, "rb") as opened:
        places = TextPlaces(ActiveLines(lua), opened.read())
    found = original_places(BreakpointSpec(BreakpointId(0), line), key, origins, places)
    if not found:
        return f"{file} was made of this file, but no line of it holds code.", True
    made = (
        f"{file}:{found[0].line} was made of it; a breakpoint there is hit when control comes by."
    )
    message = found[0].message
    return (f"{message} {made}", True) if message else (made, False)


def _origins(path: str) -> Origins | None:
    with open(path, "rb") as file:
        return Sources().originals.read(path, file.read())
