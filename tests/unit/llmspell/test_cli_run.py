"""``llmspell run`` stands for the ``lua`` command."""

import signal
import socket
import subprocess
from pathlib import Path

import pytest

from lua_debug.versions import VERSIONS
from tests.support.commands import DEADLINE, LLMSPELL, llmspell, write


def test_only_what_the_script_prints_is_printed(tmp_path: Path) -> None:
    """Nothing on stdout or stderr is ours, and success is 0."""
    write(tmp_path, "a.lua", "print('hi') io.write('there\\n') return 7")
    done = llmspell("run", "a.lua", cwd=tmp_path)
    assert (0, "hi\nthere\n", "") == (done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize("version", [*VERSIONS, "luajit"])
def test_every_version_runs(tmp_path: Path, version: str) -> None:
    """``--lua`` chooses the implementation."""
    write(tmp_path, "a.lua", "print(jit and 'LuaJIT' or _VERSION)")
    expected = "LuaJIT" if version.startswith("luajit") else f"Lua {version}"
    assert f"{expected}\n" == llmspell("run", "a.lua", "--lua", version, cwd=tmp_path).stdout


def test_arguments_are_those_of_lua(tmp_path: Path) -> None:
    """``...`` and ``arg`` hold what stands behind the script, ``arg[-1]`` what stands before."""
    write(tmp_path, "a.lua", "print(arg[-3], arg[-2], arg[-1], arg[0], #arg, ...)")
    done = llmspell("run", "--lua=5.4", "a.lua", "x", "--", "--flag", "--lua", "é", cwd=tmp_path)
    assert "llmspell\trun\t--lua=5.4\ta.lua\t4\tx\t--flag\t--lua\té\n" == done.stdout


def test_an_error_has_a_traceback_with_files_and_lines(tmp_path: Path) -> None:
    """It goes to stderr in Lua's form, and the status is 1."""
    write(tmp_path, "a.lua", "local function f(t)\n  return t.x.y\nend\nlocal r = f({})\nreturn r")
    done = llmspell("run", "a.lua", cwd=tmp_path)
    assert [
        "llmspell: a.lua:2: attempt to index a nil value (field 'x')",
        "stack traceback:",
        "\ta.lua:2: in local 'f'",
        "\ta.lua:4: in main chunk",
        "\t[C]: in ?",
    ] == done.stderr.splitlines()
    assert (1, "") == (done.returncode, done.stdout)


def test_what_is_printed_is_written_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As C does it, a line of ``print`` and not its words, though Python buffers nothing."""
    monkeypatch.setenv("PYTHONUNBUFFERED", "1")
    write(tmp_path, "a.lua", "print('a', true) io.write('b', 'c\\n', 'd') print('e')")
    ours, theirs = socket.socketpair(type=socket.SOCK_SEQPACKET)  # each writing is read by itself
    with ours, theirs:
        ours.settimeout(DEADLINE)
        subprocess.run([*LLMSPELL, "run", "a.lua"], cwd=tmp_path, stdout=theirs, check=True)
        assert [b"a\ttrue\n", b"bc\nde\n"] == [ours.recv(100), ours.recv(100)]


@pytest.mark.parametrize(
    ("call", "status"),
    [("()", 0), ("(true)", 0), ("(false)", 1), ("(7)", 7), ("(3, true)", 3)],
)
def test_os_exit_gives_the_status(tmp_path: Path, call: str, status: int) -> None:
    """Numbers and booleans, with and without closing the state; output before it is not lost."""
    write(tmp_path, "a.lua", f"io.write('out') os.exit{call}")
    done = llmspell("run", "a.lua", cwd=tmp_path)
    assert (status, "out") == (done.returncode, done.stdout)


@pytest.mark.parametrize("version", [*VERSIONS])
def test_finalizers_run_at_the_end(tmp_path: Path, version: str) -> None:
    """As in the standalone interpreter, behind the message of an error that ended the script."""
    text = """
    local function mortal(name)
      local proxy = newproxy and newproxy(true) or setmetatable({}, {})
      local metatable = getmetatable(proxy)
      metatable.__gc = function() io.stderr:write(name, "\\n") end
      return newproxy and proxy or setmetatable({}, metatable)
    end
    first, second = mortal("first"), mortal("second")
    error("oh", 0)
    """
    write(tmp_path, "a.lua", text)
    done = llmspell("run", "--lua", version, "a.lua", cwd=tmp_path)
    lines = done.stderr.splitlines()
    assert (1, "llmspell: oh") == (done.returncode, lines[0])
    assert ["second", "first"] == lines[-2:]


def test_a_syntax_error_names_its_place(tmp_path: Path) -> None:
    """What does not compile does not run."""
    write(tmp_path, "a.lua", "print(1)\nx = = 1\n")
    done = llmspell("run", "a.lua", cwd=tmp_path)
    assert "llmspell: a.lua:2: unexpected symbol near '='\n" == done.stderr
    assert (1, "") == (done.returncode, done.stdout)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    """The message is the one users and tests know."""
    done = llmspell("run", "none.lua", cwd=tmp_path)
    assert (1, "llmspell: Script file not found: none.lua\n") == (done.returncode, done.stderr)


def test_a_script_comes_from_stdin(tmp_path: Path) -> None:
    """``-`` reads it there."""
    done = llmspell("run", "-", "a", cwd=tmp_path, text="print(arg[0], ...)")
    assert "-\ta\n" == done.stdout


def test_an_unknown_version_is_refused_with_those_there_are(tmp_path: Path) -> None:
    """The message says what to write."""
    write(tmp_path, "a.lua", "print(1)")
    done = llmspell("run", "a.lua", "--lua", "6", cwd=tmp_path)
    assert 1 == done.returncode
    assert done.stderr.startswith("llmspell: There is no Lua '6'; there are 5.1, 5.2")


@pytest.mark.parametrize("words", [[], ["--lua"], ["--nonsense", "a.lua"]])
def test_a_command_line_without_sense_shows_the_usage(tmp_path: Path, words: list[str]) -> None:
    """The status is 2, and stdout stays empty."""
    done = llmspell("run", *words, cwd=tmp_path)
    assert (2, "") == (done.returncode, done.stdout)
    assert "usage: llmspell run" in done.stderr


def test_a_broken_pipe_is_quiet(tmp_path: Path) -> None:
    """Who reads no further ends the script without a word, as with ``lua``."""
    write(tmp_path, "a.lua", "for i = 1, 1e6 do print(i) end")
    process = subprocess.Popen(
        [*LLMSPELL, "run", "a.lua"], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    assert b"1\n" == process.stdout.readline()
    process.stdout.close()
    assert b"" == process.stderr.read()
    assert -signal.SIGPIPE == process.wait(DEADLINE)


@pytest.mark.parametrize("version", [each for each in VERSIONS if "jit" not in each])
def test_an_interrupt_shows_where_the_script_was(tmp_path: Path, version: str) -> None:
    """Ctrl-C in an endless loop raises "interrupted!" there, and the status is 130."""
    write(tmp_path, "a.lua", "print('ready') io.stdout:flush() while true do end")
    process = subprocess.Popen(
        [*LLMSPELL, "run", "a.lua", "--lua", version],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=DEADLINE)
    assert "llmspell: interrupted!" == err.splitlines()[0]
    assert "\ta.lua:1: in main chunk" == err.splitlines()[2]
    assert 130 == process.returncode


def test_the_version_is_told(tmp_path: Path) -> None:
    """``--version`` prints one line."""
    done = llmspell("--version", cwd=tmp_path)
    assert done.stdout.startswith("llmspell ")
    assert 1 == done.stdout.count("\n")


def test_a_folder_named_like_a_package_of_ours_is_no_harm(tmp_path: Path) -> None:
    """The folder of the script is not searched for Python code."""
    for name in ("kernel", "lupa", "dap_server"):
        (tmp_path / name).mkdir()
        write(tmp_path / name, "__init__.py", "raise SystemExit('wrong package')")
    write(tmp_path, "a.lua", "print('fine')")
    assert "fine\n" == llmspell("run", "a.lua", cwd=tmp_path).stdout


LAST_WORDS = {
    "text": ('error("bad", 0)', "bad"),
    "table": ("error({})", "(error object is a table value)"),
    "nil": ("error(nil)", "(error object is a nil value)"),
    "its own words": (
        'error(setmetatable({}, {__tostring = function() return "shown" end}))',
        "shown",
    ),
    "words that fail": (
        'error(setmetatable({}, {__tostring = function() error("inner", 0) end}))',
        "inner",
    ),
}


@pytest.mark.parametrize("how", LAST_WORDS)
def test_the_last_words_are_those_of_lua(tmp_path: Path, how: str) -> None:
    """Whatever is raised, what is said of it is what lua.c says (of 5.4)."""
    code, words = LAST_WORDS[how]
    write(tmp_path, "a.lua", f"{code}\n")
    done = llmspell("run", "a.lua", cwd=tmp_path)
    lines = done.stderr.splitlines()
    assert (1, f"llmspell: {words}") == (done.returncode, lines[0])
    assert ["\ta.lua:1: in main chunk", "\t[C]: in ?"] == lines[-2:] or how == "its own words"


@pytest.mark.parametrize("version", ["5.1", "5.2", "luajit2.0", "luajit2.1"])
def test_of_nil_nothing_is_said(tmp_path: Path, version: str) -> None:
    """Up to 5.2 ``error(nil)`` ends a program with status 1 and without a word."""
    write(tmp_path, "a.lua", "error(nil)")
    done = llmspell("run", "a.lua", "--lua", version, cwd=tmp_path)
    assert (1, "", "") == (done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize("version", [*VERSIONS])
def test_a_traceback_that_the_script_asks_for_ends_with_it(tmp_path: Path, version: str) -> None:
    """``debug.traceback`` shows the script's functions and none of ours."""
    write(tmp_path, "a.lua", "local function f() return (debug.traceback()) end\nprint(f())\n")
    lines = llmspell("run", "a.lua", "--lua", version, cwd=tmp_path).stdout.splitlines()
    bottom = "\t[C]: ?" if version == "5.1" else "\t[C]: in ?"
    assert ["\ta.lua:2: in main chunk", bottom] == lines[-2:]
    assert 4 == len(lines)


@pytest.mark.parametrize("version", [*VERSIONS])
def test_an_error_in_a_hook_that_stays(tmp_path: Path, version: str) -> None:
    """A hook that raises ends the program like any error."""
    write(tmp_path, "a.lua", "debug.sethook(function() error('hook', 0) end, 'l')\nlocal x = 1\n")
    done = llmspell("run", "a.lua", "--lua", version, cwd=tmp_path)
    assert (1, "llmspell: hook") == (done.returncode, done.stderr.splitlines()[0])
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("version", VERSIONS)
def test_hooks_of_a_script_are_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    """About what it does with the globals, and at its end, while it is still there."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    code = """
        Hook.register("BeforeStateWrite", function(it)
            if it.data.key == "locked" then return {type = "cancel", reason = "by a hook"} end
        end)
        Hook.register("SystemShutdown", function(it)
            print("end", it.data.exit_code, State.get("free"))
        end)
        State.set("free", 1)
        print((select(2, pcall(State.set, "locked", 1)):match("by a hook")))
    """
    write(tmp_path, "a.lua", code)
    done = llmspell("run", "--lua", version, "a.lua", cwd=tmp_path)
    assert (0, "by a hook\nend\t0\t1\n", "") == (done.returncode, done.stdout, done.stderr)
