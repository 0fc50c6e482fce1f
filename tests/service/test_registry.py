"""The registry: records that cannot lie, whoever reads and writes at once."""

import json
import multiprocessing
import os
import subprocess
from pathlib import Path

import pytest

from kernel.core.errors import UserError
from kernel.service.records import (
    RUNNING,
    UNSAID,
    AlreadyRunning,
    KernelRecord,
    UnknownKernel,
    check_id,
    new_record,
    read_record,
)
from kernel.service.registry import SUCCESSOR, Registry
from tests.support.commands import become

fork = multiprocessing.get_context("fork")


def record(name: str = "one", **more: object) -> KernelRecord:
    return new_record(name, os.getpid(), **more)


def test_a_record_is_there_as_long_as_it_is_held(tmp_path: Path) -> None:
    """With what was written down last; and gone when it is released."""
    registry = Registry(tmp_path)
    hold = registry.hold(record())
    hold.update(state=RUNNING, dap="127.0.0.1:1")
    state = registry.find("on")
    assert (True, "", hold.record) == (state.is_running, state.why, state.record)
    hold.release()
    hold.release()
    with pytest.raises(UnknownKernel):
        registry.find("one")
    assert [] == list(tmp_path.iterdir())


def test_one_of_many_at_once_gets_the_name(tmp_path: Path) -> None:
    """The others are refused, also where a dead kernel of that name has to be cleared away."""
    (tmp_path / "one.json").write_text(record(connection_file="").text())
    won, lost, over = fork.Queue(), fork.Queue(), fork.Event()

    def contend() -> None:
        try:
            hold = Registry(tmp_path).hold(record())
        except AlreadyRunning:
            lost.put(os.getpid())
        else:
            won.put(hold.record.pid)
            over.wait(60)

    contenders = [fork.Process(target=contend) for _ in range(8)]
    for each in contenders:
        each.start()
    winner = won.get(timeout=60)
    losers = {lost.get(timeout=60) for _ in range(7)}
    assert {each.pid for each in contenders} == {winner, *losers}
    assert winner == Registry(tmp_path).find("one").record.pid
    over.set()
    for each in contenders:
        each.join(60)


def test_readers_never_see_half_a_record(tmp_path: Path) -> None:
    """While it is written again and again, it is always there, whole and held."""
    over = fork.Event()

    def rewrite() -> None:
        hold = Registry(tmp_path).hold(record())
        while not over.is_set():
            hold.update(state=RUNNING, log_file="x" * 3000)

    writer = fork.Process(target=rewrite)
    writer.start()
    registry = Registry(tmp_path)
    become(lambda: bool(registry.all()))
    assert [True] * 500 == [registry.find("one").is_running for _ in range(500)]
    over.set()
    writer.join(60)


def test_a_kill_amid_writing_leaves_a_whole_record_and_a_free_name(tmp_path: Path) -> None:
    """Whenever it comes: the kernel is dead, its record can be read, and the next one starts."""
    registry = Registry(tmp_path)

    def rewrite() -> None:
        hold = Registry(tmp_path).hold(record())
        while True:
            hold.update(state=RUNNING, log_file="x" * 3000)

    for _ in range(20):
        writer = fork.Process(target=rewrite)
        writer.start()
        become(lambda pid=writer.pid: any(each.record.pid == pid for each in registry.all()))
        writer.kill()
        writer.join(60)
        state = registry.find("one")
        assert (False, writer.pid, UNSAID) == (state.is_running, state.record.pid, state.why)
    registry.hold(record()).release()
    assert [] == list(tmp_path.iterdir())


def test_what_a_dead_kernel_left_is_taken_away_when_it_is_seen(tmp_path: Path) -> None:
    """Its connection file, where it was its own, and its pid file; the record says why.

    Who began one with a connection file of its own ends it as it likes: of that nothing is told.
    """
    owned, given, pid = tmp_path / "owned", tmp_path / "given", tmp_path / "pid"
    for each in (owned, given, pid):
        each.touch()
    registry = Registry(tmp_path / "kernels")
    registry.folder.mkdir()
    mine = record("mine", connection_file=str(owned), owns_connection_file=True, pid_file=str(pid))
    jupyters = record("jupyters", connection_file=str(given))
    for each in (mine, jupyters):
        (registry.folder / f"{each.id}.json").write_text(each.text())
    assert [("mine", "dead", UNSAID)] == [
        (each.record.id, each.word, each.why) for each in registry.all()
    ]
    assert ["mine.json"] == [each.name for each in registry.folder.iterdir()]
    assert [False, True, False] == [each.exists() for each in (owned, given, pid)]
    assert UNSAID == registry.find("mine").record.ended


def test_who_knows_better_how_a_kernel_ended_may_say_so_once(tmp_path: Path) -> None:
    """A parent's word counts more than a guess, and the first such word stays."""
    registry = Registry(tmp_path)
    (tmp_path / "one.json").write_text(record().text())
    assert UNSAID == registry.find("one").why
    registry.bury("one", "it was killed by SIGSEGV")
    registry.bury("one", "it went for a walk")
    assert "it was killed by SIGSEGV" == registry.find("one").why
    hold = registry.hold(record("two"))
    assert registry.bury("two", "no") is None
    hold.release()


def test_a_successor_goes_on_with_the_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that replaces its program holds the record all the time; others are refused."""
    hold = Registry(tmp_path).hold(record(owns_connection_file=True))
    hold.update(state=RUNNING)
    hold.leave_to_successor()
    said = os.environ[SUCCESSOR]
    monkeypatch.delenv(SUCCESSOR)
    with pytest.raises(AlreadyRunning):
        Registry(tmp_path).hold(record())
    monkeypatch.setenv(SUCCESSOR, said)
    successor = Registry(tmp_path).hold(record())
    assert (True, True) == (successor.is_successor, successor.record.owns_connection_file)
    assert not os.get_inheritable(successor._descriptor)
    successor.release()


def test_records_of_other_releases_and_rubbish_are_borne(tmp_path: Path) -> None:
    """Unknown keys are left aside, what is no record is none, nobody's file breaks a list."""
    said = {**json.loads(record().text()), "colour": "blue", "dap": 5}
    assert "" == read_record(json.dumps(said)).dap
    registry = Registry(tmp_path)
    (tmp_path / "one.json").write_text(json.dumps(said))
    (tmp_path / "two.json").write_text("{")
    (tmp_path / "three.json").write_text("[]")
    (tmp_path / "four.json").write_text(record("five").text())
    assert ["one"] == [each.record.id for each in registry.all()]


def test_children_of_a_kernel_do_not_keep_it_alive(tmp_path: Path) -> None:
    """A program's children have no share in the lock."""
    hold = Registry(tmp_path).hold(record())
    with subprocess.Popen(["sleep", "60"], close_fds=False) as child:
        os.close(hold._descriptor)
        hold._descriptor = -1
        assert not Registry(tmp_path).find("one").is_running
        child.kill()


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "-x", "a" * 101, "ä", "a b"])
def test_ids_are_names_of_files(name: str) -> None:
    """What could lead elsewhere is refused."""
    with pytest.raises(UserError, match="cannot be called"):
        check_id(name)
