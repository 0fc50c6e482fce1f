"""What the documents tell users to do works as they say."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from dap_server.client import DapClient
from tests.architecture.project import ROOT, read
from tests.end_to_end.adapter import LLMSPELL, announced_port


def code(path: str, language: str, beginning: str) -> str:
    """The first block of code in a document that is in this language and begins so."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```", read(path), re.MULTILINE | re.DOTALL)
    return next(str(block) for block in blocks if str(block).startswith(beginning))


@pytest.fixture
def average(tmp_path: Path) -> Path:
    """The tutorial's script."""
    script = tmp_path / "average.lua"
    script.write_text(code("docs/tutorial.md", "lua", "local function average"), encoding="utf-8")
    return script


def test_tutorial_runs_its_script(average: Path) -> None:
    """The script prints what the tutorial says."""
    outcome = subprocess.run([LLMSPELL, "run", average], capture_output=True, text=True, check=True)
    assert ("average\t5.0\n", "") == (outcome.stdout, outcome.stderr)


def test_tutorial_finds_its_mistake(average: Path) -> None:
    """The steps of the tutorial show and do what it says they do."""
    with DapClient.spawn([str(LLMSPELL), "dap"]) as client:
        client.break_at(average, 6)
        stop = client.launch(average)
        assert stop is not None
        assert (6, "12") == (stop.line, client.locals()["sum"])
        assert "4.0" == client.evaluate("sum / #numbers", context="repl")
        client.set_variable("sum", "9")
        assert 0 == client.run_to_end()
        assert "average\t4.0\n" == client.output("stdout")


def test_tutorial_in_neovim_assigns_in_the_console(average: Path) -> None:
    """An assignment typed into the console changes the local."""
    with DapClient.spawn([str(LLMSPELL), "dap"]) as client:
        client.break_at(average, 6)
        client.launch(average)
        client.evaluate("sum = 9", context="repl")
        client.run_to_end()
        assert "average\t4.0\n" == client.output("stdout")


def test_tutorials_condition_and_log_message(average: Path) -> None:
    """What the tutorial recommends to try next does what it says."""
    with DapClient.spawn([str(LLMSPELL), "dap"]) as client:
        client.break_at(average, 4, condition="index == 2")
        client.launch(average)
        assert "2" == client.locals()["index"]
        client.set_breakpoints(average)
        client.break_at(average, 4, log_message="{index}: {numbers[index]}")
        client.run_to_end()
        assert "3: 6\n" in client.output()


def test_custom_view_is_shown_as_its_page_says(tmp_path: Path) -> None:
    """The example of custom views gives the line, the type and the children it promises."""
    script = tmp_path / "account.lua"
    example = code("docs/how-to/custom-views.md", "lua", "local Account")
    script.write_text(f"{example}print(account.owner)\n", encoding="utf-8")
    with DapClient.spawn([str(LLMSPELL), "dap"]) as client:
        client.break_at(script, len(example.splitlines()) + 1)
        stop = client.launch(script)
        assert stop is not None
        assert stop.frame is not None
        scope = client.requests.scopes(frame_id=stop.frame.id).scopes[0]
        children = {each.name: each for each in client.variables(scope.variables_reference)}
        shown = children["account"]
        assert ("Ada: 12.5 EUR", "Account") == (shown.value, shown.type)
        contents = client.children(shown.variables_reference)
        assert ('"Ada"', "1250") == (contents["owner"], contents["balance"])


def test_attach_and_detach(average: Path) -> None:
    """``llmspell debug`` waits for a client, who may look and leave; the script goes on."""
    command = [LLMSPELL, "debug", average, "--dap-port", "0"]
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as program:
        with DapClient.connect(announced_port(program)) as client:
            client.break_at(average, 6)
            client.attach()
            stop = client.wait_for_stop()
            assert stop is not None
            assert 6 == stop.line
            client.disconnect(terminate=False)
        output, _ = program.communicate(timeout=30)
        assert ("average\t5.0\n", 0) == (output, program.returncode)


def test_demo_debugs_its_sample() -> None:
    """The README's first command stops at a breakpoint, steps, and stops at the error."""
    told = subprocess.run(
        [sys.executable, ROOT / "examples" / "demo_session.py"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    reasons = re.findall(r"stopped \((\w+)\)", told)
    assert ["breakpoint", "step", "step", "step", "exception"] == reasons
