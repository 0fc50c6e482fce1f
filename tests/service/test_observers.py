"""Who is told of a kernel in the background: its log, its audit log, a collector."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kernel.events.log import EventLog
from kernel.state.stores import open_store
from tests.service.conftest import Kernels, health
from tests.support import collector as collector_program

SECRET = "sk-" + "a1B2" * 8


@pytest.fixture
def collector() -> Iterator["subprocess.Popen[str]"]:
    """A collector in a process of its own."""
    command = [sys.executable, collector_program.__file__]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.terminate()


def test_a_kernel_that_is_observed(kernels: Kernels, collector: "subprocess.Popen[str]") -> None:
    """Spans are at the collector and events in the log when it has ended; its health counts."""
    assert collector.stdout is not None
    port = int(collector.stdout.readline())
    kernels.env["OTEL_EXPORTER_OTLP_ENDPOINT"] = f"http://127.0.0.1:{port}"
    kernels.env["OTEL_SERVICE_NAME"] = "lab"
    kernels.env["LLMSPELL_EVENTS_PERSISTENCE"] = "true"
    record = kernels.start("one")
    with kernels.client(record) as client:
        client.execute("State.set('a', 1) Event.publish('user.login', {})", reply=True, timeout=60)
    parts = health(record)["parts"]
    assert {"store", "audit_log", "spans"} == parts.keys()
    assert ("closed", 0) == (parts["store"]["circuit"], parts["audit_log"]["dropped"])
    assert parts["store"]["operations"]["put"]["calls"] > 0
    os.kill(record["pid"], signal.SIGTERM)
    kernels.until_ended(record)
    while "execute_request" != (span := json.loads(collector.stdout.readline()))["name"]:
        pass
    assert "lab" == span["service"]
    store = open_store(f"sqlite:{kernels.folder / 'data' / 'llmspell' / 'state.sqlite'}")
    assert "user.login" in [each.published.name for each in EventLog(store).replay()]
    store.close()


def test_secrets_are_not_logged(kernels: Kernels) -> None:
    """What has the form of a secret does not get into the log, whoever logs it."""
    file = Path(kernels.folder) / "llmspell.toml"
    file.write_text(f'[events.nats]\nurl = "nats://ann:{SECRET}@127.0.0.1:1"\n')
    record = kernels.start("one")
    kernels.until_logged(record, "No NATS server answers")
    assert SECRET not in kernels.log(record)
    assert "[redacted]" in kernels.log(record)
