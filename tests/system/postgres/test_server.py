"""PostgresStore and its server: what is promised when the server ends, and to several hosts."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from kernel.core.clock import SystemClock
from kernel.state.backup import Backups
from kernel.state.breaker import BreakerSettings, BreakerStore, Circuit, CircuitOpen
from kernel.state.memory import MemoryStore
from kernel.state.postgres import FORMAT, ConnectionBroken, PostgresStore
from kernel.state.scopes import GLOBAL
from kernel.state.state import State
from kernel.state.store import StateStore, StoreUnavailable
from kernel.state.stores import open_store
from tests.support.clocks import ManualClock
from tests.support.store_model import content
from tests.support.store_writer import check, last
from tests.system.postgres.server import PostgresServer

ROOT = Path(__file__).parents[3]
DEADLINE = 60


def end_connections(server: PostgresServer) -> None:
    """What an administrator does to a server's clients."""
    with psycopg.connect(server.url) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity "
            "WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )


def value(store: StateStore, key: str) -> bytes:
    found = store.get("global", key)
    return found.value if found else b"nothing"


@pytest.mark.parametrize("mode", ["fast", "immediate"])
def test_a_restart_of_the_server_loses_nothing(server, store: PostgresStore, mode: str) -> None:
    """In order or as by a crash: while it is away an error says so, then the store goes on."""
    store.put("global", "a", b"1")
    server.stop(mode)
    try:
        with pytest.raises(StoreUnavailable, match=r"postgresql://127\.0\.0\.1:") as caught:
            store.get("global", "a")
        with pytest.raises(StoreUnavailable):
            store.put("global", "a", b"lost")
        assert server.url not in str(caught.value)
    finally:
        server.start()
    assert b"1" == value(store, "a")
    assert 2 == store.put("global", "a", b"2")
    with store.transaction() as inside:
        inside.put("global", "a", b"3")
    assert b"3" == value(store, "a")


def test_lost_connections_are_replaced(server: PostgresServer, store: PostgresStore) -> None:
    """Connections that ended while nothing was under way are no error, to nobody."""

    def transact() -> None:
        with store.transaction() as inside:
            inside.put("global", "b", b"")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: store.put("global", f"{n}", b"1"), range(20)))
    for change in (
        lambda: store.put("global", "a", b"1"),
        lambda: store.get("global", "a"),
        lambda: store.delete("global", "a"),
        lambda: list(store.scan("global")),
        transact,
    ):
        end_connections(server)
        change()


def test_a_connection_lost_in_a_transaction(server: PostgresServer, store: PostgresStore) -> None:
    """The error says that nobody knows, the transaction did nothing, and the store goes on."""

    def fail() -> None:
        with store.transaction() as inside:
            inside.put("global", "a", b"1")
            end_connections(server)
            inside.put("global", "b", b"1")

    with pytest.raises(ConnectionBroken, match="nobody knows whether it happened"):
        fail()
    assert [] == store.scopes()
    assert 1 == store.put("global", "a", b"2")


def test_the_breaker_and_the_server(server: PostgresServer, store: PostgresStore) -> None:
    """The circuit opens when the server is away and closes when it is back."""
    clock = ManualClock()
    breaker = BreakerStore(store, BreakerSettings(failures=2, open_seconds=5), clock)
    breaker.put("global", "a", b"1")
    server.stop()
    try:
        for error in (StoreUnavailable, StoreUnavailable, CircuitOpen):
            with pytest.raises(error):
                breaker.get("global", "a")
    finally:
        server.start()
    clock.advance(5)
    assert b"1" == value(breaker, "a")
    assert Circuit.CLOSED is breaker.metrics().circuit


COUNTING = """
import sys
from concurrent.futures import ThreadPoolExecutor
from kernel.state.scopes import GLOBAL
from kernel.state.state import State
from kernel.state.stores import open_store

store = open_store(sys.argv[1])
state = State(store)

def count(_):
    state.increment(GLOBAL, "swapped")
    with state.transaction() as inside:
        inside.put(GLOBAL, "left", inside.get(GLOBAL, "left", 0) + 1)
        inside.put(GLOBAL, "right", inside.get(GLOBAL, "right", 0) + 1)
    with store.snapshot() as seen:
        inside = State(seen)
        assert inside.get(GLOBAL, "left") == inside.get(GLOBAL, "right")

with ThreadPoolExecutor(3) as pool:
    list(pool.map(count, range(40)))
store.close()
"""


def test_processes_lose_nothing_to_each_other(empty: PostgresServer) -> None:
    """Three processes with three threads each make the table, count in it, and add up."""
    program = [sys.executable, "-c", COUNTING, empty.url]
    running = [subprocess.Popen(program, cwd=ROOT) for _ in range(3)]
    assert [0, 0, 0] == [each.wait(DEADLINE) for each in running]
    store = open_store(empty.url)
    state = State(store)
    assert {"left": 120, "right": 120, "swapped": 120} == dict(state.items(GLOBAL))
    store.close()


WRITING = """
import sys
from kernel.core.clock import SystemClock
from kernel.state.stores import open_store
from tests.support.store_writer import write
write(open_store(sys.argv[1]), "one")
"""


@pytest.mark.parametrize("killed", ["kernel", "server"])
def test_no_acknowledged_write_is_lost(empty: PostgresServer, killed: str) -> None:
    """Whoever is killed, the kernel or the server, what was acknowledged is there."""
    program = [sys.executable, "-c", WRITING, empty.url]
    writer = subprocess.Popen(
        program, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    for _ in range(100):
        said = int(writer.stdout.readline())
    if killed == "server":
        empty.stop("immediate")
        empty.start()
    writer.kill()
    rest = [line for line in writer.communicate()[0].splitlines(True) if line.endswith("\n")]
    said = int(rest[-1]) if rest else said
    store = PostgresStore(empty.url, SystemClock())
    check(store, "one", said)
    assert said <= last(store, "one") <= said + 1
    store.close()


def test_tables_of_others_are_left_alone(empty: PostgresServer) -> None:
    """A table of the same name in another schema is another table."""
    with psycopg.connect(empty.url) as connection:
        connection.execute("DROP TABLE IF EXISTS public.entries")
        connection.execute("CREATE TABLE public.entries (a int)")
    store = PostgresStore(empty.url)
    store.put("global", "a", b"1")
    store.close()
    with psycopg.connect(empty.url) as connection:
        assert [] == connection.execute("SELECT * FROM public.entries").fetchall()
        connection.execute("DROP TABLE public.entries")


def test_newer_tables_are_refused(server: PostgresServer, store: PostgresStore) -> None:
    """A table of a later version is not read by guesswork."""
    with psycopg.connect(server.url) as connection:
        connection.execute(f"COMMENT ON TABLE llmspell.entries IS 'format {FORMAT + 1}'".encode())
    with pytest.raises(StoreUnavailable, match=f"format {FORMAT + 1}"):
        PostgresStore(server.url)


@pytest.mark.parametrize(
    "change", [("tester", "nobody"), ("/postgres", "/nowhere"), ("127.0.0.1", "host.invalid")]
)
def test_servers_that_cannot_be_reached(server: PostgresServer, change) -> None:
    """The error names server and reason, and no password."""
    url = server.url.replace(*change)
    password = url.split(":")[2].split("@")[0]
    with pytest.raises(StoreUnavailable, match=r"postgresql://.*: ") as caught:
        open_store(url)
    assert password not in str(caught.value)


def test_backups_go_to_and_from_the_server(store: PostgresStore, tmp_path, clock) -> None:
    """State moves between a server and other stores with versions and times."""
    local = MemoryStore(clock)
    local.put("global", "a", b"\x00\xff")
    local.put("global", "a", b"\x00\xfe", expires=clock.now() + 0.123456789)
    backups = Backups(tmp_path, clock)
    backups.restore(backups.create(local).name, store)
    assert content(local) == content(store)
    again = MemoryStore(clock)
    backups.restore(backups.create(store).name, again)
    assert content(local) == content(again)
