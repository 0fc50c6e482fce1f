"""``llmspell doctor`` explains."""

from pathlib import Path

import pytest

from lua_debug.versions import VERSIONS
from tests.support.commands import llmspell, write
from tests.support.source_maps import line_map

PROGRAM = """\
local util = require "lib.util"

-- nothing here
local function f()
  do return 1 end
  print(2)
end
print(f())
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A program of two files, and one that nobody loads."""
    write(tmp_path, "main.lua", PROGRAM)
    (tmp_path / "lib").mkdir()
    write(tmp_path / "lib", "util.lua", "return {}\n")
    write(tmp_path, "unused.lua", "print(1)\n")
    write(tmp_path, "broken.lua", "goto = 1\nx = = 1\n")
    write(tmp_path, "leave.lua", "while true do\n  if x ~= 1 then\n    break\n  end\nend\n")
    return tmp_path


def test_the_installation_is_described(tmp_path: Path) -> None:
    """Python, lupa, every Lua version and the hooks have a line."""
    done = llmspell("doctor", cwd=tmp_path)
    assert 0 == done.returncode
    first_words = [line.split()[0] for line in done.stdout.splitlines() if line[:1] != " "]
    assert ["llmspell", "Python", "System", "lupa", "Hooks"] == first_words
    assert [*VERSIONS] == [
        line.split()[0]
        for line in done.stdout.splitlines()
        if line.startswith("  ") and line.split()[0] in VERSIONS
    ]


@pytest.mark.parametrize(
    ("place", "status", "sentence"),
    [
        ("main.lua:1", 0, "- Line 1 holds code; a breakpoint there is hit when control comes by."),
        ("main.lua:3", 1, "! Line 3 holds no code; moved to line 8."),
        ("main.lua:6", 1, "! Line 6 holds code, but control always leaves at line 5"),
        ("main.lua:99", 1, "! The file has only 8 lines."),
        ("unused.lua:2", 1, "! The file has only 1 line."),
        ("leave.lua:3", 0, "- Line 3 holds a jump and no code of its own; a breakpoint that is"),
        ("Main.lua:1", 1, "Did you mean main.lua?"),
        ("nowhere/main.lua:1", 1, "! There is no folder"),
        ("lib:1", 1, "! lib is a folder."),
        ("broken.lua:1", 1, "! Lua 5.4 does not compile the file (line "),
    ],
)
def test_a_place_is_examined(folder: Path, place: str, status: int, sentence: str) -> None:
    """What keeps a breakpoint from being hit there is said, and makes the status 1."""
    done = llmspell("doctor", place, cwd=folder)
    assert sentence in done.stdout
    assert status == done.returncode


def test_a_link_is_explained(folder: Path) -> None:
    """Two names of one file are no obstacle."""
    (folder / "link.lua").symlink_to("main.lua")
    done = llmspell("doctor", "link.lua:1", cwd=folder)
    assert f"- {folder}/link.lua is another name of {folder}/main.lua;" in done.stdout
    assert 0 == done.returncode


@pytest.mark.parametrize(
    ("place", "status", "sentence"),
    [
        ("main.lua:1", 0, "- It is the program itself."),
        ("lib/util.lua:1", 0, 'main.lua:1 loads it: require "lib.util".'),
        ("unused.lua:1", 1, "! Nothing in main.lua and what it loads loads this file."),
    ],
)
def test_whether_the_program_loads_the_file_is_found_out(
    folder: Path, place: str, status: int, sentence: str
) -> None:
    """With ``--program``."""
    done = llmspell("doctor", place, "--program", "main.lua", cwd=folder)
    assert sentence in done.stdout
    assert status == done.returncode


@pytest.mark.parametrize("place", [[], ["main.lua:1"]])
def test_a_lua_there_is_not_is_named(folder: Path, place: list[str]) -> None:
    """Whatever is to be explained."""
    done = llmspell("doctor", *place, "--lua", "9", cwd=folder)
    assert (2, "") == (done.returncode, done.stdout)
    assert done.stderr.startswith("llmspell: There is no Lua '9'; there are 5.1, ")


def test_computed_names_are_admitted(folder: Path) -> None:
    """Where the text does not tell what is loaded, doctor does not pretend to know."""
    write(folder, "main.lua", "require('un' .. 'used')\n")
    done = llmspell("doctor", "unused.lua:1", "--program", "main.lua", cwd=folder)
    assert "some names are computed" in done.stdout
    assert 0 == done.returncode


@pytest.fixture
def compiled(folder: Path) -> Path:
    """A program in another language, and the Lua that was made of it."""
    write(folder, "made.lua", "local a = 1\nlocal _ = nil\nprint(a)\n")
    write(folder, "made.lua.map", line_map({1: 2, 3: 4}, sources=["main.mini"]))
    write(folder, "main.mini", "-- a program\nset a 1\n\nsay a\n")
    return folder


@pytest.mark.parametrize(
    ("place", "status", "sentence"),
    [
        ("made.lua:3", 0, "- By its source map line 3 was made of {}/main.mini:4; stops are shown"),
        ("made.lua:2", 0, "- By its source map line 2 was made of nothing; stops there are shown"),
        ("main.mini:4", 0, "- {}/made.lua:3 was made of it; a breakpoint there is hit when"),
        ("main.mini:3", 1, "! Line 3 holds no code; moved to line 4. {}/made.lua:3 was made of"),
        ("other.mini:1", 1, "and no source map of made.lua and what it loads names it."),
    ],
)
def test_source_maps_are_followed(compiled: Path, place: str, status: int, sentence: str) -> None:
    """In both directions."""
    write(compiled, "other.mini", "set a 1\n")
    done = llmspell("doctor", place, "--program", "made.lua", cwd=compiled)
    assert sentence.format(compiled) in done.stdout
    assert status == done.returncode


def test_an_original_without_a_program(compiled: Path) -> None:
    """What was made of it is not guessed."""
    done = llmspell("doctor", "main.mini:4", cwd=compiled)
    assert "was made of it is found out with --program MAIN.lua." in done.stdout
    assert 1 == done.returncode


def test_a_broken_map_is_told(compiled: Path) -> None:
    """It is no obstacle, because the Lua is shown then."""
    write(compiled, "made.lua.map", "{")
    done = llmspell("doctor", "made.lua:3", "--program", "made.lua", cwd=compiled)
    assert "made.lua.map: it is no JSON" in done.stdout
    assert 0 == done.returncode
