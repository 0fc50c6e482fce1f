"""Hooks of debugging in programs that editors launch or attach to."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from dap_server.client import DapClient
from dap_server.client.errors import RequestFailed
from tests.cli.conftest import DEADLINE, CommandLine
from tests.support.commands import LLMSPELL, Running

SKIPPING = """Hook.register("PreBreakpoint", function(it)
  print("asked", it.data.line, it.data.locals.x)
  return it.data.line == 6 and "skip" or "continue"
end)
local x = 1
x = x + 1
x = x + 1
print(x)
"""

STEPPING = """Hook.register("PreStepExecution", function(it) print("before", it.data.step) end)
Hook.register("PostStepExecution", function(it)
  return it.data.line == 6 and "skip" or "continue"
end)
local x = 1
x = x + 1
x = x + 1
print(x)
"""

GOODBYE = """local word = "goodbye"
Hook.register("SystemShutdown", function(it)
  print("ended", it.data.exit_code, word)
end)
if ... then error(word) end
"""

LIMITED = """
[[hooks.use]]
hook = "rate_limit"
points = ["{}"]
settings = {{ limits = {{ program = "0/minute" }} }}
"""


@pytest.fixture
def editor(cli: CommandLine) -> Iterator[DapClient]:
    """An editor with an adapter on stdio, in the folder of the test."""
    command, cwd = [*LLMSPELL, "dap"], str(cli.work)
    with DapClient.spawn(command, cwd=cwd, env=cli.environment, deadline=DEADLINE) as client:
        yield client


def test_a_function_of_the_program_skips_a_stop(cli: CommandLine, editor: DapClient) -> None:
    """It is asked before the editor is told, who hears of the next stop only."""
    script = cli.write("a.lua", SKIPPING)
    editor.break_at(script, 6, 7)
    stop = editor.launch(script)
    assert stop is not None
    assert (7, "2") == (stop.line, editor.evaluate("x"))
    assert 0 == editor.run_to_end()
    assert "asked\t6\t1\nasked\t7\t2\n3\n" == editor.output("stdout")


def test_functions_of_the_program_are_asked_about_steps(
    cli: CommandLine, editor: DapClient
) -> None:
    """Before a step, and behind it, where one goes on."""
    script = cli.write("a.lua", STEPPING)
    editor.break_at(script, 5)
    editor.launch(script)
    assert 7 == editor.step_over().line
    assert 0 == editor.run_to_end()
    assert "before\tover\n3\n" == editor.output("stdout")


@pytest.mark.parametrize("point", ["PreDebugSession", "PreScriptLoad"])
def test_a_configured_hook_refuses_a_launch(
    cli: CommandLine, editor: DapClient, point: str
) -> None:
    """The editor is told by whom and where, and nothing of the program runs."""
    cli.write("llmspell.toml", LIMITED.format(point))
    script = cli.write("a.lua", SKIPPING)
    with pytest.raises(RequestFailed, match=f"said by the hook rate_limit at {point}"):
        editor.launch(script)
    assert "" == editor.output("stdout")


def test_a_hook_that_there_is_not_refuses_a_launch(cli: CommandLine, editor: DapClient) -> None:
    """What was to guard something is not missing because of a slip of the pen."""
    cli.write("llmspell.toml", '[[hooks.use]]\nhook = "securty"\n')
    with pytest.raises(RequestFailed, match="There is no hook 'securty'"):
        editor.launch(cli.write("a.lua", SKIPPING))


def test_without_a_debugger_only_the_load_is_asked_about(
    cli: CommandLine, editor: DapClient
) -> None:
    """A launch with noDebug is no debug session."""
    cli.write("llmspell.toml", LIMITED.format("P*DebugSession"))
    script = cli.write("a.lua", "print('ran')")
    assert None is editor.launch(script, noDebug=True)
    assert "ran\n" == editor.output("stdout")


def test_a_program_that_waits_for_editors_has_hooks(tmp_path: Path) -> None:
    """Its functions are asked at the breakpoints of whoever attaches."""
    (tmp_path / "a.lua").write_text(SKIPPING, "utf-8")
    with Running(["debug", "a.lua", "--dap-port", "0"], tmp_path) as program:
        with program.client() as editor:
            editor.break_at(tmp_path / "a.lua", 6, 7)
            editor.attach()
            stop = editor.wait_for_stop()
            assert stop is not None
            assert 7 == stop.line
            assert 0 == editor.run_to_end()
        assert (0, "asked\t6\t1\nasked\t7\t2\n3\n") == program.end()[:2]


def test_a_program_that_is_refused_ends(tmp_path: Path) -> None:
    """The editor that was to start it is told why, and the process waits for nobody else."""
    (tmp_path / "llmspell.toml").write_text(LIMITED.format("PreDebugSession"), "utf-8")
    (tmp_path / "a.lua").write_text(SKIPPING, "utf-8")
    with Running(["debug", "a.lua", "--dap-port", "0"], tmp_path) as program:
        refused = pytest.raises(RequestFailed, match="rate_limit at PreDebugSession")
        with program.client() as editor, refused:
            editor.attach()
        assert (1, "") == program.end()[:2]


def test_the_program_hears_that_it_has_run(cli: CommandLine, editor: DapClient) -> None:
    """Its functions at SystemShutdown are asked while it is there, as under `llmspell run`."""
    script = cli.write("a.lua", GOODBYE)
    assert None is editor.launch(script)
    assert "ended\t0\tgoodbye\n" == editor.output("stdout")


def test_a_program_that_fails_hears_of_its_end_as_well(cli: CommandLine, editor: DapClient) -> None:
    """With the status that it ends with."""
    editor.launch(cli.write("a.lua", GOODBYE), args=["fail"], exceptionDefaults=[])
    assert "ended\t1\tgoodbye\n" == editor.output("stdout")


def test_a_program_that_is_ended_hears_nothing(cli: CommandLine, editor: DapClient) -> None:
    """It was to end at once."""
    script = cli.write("a.lua", GOODBYE)
    editor.break_at(script, 5)
    editor.launch(script)
    editor.ask("terminate")
    assert None is editor.wait_for_stop()
    assert "" == editor.output("stdout")
