"""Backups are there whole or not at all, and a restore that fails has changed nothing."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from kernel.core.clock import SystemClock
from kernel.core.errors import UserError
from kernel.sessions.access import Actor
from kernel.sessions.artifacts.artifacts import Artifacts
from kernel.state.scopes import GLOBAL
from kernel.state.state import State
from llmspell.backups.bundle import BundleDamaged, verify
from llmspell.backups.folder import BackupFolder, Kept
from llmspell.backups.redacted import redacted_configuration, with_secrets_of
from llmspell.backups.requests import BackupRequests
from llmspell.backups.restoring import restore
from llmspell.kernel_services import KernelServices
from tests.cli.conftest import CommandLine

pytestmark = pytest.mark.long

CONFIGURATION = """\
# mine
[providers.openai]
api_key = "sk-aaaaaaaaaaaaaaaaaaaaaaaa" # secret
model = "m"
"""

ACTOR = Actor("local")


def nobody(_done: int, _total: int) -> None:
    """Nobody watches."""


class Place:
    """Everything that is kept, in one folder."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        self.services = KernelServices(folder, _configuration(folder))
        self.backups = BackupFolder(folder / "backups", SystemClock(), "1")

    @property
    def kept(self) -> Kept:
        """What a backup is taken of."""
        keys = self.folder / "keys.json"
        return replace(self.services.kept, keys=keys, configuration_home=self.folder / "new.toml")

    @property
    def state(self) -> State:
        """The values."""
        return self.services.state

    @property
    def artifacts(self) -> Artifacts:
        """The artifacts."""
        return self.services.sessions.artifacts

    def content(self) -> object:
        """All that a restore could change."""
        files = {
            str(path.relative_to(self.folder)): path.read_bytes()
            for path in [*self.folder.glob("*.toml"), *self.folder.glob("keys.json")]
        }
        sessions = self.services.sessions
        every = sessions.sessions.list(ACTOR)
        artifacts = [
            b"".join(self.artifacts.stream(ACTOR, each.id, 0, each.size))
            for session in every
            for each in self.artifacts.list_artifacts(ACTOR, session.id)
        ]
        values = {key: self.state.get(GLOBAL, key) for key in self.state.keys(GLOBAL)}
        return values, [each.name for each in every], artifacts, files


def _configuration(folder: Path) -> Path:
    path = folder / "llmspell.toml"
    path.write_text(CONFIGURATION)
    return path


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """With a value, a session and an artifact of several blocks."""
    made = Place(tmp_path / "kept")
    made.state.put(GLOBAL, "x", {"a": 1})
    session = made.services.sessions.sessions.create(ACTOR, "tuesday")
    made.artifacts.store(ACTOR, session.id, "big.bin", bytes(range(256)) * 8192)
    (made.folder / "keys.json").write_text("{}")
    yield made
    made.services.close()


def test_everything_comes_back(place: Place) -> None:
    """State, sessions, artifacts and configuration are what they were, whatever happened since."""
    before = place.content()
    taken = place.backups.create(place.kept, nobody, note="n")
    assert ("", "n", False) == (taken.damage, taken.manifest.note, taken.manifest.secrets)
    for session in place.services.sessions.sessions.list(ACTOR):
        place.services.sessions.sessions.delete(ACTOR, session.id)
    place.state.put(GLOBAL, "x", 2)
    place.state.put(GLOBAL, "y", 3)
    (place.folder / "llmspell.toml").write_text(CONFIGURATION.replace('"m"', '"n"'))
    done = restore(taken.path, place.kept, nobody)
    assert before == place.content()
    assert place.folder / "llmspell.toml" == done.configuration


def test_a_backup_goes_into_an_empty_place(place: Place, tmp_path: Path) -> None:
    """On another machine everything is as it was here, without the secrets, which are named."""
    taken = place.backups.create(place.kept, nobody)
    other = Place(tmp_path / "other")
    kept = replace(other.kept, configuration=None)
    (other.folder / "llmspell.toml").unlink()
    done = restore(taken.path, kept, nobody)
    assert other.folder / "new.toml" == done.configuration
    text = (other.folder / "new.toml").read_text()
    assert ("providers.openai.api_key",) == done.missing
    rest = [each for each in CONFIGURATION.splitlines() if "secret" not in each]
    assert rest == text.splitlines()
    assert not (other.folder / "keys.json").exists()
    assert place.content()[:3] == other.content()[:3]  # type: ignore[index]
    other.services.close()


def test_secrets_come_along_where_that_is_asked_for(place: Place) -> None:
    """With secrets the file of keys and the configuration are whole; without, neither."""
    without = place.backups.create(place.kept, nobody)
    assert b"sk-aaaa" not in without.path.read_bytes()
    whole = place.backups.create(place.kept, nobody, with_secrets=True)
    assert b"sk-aaaa" in whole.path.read_bytes()
    (place.folder / "keys.json").write_text("changed")
    restore(without.path, place.kept, nobody)
    assert "changed" == (place.folder / "keys.json").read_text()
    restore(whole.path, place.kept, nobody)
    assert "{}" == (place.folder / "keys.json").read_text()


def test_secrets_within_values_are_left_out_as_well() -> None:
    """In a URL or a list; where the file has them, they stay."""
    text = 'urls = ["a", "b"]\n[state]\nurl = "postgres://me:word@host/db"\nsize = 1\n'
    shown = redacted_configuration(text.replace('"b"', '"Bearer abcdefghijkl"'))
    assert "word" not in shown
    assert ("[state]\nsize = 1\n", ["urls", "state.url"]) == with_secrets_of(shown, "")
    assert (text, []) == with_secrets_of(shown, text)


def _truncated(data: bytes) -> bytes:
    return data[: len(data) // 2]


def _without_end(data: bytes) -> bytes:
    return data[:-1]


def _flipped(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


def _other_checksum(data: bytes) -> bytes:
    return data[:-1] + bytes([data[-1] ^ 1])


def _empty(_data: bytes) -> bytes:
    return b""


@pytest.mark.parametrize(
    "harm",
    [_truncated, _without_end, _flipped, _other_checksum, _empty],
    ids=lambda each: each.__name__,
)
def test_a_damaged_file_changes_nothing(place: Place, harm: Callable[[bytes], bytes]) -> None:
    """Wherever a file is wrong it is refused, before anything is touched."""
    taken = place.backups.create(place.kept, nobody)
    taken.path.write_bytes(harm(taken.path.read_bytes()))
    place.state.put(GLOBAL, "x", "now")
    before, files = place.content(), _names(place.folder)
    with pytest.raises(BundleDamaged):
        verify(taken.path)
    with pytest.raises(BundleDamaged):
        restore(taken.path, place.kept, nobody)
    assert (before, files) == (place.content(), _names(place.folder))


def test_an_error_at_any_step_changes_nothing(place: Place) -> None:
    """Whoever watches the progress may raise: what was there is there, and nothing is left over."""
    taken = place.backups.create(place.kept, nobody)
    place.state.put(GLOBAL, "x", "now")
    before, files = place.content(), _names(place.folder)
    calls: list[int] = []
    restore_all = _failing_at(10**9, calls)
    restore(taken.path, place.kept, restore_all)
    place.state.put(GLOBAL, "x", "now")
    assert before == place.content()
    for step in range(1, len(calls) + 1):
        with pytest.raises(UserError, match="No space left on device"):
            restore(taken.path, place.kept, _failing_at(step, []))
        assert (before, files) == (place.content(), _names(place.folder))


def _failing_at(step: int, calls: list[int]) -> Callable[[int, int], None]:
    def advance(_done: int, _total: int) -> None:
        calls.append(1)
        if len(calls) == step:
            raise OSError(28, "No space left on device")

    return advance


_LIMITED = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
sys.dont_write_bytecode = True  # Python leaves the beginnings of compiled files behind
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), int(sys.argv[1])))
from llmspell.cli.app import main
sys.exit(main(sys.argv[2:]))
"""


@pytest.mark.parametrize(
    ("most", "statuses"), [(4096, [1, 1]), (40_000, [0, 1]), (10_000_000, [0, 0])]
)
def test_a_full_disk_leaves_what_was_there(
    cli: CommandLine, most: int, statuses: list[int]
) -> None:
    """The system refuses to write more: neither a backup nor a restore does anything by halves."""
    script = "for i = 1, 300 do State.save('global', 'k' .. i, (i .. ' '):rep(500)) end"
    cli.start_kernel("lab")
    assert "" == cli.say("--kernel", "lab", "exec", script).stderr
    assert 0 == cli.say("kernel", "stop", "lab").returncode
    taken = cli.say("backup", "create", "-o", "a.llmspell-backup")
    assert 0 == taken.returncode, taken.stderr
    before = cli.say("state", "export", "-").stdout
    files = _names(cli.home)
    asked = [
        ("backup", "create", "-o", "b.llmspell-backup"),
        ("backup", "restore", "a.llmspell-backup", "--yes"),
    ]
    for words, status in zip(asked, statuses, strict=True):
        command = [sys.executable, "-P", "-c", _LIMITED, str(most), *words]
        done = subprocess.run(
            command,
            cwd=cli.work,
            env=cli.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (status, status == 0) == (done.returncode, done.stderr == ""), done.stderr
        assert before == cli.say("state", "export", "-").stdout
    assert [] == sorted(_names(cli.home) - files)
    assert (statuses[0] == 0) == (cli.work / "b.llmspell-backup").exists()


def _names(folder: Path) -> set[str]:
    """The files there are, but for those that SQLite makes and takes away as it likes."""
    every = (str(path.relative_to(folder)) for path in folder.rglob("*"))
    return {each for each in every if not each.endswith(("-wal", "-shm", "__pycache__"))}


def test_backups_are_looked_after(cli: CommandLine) -> None:
    """They are listed, found by the beginning of their ids, verified, thinned out and deleted."""
    for number in range(3):
        assert 0 == cli.say("backup", "create", "--note", f"n{number}").returncode
    listed = cli.say("backup", "list").stdout.splitlines()
    assert {"n0", "n1", "n2"} == {line.split()[-1] for line in listed[1:]}
    newest = listed[1].split()[0]
    assert 0 == cli.say("backup", "verify", newest).returncode
    path = cli.data / "backups" / f"{newest}.llmspell-backup"
    path.write_bytes(_flipped(path.read_bytes()))
    done = cli.say("backup", "verify", newest, "--output", "json")
    assert 1 == done.returncode
    assert '"valid": false' in done.stdout
    kept = cli.say("backup", "create", "--keep", "1")
    assert 3 == kept.stdout.count("removed")
    (line,) = cli.say("backup", "list").stdout.splitlines()[1:]
    assert 0 == cli.say("backup", "delete", line.split()[0]).returncode
    assert "There is no backup" in cli.say("backup", "delete", newest).stderr


def test_the_one_just_taken_is_the_newest(place: Place) -> None:
    """Of any number within a second the one taken last is listed first, and is what is kept."""
    for _ in range(12):
        taken = place.backups.create(place.kept, nobody)
        assert taken.id == place.backups.all()[0].id
    assert 11 == len(place.backups.clean_up(1))
    assert [taken.id] == [each.id for each in place.backups.all()]


def test_a_kernel_keeps_one_at_least(place: Place) -> None:
    """Whoever asks for less is told so, before a backup is taken."""
    requests = BackupRequests(place.backups, place.kept)
    with pytest.raises(UserError, match="keep is 0; it must be greater than or equal to 1"):
        asyncio.run(requests.serve({"action": "create", "keep": 0}))
    assert [] == place.backups.all()


def test_a_restore_asks_first(cli: CommandLine) -> None:
    """Where nobody can be asked, --yes is needed."""
    cli.say("backup", "create", "-o", "a.llmspell-backup")
    done = cli.say("backup", "restore", "a.llmspell-backup")
    assert (1, "") == (done.returncode, done.stdout)
    assert "--yes restores where nobody can be asked" in done.stderr


def test_a_kernel_restores_for_itself_alone(cli: CommandLine) -> None:
    """The only kernel does it and sees what is there then; past a kernel, or beside one, nobody."""
    cli.start_kernel("lab")
    assert 0 == cli.say("exec", "--kernel", "lab", "State.save('global', 'x', 1)").returncode
    assert 0 == cli.say("backup", "create", "-o", "a.llmspell-backup").returncode
    assert 0 == cli.say("exec", "--kernel", "lab", "State.save('global', 'x', 2)").returncode
    words = ("backup", "restore", "a.llmspell-backup", "--yes")
    past = cli.say("--kernel", "none", *words)
    assert (1, True) == (past.returncode, "kernel lab would go on" in past.stderr)
    assert 0 == cli.say(*words).returncode
    assert "1\n" == cli.say("exec", "--kernel", "lab", "print(State.load('global', 'x'))").stdout
    cli.start_kernel("other")
    beside = cli.say("--kernel", "lab", *words)
    assert (1, True) == (beside.returncode, "kernel other would go on" in beside.stderr)


def test_backups_are_as_they_are_configured(cli: CommandLine) -> None:
    """Small or quick, and so many of them; one that is put elsewhere has none go."""
    assert 0 == cli.say("exec", "State.save('global', 'x', ('ab'):rep(50000))").returncode

    def sizes(setting: str) -> list[int]:
        cli.write("llmspell.toml", f"[runtime.state_persistence.backup]\n{setting}\n")
        assert 0 == cli.say("backup", "create").returncode
        listed = json.loads(cli.say("backup", "list", "--output", "json").stdout)["backups"]
        return [each["bytes"] for each in listed]

    assert [True] == [size < 50_000 for size in sizes("compression_level = 22")]
    assert [False, True] == [size < 50_000 for size in sizes("compression_enabled = false")]
    assert [True, False] == [size < 50_000 for size in sizes("max_backups = 2")]
    elsewhere = str(cli.work / "one.llmspell-backup")
    cli.write("llmspell.toml", "[runtime.state_persistence.backup]\nmax_backups = 1\n")
    done = cli.say("backup", "create", "-o", elsewhere, "--output", "json")
    assert (0, []) == (done.returncode, json.loads(done.stdout)["removed"])
    assert 1 == len(sizes("max_backups = 1"))
    restored = cli.say("backup", "restore", elsewhere, "--yes")
    assert (0, "100000\n") == (
        restored.returncode,
        cli.say("exec", "print(#State.load('global', 'x'))").stdout,
    )
