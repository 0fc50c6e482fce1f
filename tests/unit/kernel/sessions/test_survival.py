"""Sessions and their artifacts outlive kernels, however these end, and share stores."""

import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from kernel.sessions.artifacts.artifacts import Artifacts
from kernel.sessions.model import Role
from tests.support.session_process import MIB, open_folder
from tests.support.sessions import GOVERNOR, OWNER

DURABLE_STORES = ("sqlite", "lmdb")


def start(folder: Path, store: str, *words: str) -> "subprocess.Popen[str]":
    """Another process over the same folder."""
    command = [sys.executable, "-m", "tests.support.session_process", str(folder), store, *words]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


@pytest.mark.parametrize("store", DURABLE_STORES)
def test_everything_is_there_after_a_restart(tmp_path, store) -> None:
    """A kernel that opens the folder anew finds sessions, logs, artifacts, roles and the trail."""
    services = open_folder(tmp_path, store)
    session = services.sessions.create(OWNER, "work", tags=["kept"], metadata={"a": [1]})
    services.sessions.grant(OWNER, session.id, "walt", Role.WRITER)
    made = services.artifacts.store(OWNER, session.id, "note", "text")
    services.sessions.suspend(OWNER, session.id)
    before = services.sessions.get(OWNER, session.id)
    history = services.sessions.history(OWNER, session.id)
    trail = services.audit.trail(OWNER, session.id)
    services.sessions._gate.store.close()

    again = open_folder(tmp_path, store)
    assert before == again.sessions.get(OWNER, session.id)
    assert history == again.sessions.history(OWNER, session.id)
    assert trail == again.audit.trail(OWNER, session.id)
    assert b"text" == again.artifacts.read(OWNER, made.id)
    again.sessions.resume(OWNER, session.id)
    assert 2 == again.artifacts.store(OWNER, session.id, "note", "more").version


@pytest.mark.parametrize("store", DURABLE_STORES)
@pytest.mark.parametrize("acknowledged", [0, 1, 3, 6])
def test_a_kill_in_the_middle_of_writing_leaves_nothing_broken(
    tmp_path, store, acknowledged
) -> None:
    """Everything that was acknowledged is whole, nothing else is to be seen, and it goes on."""
    services = open_folder(tmp_path, store)
    session = services.sessions.create(OWNER, "work")
    writer = start(tmp_path, store, "store", session.id)
    assert writer.stdout is not None
    told = []
    if acknowledged:
        told = [writer.stdout.readline().split() for _ in range(acknowledged)]
    else:  # it is at the first of its blocks
        aside = tmp_path / "blocks"
        while not [path for path in aside.glob("*/*/*") if path.is_file()]:
            assert writer.poll() is None
    writer.send_signal(signal.SIGKILL)
    rest, _ = writer.communicate(timeout=60)
    told += [line.split() for line in rest.splitlines() if len(line.split()) == 2]

    there = services.artifacts.list_artifacts(OWNER, session.id)
    assert len(told) <= len(there) <= len(told) + 1
    assert [[str(each.id.sequence), each.id.content_hash] for each in there][: len(told)] == told
    check(services.artifacts, there)
    services.artifacts.collect(GOVERNOR)
    check(services.artifacts, there)
    assert [] == [*(tmp_path / "blocks").glob("*/aside/*")]
    blocks = len([path for path in (tmp_path / "blocks").glob("*/??/*") if path.is_file()])
    assert 2 * len({each.id.content_hash for each in there}) == blocks
    usage = services.sessions.usage(OWNER, session.id)
    assert (len(there), 2 * MIB * len(there)) == (usage.artifacts, usage.artifact_bytes)
    services.artifacts.store(OWNER, session.id, "after", b"more")


def test_a_block_has_its_name_only_when_it_is_whole(tmp_path) -> None:
    """Killed between the writing of a block and its name, a writer leaves it aside."""
    services = open_folder(tmp_path)
    session = services.sessions.create(OWNER, "work")
    writer = start(tmp_path, "sqlite", "die", session.id)
    writer.communicate(timeout=60)
    assert -signal.SIGKILL == writer.returncode
    assert [] == services.artifacts.list_artifacts(OWNER, session.id)
    blocks = tmp_path / "blocks"
    assert [] == [path for path in blocks.glob("*/??/*") if path.is_file()]
    (aside,) = blocks.glob("*/aside/*")
    assert MIB + 1 == aside.stat().st_size
    assert MIB + 1 == services.artifacts.collect(GOVERNOR).bytes
    assert not aside.exists()


def check(artifacts: Artifacts, there: list) -> None:
    """Each content is whole, and versions follow each other."""
    versions: Counter[str] = Counter()
    for each in there:
        versions[each.name] += 1
        assert versions[each.name] == each.version
        assert 2 * MIB == len(artifacts.read(OWNER, each.id))


@pytest.mark.parametrize("store", DURABLE_STORES)
def test_two_processes_lose_nothing_of_each_other(tmp_path, store) -> None:
    """What several processes change in one session at once is all there afterwards."""
    services = open_folder(tmp_path, store)
    session = services.sessions.create(OWNER, "work")
    others = [start(tmp_path, store, "update", session.id, word, "15") for word in ("one", "two")]
    for number in range(15):
        services.sessions.update(OWNER, session.id, metadata={f"here.{number}": number})
        services.artifacts.collect(GOVERNOR)
    for other in others:
        other.communicate(timeout=60)
        assert 0 == other.returncode
    found = services.sessions.get(OWNER, session.id)
    wanted = {f"{word}.{number}" for word in ("one", "two", "here") for number in range(15)}
    assert wanted == set(found.metadata)
    assert 46 == found.version
    versions = services.artifacts.versions(OWNER, session.id, "shared")
    assert [*range(1, 31)] == [each.version for each in versions]
    contents = {services.artifacts.read(OWNER, each.id).decode() for each in versions}
    assert {f"{word} {number}" for word in ("one", "two") for number in range(15)} == contents
    history = services.sessions.history(OWNER, session.id)
    assert [*range(1, len(history) + 1)] == [entry.sequence for entry in history]
    assert len(history) == len(services.audit.trail(OWNER, session.id)) == 1 + 45 + 30


def test_a_large_artifact_takes_little_memory(tmp_path) -> None:
    """Storing and reading 64 MiB needs no more than a few blocks beyond what 3 MiB need."""
    services = open_folder(tmp_path)
    session = services.sessions.create(OWNER, "work")
    process = start(tmp_path, "sqlite", "stream", session.id, "64")
    told, _ = process.communicate(timeout=120)
    assert 0 == process.returncode
    assert int(told) < 8 * MIB
