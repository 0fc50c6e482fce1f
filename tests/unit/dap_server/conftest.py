"""A client at a session over fake debuggees."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from dap_server.client import DapClient
from tests.support.fakes import FakeDebuggee, FakeHost, stopped
from tests.support.schema import check_frame, check_received

Connect = Callable[..., DapClient]


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Makes clients and closes them; every frame is checked against the schema.

    With ``misbehaves`` the client's own frames are not.
    """
    with ExitStack() as stack:

        def make(host: FakeHost, *, misbehaves: bool = False, **rest: Any) -> DapClient:
            check = check_received if misbehaves else check_frame
            return stack.enter_context(DapClient.in_memory(host, check=check, **rest))

        yield make


@pytest.fixture
def program() -> FakeDebuggee:
    """A program that stops once after its start, and once more after each of two resumes."""
    return FakeDebuggee([stopped()], [stopped()], [stopped()])


@pytest.fixture
def client(connect: Connect, program: FakeDebuggee) -> DapClient:
    """A client whose program stands at its first stop."""
    made = connect(FakeHost(program))
    made.launch("a.lua")
    return made
