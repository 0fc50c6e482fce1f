"""The ``debug`` fixture: a story's program under a client, on one Lua version and transport."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import cache
from pathlib import Path

import pytest

from lua_debug.hook_choice import SWITCH
from tests.support.scenario import Scenario, make_client

Debug = Callable[..., AbstractContextManager[Scenario]]


@contextmanager
def _adapter() -> Iterator[int]:
    process = subprocess.Popen(
        [sys.executable, "-m", "dap_server", "--listen", "127.0.0.1:0"],
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    line = process.stderr.readline()
    assert line.startswith("listening on "), line
    yield int(line.rpartition(":")[2])
    process.terminate()
    process.wait(10)


@pytest.fixture(scope="session")
def adapter_port() -> Iterator[Callable[[str], int]]:
    """The port of a TCP server, one for each kind of hooks, that forks an adapter for each story."""
    with ExitStack() as servers:
        yield cache(lambda _hooks: servers.enter_context(_adapter()))


@pytest.fixture
def debug(
    lua: str,
    transport: str,
    hooks: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    request: pytest.FixtureRequest,
) -> Debug:
    """Makes the `Scenario` of a story; the client hangs up at its end."""
    monkeypatch.setenv(SWITCH, hooks)
    port = request.getfixturevalue("adapter_port")(hooks) if transport == "tcp" else None

    @contextmanager
    def make(text: str, files: dict[str, str] | None = None) -> Iterator[Scenario]:
        with make_client(transport, port) as client:
            yield Scenario(client, tmp_path, text, files or {}, lua, hooks)

    return make
