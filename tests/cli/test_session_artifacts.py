"""Artifacts of sessions on the command line: listed, written out as they are, in any size."""

import base64
import hashlib
import json
import subprocess
import sys

import pytest

from tests.cli.conftest import DEADLINE, CommandLine

STORE = """
local id = Session.create{name = "tuesday"}
Artifact.store(id, "user_input", "note.txt", "one")
Artifact.store(id, "user_input", "note.txt", "two")
Artifact.store(id, "tool_result", "bytes.bin", ("\\0\\255"):rep(1024))
Artifact.store(id, "tool_result", "long.txt", "x" .. ("é"):rep(2200000))
"""


@pytest.fixture
def stored(cli: CommandLine) -> CommandLine:
    """A session with a text in two versions, bytes that are no text, and a text of two pieces."""
    cli.start_kernel("lab")
    done = cli.say("exec", "--kernel", "lab", STORE)
    assert (0, "") == (done.returncode, done.stderr)
    return cli


@pytest.mark.parametrize("kernel", ["lab", "none"])
def test_they_come_out_as_they_went_in(stored: CommandLine, kernel: str) -> None:
    """The last version by its name, any by its number, bytes whole and in pieces."""
    options = ("--kernel", kernel, "session")
    listed = json.loads(stored.say(*options, "artifacts", "tuesday", "--output", "json").stdout)
    known = {(each["name"], each["version"]): each for each in listed["artifacts"]}
    assert {("note.txt", 1), ("note.txt", 2), ("bytes.bin", 1), ("long.txt", 1)} == known.keys()
    assert "two" == stored.say(*options, "artifact", "tuesday", "note.txt").stdout
    first = str(known["note.txt", 1]["id"])
    assert "one" == stored.say(*options, "artifact", "tuesday", first).stdout
    done = stored.say(*options, "artifact", "tuesday", "long.txt", "-o", "out.txt")
    assert (0, "Wrote out.txt (4400001 bytes).\n") == (done.returncode, done.stdout)
    long = ("x" + "é" * 2_200_000).encode()
    assert _digest(long) == _digest((stored.work / "out.txt").read_bytes())
    expected = b"\0\xff" * 1024
    said = stored.say(*options, "artifact", "tuesday", "bytes.bin", "--output", "json").stdout
    assert expected == base64.b64decode(json.loads(said)["base64"])
    missing = stored.say(*options, "artifact", "tuesday", "note.text")
    assert (1, "") == (missing.returncode, missing.stdout)


@pytest.mark.parametrize("kernel", ["lab", "none"])
def test_versions_are_compared(stored: CommandLine, kernel: str) -> None:
    """Line by line where they are text; the exit status says whether they differ."""
    words = ("--kernel", kernel, "session", "diff", "tuesday")
    done = stored.say(*words, "note.txt")
    assert (1, ["-one", "\\ No newline at end of file", "+two"]) == (
        done.returncode,
        done.stdout.splitlines()[3:6],
    )
    octets = stored.say(*words, "1", "3")
    assert (1, "3 bytes became 2048; they differ from byte 0 on; 0 of 1 blocks are shared\n") == (
        octets.returncode,
        octets.stdout,
    )
    same = stored.say(*words, "2", "2")
    assert (0, "identical\n") == (same.returncode, same.stdout)
    document = json.loads(stored.say(*words, "note.txt", "--output", "json").stdout)
    assert (1, 2, 1) == (
        document["old"]["version"],
        document["new"]["version"],
        document["difference"]["added"],
    )
    for wrong, said in (
        (("bytes.bin",), "bytes.bin has no version before 1"),
        (("note.text",), "did you mean 'note.txt'?"),
    ):
        refused = stored.say(*words, *wrong)
        assert ("", True) == (refused.stdout, said in refused.stderr)


def _digest(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


@pytest.mark.parametrize("kernel", ["lab", "none"])
def test_files_become_artifacts(cli: CommandLine, kernel: str) -> None:
    """Of any size, with what is said of them, from stdin too; with a kernel and without one."""
    cli.start_kernel("lab")
    words = ("--kernel", kernel, "session")
    assert 0 == cli.say(*words, "create", "tuesday").returncode
    large = b"\0\xff\n" * 3_000_000
    (cli.work / "large.bin").write_bytes(large)
    done = cli.say(*words, "store", "tuesday", "large.bin", "--type", "tool_result", "--tag", "t")
    assert (0, "Stored large.bin (version 1, 9000000 bytes) as number 1.\n", "") == (
        done.returncode,
        done.stdout,
        done.stderr,
    )
    more = ("--name", "note.txt", "--description", "d", "--metadata", "n=1", "--output", "json")
    kept = json.loads(cli.say(*words, "store", "tuesday", "-", *more, text="hé").stdout)["artifact"]
    assert ("note.txt", "text/plain", "d", {"n": 1}, 3) == tuple(
        kept[each] for each in ("name", "mime_type", "description", "custom", "size")
    )
    (cli.work / "empty").write_bytes(b"")
    assert 0 == cli.say(*words, "store", "tuesday", "empty").returncode
    for name, expected in (("large.bin", large), ("empty", b""), ("note.txt", "hé".encode())):
        done = cli.say(*words, "artifact", "tuesday", name, "-o", "out")
        assert (0, "") == (done.returncode, done.stderr)
        assert _digest(expected) == _digest((cli.work / "out").read_bytes())
    assert "hé" == cli.say(*words, "artifact", "tuesday", "note.txt").stdout
    too_large = ("update", "tuesday", "--policy", "quota.artifact_bytes=1000")
    assert 0 == cli.say(*words, *too_large).returncode
    refused = cli.say(*words, "store", "tuesday", "large.bin")
    assert (1, "", True) == (refused.returncode, refused.stdout, "quota" in refused.stderr)
    for name in ("none", "."):
        refused = cli.say(*words, "store", "tuesday", name, "--name", "x")
        assert (1, True) == (refused.returncode, "cannot be stored: " in refused.stderr)


def test_a_file_is_written_whole_or_not_at_all(stored: CommandLine) -> None:
    """Damage in the middle leaves the file that was there, and nothing beside it."""
    words = ("--kernel", "none", "session", "artifact", "tuesday", "long.txt", "-o", "out.txt")
    place = stored.write("out.txt", "before")
    place.chmod(0o640)
    (stored.work / "link").symlink_to("out.txt")
    blocks = sorted(
        (each for each in (stored.data / "artifacts").rglob("*") if each.is_file()),
        key=lambda each: each.stat().st_size,
    )
    assert 0 == stored.say(*words[:-1], "link").returncode
    assert ((stored.work / "link").is_symlink(), 0o640) == (True, place.stat().st_mode & 0o777)
    place.write_text("before")
    there = {*stored.work.iterdir()}
    for each in blocks:
        each.write_bytes(b"damaged")
    done = stored.say(*words)
    assert (1, "") == (done.returncode, done.stdout)
    assert ("before", there) == (place.read_text(), {*stored.work.iterdir()})


@pytest.mark.skipif(sys.platform != "linux", reason="reads what /proc knows of the process")
@pytest.mark.parametrize("kernel", ["lab", "none"])
def test_large_artifacts_go_through_in_pieces(cli: CommandLine, kernel: str) -> None:
    """What the command has in memory grows by far less than what it stores and gives out."""
    cli.start_kernel("lab")
    words = ("--kernel", kernel, "session")
    assert 0 == cli.say(*words, "create", "tuesday").returncode
    size = 192 * 1024 * 1024
    with (cli.work / "large").open("wb") as file:
        file.truncate(size)
    small = _peak(cli, *words, "list")
    assert size // 2 > _peak(cli, *words, "store", "tuesday", "large") - small
    assert size // 2 > _peak(cli, *words, "artifact", "tuesday", "large", "-o", "out") - small
    assert size == (cli.work / "out").stat().st_size


def _peak(cli: CommandLine, *words: str) -> int:
    """Bytes that a command had at most; it must end well."""
    code = (
        "import resource, sys; from llmspell.cli.app import main; status = main(sys.argv[1:]); "
        "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr); "
        "sys.exit(status)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *words],
        cwd=cli.work,
        env=cli.environment,
        capture_output=True,
        text=True,
        timeout=DEADLINE * 2,
        check=False,
    )
    assert 0 == done.returncode, done.stderr
    return int(done.stderr.split()[-1]) * 1024


def test_a_restore_asks_before_something_goes(stored: CommandLine) -> None:
    """Where nobody answers it is refused, and says what would go; nothing newer is no question."""
    assert 0 == stored.say("session", "snapshot", "tuesday", "a.snapshot").returncode
    assert 0 == stored.say("session", "restore", "a.snapshot").returncode
    stored.write("late.txt", "late")
    assert 0 == stored.say("session", "store", "tuesday", "late.txt").returncode
    refused = stored.say("session", "restore", "a.snapshot")
    assert (1, "") == (refused.returncode, refused.stdout)
    assert "has 1 artifact that came after the snapshot. --yes" in refused.stderr
    assert "late.txt" in stored.say("session", "artifacts", "tuesday").stdout
    assert 0 == stored.say("session", "restore", "a.snapshot", "--yes").returncode
    assert "late.txt" not in stored.say("session", "artifacts", "tuesday").stdout


def test_a_deletion_asks_before_something_goes(stored: CommandLine) -> None:
    """Where nobody answers it is refused, and says what would go; an empty session just goes."""
    assert 0 == stored.say("session", "create", "empty").returncode
    assert 0 == stored.say("session", "delete", "empty").returncode
    refused = stored.say("session", "delete", "tuesday")
    assert (1, "") == (refused.returncode, refused.stdout)
    assert "(tuesday) has 4 artifacts, and --yes deletes it unasked." in refused.stderr
    assert 0 == stored.say("session", "delete", "tuesday", "--yes").returncode
    assert "tuesday" not in stored.say("session", "list").stdout
