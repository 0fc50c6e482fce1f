"""A session goes into a file with all it has, and comes back whole or not at all."""

from dataclasses import replace

import pytest
from blake3 import blake3

from kernel.core.errors import UserError
from kernel.core.progress import Progress, watched
from kernel.sessions.access import AccessDenied
from kernel.sessions.artifacts.file_blocks import FileBlocks
from kernel.sessions.cells import Cell, Outcome
from kernel.sessions.gate import PolicyRefused
from kernel.sessions.model import Role, Status
from kernel.sessions.snapshot import Newer
from kernel.sessions.snapshot_file import SnapshotDamaged
from kernel.state.memory import MemoryStore
from tests.support.clocks import ManualClock
from tests.support.sessions import GOVERNOR, MANAGER, OUTSIDER, OWNER, READER, WRITER, make_kit

CONTENTS = {"note": b"text", "noise": blake3(b"x").digest(length=2_500_000), "nothing": b""}


@pytest.fixture
def kit(tmp_path):
    """Services over memory and files."""
    return make_kit(blocks=FileBlocks(tmp_path / "blocks"))


def filled(kit):
    """A session that has some of everything."""
    session = kit.session(tags=["t"], metadata={"n": 1})
    for name, content in CONTENTS.items():
        kit.services.artifacts.store(OWNER, session.id, name, content)
    first = kit.services.artifacts.latest(OWNER, session.id, "note")
    kit.services.artifacts.store(OWNER, session.id, "note", b"more", parent=first.id)
    kit.record(session.id, (Cell("a = 1", inputs=("x",)), Outcome(value=1, seconds=2)))
    kit.store.put(kit.services.sessions.state_to_write(OWNER, session.id), "key", b"value")
    kit.clock.advance(5)
    return kit.services.sessions.get(OWNER, session.id)


def content_of(kit, session):
    """What an owner can see of a session, its id apart."""
    artifacts = kit.services.artifacts.list_artifacts(OWNER, session.id)
    return {
        "status": session.status,
        "tags": session.tags,
        "metadata": session.metadata,
        "artifacts": [
            (each.name, each.version, each.id.sequence, kit.services.artifacts.read(OWNER, each.id))
            for each in artifacts
        ],
        "cells": [
            entry.data
            for entry in kit.services.sessions.history(OWNER, session.id)
            if entry.kind == "cell"
        ],
        "state": [
            (key, entry.value, entry.version)
            for key, entry in kit.store.scan(f"session:{session.id}")
        ],
    }


def test_a_session_comes_back_as_it_was(kit, tmp_path) -> None:
    """Over a session that went on, everything is as it was when the snapshot was taken."""
    session = filled(kit)
    before = content_of(kit, session)
    info = kit.services.snapshots.snapshot(OWNER, session.id, tmp_path / "saved")
    assert (session.id, "acme", "olive", 5) == (
        info.session,
        info.tenant,
        info.taken_by,
        info.blocks,
    )
    assert (tmp_path / "saved").stat().st_size == info.file_bytes
    kit.services.artifacts.store(OWNER, session.id, "later", b"later")
    kit.store.put(f"session:{session.id}", "other", b"value")
    kit.services.sessions.update(OWNER, session.id, metadata={"n": 2}, tags=[])
    changed = kit.services.sessions.complete(OWNER, session.id)
    restored = kit.services.snapshots.restore(OWNER, tmp_path / "saved")
    assert before == content_of(kit, restored)
    assert (session.id, changed.version + 1) == (restored.id, restored.version)
    assert (session.owner, session.roles) == (restored.owner, restored.roles)
    usage = kit.services.sessions.usage(OWNER, session.id)
    assert (4, 1) == (usage.artifacts, usage.cells)
    assert 5 == kit.services.artifacts.store(OWNER, session.id, "next", b"").id.sequence
    assert 3 == kit.services.artifacts.store(OWNER, session.id, "note", b"").version


def test_what_is_newer_than_a_snapshot_is_told(kit, tmp_path) -> None:
    """Before a restore takes it away; where the session is as it was, or gone, that is nothing."""
    session, snapshots = filled(kit), kit.services.snapshots
    snapshots.snapshot(OWNER, session.id, tmp_path / "saved")
    nothing = Newer(session.id, "work")
    assert nothing == snapshots.compare_snapshot(OWNER, tmp_path / "saved")
    kit.clock.advance(1)
    kit.record(session.id, (Cell("a = 2"), Outcome()), (Cell("a = 3"), Outcome()))
    kit.services.artifacts.store(OWNER, session.id, "later", b"later")
    newer = Newer(session.id, "work", cells=2, artifacts=1)
    assert newer == snapshots.compare_snapshot(OWNER, tmp_path / "saved")
    snapshots.restore(OWNER, tmp_path / "saved")
    assert nothing == snapshots.compare_snapshot(OWNER, tmp_path / "saved")
    kit.services.sessions.delete(OWNER, session.id)
    assert nothing == snapshots.compare_snapshot(OWNER, tmp_path / "saved")


def test_a_snapshot_moves_to_another_kernel(kit, tmp_path) -> None:
    """A store that has never seen the session has it afterwards."""
    session = filled(kit)
    kit.services.snapshots.snapshot(OWNER, session.id, tmp_path / "saved")
    other = make_kit(store=MemoryStore(ManualClock()), blocks=FileBlocks(tmp_path / "others"))
    restored = other.services.snapshots.restore(OWNER, tmp_path / "saved")
    assert content_of(kit, session) == content_of(other, restored)
    assert 0 == other.services.artifacts.collect(GOVERNOR).blocks


def test_a_copy_has_a_new_id_and_belongs_to_who_made_it(kit, tmp_path) -> None:
    """Beside the session there is another with the same content, and each goes its way."""
    session = filled(kit)
    before = content_of(kit, session)
    kit.services.snapshots.snapshot(OWNER, session.id, tmp_path / "saved")
    copy = kit.services.snapshots.restore(OWNER, tmp_path / "saved", is_new=True)
    assert session.id != copy.id
    assert (session.id, "olive", {}) == (copy.parent, copy.owner, copy.roles)
    assert before == content_of(kit, copy)
    last = kit.services.artifacts.list_artifacts(OWNER, copy.id)[-1]
    assert last.parent is not None
    assert copy.id == last.parent.session
    kit.services.sessions.delete(OWNER, session.id)
    kit.services.artifacts.collect(GOVERNOR)
    assert before == content_of(kit, copy)
    theirs = kit.services.snapshots.restore(WRITER, tmp_path / "saved", is_new=True)
    assert "walt" == theirs.owner


@pytest.mark.parametrize("status", Status)
def test_every_status_comes_back(kit, tmp_path, status) -> None:
    """Also what has ended can be kept and put back; the time away does not count as active."""
    session = kit.session()
    kit.clock.advance(10)
    if status is Status.SUSPENDED:
        kit.services.sessions.suspend(OWNER, session.id)
    elif status is Status.FAILED:
        kit.services.sessions.fail(OWNER, session.id, "broken")
    elif status in (Status.COMPLETED, Status.ARCHIVED):
        kit.services.sessions.complete(OWNER, session.id)
    if status is Status.ARCHIVED:
        kit.services.sessions.archive(OWNER, session.id)
    kit.services.snapshots.snapshot(OWNER, session.id, tmp_path / "saved")
    kit.services.sessions.delete(OWNER, session.id)
    kit.clock.advance(1000)
    restored = kit.services.snapshots.restore(OWNER, tmp_path / "saved")
    assert status is restored.status
    assert 10.0 == restored.active_for(kit.clock.now())


@pytest.mark.parametrize("damage", ["cut", "flip", "longer", "empty", "other", "text"])
def test_a_damaged_file_changes_nothing(kit, tmp_path, damage) -> None:
    """A file that is not whole is refused before anything is changed."""
    session = filled(kit)
    path = tmp_path / "saved"
    kit.services.snapshots.snapshot(OWNER, session.id, path)
    whole = path.read_bytes()
    half = len(whole) // 2
    path.write_bytes(
        {
            "cut": whole[:half],
            "flip": whole[:half] + bytes([whole[half] ^ 1]) + whole[half + 1 :],
            "longer": whole + b"x",
            "empty": b"",
            "other": b"another kind of file" * 10,
            "text": whole[:30],
        }[damage]
    )
    before = kit.services.sessions.get(OWNER, session.id)
    with pytest.raises(SnapshotDamaged, match=r"^saved is no whole snapshot: "):
        kit.services.snapshots.restore(OWNER, path)
    assert before == kit.services.sessions.get(OWNER, session.id)


def test_every_flipped_byte_of_a_small_snapshot_is_noticed(tmp_path) -> None:
    """There is no byte that could change unseen."""
    kit = make_kit()
    session = kit.session()
    path = tmp_path / "saved"
    kit.services.snapshots.snapshot(OWNER, session.id, path)
    whole = path.read_bytes()
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0x10]) + whole[place + 1 :])
        with pytest.raises(SnapshotDamaged):
            kit.services.snapshots.restore(OWNER, path, is_new=True)


def test_a_restore_that_fails_in_the_middle_is_undone(kit, tmp_path, monkeypatch) -> None:
    """What is refused at the last moment has changed nothing of the session that is there."""
    session = filled(kit)
    kit.services.snapshots.snapshot(OWNER, session.id, tmp_path / "saved")
    kit.services.sessions.update(OWNER, session.id, name="later")
    before = content_of(kit, kit.services.sessions.get(OWNER, session.id))

    def broken(*_arguments) -> None:
        raise OSError("no space left")

    monkeypatch.setattr("kernel.sessions.artifacts.file_blocks.FileVisit.flush", broken)
    with pytest.raises(UserError, match="cannot be read"):
        kit.services.snapshots.restore(OWNER, tmp_path / "saved")
    monkeypatch.undo()
    found = kit.services.sessions.get(OWNER, session.id)
    assert ("later", before) == (found.name, content_of(kit, found))


def test_who_may_put_back_what(kit, tmp_path) -> None:
    """Over a session only its owners; another tenant never; a crafted role is worth nothing."""
    session = filled(kit)
    path = tmp_path / "saved"
    kit.services.snapshots.snapshot(READER, session.id, path)
    for actor in (READER, WRITER, MANAGER):
        with pytest.raises(AccessDenied, match="may not restore"):
            kit.services.snapshots.restore(actor, path)
    for is_new in (False, True):
        with pytest.raises(UserError, match="another tenant's session"):
            kit.services.snapshots.restore(OUTSIDER, path, is_new=is_new)
    kit.services.sessions.transfer(OWNER, session.id, "new")
    with pytest.raises(AccessDenied):
        kit.services.snapshots.restore(OWNER, path)
    kit.services.snapshots.restore(GOVERNOR, path)


def test_an_id_belongs_to_one_tenant(kit, tmp_path) -> None:
    """A file that names another tenant's session cannot take its place, nor its state."""
    session = filled(kit)
    forger = make_kit()
    with forger.services.sessions._gate.beginning(OUTSIDER, "create", session) as change:
        change.keep(replace(session, tenant="other", version=0))
    forger.store.put(f"session:{session.id}", "key", b"forged")
    forger.services.snapshots.snapshot(OUTSIDER, session.id, tmp_path / "forged")
    with pytest.raises(UserError, match="is taken; restore the session under a new one"):
        kit.services.snapshots.restore(OUTSIDER, tmp_path / "forged")
    entry = kit.store.get(f"session:{session.id}", "key")
    assert entry is not None
    assert b"value" == entry.value
    copy = kit.services.snapshots.restore(OUTSIDER, tmp_path / "forged", is_new=True)
    assert session.id != copy.id


def test_no_more_are_active_than_may_be(kit, tmp_path) -> None:
    """A restore is no way around the limit of active sessions."""
    small = make_kit(max_active=1)
    session = small.services.sessions.create(OWNER, "work")
    small.services.snapshots.snapshot(OWNER, session.id, tmp_path / "saved")
    with pytest.raises(PolicyRefused, match="1 active sessions"):
        small.services.snapshots.restore(OWNER, tmp_path / "saved", is_new=True)
    assert 1 == len(small.services.sessions.list(OWNER))
    small.services.snapshots.restore(OWNER, tmp_path / "saved")


def test_a_snapshot_that_fails_leaves_the_old_file(kit, tmp_path) -> None:
    """A file is replaced by a whole one or stays."""
    session = filled(kit)
    path = tmp_path / "folder" / "saved"
    with pytest.raises(UserError, match="cannot be written: No such file"):
        kit.services.snapshots.snapshot(OWNER, session.id, path)
    path.parent.mkdir()
    kit.services.snapshots.snapshot(OWNER, session.id, path)
    whole = path.read_bytes()
    for block in (tmp_path / "blocks").glob("*/??/*"):
        block.write_bytes(b"\0")
    with pytest.raises(Exception, match="is damaged"):
        kit.services.snapshots.snapshot(OWNER, session.id, path)
    assert whole == path.read_bytes()
    assert [path] == [*path.parent.iterdir()]
    assert Role.READER is kit.services.sessions.get(OWNER, session.id).roles["rita"]


def test_it_is_said_how_far_it_is(kit, tmp_path) -> None:
    """Writing counts entries and artifacts, reading bytes; what was begun gets to its end."""
    session = filled(kit)
    heard: list[Progress] = []
    with watched(heard.append):
        info = kit.services.snapshots.snapshot(OWNER, session.id, tmp_path / "s")
    entries = [each for each in heard if each.unit == "entries"]
    counts = range(1, info.entries + 1)
    assert [Progress(done, info.entries, "entries") for done in counts] == entries
    assert [Progress(done, 4, "artifacts") for done in range(5)] == heard[-5:]
    heard.clear()
    with watched(heard.append):
        kit.services.snapshots.restore(OWNER, tmp_path / "s", is_new=True)
    size = (tmp_path / "s").stat().st_size
    assert {(size, "bytes")} == {(each.total, each.unit) for each in heard}
    assert max(each.done for each in heard) <= size
