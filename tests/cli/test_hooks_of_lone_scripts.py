"""Hooks about scripts and code that run without a kernel."""

import json

import pytest

from tests.cli.conftest import CommandLine

GUARDED = """
[[hooks.use]]
hook = "security"
settings = { hosts = ["evil.example"] }
"""

LIMITED = """
[[hooks.use]]
hook = "rate_limit"
points = ["PreScriptLoad"]
settings = { limits = { program = "0/minute" } }
"""

SECRET = "sk-" + "a1B2" * 10

OWN = """
Hook.register("PreCodeExecution", function() print("before") end)
Hook.register("PostCodeExecution", function(it) print("after", it.data.status) end)
Hook.register("ExecutionError", function(it) print("failed", it.error:match("no$")) end)
Hook.register("SystemShutdown", function(it) print("ended", it.data.exit_code) end)
"""


@pytest.fixture
def guarded(cli: CommandLine) -> CommandLine:
    """With the security hook, as somebody configures it."""
    cli.write("llmspell.toml", GUARDED)
    return cli


@pytest.mark.parametrize("command", ["run", "exec"])
def test_a_configured_hook_refuses_code(guarded: CommandLine, command: str) -> None:
    """Without a kernel as in one: it is not run, and people are told by whom and where."""
    code = "print('ran', 'https://evil.example/x')"
    guarded.write("a.lua", code)
    done = guarded.say(command, "a.lua" if command == "run" else code)
    assert (1, "") == (done.returncode, done.stdout)
    assert "must not use the host evil.example" in done.stderr
    assert "said by the hook security at PreCodeExecution" in done.stderr


def test_a_configured_hook_refuses_a_script(cli: CommandLine) -> None:
    """At its load; code of the command line is not loaded from anywhere."""
    cli.write("llmspell.toml", LIMITED)
    cli.write("a.lua", "print('ran')")
    done = cli.say("run", "a.lua")
    assert (1, "") == (done.returncode, done.stdout)
    assert "rate_limit at PreScriptLoad" in done.stderr
    assert "ran\n" == cli.say("exec", "print('ran')").stdout


def test_a_hook_that_there_is_not_is_an_error(cli: CommandLine) -> None:
    """What was to guard something is not missing because of a slip of the pen."""
    cli.write("llmspell.toml", '[[hooks.use]]\nhook = "securty"\n')
    done = cli.say("exec", "print('ran')")
    assert (1, "") == (done.returncode, done.stdout)
    assert "There is no hook 'securty'" in done.stderr


def test_a_configured_hook_takes_secrets_out_of_results(guarded: CommandLine) -> None:
    """What code returns is heard as hooks leave it; other values stay what they are."""
    values = [
        json.loads(guarded.say("--output", "json", "exec", code).stdout)["values"]
        for code in (f"return '{SECRET}'", "return 1, {a = true}, 'x'")
    ]
    assert [["[redacted]"], [1, {"a": True}, "x"]] == values


def test_a_script_is_asked_about_by_hooks_of_its_own(cli: CommandLine) -> None:
    """They are there when it is over, as those of a cell are behind that cell."""
    cli.write("a.lua", OWN)
    cli.write("b.lua", f"{OWN} error('no')")
    good, bad = cli.say("run", "a.lua"), cli.say("run", "b.lua")
    assert (0, "after\tok\nended\t0\n") == (good.returncode, good.stdout)
    assert (1, "failed\tno\nended\t1\n") == (bad.returncode, bad.stdout)
