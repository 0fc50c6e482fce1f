"""The REPL at a real terminal: what people type, and Ctrl-C wherever the program is."""

import pytest

from tests.support.repls import script
from tests.support.terminals import (
    ALT_ENTER,
    CTRL_C,
    CTRL_R,
    F1,
    IDLE,
    RUNNING,
    STOPPED,
    TAB,
    UP,
    TypedProgram,
)

PROGRAM = "local function double(x)\n  local y = x * 2\n  return y\nend\nprint(double(21))\n"


@pytest.fixture
def repl(tmp_path):
    script(tmp_path, PROGRAM)
    with TypedProgram("repl", cwd=tmp_path) as made:
        made.until("Type .help")
        made.until_prompt(IDLE)
        yield made


def test_cells_of_several_lines(repl):
    """Enter goes on where the code is not whole, and Alt-Enter takes it as it is."""
    repl.type("for i = 1, 2 do")
    repl.until("...")
    repl.type("print('number ' .. i)")
    repl.type("end")
    repl.until("number 2")
    repl.press("while (")
    repl.press(ALT_ENTER)
    repl.until("unexpected symbol")
    assert 0 == repl.leave()


def test_lines_that_come_at_once(repl):
    """What is pasted, or typed faster than anybody can, is carried out line by line."""
    repl.press("a = 1\rb = 2\rfor i = 1, 2 do\rc = a + b + i\rend\rprint('sum', c)\r")
    repl.until("sum     5")
    assert 0 == repl.leave()


def test_a_pasted_text_is_one_cell(repl):
    """Where the terminal says that it is pasted."""
    repl.press("\x1b[200~x = 1\nprint('pasted', x)\x1b[201~")
    repl.press("\r")
    repl.until("pasted  1")
    repl.type(".history 1")
    repl.until("x = 1")
    assert 0 == repl.leave()


def test_a_stop(repl):
    """The prompt says that the program stands; Enter repeats a step; the end is at the prompt."""
    repl.type(".break script.lua:2")
    repl.until("Breakpoint 1 at script.lua:2")
    repl.type(".run script.lua")
    repl.until("Breakpoint 1, double(x = 21)")
    repl.until_prompt(STOPPED)
    repl.until_status("stopped at script.lua:2")
    repl.type("n")
    repl.until("return y")
    repl.until_prompt(STOPPED)
    repl.press("\r")
    repl.until("Returned 42")
    repl.type("c")
    repl.until("42")
    repl.until_status("idle")
    assert 0 == repl.leave()


def test_post_mortem(repl):
    """The prompt says that a cell that has failed is looked at, and the status where it did."""
    repl.type("local function f(n) local m = {n} return m.x.y end f(4)")
    repl.until("stack traceback")
    repl.type(".postmortem")
    repl.until("f(n = 4) at In[1]:1")
    repl.until_prompt("(post-mortem) > ")
    repl.until_status("failed at In[1]:1")
    repl.type("m")
    repl.until("{4}")
    repl.type("c")
    repl.until_status("idle")
    assert 0 == repl.leave()


LOOPS = {
    "plain": "while true do end",
    "pcall": "while true do pcall(function() while true do end end) end",
    "coroutine": "coroutine.wrap(function() while true do end end)()",
    "read": "print('asked', io.read())",
}


@pytest.mark.parametrize("loop", LOOPS)
def test_ctrl_c_interrupts(repl, loop):
    """Loops, also in pcall and coroutines, and a read that waits; the next cell runs."""
    repl.type(f"print('begun') {LOOPS[loop]}")
    repl.until("\nbegun")
    repl.until("?") if loop == "read" else repl.until_prompt(RUNNING)
    repl.press(CTRL_C)
    repl.until("interrupted!")
    repl.type("print('on', 6 * 7)")
    repl.until("on      42")
    assert 0 == repl.leave()


def test_ctrl_c_twice_kills(repl):
    """What hears no interrupt is given up, with its variables."""
    repl.type("x = 1")
    repl.type("print('begun') string.rep('a', 60):find(('a-'):rep(12) .. 'b')")
    repl.until("\nbegun")
    repl.until_prompt(RUNNING)
    repl.press(CTRL_C)
    repl.until("Ctrl-C again kills")
    repl.press(CTRL_C)
    repl.until("its variables are gone")
    repl.type("print('x is', x)")
    repl.until("x is    nil")


def test_what_was_saved_comes_back_behind_a_kill(repl):
    """The message says how, and so it does; breakpoints stay as they were."""
    repl.type("x = {5, 'a'}")
    repl.until_prompt(IDLE)
    repl.type(".break script.lua:2")
    repl.until("\nBreakpoint 1")
    repl.type(".save work.json")
    repl.until("\nSaved 1 of 1 variable and 1 breakpoint in work.json.")
    repl.type("print('begun') string.rep('a', 60):find(('a-'):rep(12) .. 'b')")
    repl.until("\nbegun")
    repl.until_prompt(RUNNING)
    repl.press(CTRL_C)
    repl.until("Ctrl-C again kills")
    repl.press(CTRL_C)
    repl.until("its variables are gone. .load work.json brings back what was saved.")
    repl.type(".load work.json")
    repl.until("\nLoaded 1 variable and 1 breakpoint")
    repl.type("print('x is', x[1], x[2])")
    repl.until("x is    5       a")
    repl.type(".run script.lua")
    repl.until("Breakpoint 1, double(x = 21)")
    repl.until_prompt(STOPPED)
    repl.type("c")
    repl.until("\n42")
    assert 0 == repl.leave()


def test_ctrl_c_while_a_command_waits(repl, tmp_path):
    """Where no prompt is on the screen it interrupts the program, too."""
    text = "local function spin() print('begun') while true do end end\nspin()\nprint('x')\n"
    script(tmp_path, text, "endless.lua")
    repl.type(".start endless.lua")
    repl.until_prompt(STOPPED)
    repl.type("next 3")
    repl.until("\nbegun")
    repl.press(CTRL_C)
    repl.until("Interrupting")
    repl.until("interrupted!")
    repl.until_prompt(IDLE)
    repl.type("print('on', 6 * 7)")
    repl.until("on      42")
    assert 0 == repl.leave()


def test_ctrl_c_while_commands_go_on(repl, tmp_path):
    """A breakpoint whose commands have the program go on never keeps Ctrl-C from it."""
    script(tmp_path, "n = 0\nwhile true do\n  n = n + 1\nend\n", "loop.lua")
    for line in (".break loop.lua:3", ".commands 1", "p n", "c", "end", ".run loop.lua"):
        repl.type(line)
    repl.until("->   3")
    repl.until("->   3")
    repl.press(CTRL_C)
    repl.until("interrupted!")
    repl.until_prompt(IDLE)
    assert 0 == repl.leave()


def test_ctrl_c_clears_the_line(repl):
    """What was typed is forgotten, and nothing is interrupted."""
    repl.press("error('never')")
    repl.press(CTRL_C)
    repl.type("print('kept')")
    repl.until("\nkept")
    assert 0 == repl.leave()


def test_ctrl_d_typed_ahead(repl):
    """Behind a line that is still being looked at, it leaves when that line has been run."""
    repl.press("print('first')\rprint('last')\r\x04")
    repl.until("\nfirst")
    repl.until("\nlast")
    assert 0 == repl.end()
    assert repl.child.getecho(), "the terminal is left as it was found"


def test_an_entry_taken_amid_its_text(repl):
    """Enter takes all of it wherever the cursor is, and what is typed ahead comes behind it."""
    repl.press("print('whole')" + "\x02" * 5 + "\rprint('next')\r")
    repl.until("\nwhole")
    repl.until("\nnext")
    assert 0 == repl.leave()


def test_commands_while_a_cell_runs(repl):
    """The program can be paused and looked at, and go on."""
    repl.type("n = 0 while not done do n = n + 1 end print('the end')")
    repl.until_prompt(RUNNING)
    repl.type("pause")
    repl.until("Paused")
    repl.until_prompt(STOPPED)
    repl.type("p n > 0")
    repl.until("true")
    repl.type("done = true")
    repl.type("c")
    repl.until("the end")
    assert 0 == repl.leave()


def test_output_goes_above_the_line(repl):
    """What a cell writes while somebody types leaves the line as it is."""
    repl.type("local t = os.time() + 2 while os.time() < t do end print('from the cell')")
    repl.until_prompt(RUNNING)
    repl.press("half")
    repl.until("\nfrom the cell")
    repl.until_typed("half")
    repl.press(" = 1\r")
    repl.type("print('half is', half)")
    repl.until("half is 1")
    assert 0 == repl.leave()


def test_questions_of_the_program(repl):
    """Are asked in the place of the prompt, with what the program has written before."""
    repl.type("io.write('name? ') local n = io.read() print('hello ' .. n)")
    repl.until("name? ")
    repl.type("Ada")
    repl.until("hello Ada")
    assert 0 == repl.leave()


def test_completion(repl):
    """Tab knows the runtime's tables, commands and files."""
    repl.type("shop = {total = 5}")
    repl.until_typed("shop = {total = 5}")
    repl.until_prompt(IDLE)
    repl.press(f"print(shop.to{TAB}")
    repl.until_typed("print(shop.total")
    repl.press(")\r")
    repl.until("5")
    repl.press(f".load scr{TAB}")
    repl.until_typed(".load script.lua")
    repl.press("\r")
    repl.until("no session of .save")
    repl.press(f".unwa{TAB}")
    repl.until_typed(".unwatch")
    repl.press(" 9\r")
    repl.until("There is no breakpoint 9")
    assert 0 == repl.leave()


def test_documentation(repl):
    """F1 explains what stands at the cursor, until the next key; a call shows its signature."""
    repl.press("string.rep")
    repl.press(F1)
    repl.until("> string.rep\n")
    repl.until("┌")
    repl.until("│Signature: string.rep")
    repl.press("(")
    repl.until_status("string.rep(s: string, n: integer")
    repl.until_typed("string.rep(")
    assert "Signature:" not in repl.screen
    repl.press(CTRL_C)
    assert 0 == repl.leave()


def test_long_documentation_is_printed(tmp_path):
    """Above the prompt, where the screen has no room for a popup; the line stays as it is."""
    with TypedProgram("repl", cwd=tmp_path, columns=80, lines=12) as repl:
        repl.until_prompt(IDLE)
        repl.press(f"string.rep{F1}")
        repl.until("\nSignature: string.rep")
        repl.press("('ab', 2)\r")
        repl.until('\n"abab"')
        assert "┌" not in repl.screen
        assert 0 == repl.leave()


def test_history_lasts(tmp_path):
    """The arrow finds what an earlier REPL has run, and Ctrl-R searches in it."""
    for line, keys in (("print('one', 1)", ""), ("", UP), ("", f"{CTRL_R}one\r")):
        with TypedProgram("repl", cwd=tmp_path) as repl:
            repl.until("Type .help")
            repl.until_prompt(IDLE)
            repl.press(keys + line)
            repl.until("print('one', 1)")
            repl.press("\r")
            repl.until("one     1")
            assert 0 == repl.leave()


def test_the_keys_of_vi(tmp_path):
    """`--vi` has its modes."""
    with TypedProgram("repl", "--vi", cwd=tmp_path) as repl:
        repl.until_prompt(IDLE)
        repl.press("print('x')\x1b")
        repl.until_typed("print('x')")
        repl.press("0cwerror\x1b")
        repl.until_typed("error('x')")
        repl.press("\r")
        repl.until("In[1]:1: x")


def test_without_the_extra_it_says_how_to_get_it(tmp_path, monkeypatch):
    """Where prompt_toolkit is missing there is the plain prompt, and a word about the extra."""
    package = tmp_path / "missing" / "prompt_toolkit"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise ImportError(name='prompt_toolkit')\n")
    monkeypatch.setenv("PYTHONPATH", str(package.parent))
    with TypedProgram("repl", cwd=tmp_path) as repl:
        repl.until("pip install 'llmspell[repl]'")
        repl.until("Type .help")
        repl.type("print(6 * 7)")
        repl.until("\n42")
        assert 0 == repl.leave()


def test_without_the_library_it_works(tmp_path):
    """`--simple` is the plain prompt: lines, commands and Ctrl-C."""
    script(tmp_path, PROGRAM)
    with TypedProgram("repl", "--simple", cwd=tmp_path) as repl:
        repl.until_prompt(IDLE)
        repl.type("for i = 1, 2 do")
        repl.until("...")
        repl.type("print(i) end")
        repl.until("\n2\n>")
        repl.press("half a li")
        repl.press(CTRL_C)
        repl.until(">")
        repl.type("print('begun') while true do end")
        repl.until("\nbegun")
        repl.press(CTRL_C)
        repl.until("interrupted!")
        repl.until(">")
        repl.type(".tbreak script.lua:2")
        repl.type(".run script.lua")
        repl.until_prompt(STOPPED)
        repl.type("p x")
        repl.until("21")
        assert 0 == repl.leave()


def test_debug_opens_it_at_the_first_line(tmp_path):
    """With breakpoints and watches, the script's arguments, and Enter that steps."""
    script(tmp_path, "n = #arg\nfor i = 1, 3 do\n  n = n + i\nend\nprint('n is', n)\n")
    words = ("debug", "script.lua", "--break-at", "3 if i == 2", "--watch", "n", "--step")
    with TypedProgram(*words, "--", "a", "b", cwd=tmp_path) as repl:
        repl.until("Start, main chunk at script.lua:1")
        repl.until("Watch 2: n")
        repl.until_prompt(STOPPED)
        repl.press("\r")
        repl.until("n changed from nil to 2")
        repl.type("delete 2")
        repl.until("Deleted 2")
        repl.type("c")
        repl.until("Breakpoint 1,")
        repl.type("p n")
        repl.until("3")
        repl.type("c")
        repl.until("n is    8")
        assert 0 == repl.leave()


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["debug", "nothing.lua"], 1, "not found: nothing.lua"),
        (["repl", "--connect", "nobody"], 1, "nobody"),
        (["repl", "--lua", "9"], 1, "9"),
        (["debug"], 2, "which script?"),
        (["repl", "--output", "json"], 2, "a prompt writes text, so there is no --output json"),
        (["--output=yaml", "debug", "a.lua"], 2, "there is no --output yaml"),
    ],
)
def test_what_cannot_be_done_is_said(tmp_path, words, status, said):
    """Without a traceback, with a status."""
    with TypedProgram(*words, cwd=tmp_path) as repl:
        repl.until(said)
        assert status == repl.end()
