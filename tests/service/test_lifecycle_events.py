"""A kernel in the background tells of its life, and its audit log has all of it."""

import os
import signal
from typing import Any

import pytest

from kernel.events.published import Published
from tests.service.conftest import Kernels, audited
from tests.support.commands import become


def data_of(events: list[Published], name: str) -> list[Any]:
    """What was told under a name."""
    return [each.data() for each in events if each.name == f"lifecycle.{name}"]


LIFE = ["kernel_started", "kernel_ready", "kernel_stopping", "kernel_stopped"]


def of_the_kernel(events: list[Published]) -> list[str]:
    """The parts of its own life, in order."""
    names = [each.name.removeprefix("lifecycle.") for each in events]
    return [each for each in names if each.startswith("kernel_")]


@pytest.mark.parametrize("order", ["stop", "shutdown"])
def test_its_whole_life_is_in_the_log(kernels: Kernels, order: str) -> None:
    """From the beginning to the end, with its addresses, its client and why it ended."""
    kernels.env["LLMSPELL_EVENTS_PERSISTENCE"] = "true"
    record = kernels.start("lab", "--tcp", "127.0.0.1:0")
    with kernels.client(record) as client:
        client.execute("x = 1", reply=True, timeout=60)
        os.kill(record["pid"], signal.SIGUSR2)
        kernels.until_logged(record, "the log level is debug now")
        if order == "shutdown":
            client.shutdown()
    if order == "stop":
        become(lambda: kernels.status("lab")["health"]["clients"] == 0)
        assert 0 == kernels.say("stop", "lab").returncode
    kernels.until_ended(record)
    events = audited(kernels, "lifecycle.*")
    assert LIFE == of_the_kernel(events)
    assert "lifecycle.kernel_stopped" == events[-1].name
    (started,), (ready,) = data_of(events, "kernel_started"), data_of(events, "kernel_ready")
    assert ("lab", record["pid"]) == (started["kernel"], started["pid"])
    kinds = [each.partition("://")[0] for each in ready["addresses"]]
    assert ["zmq+tcp", "tcp"] == kinds
    (connected,) = data_of(events, "client_connected")
    assert "zmq" == connected["transport"]
    assert [{"keys": ["log_level"]}] == data_of(events, "configuration_changed")
    why = {"stop": "SIGTERM", "shutdown": "a client shut it down"}[order]
    assert [{"kernel": "lab", "reason": why}] == data_of(events, "kernel_stopping")
    if order == "stop":
        assert [{"client": connected["client"]}] == data_of(events, "client_disconnected")


def test_one_client_too_many_is_told(kernels: Kernels) -> None:
    """A kernel that is full says so, with how many it may have."""
    kernels.env["LLMSPELL_EVENTS_PERSISTENCE"] = "true"
    record = kernels.start("lab", "--max-clients", "1")
    with kernels.client(record) as first, kernels.client(record) as second:
        first.execute("x = 1", reply=True, timeout=60)
        refused = second.execute("x = 1", reply=True, timeout=60)
        assert "TooManyClients" == refused["content"]["ename"]
    assert 0 == kernels.say("stop", "lab").returncode
    limits = data_of(audited(kernels, "lifecycle.*"), "limit_exceeded")
    assert [{"limit": "max_clients", "value": 2.0, "allowed": 1.0}] == limits


def test_a_kernel_that_is_replaced_ends_and_begins(kernels: Kernels) -> None:
    """Code that hears no interrupt costs the process; both lives are in one log."""
    kernels.env["LLMSPELL_EVENTS_PERSISTENCE"] = "true"
    record = kernels.start("lab")
    with kernels.client(record) as client:
        client.execute("return string.find(string.rep('a', 40000), '.-.-.-.-b')")
        become(lambda: kernels.status("lab")["health"]["state"] == "busy")
        client.interrupt()
        become(
            lambda: len(data_of(audited(kernels, "lifecycle.*"), "kernel_ready")) == 2, deadline=60
        )
    assert 0 == kernels.say("stop", "lab").returncode
    assert [*LIFE, *LIFE] == of_the_kernel(audited(kernels, "lifecycle.*"))
