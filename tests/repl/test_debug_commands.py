"""Every debug command, on a script and on cells."""

import pytest

from tests.support.repls import has_in_order, script, typed

pytestmark = pytest.mark.anyio

PROGRAM = """\
local function double(x)
  local y = x * 2
  return y, x
end
total = 0
for i = 1, 4 do
  total = total + double(i)
end
local co = coroutine.create(function(a)
  local b = a + 1
  coroutine.yield(b)
end)
coroutine.resume(co, 1)
print("total", total)
"""


@pytest.fixture(autouse=True)
def _program(tmp_path):
    script(tmp_path, PROGRAM)
    script(tmp_path, "local fini\nprint('total')\n", "loca.lua")


RUN = ".run script.lua"


async def story(*lines, wanted):
    """Lines, and what is to be written."""
    return has_in_order(await typed(*lines), wanted)


STORIES = {
    "break": (
        [".break script:2", RUN, "where", "delete 1", "c"],
        ["Breakpoint 1 at script.lua:2", "Breakpoint 1, double(x = 1) at script.lua:2", "->   2",
         "* 0  double(x = 1) at script.lua:2", "  1  main chunk at script.lua:7", "total\t20"],
    ),
    "lines that are not there": (
        [".break script.lua:99", ".tbreak script.lua:0", "d 1", "x = 1", ".b In[1]:2", ".d 2",
         ".tb script:2", RUN, "until 99", "b 99", "c"],
        ["Breakpoint 1 at script.lua:99", "There is no line 99; script.lua has 14 lines.",
         "There is no line 0; script.lua has", "There is no line 2; In[1] has 1 line.",
         "Temporary breakpoint 3,", "There is no line 99; script.lua has 14 lines.",
         "Breakpoint 4 at script.lua:14\nThere is no line 99;", "total\t20"],
    ),
    "condition in break": (
        [".break script.lua:2 if x == 3", RUN, "p x", "c"], ["Breakpoint 1", "3", "total\t20"],
    ),
    "hit count": (
        [".b script.lua:2 hit 2", RUN, "p x", "c"], ["Breakpoint 1, ", "2", "total\t20"],
    ),
    "log": ([".b script.lua:3 log x is {x}", RUN], ["x is 1", "x is 4", "total\t20"]),
    "function": (
        ["function f(n) return n end", ".break f", "print(f(7))", "args", "c"],
        ["Breakpoint 1 at f", "Breakpoint 1, f(n = 7)", "n = 7", "7"],
    ),
    "function of a file": (
        ["function double(x) return x end", ".b script.lua:double", "double(3)", RUN, "p x",
         ".clear script.lua:double", "c"],
        ["Breakpoint 1 at script.lua:double", "3\n",
         "Breakpoint 1, double(x = 1) at script.lua:2", "1", "Deleted 1", "total\t20"],
    ),
    "no function of a file": (
        [".b script.lua:treble"],
        ["script.lua defines no function treble; break script.lua:LINE"],
    ),
    "here": (
        [".tbreak script.lua:2", RUN, "break", "breakpoints", "delete 2", "c"],
        ["Temporary breakpoint 1,", "Breakpoint 2 at script.lua:2", "script.lua:2", "Deleted 2",
         "total\t20"],
    ),
    "cell": (
        ["local a = 5 a = a + 1 print(a)", ".break In[1]:1", "local a = 5 a = a + 1 print(a)",
         "next", "c"],
        ["6", "Breakpoint 1 at In[1]:1", "Breakpoint 1, main chunk at In[", "6"],
    ),
    "tbreak": ([".tb script.lua:2", RUN, ".breakpoints", "c"],
               ["Temporary breakpoint 1", "There are no breakpoints", "total\t20"]),
    "condition": (
        [".b script.lua:2", ".condition 1 x == 4", RUN, "p x", "condition 1", "c"],
        ["if x == 4", "Breakpoint 1,", "4", "total\t20"],
    ),
    "ignore": ([".b script.lua:2", ".ignore 1 3", RUN, "p x", "c", RUN, "p x", "d 1", "c"],
               ["ignore 3", "Breakpoint 1,", "4", "total\t20", "Breakpoint 1,", "1"]),
    "ignore beside a hit count": (
        [".b script.lua:2 hit %2", ".ignore 1 2", ".breakpoints", RUN, "p x", "c"],
        ["ignore 2  hit %2", "ignore 2  hit %2", "Breakpoint 1,", "4", "total\t20"],
    ),
    "ignore goes on until it has stopped": (
        [".b script.lua:2", ".ignore 1 4", RUN, RUN, ".ignore 1 0", RUN, "p x", "d 1", "c"],
        ["total\t20", "total\t20", "Breakpoint 1,", "1", "total\t20"],
    ),
    "hit counts begin anew with each run": (
        [".b script.lua:2 hit 2", ".b double hit 3", RUN, "p x", "c", "p x", "c",
         RUN, "p x", "c", "p x", "c"],
        ["Breakpoint 1, ", "2", "Breakpoint 2, ", "3", "total\t20",
         "Breakpoint 1, ", "2", "Breakpoint 2, ", "3", "total\t20"],
    ),
    "disable": (
        [".b script.lua:2", ".disable 1", RUN, ".enable 1", RUN, "d all", "c"],
        ["(disabled)", "total\t20", "Breakpoint 1,", "Deleted 1", "total\t20"],
    ),
    "clear": ([".b script.lua:2", ".clear script.lua:2", RUN], ["Deleted 1", "total\t20"]),
    "commands": (
        [".b script.lua:3 if x > 2", ".commands 1", "print y", "continue", "end", RUN],
        ["`end` ends them", "Breakpoint 1,", "6", "Breakpoint 1,", "8", "total\t20"],
    ),
    "watch": (
        [".watch total if total > 5", RUN, "unwatch 1", "c"],
        ["Watch 1: total", "total changed from 2 to 6", "Deleted 1", "total\t20"],
    ),
    "catch": (
        [".catch all", "pcall(error, 'inner')", "where", ".catch off", "c", "pcall(error, 'x')"],
        ["Stops on errors: all", "Error: inner", "main chunk at In[1]:1", "Stops on errors: none"],
    ),
    "step": ([".tb script.lua:7", RUN, "s", "c"],
             ["main chunk at script.lua:7", "double(x = 1) at script.lua:2", "total\t20"]),
    "step count": ([".tb script.lua:7", RUN, "s 2", "c"],
                   ["script.lua:7", "->   3", "total\t20"]),
    "next": ([".tb script.lua:7", RUN, "n", "c"], ["script.lua:7", "->   6", "total\t20"]),
    "enter repeats behind looks": (
        [".tb script.lua:2", RUN, "n", "locals", "x", "", "c"],
        ["->   2", "->   3", "x = 1", "->   7", "total\t20"],
    ),
    "enter repeats": ([".tb script.lua:2", RUN, "n", "", "c"],
                      ["->   2", "->   3", "->   7", "total\t20"]),
    "finish": ([".tb script.lua:2", RUN, "finish", "c"],
               ["->   2", "main chunk at script.lua:7", "Returned 2, 1", "total\t20"]),
    "until": ([".tb script.lua:7", RUN, "until", "c"],
              ["script.lua:7", "->   9", "total\t20"]),
    "until a line": ([".tb script.lua:7", RUN, "until 14", "c"],
                     ["script.lua:7", "Temporary breakpoint 2", "->  14", "total\t20"]),
    "continue count": ([".b script.lua:2", RUN, "c 2", "p x", "d 1", "c"],
                       ["Breakpoint 1", "Breakpoint 1", "3", "total\t20"]),
    "up and down": (
        [".tb script.lua:2", RUN, "up", "p i", "down", "p y", "frame 1", "p i", "up 5", "down 5",
         "down", "frame 6", "c"],
        ["Frame 1: main chunk", "1", "Frame 0: double", "nil", "Frame 1", "1",
         "This is the outermost frame", "Frame 0: double",
         "This is the innermost frame", "There is no frame 6; there are 0 to 1.", "total\t20"],
    ),
    "list": (
        [".list script.lua:1", ".list", ".list 13,14", ".list script.lua:99"],
        ["   1  local function double", "  11    coroutine.yield(b)", "  14  print"],
    ),
    "list of a function": (
        ["function shop()\n  return 'a shop'\nend", ".list shop", ".list script.lua:double",
         ".tb script.lua:2", RUN, "list double", "list shop", "list nothing",
         "list script.lua:nothing", "c"],
        ["   1  function shop", "   1  local function double", "->   2",
         "   1  local function double", "   1  function shop()\n     2    return 'a shop'",
         "No function nothing is defined in the current file or a cell",
         "is defined in script.lua", "total\t20"],
    ),
    "locals": ([".tb script.lua:3", RUN, "locals", "locals y", "c"],
               ["x = 1", "y = 2", "y = 2", "total\t20"]),
    "upvalues": (
        ["local up = 5 function f() return up end", ".break f", "f()", "upvalues", "c"],
        ["Breakpoint 1", "up = 5"],
    ),
    "globals": (["g = 1", ".globals", ".tb script.lua:2", RUN, "globals to", "c"],
                ["g = 1", "total = 0", "total\t20"]),
    "args": ([".tb script.lua:2", RUN, "args", "c"], ["Temporary", "x = 1", "total\t20"]),
    "args that were set": ([".tb script.lua:2", RUN, "set x = 9", "args", "where", "c"],
                           ["Temporary", "x = 9", "x = 9", "double(x = 9)"]),
    "print": ([".tb script.lua:2", RUN, "p {x, {x}}", "p/x 255", "print nothing.at.all", "c"],
              ["{1, {1}}", "0xff", "attempt to index", "total\t20"]),
    "set": ([".tb script.lua:3", RUN, "set y = 10", "set x 3", "p y + x", "c"],
            ["y = 10", "x = 3", "13", "total\t28"]),
    "code": ([".tb script.lua:3", RUN, "y = 20", "!x", "eval y", "c"],
             ["Temporary", "1", "20", "total\t38"]),
    "display": (
        [".display total", ".tb script.lua:2", RUN, "n", "undisplay 1", "n", "c"],
        ["1: total", "1: total = 0", "->   3", "1: total = 0", "Returned", "total\t20"],
    ),
    "threads": (
        [".b script.lua:10", RUN, "threads", "where", "thread 1", "thread 99", "c"],
        ["Breakpoint 1", "   1  main", "*  2", "at script.lua:10", "Frame 1: main chunk", "99"],
    ),
    "a thread that is not there": (
        [".tb script.lua:2", RUN, "thread 99", "where", "locals", "c"],
        ["There is no thread 99", "* 0  double(x = 1)", "  1  main chunk", "x = 1", "total\t20"],
    ),
    "what there is not": (
        [".tb script.lua:2", RUN, "info display", "info foo", "l 3,1", "c"],
        ["There are no displays; display EXPRESSION makes one.", "info 'foo' is not one of breakp",
         "Line 1 is not behind line 3; list FIRST,LAST.", "total\t20"],
    ),
    "a thread that is none": (
        [".tb script.lua:2", RUN, "thread 0", "t -1", "t x", "thread", "c"],
        ["'0' is no thread; threads lists", "'-1' is no thread", "'x' is no thread", "1  main",
         "total\t20"],
    ),
    "interact": ([".tb script.lua:2", RUN, "interact", "n = x + 1", "n", "exit", "n", "c"],
                 ["All lines are code", "2", "->   3", "total\t20"]),
    "kill": ([".tb script.lua:2", RUN, "kill", "print('after')"],
             ["Temporary", "interrupted!", "after"]),
    "whatis": ([".whatis string.format"], ["string.format(fmt: string"]),
    "whatis of what a frame sees": (
        [".tb script.lua:2", RUN, "whatis x", "up", "whatis double", "whatis x", "c"],
        ["number", "1", "function double(x)", "Nothing is known of 'x'.", "total\t20"],
    ),
    "info": ([".b script.lua:2", ".info breakpoints", ".info"],
             ["1  break      script.lua:2", "kernel       embedded", "state        idle"]),
    "start": ([".start script.lua", "n", "c"],
              ["Start, main chunk at script.lua:4", "->   5", "total\t20"]),
    "start again": ([".run script.lua", ".start", "kill"], ["total\t20", "Start, main chunk"]),
    "prefixes": (["db:tbreak script.lua:2", RUN, "debug:print x", "db:c"],
                 ["Temporary breakpoint 1,", "1", "total\t20"]),
    "run at a stop": (
        [".tb script.lua:2", RUN, "run", "restart", "kill", "restart"],
        ["it is stopped now. kill ends it, continue has it go on.", "it is stopped now. kill ends",
         "interrupted!"],
    ),
    "silent": (
        [".b script.lua:2", ".commands 1", "silent", "p 'x is ' .. x", "c", "end", RUN, ".silent"],
        ["\n\"x is 1\"\n\"x is 2\"\n\"x is 3\"\n\"x is 4\"\ntotal\t20", "the first of a"],
    ),
    "exceptions": ([".tb script.lua:2", RUN, "exceptions", "c"], ["no others behind", "total\t20"]),
    "interrupt is for what runs": ([".interrupt"], ["is for a program that is running"]),
    "steps are for stops": ([".next"], ["is for a program that is stopped; it is idle now"]),
    "no such breakpoint": ([".delete 4"], ["There is no breakpoint 4"]),
    "no such file": ([".break nothing.lua:1"], ["There is no file nothing.lua"]),
    "which file": ([".break 3"], ["Which file?"]),
    "no such error": ([".catch some"], ["There is no kind of errors 'some'; there are all,"]),
    "moved": (
        [".break script.lua:8", ".break script.lua:99", RUN, "c"],
        ["Breakpoint 1 at script.lua:8 (pending)", "Breakpoint 2 at script.lua:99 (pending)",
         "Breakpoint 1: Line 8 holds no code; moved to line 9.",
         "Breakpoint 2: Line 99 holds no code; moved to line 14.", "Breakpoint 1, ",
         "Breakpoint 2, main chunk at script.lua:14"],
    ),
    "clear in pdb's short form": ([".b script.lua:2", ".cl script.lua:2", RUN],
                                  ["Deleted 1", "total\t20"]),
    "whole function": (
        [".tb script.lua:3", RUN, "ll", "up", "ll", "c"],
        ["->   3", "   1  local function double", "->   3", "   4  end", "Frame 1",
         "   1  local function double", "->   7", "  14  print"],
    ),
    "returned values again": (
        [".tb script.lua:2", RUN, "rv", "return", "n", "rv", "c"],
        ["->   2", "No function was left", "Returned 2, 1", "->   6", "No function was left"],
    ),
    "returned values in frames": (
        [".tb script.lua:2", RUN, "finish", "locals", "retval", "c"],
        ["->   2", "Returned 2, 1", "i      = 1", "Returned 2, 1", "total\t20"],
    ),
    "trace": ([".tb script.lua:2", RUN, "trace", "c"],
              ["* 0  double(x = 1)", "  1  main chunk", "total\t20"]),
    "jump": ([".tb script.lua:2", RUN, "j 4", "c"],
             ["Lua has no way to go on at another line", "until LINE", "total\t20"]),
    "set in gdb's form": (
        [".tb script.lua:3", RUN, "set var y = 10", "set variable x = 3", "p y + x",
         "!local var = 1 return var", ".set var 5", ".set var = 6", "c"],
        ["y = 10", "x = 3", "13", "1", "var = 5", "var = 6", "total\t28"],
    ),
    "limits of printing": (
        ["t = {{{1}}, 2, 3, 4}", ".set print elements 2", ".p t", ".depth 1 unlimited", ".p t",
         ".depth", ".tb script.lua:2", RUN, "t", "set print max-depth 0", "display t", "c",
         ".depth x"],
        ["{1}},\n  2,\n  -- 2 more", "{{…}, 2, 3, 4}", "1 table deep, with all entries",
         "1: t = {{{1}}, 2, 3, 4}", "numbers, or unlimited"],
    ),
    "beginnings": (
        ["unti = 5", ".tb script.lua:3", RUN, "loca", "unti", "tbre 14", "breakp", "fini", "dele 2",
         "c"],
        ["->   3", "x = 1\ny = 2", "5\n", "breakpoint 2 at script.lua:14", "2  temporary",
         "Returned 2, 1", "Deleted 2", "total\t20"],
    ),
    "beginnings that are locals": (
        [".start loca.lua", "n", "fini", "fini = 1", "loca", "c"],
        ["->   2", "nil", "fini = 1", "total"],
    ),
    "what looks like code does not step": (
        [".tb script.lua:2", RUN, "n + 1", "c == 2", "up x", "finish 3", "!x + 1", "p x", "c"],
        ["->   2", "'+ 1' is no count; with `!`", "'== 2' is no count", "'x' is no count",
         "finish has nothing behind it", "2\n", "1\n", "total\t20"],
    ),
    "watched before it is there": (
        [".start script.lua", "watch-or-display co", ".tb script.lua:13", "c", "kill"],
        ["Start, ", "Watch 1: co", "co has no value yet", "1: co = nil", "Temporary breakpoint",
         "1: co = thread"],
    ),
    "unwatchable": ([".watch 1 + 1"], ["cannot be watched"]),
}  # fmt: skip


FAILS = "runs = (runs or 0) + 1 local up = 3 local function f(x) local y = {x} return up + y.z end"

POST_MORTEMS = {
    "looks": (
        [f"{FAILS} local function g(v) local r = f(v * 2) return r end g(21)", ".postmortem",
         "where", "locals", "up", "args", "p v * 2", "down", "upvalues", "list", "c",
         "return runs"],
        ["Error: ", "attempt to perform arithmetic", "f(x = 42) at In[1]:1",
         "* 0  f(x = 42)", "  1  g(v = 21)", "  2  main chunk", "x = 42", "y = {42}",
         "Frame 1: g(v = 21)", "v = 21", "42", "Frame 0: f", "up = 3", "->   1", "1"],
    ),
    "code and assignments": (
        [f"{FAILS} f(1)", ".pm", "x + 10", "set x = 7", "eval x", "y = {z = 5}", "p y.z",
         "print('printed', x)", "interact", "local q = x * 2 print('q', q)", "exit",
         "display x", "frame 0", "globals runs", "c"],
        ["Error: ", "11", "x = 7", "7", "5", "printed\t7", "All lines are code", "q\t14",
         "1: x = 7", "Frame 0: f(x = 1)", "runs = 1"],
    ),
    "steps are not for it": (
        [f"{FAILS} f(1)", ".pm", "next", "watch x", "thread 1", "kill"],
        ["Error: ", ".next is for a program that is stopped; it is over now.",
         "x cannot be watched: its cell has failed",
         "The stack needs a stopped program; pause it first.",
         ".kill is for a program that is stopped"],
    ),
    "until another cell fails": (
        ["local one = 1 error('x')", "x = 5", ".pm", "p one", "c", "local two = 2 error('y')",
         ".pm", "p one", "p two"],
        ["Error: ", ": x,", "1", "Error: ", ": y,", "nil", "2"],
    ),
    "until it is cleared": (
        ["local one = 1 error('x')", ".pm", ".clear", ".pm", "print('idle')"],
        ["Error: ", "No cell has failed whose frames are kept.", "idle"],
    ),
    "a script ends it": (
        ["local one = 1 error('x')", ".pm", "run script.lua", ".pm", "p one"],
        ["Error: ", "total\t20", "Error: ", "1"],
    ),
    "nothing has failed": ([".pm", ".pm what"],
                           ["No cell has failed", "'what' is neither on nor off."]),
    "not at a stop": ([".b script.lua:2", RUN, ".pm", "d 1", "c"],
                      ["Breakpoint 1", "A cell runs;", "total\t20"]),
    "of a script": (
        [".source lines.txt", "p b"], ["Error: ", "main chunk at bad.lua:2", "->   2", "7"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", POST_MORTEMS)
async def test_post_mortem(name, tmp_path):
    """After an error the frames are there with their variables, and nothing is run again."""
    script(tmp_path, "local b = 7\nerror('bad')\n", "bad.lua")
    script(tmp_path, ".run bad.lua\n.pm\n", "lines.txt")
    lines, wanted = POST_MORTEMS[name]
    assert await story(*lines, wanted=wanted)


@pytest.mark.parametrize("name", STORIES)
async def test_command(name):
    """Each command does what its help says, at the place where it is legal."""
    lines, wanted = STORIES[name]
    assert await story(*lines, wanted=wanted)


async def test_an_uncaught_error_of_a_script_stops_where_it_is_raised(tmp_path):
    """With its locals to be looked at; what was caught before stays as it was."""
    script(tmp_path, "local t = {1}\npcall(error, 'caught')\nlocal v = t.x.y\n", "bad.lua")
    lines = [".postmortem on", ".run bad.lua", "p t", "c", ".catch", ".postmortem off", ".run bad"]
    wanted = ["Error: ", "attempt to index", "->   3", "{1}", "bad.lua:3:", "errors: none"]
    assert await story(*lines, wanted=wanted)


async def test_the_end_of_input_at_a_stop():
    """Lets the program go on to its end, past its breakpoints, and says so."""
    said = await typed(".break script.lua:2", ".break script.lua:3", RUN)
    assert has_in_order(said, ["Breakpoint 1,", "->   2", "goes on without stops", "total\t20"])
    assert (1, 0) == (said.text.count("->"), said.status)


@pytest.mark.parametrize(
    ("last", "status"), [("os.exit(7)", 7), ("error('bad')", 1), ("print(io.read())", 0)]
)
async def test_the_end_of_input_leaves_the_programs_status(tmp_path, last, status):
    """A script that exits does so with its own; one that fails is a line that failed."""
    script(tmp_path, f"local a = 1\n{last}\n", "last.lua")
    said = await typed(".start last.lua", ".catch all")
    assert (status, "goes on without stops" in said.text) == (said.status, True)


async def test_output_stands_before_the_stop_behind_it(tmp_path):
    """Steps show what each line printed, however quickly they follow one another."""
    script(tmp_path, "print('one')\nprint('two')\nprint('three')\n", "prints.lua")
    said = await typed(".break prints.lua:1", ".run prints.lua", "n", "n", "c")
    wanted = ["->   1", "one\n", "->   2", "two\n", "->   3", "three\n"]
    assert has_in_order(said, wanted)
