"""The REPL at a real terminal: Ctrl-C while code is evaluated where the program stands."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.repls import script
from tests.support.terminals import CTRL_C, IDLE, STOPPED, TypedProgram


@pytest.fixture
def repl(tmp_path: Path) -> Iterator[TypedProgram]:
    """It stands at the first line of a script."""
    script(tmp_path, "local a = 20\nlocal b = a + 1\nprint('sum', a + b)\n")
    with TypedProgram("repl", cwd=tmp_path) as made:
        made.until_prompt(IDLE)
        made.type(".start script.lua")
        made.until_prompt(STOPPED)
        yield made


ENDLESS = "(function() print('begun') while true do end end)()"
LINES = {
    "code": "print('begun') while true do end",
    "print": f"p {ENDLESS}",
    "set": f"set x = {ENDLESS}",
    "display": f"display {ENDLESS}",
    "C function": "print('begun') string.rep('a', 60):find(('a-'):rep(12) .. 'b')",
    "read": "print('begun') io.read()",
}


@pytest.mark.parametrize("line", LINES)
def test_ctrl_c_ends_an_evaluation_and_the_program_stands(repl: TypedProgram, line: str) -> None:
    """Whatever evaluates; the stop is there as before."""
    repl.type(LINES[line])
    repl.until("\nbegun")
    if line == "read":
        repl.until("?")
    repl.press(CTRL_C)
    repl.until("interrupted!")
    repl.until_prompt(STOPPED)
    repl.until_status("stopped at script.lua:1")
    if line != "C function":
        repl.type("undisplay")
        repl.type("n")
        repl.until("->   2")
        repl.type("c")
        repl.until("sum     41")
        repl.until_prompt(IDLE)
    assert 0 == repl.leave()


def test_ctrl_c_ends_what_is_displayed_at_a_stop(repl: TypedProgram) -> None:
    """Also where nobody has typed anything."""
    repl.type("display (function() if a then print('begun') while true do end end end)()")
    repl.type("n")
    repl.until("\nbegun")
    repl.press(CTRL_C)
    repl.until("interrupted!")
    repl.until_prompt(STOPPED)
    repl.until_status("stopped at script.lua:2")
    assert 0 == repl.leave()


def test_the_program_can_be_killed_behind_an_evaluation(repl: TypedProgram) -> None:
    """What is typed next is heard, and the variables stay."""
    repl.type("x = 5 print('begun') while true do end")
    repl.until("\nbegun")
    repl.press(CTRL_C)
    repl.until("interrupted!")
    repl.type("kill")
    repl.until_prompt(IDLE)
    repl.type("print('x is', x) while true do end")
    repl.until("x is    5")
    repl.press(CTRL_C)
    repl.until("interrupted!")
    repl.type("print('x was', x)")
    repl.until("x was   5")
    assert 0 == repl.leave()


def test_ctrl_c_in_what_is_left_of_a_cell(repl: TypedProgram) -> None:
    """As at a stop."""
    repl.type("kill")
    repl.until_prompt(IDLE)
    repl.type("local t = {} print(t.x.y)")
    repl.until("stack traceback")
    repl.type(".postmortem")
    repl.until_prompt("(post-mortem) > ")
    repl.type("print('begun') while true do end")
    repl.until("\nbegun")
    repl.press(CTRL_C)
    repl.until("interrupted!")
    repl.until_prompt("(post-mortem) > ")
    assert 0 == repl.leave()
