"""What a kernel was doing when it ended is there for the next one of its name."""

import json
import os
import signal
import sqlite3
from typing import Any

from tests.service.conftest import Kernels, debugger, reply_to
from tests.support.commands import become, write

PROGRAM = """\
function double(x)
  local y = x * 2
  return y
end
"""


def last_run(kernels: Kernels, name: str = "one") -> dict[str, Any]:
    """What status says of the run before."""
    found: dict[str, Any] = kernels.status(name)["health"]["last_run"]
    return found


def test_how_the_last_run_ended(kernels: Kernels) -> None:
    """Status and log say it: none, in order, or without a word, and how many cells there were."""
    record = kernels.start("one")
    assert last_run(kernels) is None
    with kernels.client(record) as client:
        client.execute_interactive("x = 1")
    kernels.say("stop", "one")
    record = kernels.start("one")
    assert ("in order", 1) == (last_run(kernels)["ended"], last_run(kernels)["cells"])
    with kernels.client(record) as client:
        for _ in range(3):
            client.execute_interactive("x = 1")
        become(lambda: kept_cells(kernels) == 3)
    os.kill(record["pid"], signal.SIGKILL)
    kernels.until_ended(record)
    record = kernels.start("one")
    assert ("without a word", 3) == (last_run(kernels)["ended"], last_run(kernels)["cells"])
    assert "the run before: it ended without a word, after 3 cells" in kernels.log(record)
    assert "before   ended without a word, after 3 cells" in kernels.say("status", "one").stdout


def test_the_session_it_was_in(kernels: Kernels) -> None:
    """A kernel that was killed is in its session again when it comes back, whoever entered it."""
    record = kernels.start("one")
    with kernels.client(record) as client:
        id = client.sessions("create", name="work", use=True)["session"]["id"]
        client.execute_interactive("x = 1")
        become(lambda: kept_cells(kernels) == 1)
    os.kill(record["pid"], signal.SIGKILL)
    kernels.until_ended(record)
    record = kernels.start("one")
    with kernels.client(record) as client:
        assert id == client.sessions("current")["session"]["id"]
        client.execute_interactive("x = 2")
        assert 2 == client.sessions("show")["session"]["usage"]["cells"]


def test_breakpoints_come_back(kernels: Kernels) -> None:
    """Also after kill -9: whoever attaches is told of them, and stops, until it sets its own."""
    program = write(kernels.folder, "double.lua", PROGRAM)
    call = f"dofile({str(program)!r}) return double(21)"
    record = kernels.start("one", "--dap-port", "0")
    with kernels.client(record) as client, debugger(record) as dap:
        dap.attach()
        dap.break_at(program, 3)
        dap.ask("setFunctionBreakpoints", {"breakpoints": [{"name": "double"}]})
        client.execute_interactive("kept = true")
        become(lambda: kept_stops(kernels) == 2)
        os.kill(record["pid"], signal.SIGKILL)
        kernels.until_ended(record)
    record = kernels.start("one", "--dap-port", "0")
    with kernels.client(record) as client:
        assert "ok" == client.execute_interactive(call).status  # nobody is there to be stopped for
        with debugger(record) as dap:
            dap.attach()
            told = [dap.wait_for("breakpoint") for _ in range(2)]
            assert ["new", "new"] == [each["reason"] for each in told]
            message = client.execute(call)
            stops = []
            for _ in range(2):
                stop = dap.wait_for_stop()
                assert stop is not None
                stops.append((stop.line, stop.reason))
                dap.send("continue", {"threadId": 1})
            assert [(2, "function breakpoint"), (3, "breakpoint")] == stops
            assert "ok" == reply_to(client, message)["status"]
            dap.ask("setFunctionBreakpoints", {"breakpoints": []})
            dap.break_at(program)
            assert "ok" == client.execute_interactive(call).status
            dap.disconnect()


def test_exception_filters_come_back(kernels: Kernels) -> None:
    """What a debugger chose holds for the next one that chooses nothing."""
    record = kernels.start("one", "--dap-port", "0")
    with debugger(record) as dap:
        dap.attach()
        dap.ask("setExceptionBreakpoints", {"filters": ["all"]})
        kernels.say("stop", "one")
        kernels.until_ended(record)
    record = kernels.start("one", "--dap-port", "0")
    with kernels.client(record) as client, debugger(record) as dap:
        dap.attach()
        message = client.execute("pcall(error, 'expected')")
        stop = dap.wait_for_stop()
        assert stop is not None
        assert "exception" == stop.reason
        dap.send("continue", {"threadId": 1})
        assert "ok" == reply_to(client, message)["status"]
        dap.disconnect()


def kept(kernels: Kernels) -> dict[str, Any]:
    """What the store has of the kernel called one."""
    path = next((kernels.folder / "data").rglob("state.sqlite"))
    with sqlite3.connect(path) as connection:
        rows = connection.execute("select value from entries where key = 'parts/one'").fetchall()
    return json.loads(rows[0][0]) if rows else {}


def kept_cells(kernels: Kernels) -> int:
    """The number of the last cell that was kept."""
    return int(kept(kernels).get("execution", {}).get("cells", 0))


def kept_stops(kernels: Kernels) -> int:
    """How many breakpoints were kept."""
    found = kept(kernels).get("debug", {})
    lines = sum(len(each["requests"]) for each in found.get("lines", ()))
    return lines + len(found.get("functions", ()))


def test_variables_come_back(kernels: Kernels) -> None:
    """After a stop they are there again, and status lists what could not be kept."""
    record = kernels.start("one")
    with kernels.client(record) as client:
        client.execute_interactive("x, f, t = 5, function() end, {1}")
    kernels.say("stop", "one")
    record = kernels.start("one")
    with kernels.client(record) as client:
        assert "5, 1, nil" == shown(client, "return x, t[1], f")
    assert {"restored": 2, "lost": ["f is a function"]} == last_run(kernels)["variables"]
    said = kernels.say("status", "one").stdout
    assert "after 1 cell\n" in said
    assert "2 variables came back" in said
    assert "not kept: f is a function" in said


def test_variables_of_a_session(kernels: Kernels) -> None:
    """A kernel without a name finds those of the session that it is started in."""
    record = unnamed(kernels, "work")
    with kernels.client(record) as client:
        client.execute_interactive("x = 5")
    kernels.say("stop", record["id"])
    record = unnamed(kernels, "work")
    with kernels.client(record) as client:
        assert "5" == shown(client, "return x")
    kernels.say("stop", record["id"])
    record = unnamed(kernels, "other")
    with kernels.client(record) as client:
        assert "nil, 1" == shown(client, "return x, 1")


def test_variables_stay_with_the_session_of_the_start(kernels: Kernels) -> None:
    """Whichever session the kernel is in at its end; that one keeps its own."""
    for name, value in (("other", 1), ("work", 5)):
        record = unnamed(kernels, name)
        with kernels.client(record) as client:
            client.execute_interactive(f"x = {value}")
            client.sessions("use", id="other")
        kernels.say("stop", record["id"])
    for name, value in (("other", "1"), ("work", "5")):
        record = unnamed(kernels, name)
        with kernels.client(record) as client:
            assert value == shown(client, "return x")
        kernels.say("stop", record["id"])


def test_a_restart_from_jupyter_begins_without_variables(kernels: Kernels) -> None:
    """Who restarts a notebook's kernel wants them gone, also those of the run before."""
    record = kernels.start("one")
    with kernels.client(record) as client:
        client.execute_interactive("x = 5")
    kernels.say("stop", "one")
    record = kernels.start("one")
    with kernels.client(record) as client:
        client.shutdown(restart=True, reply=True)
    kernels.until_ended(record)
    record = kernels.start("one")
    with kernels.client(record) as client:
        assert "nil, 1" == shown(client, "return x, 1")


def test_who_has_no_name_leaves_nothing(kernels: Kernels) -> None:
    """Nobody would ever ask for it."""
    record = unnamed(kernels)
    with kernels.client(record) as client:
        client.execute_interactive("x = 5")
    kernels.say("stop", record["id"])
    path = next((kernels.folder / "data").rglob("state.sqlite"))
    with sqlite3.connect(path) as connection:
        rows = connection.execute("select key from entries where key like 'variables/%'")
        assert [] == rows.fetchall()


def unnamed(kernels: Kernels, session: str = "") -> dict[str, Any]:
    """A kernel in the background that nobody gave a name."""
    words = ["--session", session] if session else []
    done = kernels.say("start", "--daemon", "--json", *words)
    assert (0, "") == (done.returncode, done.stderr)
    record: dict[str, Any] = json.loads(done.stdout)
    return record


def shown(client: Any, code: str) -> str:
    """What a cell gives."""
    return str(client.execute_interactive(code).result.data["text/plain"])
