"""Sessions in files: what comes back, and what is said about the rest."""

import json
import re
from pathlib import Path

import pytest

from lua_debug.versions import VERSIONS
from tests.support.repls import has_in_order, script, typed

pytestmark = pytest.mark.anyio


async def test_variables_come_back():
    """Tables of tables with cycles and keys of all kinds, numbers of both kinds, all bytes."""
    await typed(
        't = {1, 2.5, "a\\nb\\0\\255\\"\\\\", [true] = {}, inf = 1/0, neg = -1/0, nan = 0/0}',
        "t.self = t t[t] = 'by itself' u = {t} whole, part, least = 3, 3.0, math.mininteger",
        "flag, text, nested = false, 'ü', {{{{{{{{{{1}}}}}}}}}}",
        ".save s.json",
    )
    said = await typed(
        ".load s.json",
        "print(t.self == t, t[t], u[1] == t, t[1], t[2], t[3] == 'a\\nb\\0\\255\\\"\\\\')",
        "print(math.type(whole), math.type(part), least == math.mininteger, t.inf, t.neg)",
        "print(t.nan ~= t.nan, flag, text, nested[1][1][1][1][1][1][1][1][1][1])",
    )
    expected = [
        "true\tby itself\ttrue\t1\t2.5\ttrue",
        "integer\tfloat\ttrue\tinf\t-inf",
        "true\tfalse\tü\t1",
    ]
    assert has_in_order(said, ["Loaded 8 variables", *expected])


async def test_in_every_lua(lua):
    """Each version writes what each version reads."""
    written = await typed("t = {1, 'x', {2}} t[4] = t n = 7", ".save s.json", lua=lua)
    assert has_in_order(written, ["Saved 2 of 2 variables"])
    for other in VERSIONS:
        said = await typed(".load s.json", "print(t[3][1] + n, t[4] == t)", lua=str(other))
        assert has_in_order(said, ["9\ttrue"])


async def test_what_cannot_be_kept_is_listed():
    """Functions, coroutines and metatables, each where it is."""
    said = await typed(
        "f = print co = coroutine.create(print) t = {on = {print}, m = setmetatable({}, {})}",
        "s = setmetatable({a = 1}, {})",
        ".save s.json",
    )
    wanted = ["Saved 1 of 4 variables", "co is a thread", "f is a function"]
    assert has_in_order(said, wanted)
    for each in ("t.on[1] is a function", "t.m has a metatable", "s has a metatable"):
        assert each in said.text
    assert {"name": "f", "reason": "is a function"} in json.loads(Path("s.json").read_text())[
        "unsaved"
    ]


async def test_breakpoints_and_the_rest_come_back(tmp_path):
    """With their terms; displays, errors to stop on and the folder as well."""
    script(tmp_path, "n = 0\nfor i = 1, 3 do\n  n = n + i\nend\n")
    await typed("n = 1", ".b script.lua:3 if i == 2", ".disable 1", ".watch n", ".display n",
                ".catch caught if err", ".save s.json")  # fmt: skip
    (tmp_path / "below").mkdir()
    said = await typed(".cd below", ".load ../s.json", ".pwd", ".breakpoints", ".display", ".catch",
                       ".enable 1", ".delete 2", ".run script.lua", "p i", "c")  # fmt: skip
    first = "1  break      script.lua:3  if i == 2  (disabled)"
    wanted = ["2 breakpoints", str(tmp_path), first, "2  watch      n", "1: n", "caught if err",
              "Breakpoint 1", "1: n = 1", "2"]  # fmt: skip
    assert has_in_order(said, wanted)


async def test_what_is_there_is_loaded_once(tmp_path):
    """Breakpoints and displays that stand already are not set again."""
    script(tmp_path, "n = 0\nn = n + 1\n")
    said = await typed("n = 1", ".b script.lua:2 if n", ".watch n", ".display n", ".save s.json",
                       ".load s.json", ".breakpoints", ".display")  # fmt: skip
    assert has_in_order(said, ["Loaded 1 variable and 2 breakpoints", "1  break", "2  watch"])
    assert (1, False) == (said.text.count("  break  "), "\n2: n" in said.text)


async def test_where_the_program_stood_is_kept(tmp_path):
    """For people: the reason and the frames. Variables are kept from a stop as well."""
    script(tmp_path, "local a = 1\nprint(a)\n")
    await typed("x = 5", ".tb script.lua:2", ".run script.lua", ".save s.json")
    kept = json.loads(Path("s.json").read_text())
    frames = [{"name": "main chunk", "source": "script.lua", "line": 2}]
    assert {"reason": "breakpoint", "frames": frames} == kept["debug_context"]
    assert {"i": "5"} == kept["variables"]["names"]["x"]


BROKEN = {
    "": "no session of .save",
    "print(1)": ".source carries out lines",
    "{}": "has no llmspell_repl = 1",
    '{"llmspell_repl": 1, "language": "lua", "variables": []}': "variables is []",
    '{"llmspell_repl": 1, "language": "ruby"}': "is of ruby, not of lua",
    '{"llmspell_repl": 1, "language": "lua", "breakpoints": [3]}': "is no breakpoint",
    '{"llmspell_repl": 1, "language": "lua", "variables": {"names": {"x": {"i": "os.exit()"}}, '
    '"tables": []}}': "is no value of .save",
    '{"llmspell_repl": 1, "language": "lua", "variables": {"names": {"x": {"f": "os.exit()"}}, '
    '"tables": []}}': "is no number",
}


@pytest.mark.parametrize("text", BROKEN)
async def test_what_is_no_session_is_refused(tmp_path, text):
    """With the place that is wrong; nothing of it is run."""
    (tmp_path / "s.json").write_text(text)
    said = await typed(".load s.json", "print('on')")
    assert has_in_order(said, [BROKEN[text], "on"])


async def test_many_entries_come_back():
    """Pieces of code stay within what one function may hold."""
    await typed("t = {} for i = 1, 3000 do t[i] = {i .. ''} end", ".save s.json", lua="5.1")
    said = await typed(".load s.json", "print(#t, t[3000][1])", lua="5.1")
    assert has_in_order(said, ["3000\t3000"])


async def test_set_unset_vars_reset():
    """Globals are given, taken away, and shown."""
    said = await typed(".set a 1", ".set b = a + 1", ".vars", ".unset a", ".vars", ".reset",
                       ".vars", ".set c", ".unset 1x", "print(print ~= nil)")  # fmt: skip
    wanted = ["a = 1\nb = 2\n", "b = 2\n", "1 variable is gone.", "no variables of yours",
              "set NAME VALUE", "no name of a variable", "true"]  # fmt: skip
    assert has_in_order(said, wanted)


async def test_reset_loads_modules_anew(tmp_path):
    """What `require` has kept is forgotten."""
    script(tmp_path, "print('loaded') return {}\n", "module.lua")
    lines = ["package.path = './?.lua'", "m = require('module')", ".reset", "m = require('module')"]
    assert 2 == (await typed(*lines)).text.count("loaded\n")


async def test_history_is_kept(tmp_path):
    """Between two kernels with one file; searched, shown in part, and forgotten when told so."""
    path = tmp_path / "history.sqlite"
    await typed("first = 1", "second = 2", ".history", history=path)
    said = await typed("third = 3", ".history 2", ".history fir", ".clear-history", ".history",
                       history=path)  # fmt: skip
    wanted = ["second = 2", "third = 3", "first = 1", "history is empty", "nothing in the history"]
    assert has_in_order(said, wanted)


async def test_folders(tmp_path):
    """Going, asking where, and listing."""
    script(tmp_path, "", "a.lua")
    (tmp_path / "below").mkdir()
    said = await typed(".ls", ".cd below", ".pwd", ".cd nowhere", ".ls nowhere")
    wanted = ["a.lua\nbelow/\n", "below\n", "below\n", "nowhere: No such file", "nowhere: No such"]
    assert has_in_order(said, wanted)


async def test_time_and_performance():
    """Of one piece of code, of each cell, and of all; the clock ticks once a look."""
    said = await typed(
        ".time x = 1", ".time on", "x = 2", ".time off", ".perf", ".perf on", "x = 3"
    )
    wanted = [" s)", "shown", "1.00 s", "not shown", "cells    2", "warned", "(slow: 1.00 s)"]
    assert has_in_order(said, wanted)


async def test_events_and_messages():
    """Shown when somebody asks for them."""
    said = await typed(".events execution.*", "x = 1", ".events off", ".trace on", "x = 2",
                       ".trace off", "x = 3")  # fmt: skip
    wanted = ["execution.started", "execution.finished", "Events: off", "execute_reply"]
    assert has_in_order(said, wanted)
    assert 1 == said.text.count("execution.started")


async def test_what_the_kernel_keeps():
    """State, sessions and artifacts are asked for, and what they refuse is said."""
    said = await typed("State.save('global', 'k', 'v')", ".state", ".sessions", ".artifacts",
                       ".sessions list nonsense", ".state nonsense")  # fmt: skip
    wanted = ["entries:", "sessions:", "in no session", "NAME=VALUE", "nonsense"]
    assert has_in_order(said, wanted)
    entry = next(line for line in said.lines if line.startswith("  global "))
    assert re.fullmatch(r"  global +k +v +1 +\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ +-", entry)
    assert "is_complete" not in said.text


async def test_language_and_help():
    """Versions, and the help of all and of one; pdb's and gdb's short forms are in it."""
    said = await typed(".lua", ".help", ".help tb", ".h nothing")
    wanted = [
        "Lua 5.4\n",
        "break, b ",
        "tbreak, tb",
        ".tbreak [PLACE]",
        "There is no command .nothing",
    ]
    assert has_in_order(said, wanted)
