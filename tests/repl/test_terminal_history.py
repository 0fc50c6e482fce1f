"""The history at a real terminal: what comes back, and how it is found."""

from pathlib import Path

import pytest

from tests.support.repls import script
from tests.support.terminals import CTRL_C, CTRL_R, IDLE, STOPPED, UP, TypedProgram

PROGRAM = "local function double(x)\n  local y = x * 2\n  return y\nend\nprint(double(21))\n"


def begun(folder: Path, *words: str) -> TypedProgram:
    made = TypedProgram("repl", *words, cwd=folder)
    made.until("Type .help")
    made.until_prompt(IDLE)
    return made


@pytest.fixture
def repl(tmp_path):
    with begun(tmp_path) as made:
        yield made


def test_all_that_was_typed_comes_back(tmp_path):
    """Commands, code at a stop and cells, in their order, in the next REPL as well."""
    script(tmp_path, PROGRAM)
    with begun(tmp_path) as repl:
        repl.type("cell = 1")
        repl.until_prompt(IDLE)
        repl.type(".break script.lua:2")
        repl.until("\nBreakpoint 1 at")
        repl.type(".run script.lua")
        repl.until_prompt(STOPPED)
        repl.type("x + 4000")
        repl.until("\n4021")
        repl.type("c")
        repl.until("\n42")
        repl.until_prompt(IDLE)
        assert 0 == repl.leave()
    with begun(tmp_path) as repl:
        for line in ("c", "x + 4000", ".run script.lua", ".break script.lua:2", "cell = 1"):
            repl.press(UP)
            repl.until_typed(line)
        repl.press(CTRL_C)
        assert 0 == repl.leave()


def test_lines_that_begin_with_a_space_are_not_kept(tmp_path):
    """As in shells: neither here, nor by the kernel, nor in the next REPL."""
    with begun(tmp_path) as repl:
        repl.type("first = 1")
        repl.until_prompt(IDLE)
        repl.type(" secret = 'hush'  print('set', #secret)")
        repl.until("\nset     4")
        repl.until_prompt(IDLE)
        repl.press(UP)
        repl.until_typed("first = 1")
        repl.press(CTRL_C)
        repl.type(".history hush")
        repl.until("\nNothing contains hush.")
        assert 0 == repl.leave()
    with begun(tmp_path) as repl:
        repl.press(UP)
        repl.until_typed(".history hush")
        repl.press(UP)
        repl.until_typed("first = 1")
        repl.press(CTRL_C)
        assert 0 == repl.leave()
    kept = b"".join(it.read_bytes() for it in (tmp_path / "data").rglob("history*"))
    assert (False, True) == (b"secret = " in kept, b"first = 1" in kept)


def test_the_arrow_goes_to_what_begins_so(repl):
    """Behind the beginning of a line, Up finds the last entry that begins like it."""
    for line in ("string.rep('a', 2)", "print('other')", "n = string.len('abc')"):
        repl.type(line)
        repl.until_prompt(IDLE)
    repl.press(f"string{UP}")
    repl.until_typed("string.rep('a', 2)")
    repl.press(CTRL_C)
    assert 0 == repl.leave()


def test_ctrl_c_leaves_a_search(repl):
    """The line is empty then, and what is typed next is a line like any other."""
    repl.type("print('found')")
    repl.until("\nfound")
    repl.until_prompt(IDLE)
    repl.press(f"half{CTRL_R}fou")
    repl.until("I-search backward: fou")
    repl.press(CTRL_C)
    repl.until_prompt(IDLE)
    repl.type("print('on', 6 * 7)")
    repl.until_line("on      42")
    assert 0 == repl.leave()


def test_the_history_is_cleared(tmp_path):
    """With all that was typed, here and in the next REPL."""
    with begun(tmp_path) as repl:
        repl.type("gone = 1")
        repl.until_prompt(IDLE)
        repl.type(".clear-history")
        repl.until("\nThe history is empty.")
        assert 0 == repl.leave()
    with begun(tmp_path) as repl:
        repl.press(f"{UP}{UP}print('alone')\r")
        repl.until("\nalone")
        assert 0 == repl.leave()
