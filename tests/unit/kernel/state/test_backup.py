"""Backups: a store can be made again as it was."""

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from kernel.core.clock import SystemClock
from kernel.state.archive import BackupDamaged
from kernel.state.backup import Backups, NoSuchBackup
from kernel.state.memory import MemoryStore
from kernel.state.store import StateStore, StoreUnavailable
from kernel.state.wrapped import WrappedStore
from tests.support.clocks import ManualClock
from tests.support.store_model import content
from tests.support.stores import STORES

DEADLINE = 20.0
ROOT = Path(__file__).parents[4]


@pytest.fixture
def backups(tmp_path: Path, clock: ManualClock) -> Backups:
    """A folder that is not there yet."""
    return Backups(tmp_path / "backups", clock)


@pytest.fixture
def filled(store: MemoryStore, clock: ManualClock) -> MemoryStore:
    """A store with something in it."""
    store.put("global", "a", b"1")
    store.put("global", "a", b"2")
    store.put("user:é", "😀", bytes(range(256)) * 1000, expires=clock.now() + 50)
    store.put("_kernel", "schema/users", b"[]")
    store.put("global", "empty", b"")
    return store


@pytest.mark.parametrize("name", STORES)
def test_a_store_is_what_it_was(name: str, filled, backups: Backups, tmp_path, clock) -> None:
    """Versions, times and lives among it, whatever kind of store it goes to and comes from."""
    before = content(filled)
    store = STORES[name](tmp_path, clock)
    assert 4 == backups.restore(backups.create(filled).name, store)
    assert before == content(store)
    made = backups.create(store, "from here")
    store.put("global", "a", b"changed")
    store.put("other", "b", b"new")
    clock.advance(10)
    backups.restore(made.name, store)
    assert before == content(store)
    assert "from here" == backups.validate(made.name).note
    store.close()


def test_what_expired_since_stays_so(filled, backups: Backups, clock: ManualClock) -> None:
    """Time does not stand still for a backup."""
    made = backups.create(filled)
    clock.advance(50)
    backups.restore(made.name, filled)
    assert ["_kernel", "global"] == filled.scopes()


def test_backups_are_small(store: MemoryStore, backups: Backups) -> None:
    """They are compressed."""
    for number in range(100):
        store.put("global", f"key{number}", b"local x = require 'shop'\n" * 100)
    assert backups.create(store).size < 25_000


def test_writers_go_on(backups: Backups, tmp_path: Path) -> None:
    """A backup is of one moment: of what is always written together it has both or neither."""
    store = STORES["sqlite"](tmp_path, SystemClock())
    stop = threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            with store.transaction() as inside:
                for key in ("a", "b"):
                    inside.put("global", key, str(number).encode())

    for number in range(2000):
        store.put("padding", f"{number}", b"x" * 100)
    writer = threading.Thread(target=write)
    writer.start()
    names = [backups.create(store).name for _ in range(5)]
    stop.set()
    writer.join(DEADLINE)
    for name in names:
        there = MemoryStore()
        backups.restore(name, there)
        one, other = there.get("global", "a"), there.get("global", "b")
        assert one == other or (one and other and one.value == other.value)
    store.close()


def test_every_damage_is_found(filled: MemoryStore, backups: Backups) -> None:
    """A bit that is wrong, a byte too many or too few: the store is not touched."""
    made = backups.create(filled)
    path = backups.folder / f"{made.name}.backup"
    whole, before = path.read_bytes(), content(filled)
    places = [*range(0, len(whole), max(1, len(whole) // 200)), len(whole) - 1]
    damaged = [whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :] for at in places]
    cut = [whole[:at] for at in (0, 10, 30, len(whole) // 2, len(whole) - 1)]
    for data in [*damaged, *cut, whole + b"x"]:
        path.write_bytes(data)
        with pytest.raises(BackupDamaged, match=made.name):
            backups.restore(made.name, filled)
    assert before == content(filled)
    path.write_bytes(whole)
    assert made == backups.validate(made.name)


class Breaking(WrappedStore):
    """A store that breaks in the middle of a transaction."""

    def inside(self, store: StateStore) -> StateStore:
        """A part that takes two entries."""
        return BreakingPart(store)

    def around(self, operation):
        """Nothing yet."""
        return threading.Lock()


class BreakingPart(Breaking):
    left = 2

    def put_entry(self, scope, key, entry) -> None:
        """Break at the third."""
        self.left -= 1
        if self.left < 0:
            raise StoreUnavailable("the disk is gone")
        super().put_entry(scope, key, entry)


def test_a_restore_that_fails_did_nothing(filled: MemoryStore, backups: Backups) -> None:
    """Restoring is one transaction."""
    made = backups.create(filled)
    filled.put("global", "later", b"1")
    before = content(filled)
    with pytest.raises(StoreUnavailable):
        backups.restore(made.name, Breaking(filled))
    assert before == content(filled)


def test_a_killed_backup_leaves_none(tmp_path: Path, clock: ManualClock) -> None:
    """What was half written is no backup, and is cleaned up a day later."""
    program = f"""
import os, signal
from kernel.state.backup import Backups
from kernel.state.memory import MemoryStore
from kernel.state.store import Entry
class Dying(MemoryStore):
    def scopes(self):
        return ["a"]
    def snapshot(self):
        import contextlib
        return contextlib.nullcontext(self)
    def scan(self, scope):
        for number in range(100_000):
            yield str(number), Entry(os.urandom(100), 1, 0.0)
        os.kill(os.getpid(), signal.SIGKILL)
Backups({str(tmp_path)!r}).create(Dying())
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False, timeout=60)
    assert -9 == done.returncode
    backups = Backups(tmp_path, clock)
    (half,) = tmp_path.iterdir()
    assert half.stat().st_size > 1_000_000
    assert [] == backups.all()
    os.utime(half, (clock.now() - 86_401,) * 2)
    backups.clean_up()
    assert [] == list(tmp_path.iterdir())


def test_listing_and_cleaning_up(filled, backups: Backups, clock: ManualClock) -> None:
    """By number and by age, the newest first; the newest good one always stays."""
    made = []
    for _ in range(5):
        clock.advance(100)
        made.append(backups.create(filled, "weekly").name)
    newest = made[::-1]
    assert newest == [each.name for each in backups.all()]
    assert sum(each.size for each in backups.all()) == backups.usage()
    assert newest[3:] == backups.clean_up(keep=3)
    assert newest[2:3] == backups.clean_up(max_age=150)
    (backups.folder / f"{newest[0]}.backup").write_bytes(b"damaged")
    assert [newest[1], newest[0]] == [each.name for each in backups.all()]
    assert "no backup" in backups.all()[1].damage
    assert newest[:1] == backups.clean_up(keep=0, max_age=0)
    assert newest[1:2] == [each.name for each in backups.all()]
    backups.delete(newest[1])
    assert [] == backups.all()


@pytest.mark.parametrize("name", ["none", "", "../state", "."])
def test_names_that_no_backup_has(name: str, filled, backups: Backups) -> None:
    """The error names those there are; nothing outside the folder is looked at."""
    made = backups.create(filled)
    shutil.copy(backups.folder / f"{made.name}.backup", backups.folder.parent / "state.backup")
    for ask in (backups.validate, backups.delete, lambda name: backups.restore(name, filled)):
        with pytest.raises(NoSuchBackup, match=made.name):
            ask(name)


@pytest.mark.parametrize("level", [None, 1, 22])
def test_how_hard_it_is_compressed_is_a_choice(level, filled, tmp_path, clock) -> None:
    """Without compression too, whoever reads it finds what was there, and damage is found."""
    chosen = Backups(tmp_path / "chosen", clock, level)
    made, before = chosen.create(filled), content(filled)
    assert (level is None) == (made.size > 256_000)
    filled.put("global", "a", b"changed")
    assert 4 == Backups(tmp_path / "chosen", clock).restore(made.name, filled)
    assert before == content(filled)
    path = tmp_path / "chosen" / f"{made.name}.backup"
    path.write_bytes(path.read_bytes().replace(b"user", b"abus"))
    with pytest.raises(BackupDamaged):
        chosen.validate(made.name)


def test_only_so_many_stay(filled: MemoryStore, tmp_path: Path, clock: ManualClock) -> None:
    """Each that is taken has the oldest go."""
    few, made = Backups(tmp_path / "few", clock, keep=2), []
    for _ in range(4):
        made.append(few.create(filled).name)
        clock.advance(1)
    assert made[:1:-1] == [each.name for each in few.all()]
