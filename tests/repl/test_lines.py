"""Lines from a pipe: code, commands, questions, and the exit status."""

import os
import subprocess
import sys

import pytest

from kernel.repl.settings import ReplSettings
from tests.support.repls import has_in_order, script, typed

pytestmark = pytest.mark.anyio


async def test_lines_make_cells():
    """A cell is as many lines as the language needs, and its value is shown."""
    said = await typed("x = 2", "for i = 1, x do", "  print(i)", "end", "return x, 'a'", "x + 1")
    assert '1\n2\n2, "a"\n3\n' == said.text
    assert 0 == said.status


async def test_empty_lines_end_what_is_unfinished():
    """Where a person types, two have it run as it is; in a pipe they are lines like others."""
    lines = ["for i = 1, 2 do", "", "", "print('next')", "end"]
    assert "next\nnext\n" == (await typed(*lines)).text
    said = await typed(*lines, is_interactive=True)
    assert has_in_order(said, ["'end' expected", "next"])


async def test_every_lua(lua):
    """All versions run at the prompt, and are debugged there."""
    code = "local a = 1 print(_VERSION)"
    said = await typed(
        code, ".break In[1]:1", code, "c", "local kept = 7 error('x')", ".pm", "kept", lua=lua
    )
    wanted = ["Lua", "Breakpoint 1 at In[1]:1", "Breakpoint 1", "Lua", "Error: In[3]:1: x", "7"]
    assert has_in_order(said, wanted)


@pytest.mark.parametrize(
    ("version", "label"), [("5.1", "Lua 5.1"), ("luajit2.1", "LuaJIT 2.1 (Lua 5.1)")]
)
async def test_a_language_is_called_by_its_name(version, label):
    """LuaJIT is no plain Lua 5.1, though its language is."""
    said = await typed(".lua", ".info", lua=version)
    assert has_in_order(said, [f"{label}\n", f"language     {label}\n"])


async def test_results_have_names():
    """`_` is the last one, `_1` that of the first cell."""
    assert "42\n43\n42\n" == (await typed("42", "_ + 1", "_1")).text


async def test_the_program_reads_the_same_input():
    """A line that the program asks for is the next one; at the end it is nil."""
    said = await typed("print(io.read())", "hello", "print(io.read())")
    assert "hello\nnil\n" == said.text


@pytest.mark.parametrize(
    ("lines", "status"),
    [
        (["x = 1"], 0),
        (["error('x')", "print(1)"], 1),
        ([".nothing"], 1),
        ([".exit 7", "error('x')"], 7),
        (["os.exit(5)"], 5),
        (["x = = 1"], 1),
    ],
)
async def test_the_exit_status(lines, status):
    """That of .exit and os.exit; else 1 where a line failed, and 0."""
    assert status == (await typed(*lines)).status


async def test_errors_have_tracebacks():
    """With the cells called by their numbers; the next line goes on."""
    said = await typed("error('boom')", "print('on')")
    assert has_in_order(said, ["In[1]:1: boom", "stack traceback:", "In[1]:1: in main chunk", "on"])


async def test_an_error_that_is_a_table_is_shown(lua):
    """With what is in it; where it says itself what it is, with that."""
    own = "error(setmetatable({}, {__tostring = function() return '(mine)' end}))"
    said = await typed("error({code = 42})", own, lua=lua)
    assert has_in_order(said, [": {code = 42})", ": {})" if lua == "5.1" else "(mine)\n"])


async def test_commands_without_their_dot_are_hinted_at():
    """A debug command that is no Lua says what it may have been."""
    said = await typed("break script.lua:3")
    assert has_in_order(said, ["near '3'", "Did you mean the command .break?"])


@pytest.mark.parametrize(
    ("word", "name"),
    [("where", "where"), ("c", "continue"), ("pm", "postmortem"), ("bl", "breakpoints"),
     ("q", "exit")],
)  # fmt: skip
async def test_words_that_are_no_variables_are_hinted_at(word, name):
    """A debug word alone is code at the idle prompt, and only there for a variable of the name."""
    assert f"Did you mean the command .{name}?\n" == (await typed(word)).text
    assert "7\n" == (await typed(f"{word} = 7", word)).text


async def test_a_person_leaves_by_the_short_form():
    """As by `exit` and `quit`; a variable of the name is shown."""
    said = await typed("q = 5", "q", "q = nil", "q", "print('not run')", is_interactive=True)
    assert has_in_order(said, ["5"])
    assert "not run" not in said.text
    assert 0 == said.status


async def test_the_greeting():
    """Says how to get help and how to leave."""
    said = await typed(settings=ReplSettings(title="T", label="Lua 5.4"))
    assert has_in_order(said, ["T (Lua 5.4)", ".help", ".exit"])


async def test_help_in_code():
    """What the kernel wants to be read by itself, as the answer to `?name`, is shown."""
    said = await typed("?string.rep", "print('on')")
    assert has_in_order(said, ["string.rep(s: string"])


async def test_scripts_are_run_with_arguments(tmp_path):
    """`arg` holds them; a line for the shell is passed over, and lines keep their numbers."""
    script(tmp_path, "#!/usr/bin/lua\nprint(arg[0], arg[1], arg[2])\nerror('here')\n")
    said = await typed(".run script.lua one 'two words'", ".run script")
    assert has_in_order(said, ["script.lua\tone\ttwo words", "script.lua:3: here", "script\tnil"])


async def test_source_carries_out_a_file(tmp_path):
    """Commands and code of several lines, in their order."""
    script(tmp_path, "x = 1\nfor i = 1, 2 do\n  x = x + i\nend\n.set y 5\nprint(x + y)\n", "a.txt")
    assert "9\n" == (await typed(".source a.txt")).text
    assert "cannot be read" in (await typed(".source nothing.txt")).text


async def test_plain_text_has_no_escapes():
    """A pipe gets no control characters, whatever is shown."""
    said = await typed("{1, 'a', {}}", "error('x')", ".help", ".vars", ".info")
    assert "\x1b" not in said.text


async def test_a_byte_order_mark_begins_no_code():
    """Where a file is piped that an editor has written so; elsewhere it is what it is."""
    said = await typed("\ufeffprint('first')", "print(#'\ufeff')", "print(#io.read())", "\ufeff")
    assert (["first", "3", "3"], 0) == (said.lines, said.status)


def test_bytes_that_are_no_utf_8(tmp_path):
    """Reach the program as they are, in code, in scripts and as its input; the history goes on."""
    (tmp_path / "script.lua").write_bytes(b'print(#"\xff\xfe")\n')
    lines = (b's = "\xff\xfe"', b"return #s, s:byte(1, -1)", b"print(#io.read())", b"\xff\xfea",
             b".run script.lua", b".history 3")  # fmt: skip
    done = subprocess.run(
        [sys.executable, "-P", "-m", "llmspell", "repl"],
        input=b"".join(line + b"\n" for line in lines),
        env={**os.environ, "PYTHONIOENCODING": "utf-8:strict"},
        cwd=tmp_path, capture_output=True, timeout=30,
    )  # fmt: skip
    said = done.stdout.decode().splitlines()
    assert ["2, 255, 254", "3", "2"] == said[:3]
    assert 's = "\ufffd\ufffd"' in said[3]
    assert (b"", 0) == (done.stderr, done.returncode)
