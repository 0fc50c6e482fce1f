"""Debuggers of a kernel in the background: found by the list, served over TCP."""

import json
import os
import signal
import subprocess
from pathlib import Path
from typing import Any

import pytest

from dap_server.client.errors import RequestFailed
from kernel.api import BlockingKernel
from tests.service.conftest import Kernels, audited, debugger, health, reply_to
from tests.support.commands import LLMSPELL, become, write

PROGRAM = """\
function double(x)
  local y = x * 2
  return y
end
"""


def listed(kernels: Kernels) -> list[dict[str, Any]]:
    """What can be attached to."""
    done = subprocess.run(
        [*LLMSPELL, "debug", "--list", "--json"],
        env=kernels.env,
        capture_output=True,
        check=True,
        timeout=60,
    )
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def test_a_kernel_is_attached_to_and_stops_for_cells(kernels: Kernels) -> None:
    """It is in the list with its kind; a cell that runs a file stops in it, and health says so."""
    record = kernels.start("one", "--dap-port", "0", "--lua", "5.3")
    host, _, port = record["dap"].rpartition(":")
    expected = {
        "pid": record["pid"],
        "host": host,
        "port": int(port),
        "program": "kernel one",
        "lua": "5.3",
        "kind": "kernel",
    }
    assert [expected] == listed(kernels)
    program = write(kernels.folder, "double.lua", PROGRAM)
    with kernels.client(record) as client, debugger(record) as dap:
        dap.attach()
        dap.break_at(program, 3)
        message = client.execute(f"dofile({str(program)!r}) print(double(21))")
        stop = dap.wait_for_stop()
        assert stop is not None
        assert (3, "breakpoint", "42") == (stop.line, stop.reason, dap.evaluate("y"))
        assert ("stopped", 2) == (health(record)["state"], health(record)["clients"])
        dap.send("continue", {"threadId": 1})
        assert "ok" == reply_to(client, message)["status"]
        dap.disconnect()
    become(lambda: health(record)["clients"] == 0)
    os.kill(record["pid"], signal.SIGKILL)
    kernels.until_ended(record)
    assert [] == listed(kernels)


CELL = "local a = 20\nlocal b = a + 1\nprint(a + b)\n"


def test_an_editor_and_a_notebook_debug_one_kernel(kernels: Kernels) -> None:
    """Both see each stop, with breakpoints of their own; whoever comes late is told where it is."""
    record = kernels.start("one", "--dap-port", "0")
    with kernels.client(record) as notebook:
        notebook.debug("initialize", {"adapterID": "", "clientID": "jupyterlab"})
        notebook.debug("attach")
        path = notebook.debug("dumpCell", {"code": CELL})["sourcePath"]
        lines = {"source": {"path": path}, "breakpoints": [{"line": 2}]}
        assert notebook.debug("setBreakpoints", lines)["breakpoints"][0]["verified"]
        message = notebook.execute(CELL)
        until_told(notebook, "stopped")
        with debugger(record) as editor:
            editor.attach()
            stop = editor.wait_for_stop()
            assert stop is not None
            assert (path, 2, "20") == (stop.path, stop.line, editor.evaluate("a"))
            editor.break_at(path, 3)
            notebook.debug("continue", {"threadId": 1})
            stop = editor.wait_for_stop()
            assert stop is not None
            assert (3, "21") == (stop.line, editor.evaluate("b"))
            until_told(notebook, "stopped")
            frames = notebook.debug("stackTrace", {"threadId": 1})["stackFrames"]
            assert (path, 3) == (frames[0]["source"]["path"], frames[0]["line"])
            assert [1] == notebook.debug("debugInfo")["stoppedThreads"]
            editor.send("continue", {"threadId": 1})
            assert "ok" == reply_to(notebook, message)["status"]
            editor.disconnect()
        message = notebook.execute(CELL)  # what the editor has set is gone, what we have set is not
        until_told(notebook, "stopped")
        assert 2 == notebook.debug("stackTrace", {"threadId": 1})["stackFrames"][0]["line"]
        notebook.debug("continue", {"threadId": 1})
        assert "ok" == reply_to(notebook, message)["status"]


def until_told(notebook: BlockingKernel, event: str) -> None:
    """Wait for an event of the notebook's debugger."""
    while True:
        told = notebook.get_iopub_msg(timeout=60)
        if told["msg_type"] == "debug_event" and told["content"]["event"] == event:
            return


def test_a_debugger_too_many_is_refused(kernels: Kernels) -> None:
    """Debuggers are clients, too."""
    record = kernels.start("one", "--dap-port", "0", "--max-clients", "1")
    with debugger(record) as first:
        first.attach()
        refusal = pytest.raises(RequestFailed, match="at most 1 clients at a time")
        with debugger(record) as second, refusal:
            second.attach()
        first.disconnect()


def test_sigterm_ends_a_kernel_that_stands_in_the_debugger(kernels: Kernels) -> None:
    """Nobody may come to resume it: it is interrupted without patience, and ends in order."""
    record = kernels.start("one", "--dap-port", "0", "--drain", "600")
    program = write(kernels.folder, "double.lua", PROGRAM)
    with kernels.client(record) as client, debugger(record) as dap:
        dap.attach()
        dap.break_at(program, 2)
        message = client.execute(f"dofile({str(program)!r}) print(double(21))")
        dap.wait_for_stop()
        os.kill(record["pid"], signal.SIGTERM)
        assert "error" == reply_to(client, message)["status"]
    kernels.until_ended(record)
    assert "ended with status 0" in kernels.log(record)
    assert not Path(record["connection_file"]).exists()


def test_what_one_debugger_assigns_others_look_at_again(kernels: Kernels) -> None:
    """All of them are told that values changed, and so is the kernel's log of events."""
    kernels.env["LLMSPELL_EVENTS_PERSISTENCE"] = "true"
    record = kernels.start("one", "--dap-port", "0")
    program = write(kernels.folder, "double.lua", PROGRAM)
    with kernels.client(record) as client, debugger(record) as one, debugger(record) as other:
        one.attach()
        other.attach()
        one.break_at(program, 3)
        message = client.execute(f"dofile({str(program)!r}) print(double(21))")
        assert one.wait_for_stop() is not None
        assert other.wait_for_stop() is not None
        one.set_variable("y", "7")
        assert {"areas": ["variables"]} == other.wait_for("invalidated")
        assert {"areas": ["variables"]} == one.wait_for("invalidated")
        assert "7" == other.evaluate("y")
        one.send("continue", {"threadId": 1})
        assert "ok" == reply_to(client, message)["status"]
    assert 0 == kernels.say("stop", "one").returncode
    told = audited(kernels, "debug.values_invalidated")
    assert [{"areas": ["variables"], "thread": None}] == [each.data() for each in told]
    assert [message] == [each.correlation_id for each in told]
    came = [each.data()["transport"] for each in audited(kernels, "lifecycle.client_connected")]  # type: ignore[index,call-overload]
    assert ["dap", "dap", "zmq"] == sorted(came)
