"""What the configuration holds scripts and cells to, wherever they run."""

import json

import pytest

from tests.cli.conftest import CommandLine

TIMEOUTS = {
    "runtime.script_timeout_seconds": "[runtime]\nscript_timeout_seconds = 0.2\n",
    "engines.lua.timeout_ms": "[engines.lua]\ntimeout_ms = 200\n",
    "runtime.security.max_execution_time_ms": "[runtime.security]\nmax_execution_time_ms = 200\n",
}
LOOP = "while true do end"
DEAF = "coroutine.wrap(function() while true do end end)()"
FILLS = "local t = {} for i = 1, 1e8 do t[i] = i end"
LIMIT = "[engines.lua]\nmax_memory_bytes = 20_000_000\n"


def reason(key: str) -> str:
    return f"it ran for 0.2 s, as long as it may ({key})."


@pytest.mark.parametrize("key", TIMEOUTS)
@pytest.mark.parametrize("command", ["run", "exec"])
def test_a_script_that_runs_too_long_is_ended_with_the_reason(
    cli: CommandLine, key: str, command: str
) -> None:
    """What it has printed is there, and so is the place where it was."""
    cli.write("llmspell.toml", TIMEOUTS[key])
    code = f"print('begun')\n{LOOP}"
    cli.write("x.lua", code)
    done = cli.say(command, "x.lua" if command == "run" else code)
    assert (1, "begun\n") == (done.returncode, done.stdout)
    first, *traceback = done.stderr.splitlines()
    assert f"llmspell: The script was ended: {reason(key)}" == first
    assert any(":2: in main chunk" in each for each in traceback)


@pytest.mark.parametrize(("version", "code"), [("5.4", DEAF), ("luajit", LOOP)])
def test_a_script_that_hears_nothing_ends_with_the_process(
    cli: CommandLine, version: str, code: str
) -> None:
    """Whatever it does; what it has printed is there."""
    words = ("exec", "--lua", version, "--output", "json", f"print('begun') {code}")
    done = cli.say(*words, more={"LLMSPELL_SCRIPT_TIMEOUT": "0.2"})
    told = json.loads(done.stdout)
    said = f"The script was ended: {reason('runtime.script_timeout_seconds')}"
    assert (1, "begun\n", said) == (done.returncode, told["output"], told["error"])


def test_the_narrowest_limit_holds_and_who_is_quick_has_time(cli: CommandLine) -> None:
    """Several keys say how long; a script that comes to its end is not ended."""
    cli.write("llmspell.toml", "[runtime]\nscript_timeout_seconds = 0.2\n[engines.lua]\n"
              "timeout_ms = 90000\n")  # fmt: skip
    assert reason("runtime.script_timeout_seconds") in cli.say("exec", LOOP).stderr
    assert (0, "1\n") == ((done := cli.say("exec", "print(1)")).returncode, done.stdout)


def test_a_script_has_no_more_memory_than_it_may(cli: CommandLine) -> None:
    """Lua says so, and a script may catch it."""
    cli.write("llmspell.toml", LIMIT)
    done = cli.say("exec", FILLS)
    assert (1, "llmspell: not enough memory\n") == (done.returncode, done.stderr)
    done = cli.say("exec", f"print(pcall(function() {FILLS} end))")
    assert (0, "false\tnot enough memory\n") == (done.returncode, done.stdout)


def test_a_lua_whose_memory_cannot_be_limited_is_refused(cli: CommandLine) -> None:
    """It is not run without a limit."""
    cli.write("llmspell.toml", LIMIT)
    done = cli.say("exec", "--lua", "luajit2.0", "print(1)")
    assert (1, "", True) == (done.returncode, done.stdout, "cannot be limited" in done.stderr)


def test_libraries_are_those_that_are_configured(cli: CommandLine) -> None:
    """For scripts and for kernels, unless the command line says otherwise."""
    opened = "print((pcall(debug.getregistry)))"
    cli.write("llmspell.toml", '[engines.lua]\nstdlib = "Standard"\n')
    assert "false\n" == cli.say("exec", opened).stdout
    cli.write("llmspell.toml", '[engines.lua]\nstdlib = "All"\n')
    assert "true\n" == cli.say("exec", opened).stdout
    cli.start_kernel("opened")
    assert "true\n" == cli.say("exec", "--connect", "opened", opened).stdout
    started = cli.say("kernel", "start", "--daemon", "--id", "closed", "--libraries", "closed")
    assert 0 == started.returncode
    assert "false\n" == cli.say("exec", "--connect", "closed", opened).stdout


def test_cells_of_a_kernel_are_held_to_the_same(cli: CommandLine) -> None:
    """The kernel lives on with its variables, and its next cell has all the time again."""
    cli.write("llmspell.toml", "[runtime]\nscript_timeout_seconds = 0.2\n" + LIMIT)
    cli.start_kernel("lab")
    key = "runtime.script_timeout_seconds"
    done = cli.say("exec", "--connect", "lab", f"kept = 'kept' {LOOP}")
    assert (1, True) == (done.returncode, f"The cell was ended: {reason(key)}" in done.stderr)
    done = cli.say("exec", "--connect", "lab", FILLS)
    assert (1, True) == (done.returncode, "not enough memory" in done.stderr)
    assert "kept\n" == cli.say("exec", "--connect", "lab", "print(kept)").stdout


def test_nothing_runs_without_limits_that_cannot_be_read(cli: CommandLine) -> None:
    """Neither a script nor a kernel."""
    cli.write("llmspell.toml", "[runtime]\nscript_timeout_seconds = -1\n")
    for words in (("exec", "print(1)"), ("kernel", "start", "--daemon", "--id", "lab")):
        done = cli.say(*words)
        assert (1, "") == (done.returncode, done.stdout)
        assert "runtime.script_timeout_seconds should be greater than 0" in done.stderr
