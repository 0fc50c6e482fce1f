"""Why a breakpoint at a line is, or is not, hit."""

import os
from collections.abc import Iterator
from dataclasses import dataclass

from kernel.core.suggestions import closest
from llmspell.source_map_doctor import about_lua, made_of
from lua_debug.requires import files_loaded_by
from lua_debug.syntax.active_lines import ActiveLines, LuaSyntaxError
from lua_debug.syntax.jumps import jumps_on
from lua_debug.syntax.placement import place
from lua_debug.syntax.reach import barrier_before
from lua_debug.versions import LuaVersion


@dataclass(frozen=True, slots=True)
class Finding:
    """A sentence; ``is_obstacle`` if the breakpoint is not hit where it was asked for."""

    text: str
    is_obstacle: bool = False


def examine(path: str, line: int, lua: LuaVersion, program: str | None) -> Iterator[Finding]:
    """What there is to say, most important things first."""
    if not os.path.isfile(path):
        yield Finding(_missing(path), is_obstacle=True)
        return
    yield from _names(path)
    with open(path, "rb") as file:
        text = file.read()
    problem = None if path.endswith(".lua") else _problem(text, lua)
    if problem is not None:
        yield from _original(path, line, lua, program, problem)
        return
    yield from _line(text, line, lua)
    shown = about_lua(os.path.abspath(path), line)
    if shown is not None:
        yield Finding(shown)
    if program is not None:
        yield from _loading(path, program)
    else:
        yield Finding(
            "Whether the program loads this file is not examined; add --program MAIN.lua for that."
        )


def _missing(path: str) -> str:
    folder = os.path.dirname(os.path.abspath(path))
    if os.path.isdir(path):
        return f"{path} is a folder."
    if not os.path.isdir(folder):
        return f"There is no folder {folder}; relative paths are meant from {os.getcwd()}."
    name = os.path.basename(path)
    names = {each.lower(): each for each in os.listdir(folder)}
    close = closest(name.lower(), names, 0.75)
    advice = f" Did you mean {names[close]}?" if close is not None else ""
    return f"There is no file {name} in {folder}.{advice}"


def _names(path: str) -> Iterator[Finding]:
    here, real = os.path.abspath(path), os.path.realpath(path)
    if here != real:
        yield Finding(
            f"{here} is another name of {real}; breakpoints in either are the same, and the editor "
            "is shown the name it used."
        )


def _line(text: bytes, line: int, lua: LuaVersion) -> Iterator[Finding]:
    compiler = ActiveLines(lua)
    try:
        functions = compiler.functions(text)
    except LuaSyntaxError as error:
        yield Finding(
            f"{lua.label} does not compile the file (line {error.line}: {error.message}), so none "
            "of it is ever run. Another version is chosen with --lua, in a launch configuration "
            'with "lua".',
            is_obstacle=True,
        )
        return
    lines = text.count(b"\n") + (not text.endswith(b"\n"))
    if line > lines:
        yield Finding(
            f"The file has only {lines} {'line' if lines == 1 else 'lines'}.", is_obstacle=True
        )
    placement = place(line, functions)
    is_moved = placement.line != line
    if is_moved and compiler.hides_jumps and jumps_on(text, line):
        yield Finding(
            f"Line {line} holds a jump and no code of its own; a breakpoint that is there before "
            "the file is loaded is hit when control comes by."
        )
        return
    if is_moved:
        yield Finding(placement.message or "No line holds code.", is_obstacle=True)
    if placement.line is None:
        return
    barrier = barrier_before(text, placement.line)
    if barrier is not None:
        yield Finding(
            f"Line {placement.line} holds code, but control always leaves at line {barrier} "
            "before it comes there.",
            is_obstacle=True,
        )
    elif not is_moved:
        yield Finding(f"Line {line} holds code; a breakpoint there is hit when control comes by.")


def _problem(text: bytes, lua: LuaVersion) -> str | None:
    try:
        ActiveLines(lua).functions(text)
    except LuaSyntaxError as error:
        return f"line {error.line}: {error.message}"
    return None


def _original(
    path: str, line: int, lua: LuaVersion, program: str | None, problem: str
) -> Iterator[Finding]:
    """A file that is no Lua may be one that Lua was made of."""
    if program is None or not os.path.isfile(program):
        yield Finding(
            f"{lua.label} does not compile the file ({problem}). Whether Lua that is loaded was "
            "made of it is found out with --program MAIN.lua.",
            is_obstacle=True,
        )
        return
    findings = [Finding(*each) for each in made_of(path, line, lua, program)]
    yield from findings or [
        Finding(
            f"{lua.label} does not compile the file ({problem}), and no source map of {program} "
            "and what it loads names it.",
            is_obstacle=True,
        )
    ]


def _loading(path: str, program: str) -> Iterator[Finding]:
    real = os.path.realpath(path)
    if real == os.path.realpath(program):
        yield Finding("It is the program itself.")
        return
    if not os.path.isfile(program):
        yield Finding(_missing(program), is_obstacle=True)
        return
    loaded = files_loaded_by(program)
    if loading := loaded.loadings.get(real):
        yield Finding(f"{loading.by}:{loading.line} loads it: {loading.how}.")
        return
    namesakes = [each for each in loaded.loadings if os.path.basename(each) == _name(real)]
    if namesakes:
        yield Finding(
            f"{program} loads another file of that name: {namesakes[0]}.", is_obstacle=True
        )
    elif loaded.is_complete:
        yield Finding(f"Nothing in {program} and what it loads loads this file.", is_obstacle=True)
    else:
        yield Finding(
            f"No call with a plain name in {program} loads this file; but some names are computed, "
            "and those only show when the program runs: see the editor's list of loaded sources."
        )


def _name(path: str) -> str:
    return os.path.basename(path)
