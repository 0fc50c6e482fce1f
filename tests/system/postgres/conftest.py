"""The fixtures ``server``, one for all tests here, and ``store``, empty for each."""

from collections.abc import Iterator

import psycopg
import pytest

from kernel.state.postgres import SCHEMA, PostgresStore
from tests.support.clocks import ManualClock
from tests.system.postgres.server import PostgresServer, Unusable, serve


@pytest.fixture(scope="session")
def server() -> Iterator[PostgresServer]:
    """The server, or a skip that says why there is none."""
    running = serve()
    try:
        server = running.__enter__()
    except Unusable as reason:
        pytest.skip(f"{reason}: nothing is kept in PostgreSQL")
    yield server
    running.__exit__(None, None, None)


@pytest.fixture
def clock() -> ManualClock:
    """The time as stores see it."""
    return ManualClock()


@pytest.fixture
def empty(server: PostgresServer) -> PostgresServer:
    """The server without what an earlier test kept there."""
    with psycopg.connect(server.url) as connection:
        connection.execute(f"DROP SCHEMA IF EXISTS {SCHEMA} CASCADE".encode())
    return server


@pytest.fixture
def store(empty: PostgresServer, clock: ManualClock) -> Iterator[PostgresStore]:
    """An empty store on the server."""
    store = PostgresStore(empty.url, clock)
    yield store
    store.close()
