"""What is longer than the screen, at a real terminal: it goes through a pager."""

import shutil

import pytest

from tests.support.repls import script
from tests.support.terminals import CTRL_C, IDLE, STOPPED, TypedProgram

LONG = "local l = {} for i = 1, 200 do l[i] = i end"


def test_long_output_is_paged(tmp_path, monkeypatch):
    """What is longer than the screen goes through $PAGER."""
    monkeypatch.setenv("PAGER", "sed s/^/paged:/")
    with TypedProgram("repl", cwd=tmp_path) as repl:
        repl.until_prompt(IDLE)
        repl.type(".help")
        repl.until("paged:Running")
        assert 0 == repl.leave()


def test_long_results_are_paged(tmp_path, monkeypatch):
    """Of cells and at stops, on a screen of 24 lines; the prompt comes back; .pager is obeyed."""
    monkeypatch.setenv("PAGER", "sed s/^/paged:/")
    script(tmp_path, f"{LONG}\nprint('end')\n")
    with TypedProgram("repl", cwd=tmp_path, columns=80, lines=24) as repl:
        repl.until_prompt(IDLE)
        repl.type(f"{LONG} return l")
        repl.until("paged:  1,")
        repl.until("paged:  -- 100 more")
        repl.until_prompt(IDLE)
        repl.type("return {1, 2}")
        repl.until("\n{1, 2}")
        repl.type(".tbreak script.lua:2")
        repl.until("\nTemporary breakpoint 1 at")
        repl.type(".run script.lua")
        repl.until_prompt(STOPPED)
        repl.type("l")
        repl.until("\n     1")  # the command wins: lines
        repl.type("!l")
        repl.until("paged:  -- 100 more")
        repl.until_prompt(STOPPED)
        repl.type(".pager off")
        repl.until("is written as it is")
        repl.type("p l")
        repl.until("\n  -- 100 more")
        repl.until_prompt(STOPPED)
        repl.type("c")
        repl.until("\nend")
        repl.until_prompt(IDLE)
        assert 0 == repl.leave()


@pytest.mark.parametrize("words", [(), ("--simple",)])
def test_less_pages_results(tmp_path, monkeypatch, words):
    """`less` takes the keys while it shows a result, and gives the prompt back."""
    monkeypatch.delenv("PAGER", raising=False)
    monkeypatch.setenv("LESS", "-RX")
    if shutil.which("less") is None:
        pytest.skip("SKIPPED: less is not installed")
    with TypedProgram("repl", *words, cwd=tmp_path, columns=80, lines=24) as repl:
        repl.until_prompt(IDLE)
        repl.type(f"{LONG} return l")
        repl.until("\n  22,\n:")
        repl.press(CTRL_C)  # for the pager, which goes on
        repl.press("G")
        repl.until("100 more")
        repl.press("q")
        repl.until("\n}\n>")
        repl.type("print('on')")
        repl.until_line("on")
        assert 0 == repl.leave()


def test_no_pager(tmp_path, monkeypatch):
    """`--no-pager` writes all of it."""
    monkeypatch.setenv("PAGER", "false")
    with TypedProgram("repl", "--no-pager", cwd=tmp_path, columns=80, lines=24) as repl:
        repl.until_prompt(IDLE)
        repl.type(f"{LONG} return l")
        repl.until("\n  -- 100 more")
        assert 0 == repl.leave()


def test_the_plain_prompt_pages_too(tmp_path, monkeypatch):
    """The next line is asked for when the pager has been left."""
    monkeypatch.setenv("PAGER", "sed s/^/paged:/")
    with TypedProgram("repl", "--simple", cwd=tmp_path, columns=80, lines=24) as repl:
        repl.until_prompt(IDLE)
        repl.type(f"{LONG} return l")
        repl.until("paged:  -- 100 more\npaged:}\n>")
        repl.type("return 'short'")
        repl.until('\n"short"')
        assert 0 == repl.leave()
