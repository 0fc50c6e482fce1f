"""Scripts that a debugged script starts with ``os.execute`` are debugged, too, in every Lua."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dap_server.client import DapClient
from tests.support.commands import DEADLINE, write
from tests.support.schema import check_frame

ADAPTER = [sys.executable, "-P", "-m", "dap_server"]
BIN = os.path.dirname(sys.executable)


class Sessions:
    """A client that debugs what its program starts: each child in a session of its own."""

    def __init__(self) -> None:
        self.configurations: list[dict[str, Any]] = []
        self.parent = self._new()

    def _new(self) -> DapClient:
        client = DapClient.spawn(
            ADAPTER,
            env={**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"},
            check=check_frame,
            deadline=DEADLINE,
        )
        client.frames.answerers["startDebugging"] = self._take
        return client

    def _take(self, arguments: dict[str, Any]) -> None:
        assert "attach" == arguments["request"]
        self.configurations.append(arguments["configuration"])

    def child(self, number: int) -> DapClient:
        """A session for the child that was announced as this one, counted from 0."""
        self.parent.frames.wait_until(lambda: len(self.configurations) > number, DEADLINE)
        return self._new()


@pytest.fixture
def sessions() -> Iterator[Sessions]:
    """Hung up at the end."""
    sessions = Sessions()
    yield sessions
    sessions.parent.close()


def start(sessions: Sessions, parent: Path, lua: str, **client: bool) -> None:
    """Let the parent run."""
    sessions.parent.initialize(**client)
    sessions.parent.start("launch", {"program": str(parent), "cwd": str(parent.parent), "lua": lua})
    sessions.parent.send("configurationDone")


def test_a_child_has_a_session_of_its_own(sessions: Sessions, tmp_path: Path, lua: str) -> None:
    """Its breakpoints, values and output are its own; the parent waits for its end."""
    command = f"llmspell run --lua {lua} child.lua one two"
    parent = write(tmp_path, "parent.lua", f"os.execute('{command}')\nprint('parent goes on')\n")
    child = write(tmp_path, "child.lua", "local a, b = ...\nlocal c = a .. b\nprint(c, _VERSION)\n")
    start(sessions, parent, lua, supports_start_debugging_request=True)
    with sessions.child(0) as client:
        client.break_at(child, 3)
        client.attach(**sessions.configurations[0])
        stop = client.wait_for_stop()
        assert stop is not None
        assert ("breakpoint", 3) == (stop.reason, stop.line)
        assert '"onetwo"' == client.evaluate("c")
        client.set_variable("c", "'changed'")
        assert 0 == client.run_to_end()
        assert client.output("stdout").startswith("changed\tLua 5.")
        client.disconnect()
    sessions.parent.wait_for("terminated")
    assert sessions.parent.output("stdout").startswith("changed\t")
    assert sessions.parent.output("stdout").endswith("parent goes on\n")
    assert "child.lua" == sessions.configurations[0]["name"]


def test_several_children_one_after_another(sessions: Sessions, tmp_path: Path, lua: str) -> None:
    """Each is announced when it starts, and each can be stopped in."""
    command = f"llmspell run --lua {lua} child.lua"
    text = f"for i = 1, 2 do os.execute('{command} ' .. i) end\n"
    parent = write(tmp_path, "parent.lua", text)
    child = write(tmp_path, "child.lua", "local n = ...\nprint('child', n)\n")
    start(sessions, parent, lua, supports_start_debugging_request=True)
    for number in range(2):
        with sessions.child(number) as client:
            client.break_at(child, 2)
            client.attach(**sessions.configurations[number])
            assert client.wait_for_stop() is not None
            assert f'"{number + 1}"' == client.evaluate("n")
            assert 0 == client.run_to_end()
            client.disconnect()
    sessions.parent.wait_for("terminated")
    assert "child\t1\nchild\t2\n" == sessions.parent.output("stdout")


@pytest.mark.lua("5.4")
def test_what_the_parent_was_configured_with_is_inherited(
    sessions: Sessions, tmp_path: Path, lua: str
) -> None:
    """Path mappings and files to skip hold for the children as well."""
    parent = write(tmp_path, "parent.lua", "os.execute('llmspell run child.lua')\n")
    child = write(tmp_path, "child.lua", "print('child')\n")
    mapping = {"local": "/editor", "remote": str(tmp_path)}
    sessions.parent.initialize(supports_start_debugging_request=True)
    sessions.parent.start(
        "launch",
        {
            "program": str(parent),
            "cwd": str(tmp_path),
            "lua": lua,
            "pathMappings": [mapping],
            "skipFiles": ["**/vendor/**"],
        },
    )
    sessions.parent.send("configurationDone")
    with sessions.child(0) as client:
        configuration = sessions.configurations[0]
        assert [mapping] == configuration["pathMappings"]
        assert ["**/vendor/**"] == configuration["skipFiles"]
        client.break_at(Path("/editor") / child.name, 1)
        client.attach(**configuration)
        stop = client.wait_for_stop()
        assert stop is not None
        assert "/editor/child.lua" == stop.path
        assert 0 == client.run_to_end()
        client.disconnect()
    sessions.parent.wait_for("terminated")


@pytest.mark.lua("5.4")
def test_children_just_run_where_the_client_cannot_debug_them(
    sessions: Sessions, tmp_path: Path, lua: str
) -> None:
    """Without ``startDebugging`` none waits, and the debug console says once that they are not."""
    parent = write(tmp_path, "parent.lua", "os.execute('llmspell run child.lua')\n" * 2)
    write(tmp_path, "child.lua", "print('child')\n")
    start(sessions, parent, lua)
    sessions.parent.wait_for("terminated")
    assert "child\n" * 2 == sessions.parent.output("stdout")
    told = "child.lua runs undebugged: the editor cannot debug what a program starts.\n"
    assert told == sessions.parent.output("console")


@pytest.mark.lua("5.4")
def test_children_of_a_program_without_debugger(
    sessions: Sessions, tmp_path: Path, lua: str
) -> None:
    """With ``noDebug`` nobody asks about children: they just run."""
    parent = write(tmp_path, "parent.lua", "os.execute('llmspell run child.lua')\n")
    write(tmp_path, "child.lua", "print('child')\n")
    sessions.parent.initialize(supports_start_debugging_request=True)
    sessions.parent.start(
        "launch", {"program": str(parent), "cwd": str(tmp_path), "lua": lua, "noDebug": True}
    )
    sessions.parent.send("configurationDone")
    sessions.parent.wait_for("terminated")
    assert "child\n" == sessions.parent.output("stdout")
    assert [] == sessions.configurations


@pytest.mark.lua("5.4")
def test_a_child_that_cannot_begin_is_not_announced(
    sessions: Sessions, tmp_path: Path, lua: str
) -> None:
    """It says what is wrong, as it does where nobody debugs, and no client waits for it."""
    parent = write(tmp_path, "parent.lua", "os.execute('llmspell run --lua 7 child.lua')\n")
    write(tmp_path, "child.lua", "print(1)\n")
    start(sessions, parent, lua, supports_start_debugging_request=True)
    sessions.parent.wait_for("terminated")
    assert [] == sessions.configurations
    assert "llmspell: There is no Lua '7'; " in sessions.parent.output("stderr")
