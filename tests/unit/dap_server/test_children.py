"""Scripts that a debugged script starts are debugged too, if the client can."""

import os
import sys
from pathlib import Path
from typing import Any

import pytest

from dap_server.children import VARIABLE, ParentDoor, announce
from dap_server.client import DapClient
from kernel.events.model import ChildStarted
from tests.support.commands import DEADLINE, write
from tests.support.schema import check_frame

ADAPTER = [sys.executable, "-P", "-m", "dap_server"]
PARENT = f"print(os.execute('{sys.executable} -P -m llmspell run child.lua from parent'))"
CHILD = "local a, b = ...\nprint(a, b)\nos.exit(5)\n"


def test_the_client_is_asked_to_debug_the_child(tmp_path: Path) -> None:
    """``startDebugging`` has a configuration to attach with, and the child waits for it."""
    parent = write(tmp_path, "parent.lua", PARENT)
    child = write(tmp_path, "child.lua", CHILD)
    asked: list[dict[str, Any]] = []
    with DapClient.spawn(ADAPTER, check=check_frame, deadline=DEADLINE) as client:
        client.frames.answerers["startDebugging"] = asked.append  # type: ignore[assignment]
        client.initialize(supports_start_debugging_request=True)
        client.start("launch", {"program": str(parent), "cwd": str(tmp_path)})
        client.send("configurationDone")
        client.frames.wait_until(lambda: bool(asked), DEADLINE)
        with DapClient.spawn(ADAPTER, check=check_frame, deadline=DEADLINE) as other:
            other.break_at(child, 2)
            other.attach(**asked[0]["configuration"])
            stop = other.wait_for_stop()
            assert stop is not None
            assert (2, '"from"') == (stop.line, other.evaluate("a"))
            assert 5 == other.run_to_end()
            other.disconnect()
        client.wait_for("terminated")
        assert ("attach", "child.lua") == (asked[0]["request"], asked[0]["configuration"]["name"])
        assert client.output("stdout").startswith("from\tparent\nnil\texit\t")


@pytest.mark.anyio
async def test_a_door_hears_children_and_tells_whether_they_are_wanted() -> None:
    """The announcement arrives as an event; the child learns whether to wait."""
    import asyncio

    heard: list[ChildStarted] = []
    door = ParentDoor()
    await door.open(lambda child: bool(heard.append(child)) or len(heard) == 1)
    parent = os.environ[VARIABLE]
    answers = [await asyncio.to_thread(announce, parent, "a.lua", "h", n) for n in (1, 2)]
    door.close()
    assert [True, False] == answers
    assert [ChildStarted("a.lua", "h", 1), ChildStarted("a.lua", "h", 2)] == heard
    assert VARIABLE not in os.environ


@pytest.mark.anyio
async def test_strangers_are_not_heard() -> None:
    """A wrong token, and a door that is no door, mean: nobody wants to debug you."""
    import asyncio

    heard: list[ChildStarted] = []
    door = ParentDoor()
    await door.open(lambda child: bool(heard.append(child)))
    where = os.environ[VARIABLE].rpartition(":")[0]
    assert not await asyncio.to_thread(announce, f"{where}:wrong", "a.lua", "h", 1)
    door.close()
    assert not announce("127.0.0.1:1:token", "a.lua", "h", 1)
    assert not announce("nonsense", "a.lua", "h", 1)
    assert [] == heard


@pytest.fixture
def anyio_backend() -> str:
    """Run on asyncio."""
    return "asyncio"
