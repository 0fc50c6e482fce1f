"""Kernels in the background and the sessions they are in."""

import json
import os
import signal
import subprocess
import threading
from typing import Any

from dap_server.client import DapClient
from tests.service.conftest import Kernels
from tests.support.commands import LLMSPELL, become
from tests.support.schema import check_frame


def test_a_session_survives_kill_9(kernels: Kernels) -> None:
    """What was recorded before is there, and the next kernel with the session goes on with it."""
    record = kernels.start("one", "--session", "work")
    with kernels.client(record) as client:
        first = client.sessions("current")["session"]
        store = "Artifact.store(Session.get_current(), 'custom', 'a.txt', 'kept')"
        assert "ok" == client.execute_interactive(store).status
    os.kill(record["pid"], signal.SIGKILL)
    kernels.until_ended(record)
    record = kernels.start("two", "--session", first["id"])
    with kernels.client(record) as client:
        assert "ok" == client.execute_interactive("x = 1").status
        found = client.sessions("show")["session"]
        assert ("work", "active", 2) == (found["name"], found["status"], found["usage"]["cells"])
        assert "kept" == client.sessions("artifact", name="a.txt")["text"]


def test_a_session_that_is_not_there(kernels: Kernels) -> None:
    """A kernel that cannot be in the session it was told does not start, and says why."""
    id = "4c7f1a52-8f34-4a50-9f30-cbd9b4f6f0aa"
    done = kernels.say("start", "--daemon", "--id", "one", "--session", id)
    assert (1, True) == (done.returncode, f"There is no session {id}" in done.stderr)


def attachable(kernels: Kernels) -> dict[str, int]:
    """What can be attached to: its kind, and the port."""
    words = [*LLMSPELL, "debug", "--list", "--json"]
    done = subprocess.run(words, env=kernels.env, capture_output=True, check=True, timeout=60)
    return {each["kind"]: each["port"] for each in json.loads(done.stdout)}


def test_a_replay_is_debugged_beside_its_kernel(kernels: Kernels) -> None:
    """The list has both; a debugger finds the replay at step 3 while the kernel runs cells."""
    record = kernels.start("one", "--session", "work", "--dap-port", "0")
    results: list[dict[str, Any]] = []
    with kernels.client(record) as client, kernels.client(record) as other:
        for code in ("x = 1", "x = x + 1", "x = x * 10\nreturn x"):
            client.execute_interactive(code)

        def replay() -> None:
            results.append(client.sessions("replay", mode="debug", stop_before=3)["result"])

        thread = threading.Thread(target=replay)
        thread.start()
        become(lambda: "replay" in attachable(kernels))
        found = attachable(kernels)
        assert int(record["dap"].rpartition(":")[2]) == found["kernel"]
        with DapClient.connect(found["replay"], check=check_frame, deadline=60) as dap:
            dap.attach()
            stop = dap.wait_for_stop()
            assert stop is not None
            assert (1, "2") == (stop.line, dap.evaluate("x"))
            assert "20\n" == other.execute_interactive("print(x)").stdout
            dap.ask("continue", {"threadId": 1})
            dap.disconnect()
        thread.join(60)
    assert [(3, 1.0)] == [(each["stopped_before"], each["similarity_score"]) for each in results]
    assert {"kernel"} == {*attachable(kernels)}
