"""STORES: what is opened by a URL."""

import sys
from pathlib import Path

import pytest

from kernel.core.errors import UserError
from kernel.core.extras import ExtraMissing
from kernel.state.lmdb import LmdbStore
from kernel.state.memory import MemoryStore
from kernel.state.sqlite import SqliteStore
from kernel.state.store import StoreUnavailable
from kernel.state.stores import STORES, check_store, open_store


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("memory:", MemoryStore),
        ("sqlite:{}/new/state.db", SqliteStore),
        ("sqlite:{}/state.db?durability=power&busy=2.5", SqliteStore),
        ("lmdb:{}/new/state.lmdb", LmdbStore),
        ("lmdb:{}/state.lmdb?size=0.25&durability=process", LmdbStore),
    ],
)
def test_urls(url: str, kind: type, tmp_path: Path) -> None:
    """A scheme, a place and settings make a store, and the folder it lies in."""
    store = open_store(url.format(tmp_path))
    assert kind is type(store)
    assert 1 == store.put("global", "a", b"")
    store.close()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("", "write one of memory:, sqlite:PATH, lmdb:PATH, postgresql://"),
        ("redis://host", "redis: is no kind of store"),
        ("state.db", "write one of"),
        ("memory:x", "nothing behind it"),
        ("sqlite:", "needs the path"),
        ("lmdb:?size=1", "needs the path"),
        ("sqlite:x?size=1", "size is no setting of sqlite:; there are durability, busy"),
        ("sqlite:x?durability=full", "must be process or power"),
        ("sqlite:x?busy=long", "busy is 'long'; it must be a number above 0"),
        ("sqlite:x?busy=", "busy is ''"),
        ("lmdb:x?size=-1", "size is '-1'"),
        ("postgres:", "names no server; write postgresql://USER"),
        ("postgresql:host=here", "names no server"),
        ("postgresql://ann:my secret@here", "with %20 for a space"),
    ],
)
def test_what_is_no_url(url: str, said: str) -> None:
    """The error names what is wrong and what there is, no password, and nothing is made."""
    for attempt in (check_store, open_store):
        with pytest.raises(UserError, match=said) as refused:
            attempt(url)
        assert "secret" not in str(refused.value)


@pytest.mark.parametrize("scheme", [name for name, kind in STORES.items() if kind.extra])
def test_a_missing_extra_is_named(scheme: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has not installed it learns what to install."""
    for module in ("lmdb", "psycopg"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ExtraMissing, match=rf"llmspell\[{STORES[scheme].extra}\]"):
        open_store(f"{scheme}:x")


@pytest.mark.parametrize("scheme", ["sqlite", "lmdb"])
def test_files_of_others_are_left_alone(scheme: str, tmp_path: Path) -> None:
    """A file that is something else is refused by name and stays as it was."""
    path = tmp_path / "letter.txt"
    path.write_bytes(b"Dear Ann,\n" * 1000)
    with pytest.raises(StoreUnavailable, match=r"letter\.txt"):
        open_store(f"{scheme}:{path}")
    assert b"Dear Ann,\n" * 1000 == path.read_bytes()


@pytest.mark.parametrize("scheme", ["sqlite", "lmdb"])
def test_folders_that_cannot_be_made(scheme: str, tmp_path: Path) -> None:
    """The error is the store's own, with the path in it."""
    (tmp_path / "file").touch()
    with pytest.raises(StoreUnavailable, match="file"):
        open_store(f"{scheme}:{tmp_path}/file/state")


@pytest.mark.parametrize("scheme", ["sqlite", "lmdb"])
def test_a_path_that_leads_nowhere(scheme: str, tmp_path: Path) -> None:
    """Of its folders only the last one is made: it is mistyped, most likely."""
    url = f"{scheme}:{tmp_path}/nope/x/state.db"
    for attempt in (check_store, open_store):
        with pytest.raises(UserError, match=r"there is no folder .*/nope; make it, or correct"):
            attempt(url)
    assert not (tmp_path / "nope").exists()
