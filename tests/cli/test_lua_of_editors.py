"""Which Lua programs run on that editors launch, and files are read as."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from dap_server.client import DapClient
from dap_server.client.errors import RequestFailed
from tests.cli.conftest import DEADLINE, CommandLine
from tests.support.commands import LLMSPELL
from tests.support.editor import Editor


@pytest.fixture
def configured(cli: CommandLine) -> CommandLine:
    """Lua 5.1 by a file in the working directory, and 5.3 by one in a folder below it."""
    cli.write("llmspell.toml", '[engines.lua]\nversion = "5.1"\n')
    cli.write("below/llmspell.toml", '[engines.lua]\nversion = "5.3"\n')
    cli.write("script.lua", "print(_VERSION, State ~= nil)")
    return cli


@contextmanager
def adapter(cli: CommandLine, *words: str) -> Iterator[DapClient]:
    """An adapter on stdio, as editors start it."""
    command = [*LLMSPELL, *words, "dap"]
    cwd, env = str(cli.work), cli.environment
    with DapClient.spawn(command, cwd=cwd, env=env, deadline=DEADLINE) as client:
        yield client


def printed(cli: CommandLine, *words: str, **configuration: Any) -> str:
    """What the script says when it is launched so."""
    with adapter(cli, *words) as client:
        assert None is client.launch(cli.work / "script.lua", **configuration)
        return client.output("stdout")


def test_a_launch_runs_on_the_configured_one(configured: CommandLine) -> None:
    """That of the folder it runs in; a variable stands above it, the launch above all."""
    variable = {"env": {"LLMSPELL_LUA_VERSION": "5.2"}}
    below = {"cwd": str(configured.work / "below")}
    assert "Lua 5.1\ttrue\n" == printed(configured)
    assert "Lua 5.1\ttrue\n" == printed(configured, lua=None)
    assert "Lua 5.3\ttrue\n" == printed(configured, **below)
    assert "Lua 5.2\ttrue\n" == printed(configured, **variable)
    assert "Lua 5.4\ttrue\n" == printed(configured, lua="5.4", **variable)
    assert "Lua 5.3\ttrue\n" == printed(configured, "-c", "below/llmspell.toml")


def test_what_cannot_be_read_fails_the_launch(configured: CommandLine) -> None:
    """It says which file, and where in it."""
    configured.write("llmspell.toml", "[engines\n")
    is_said = pytest.raises(RequestFailed, match=r"llmspell\.toml:1 is no TOML")
    with adapter(configured) as client, is_said:
        client.launch(configured.work / "script.lua")


def test_a_terminal_of_the_editor_is_no_exception(configured: CommandLine) -> None:
    """The adapter in it reads the same configuration and gives scripts the same globals."""
    started: list[subprocess.Popen[str]] = []

    def open_terminal(asked: dict[str, Any]) -> dict[str, Any]:
        environment = {**configured.environment, **asked["env"]}
        process = subprocess.Popen(
            asked["args"],
            cwd=asked["cwd"],
            env=environment,
            stdout=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            text=True,
        )
        started.append(process)
        return {"processId": process.pid}

    with adapter(configured, "-c", "below/llmspell.toml") as client:
        client.frames.answerers["runInTerminal"] = open_terminal
        client.initialize(supports_run_in_terminal_request=True)
        client.launch(configured.work / "script.lua", console="integratedTerminal")
        client.disconnect()
        out, _ = started[0].communicate(timeout=DEADLINE)
    assert "Lua 5.3\ttrue\n" == out


@pytest.mark.parametrize(
    ("words", "settings", "problems"),
    [
        ((), None, 1),
        (("--lua", "5.4"), None, 0),
        ((), {"llmspell": {"lua": {"version": "5.4"}}}, 0),
    ],
)
def test_files_are_read_as_the_configured_one(
    configured: CommandLine, words: tuple[str, ...], settings: Any, problems: int
) -> None:
    """Lua 5.1 has no integer division; --lua and the editor's setting stand above it.

    The server is started somewhere else: the client's folder counts.
    """
    assert problems == _problems(configured, words, settings)


def test_a_configuration_that_is_being_written_ends_no_server(configured: CommandLine) -> None:
    """Files are read as Lua 5.4 until the server is started again; the user is told why."""
    configured.write("llmspell.toml", "[engines\n")
    told: list[str] = []
    assert 0 == _problems(configured, (), None, told)
    (message,) = told
    assert "llmspell.toml:1" in message
    assert message.endswith("Files are read as Lua 5.4.")


def _problems(
    cli: CommandLine, words: tuple[str, ...], settings: Any, told: list[str] | None = None
) -> int:
    """How many the language server finds in ``return 1 // 2``; ``told``: for what it says."""
    editor = Editor(cli.work)
    editor.start_stdio(*words)
    editor.initialize(settings)
    editor.open("a.lua", "return 1 // 2\n")
    found = editor.diagnostics("a.lua")
    if told is not None:
        told += editor.messages
    editor.close()
    return len(found)
