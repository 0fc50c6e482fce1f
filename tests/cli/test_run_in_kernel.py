"""run and exec in a kernel that runs: what they say, hand over and answer there."""

import json
import os
import signal
import subprocess
from operator import itemgetter

import pytest
import yaml

from kernel.api import connect_blocking
from tests.cli.conftest import DEADLINE, CommandLine
from tests.support.commands import LLMSPELL

pytestmark = pytest.mark.long


@pytest.fixture
def lab(cli: CommandLine) -> CommandLine:
    """With a kernel called lab."""
    cli.start_kernel("lab")
    return cli


def test_a_script_runs_there(lab: CommandLine) -> None:
    """It finds its words, its output comes here, and what it leaves stays there."""
    lab.write("script.lua", "#!shebang\nprint(arg[0], arg[1], #arg, ARGS.lang) kept = 7")
    done = lab.say("run", "--connect", "lab", "script.lua", "one", "--lang", "de")
    assert (0, "script.lua\tone\t3\tde\n", "") == (done.returncode, done.stdout, done.stderr)
    assert "7\n" == lab.say("exec", "--kernel", "lab", "print(kept)").stdout
    assert "nil\n" == lab.say("exec", "print(kept)").stdout


@pytest.mark.parametrize("place", ["--kernel none", "--connect lab"])
def test_words_arrive_as_they_are(lab: CommandLine, place: str) -> None:
    """Scripts and code find them in `...`, whatever bytes they are; the next cell has none."""
    lab.write("script.lua", "local a, b = ... print(select('#', ...), a, b, #select(-1, ...))")
    words = ("a b", "", "it's", '"', "--flag", "ü", os.fsdecode(b"\xff"))
    for what in (("run", "script.lua"), ("exec", (lab.work / "script.lua").read_text())):
        done = lab.say(*place.split(), *what, "--", *words)
        assert (0, "7\ta b\t\t1\n", "") == (done.returncode, done.stdout, done.stderr)
    assert "0\n" == lab.say(*place.split(), "exec", "print(select('#', ...))").stdout


def test_a_replayed_script_finds_its_words(lab: CommandLine) -> None:
    """They are recorded with the cell; a replay may change them."""
    lab.write("script.lua", "print(#arg, ARGS[1], ...)")
    assert 0 == lab.say("session", "use", "tuesday", "--create").returncode
    assert "2\ta\ta\tb\n" == lab.say("run", "--connect", "lab", "script.lua", "a", "b").stdout
    words = ("session", "replay", "tuesday", "--output", "json")
    same = json.loads(lab.say(*words).stdout)["result"]["steps"][0]
    assert ("2\ta\ta\tb\n", True) == (same["output"], same["comparison"]["identical"])
    other = json.loads(lab.say(*words, "--set", "1.arguments.1=c").stdout)["result"]["steps"][0]
    assert "2\ta\ta\tc\n" == other["output"]


def test_a_kernel_of_that_lua_is_taken(lab: CommandLine) -> None:
    """Who says which Lua it must be gets it, or hears that the kernel runs another."""
    for words in (("exec", "--lua", "5.4", "print(1)"), ("repl", "--lua", "lua5.4")):
        done = lab.say("--kernel", "lab", *words, text="print(1)\n")
        assert ("1\n", "") == (done.stdout, done.stderr)


RETURNING = (
    "return 1, {a = 1}, nil",
    "return print, io.stdout, coroutine.create(print), {}, {1, 2, [5] = 3, [1.5] = 0}",
    "return 0 / 0, 1 / 0, 1.0, 2^53, 'a\\255', 'ü', true",
    "local t = {} t.t = t return t, setmetatable({}, {__tostring = function() return 'me' end})",
    "return Replay.modes.exact",
    "return nil",
    "return",
    "string.upper('x')",
    "local a = string.upper('x')\nreturn string.upper('y')",
)
"""Code that gives back all kinds of values, or none."""


@pytest.mark.parametrize("option", [(), ("--lua", "luajit")], ids=["5.4", "luajit"])
def test_values_are_the_same_there(cli: CommandLine, option: tuple[str, ...]) -> None:
    """What code returns is told with the same values as JSON, here and in a kernel."""
    assert 0 == cli.say("kernel", "start", "--daemon", "--id", "lab", *option).returncode
    for code in RETURNING:
        words = ("exec", "--output", "json", *option, code)
        here, there = (json.loads(cli.say(*words, *where).stdout) for where in NEAR_AND_FAR)
        same = {**here, "mode": "connected"}
        assert same == there, code


NEAR_AND_FAR = (("--kernel", "none"), ("--connect", "lab"))


@pytest.mark.parametrize("kernel", ["none", "lab"])
def test_a_debugged_script_finds_its_words(lab: CommandLine, kernel: str) -> None:
    """At the prompt as when it is run: in ARGS and arg, with a kernel of its own or another."""
    lab.write("script.lua", "print(ARGS[0], ARGS[1], ARGS.lang, arg[0], #arg, ...)")
    words = ("--kernel", kernel, "debug", "script.lua", "--", "one two", "--lang", "de")
    done = lab.say(*words, text="continue\n")
    assert (0, "") == (done.returncode, done.stderr)
    expected = "script.lua\tone two\tde\tscript.lua\t3\tone two\t--lang\tde"
    assert expected == done.stdout.splitlines()[-1]


def test_results_have_the_same_shape(lab: CommandLine) -> None:
    """As an object they have the fields of those that were got without a kernel."""
    words = ("exec", "print('a') io.write('b') return 5", "--output", "json")
    here, there = (json.loads(lab.say(*words, *more).stdout) for more in ((), ("--kernel", "lab")))
    assert "connected" == there.pop("mode")
    assert "embedded" == here.pop("mode")
    assert here.keys() == there.keys()
    assert ("executed", "a\nb", 0) == (there["status"], there["output"], there["exit_code"])


def test_an_error_is_told(lab: CommandLine) -> None:
    """With its traceback on stderr, and the status 1; as an object it has the message."""
    done = lab.say("exec", "--connect", "lab", "print(1) error('oh')")
    assert (1, "1\n") == (done.returncode, done.stdout)
    assert "oh\nstack traceback:" in done.stderr
    done = lab.say("exec", "--connect", "lab", "error('oh')", "--output", "json")
    said = json.loads(done.stdout)
    assert ("error", 1, 1) == (said["status"], said["exit_code"], done.returncode)
    assert said["error"].startswith("In[2]:1: oh\nstack traceback:")


@pytest.mark.parametrize("words", [("exec",), ("exec", "--output", "json"), ("repl",)])
def test_its_exit_is_ours(lab: CommandLine, words: tuple[str, ...]) -> None:
    """What a script gives to os.exit is the status, with a kernel and without one."""
    code = "print(1) os.exit(7)"
    there = ([*words, code], "") if words[0] == "exec" else (words, f"{code}\n")
    for more in (("--kernel", "none"), ("--kernel", "lab")):
        done = lab.say(*there[0], *more, text=there[1])
        assert (7, "") == (done.returncode, done.stderr), more
        if "json" in words:
            assert (7, "1\n") == itemgetter("exit_code", "output")(json.loads(done.stdout))


def test_questions_are_answered_from_stdin(lab: CommandLine) -> None:
    """What the script reads there is read here."""
    done = lab.say("exec", "--kernel", "lab", "print(io.read(), io.read())", text="one\ntwo\n")
    assert "one\ttwo\n" == done.stdout


def test_output_streams_as_objects(lab: CommandLine) -> None:
    """With --stream each piece is a line of JSON, and the result is the last."""
    for more in ((), ("--kernel", "lab")):
        done = lab.say("--output", "json", "exec", "--stream", "print('a')", *more)
        *pieces, last = map(json.loads, done.stdout.splitlines())
        assert [{"stream": "stdout", "text": "a\n"}] == pieces
        assert ("executed", True, "a\n") == (last["status"], last["streaming"], last["output"])


def test_output_streams_as_documents_of_yaml(lab: CommandLine) -> None:
    """Each piece and the result are documents of one stream."""
    for more in ((), ("--connect", "lab")):
        done = lab.say("--output", "yaml", "exec", "--stream", "print('a')", *more)
        first, last = yaml.safe_load_all(done.stdout)
        assert {"stream": "stdout", "text": "a\n"} == first
        assert ("executed", "a\n") == (last["status"], last["output"])


def begun(lab: CommandLine) -> subprocess.Popen[str]:
    """A command whose code runs in the kernel, for ever."""
    process = subprocess.Popen(
        [*LLMSPELL, "exec", "--kernel", "lab", "print('begun') while true do end"],
        cwd=lab.work,
        env=lab.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert "begun\n" == process.stdout.readline()
    return process


def test_a_kernel_that_is_killed_is_missed(lab: CommandLine) -> None:
    """Whoever waits for its code hears that nobody runs it any more; the status is 1."""
    process = begun(lab)
    said = json.loads(lab.say("kernel", "status", "lab", "--output", "json").stdout)
    os.kill(said["pid"], signal.SIGKILL)
    _, err = process.communicate(timeout=DEADLINE)
    assert (1, 1) == (process.returncode, len(err.splitlines()))
    assert err.startswith("llmspell: The kernel does not answer any more")


def test_an_interrupt_ends_the_cell_there(lab: CommandLine) -> None:
    """Ctrl-C interrupts what runs in the kernel, which goes on living; the status is 130."""
    process = begun(lab)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert (130, True) == (process.returncode, "interrupted" in err.lower()), err
    assert "1\n" == lab.say("exec", "--kernel", "lab", "print(1)").stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("exec", "--kernel", "nobody", "x=1"), "There is no kernel 'nobody'"),
        (("exec", "--connect", "tcp://127.0.0.1:1", "x=1"), "No kernel answers at tcp://127.0.0.1"),
        (("exec", "--connect", "none.json", "x=1"), "none.json cannot be read"),
        (("exec", "--kernel", "lab", "--lua", "5.1", "x=1"), "runs Lua 5.4, not Lua 5.1: leave"),
        (("repl", "--kernel", "lab", "--lua", "luajit"), "runs Lua 5.4, not LuaJIT 2.1: leave"),
        (("run", "--kernel", "lab", "none.lua"), "Script file not found: none.lua"),
    ],
)
def test_what_cannot_be_reached_is_told(
    lab: CommandLine, words: tuple[str, ...], message: str
) -> None:
    """A kernel that is not there, or a script: the status is 1, and the message names it."""
    done = lab.say(*words)
    assert (1, "") == (done.returncode, done.stdout)
    assert message in done.stderr


def test_several_kernels_must_be_told_apart(lab: CommandLine) -> None:
    """State of which kernel? The message names them, and how to mean none."""
    lab.start_kernel("second")
    done = lab.say("state", "show")
    assert 1 == done.returncode
    assert "lab, second" in done.stderr
    assert "--kernel none" in done.stderr
    assert 0 == lab.say("state", "show", "--kernel", "none").returncode


def test_a_configuration_stands_above_a_kernel_that_runs(lab: CommandLine) -> None:
    """-c is about this process; --kernel stands above it."""
    lab.write("c.toml", "")
    for options, mode in (
        ((), "connected"),
        (("-c", "c.toml"), "embedded"),
        (("-c", "c.toml", "--kernel", "lab"), "connected"),
    ):
        said = json.loads(lab.say(*options, "state", "show", "--output", "json").stdout)
        assert mode == said["mode"]


def test_any_bytes_reach_the_script(lab: CommandLine) -> None:
    """Quotes, newlines and bytes that are no UTF-8: Lua gets them as they were typed."""
    strange = "a\"b\\c\nd'é\udcff"
    code = "print(arg[1] == ARGS[1], arg[3] == ARGS.key, arg[1] == ..., #arg[1])"
    done = lab.say("exec", "--connect", "lab", code, "--", strange, "--key", strange)
    size = len(strange.encode("utf-8", "surrogateescape"))
    assert (f"true\ttrue\ttrue\t{size}\n", "") == (done.stdout, done.stderr)


def test_every_kind_of_address_reaches_it(cli: CommandLine) -> None:
    """An id, the beginning of one, a connection file, and where it takes lines."""
    places = ("--tcp", "127.0.0.1:0", "--ws", "127.0.0.1:0")
    assert 0 == cli.say("kernel", "start", "--daemon", "--id", "laboratory", *places).returncode
    file = cli.folder / "jupyter" / "kernel-laboratory.json"
    lines, ws = itemgetter("llmspell_tcp", "llmspell_ws")(json.loads(file.read_text()))
    for address in ("laboratory", "lab", str(file), lines, f"tcp://{lines}", ws, f"ws://{ws}"):
        done = cli.say("exec", "--connect", address, "print(1)")
        assert ("1\n", "") == (done.stdout, done.stderr), address


def test_a_kernel_with_a_file_elsewhere(cli: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    """Is found by its id all the same, by commands and by code, and no other in its place."""
    words = ("kernel", "start", "--daemon", "--id", "far", "--connection-file", "own.json")
    assert 0 == cli.say(*words).returncode
    cli.start_kernel("farther")
    assert "1\n" == cli.say("exec", "--connect", "far", "here = 1 print(here)").stdout
    for name in ("XDG_RUNTIME_DIR", "JUPYTER_RUNTIME_DIR"):
        monkeypatch.setenv(name, cli.environment[name])
    with connect_blocking("far") as kernel:
        assert "1\n" == kernel.execute_interactive("print(here)").stdout


def test_a_key_reaches_a_kernel_of_another_machine(cli: CommandLine) -> None:
    """Who has no connection file hands the key over in a variable, to whatever goes there."""
    words = ("kernel", "start", "--daemon", "--id", "far", "--tcp", "127.0.0.1:0")
    assert 0 == cli.say(*words).returncode
    info = json.loads((cli.folder / "jupyter" / "kernel-far.json").read_text())
    elsewhere = {"JUPYTER_RUNTIME_DIR": str(cli.folder / "elsewhere")}
    where = ("--connect", f"tcp://{info['llmspell_tcp']}")
    for asked in (("exec", *where, "print(1)"), ("repl", *where), ("kernel", "connect", where[1])):
        words = {"more": {**elsewhere, "LLMSPELL_KERNEL_KEY": info["key"]}, "text": "print(1)\n"}
        done = cli.say(*asked, **words)
        assert ("1\n", "") == (done.stdout, done.stderr), asked
    assert info["key"] not in cli.say("kernel", "status", "far", "--output", "json").stdout


def test_connect_opens_the_prompt_on_a_kernel(lab: CommandLine) -> None:
    """Lines of a pipe run in the kernel that was named, or in the only one there is."""
    pytest.importorskip("llmspell.cli.repl")
    for words in (("lab",), ()):
        done = lab.say("kernel", "connect", *words, text="kept = 41 + 1\nprint(kept)\n")
        assert (0, True) == (done.returncode, "42" in done.stdout), done.stderr
    assert "42\n" == lab.say("exec", "--kernel", "lab", "print(kept)").stdout


HEAR_KINDS = """
    cells, messages = {}, {}
    Hook.register("PreCodeExecution", function(it) cells[it.metadata.session_type] = true end)
    Hook.register("PreMessageHandle", function(it) messages[it.metadata.session_type] = true end)
"""

SAY_KINDS = """
    for _, kinds in ipairs { cells, messages } do
        local found = {}
        for name in pairs(kinds) do found[#found + 1] = name end
        table.sort(found)
        print(table.concat(found, " "))
    end
"""


@pytest.mark.parametrize(
    ("words", "text", "cells", "messages"),
    [
        (("run", "script.lua"), "", "exec script", "exec script"),
        (("repl",), "x = 2\n", "exec repl", "exec repl"),
        (("debug", "script.lua"), ".continue\n", "debug exec", "debug exec"),
        (("exec", "x = 3"), "", "exec", "exec"),
        (("state", "show"), "", "exec", "exec state"),
        (("session", "list"), "", "exec", "exec session"),
    ],
)
def test_hooks_hear_what_kind_of_work_it_is(
    lab: CommandLine, words: tuple[str, ...], text: str, cells: str, messages: str
) -> None:
    """Each command says what it is, to hooks of cells and of messages; looking is by ``exec``."""
    lab.write("script.lua", "x = 1")
    assert "" == lab.say("--kernel", "lab", "exec", HEAR_KINDS).stderr
    done = lab.say("--connect", "lab", *words, text=text)
    assert (0, "") == (done.returncode, done.stderr)
    heard = lab.say("--kernel", "lab", "exec", SAY_KINDS).stdout
    assert [cells, messages] == heard.splitlines()


def test_hooks_hear_of_one_cell_for_each_command(lab: CommandLine) -> None:
    """What the command line does besides, so that a script finds its words, is no cell."""
    lab.write("script.lua", "print(arg[1], ARGS[1])")
    count = "cells = 0 Hook.register('PreCodeExecution', function() cells = cells + 1 end)"
    lab.say("--kernel", "lab", "exec", count)
    assert "a\ta\n" == lab.say("--kernel", "lab", "run", "script.lua", "a").stdout
    lab.say("--kernel", "lab", "debug", "script.lua", text=".continue\n")
    assert "3\n" == lab.say("--kernel", "lab", "exec", "print(cells)").stdout


def test_code_from_the_command_line_is_not_in_the_history(lab: CommandLine) -> None:
    """Whoever goes back at the prompt finds what was typed there."""
    lab.write("script.lua", "x = 1")
    lab.say("--kernel", "lab", "repl", text="typed = 1\n")
    lab.say("--kernel", "lab", "exec", "unseen = 1")
    lab.say("--kernel", "lab", "run", "script.lua")
    (file,) = (lab.folder / "jupyter").glob("*.json")
    with connect_blocking(file) as kernel:
        found = kernel.history(hist_access_type="tail", n=10, reply=True, timeout=DEADLINE)
    assert ["typed = 1"] == [code for _, _, code in found["content"]["history"]]
