"""Which kernel state, sessions and backups are asked of, where the command line names it."""

import json

import pytest

from tests.cli.conftest import CommandLine
from tests.cli.stories import VALUES

MARK = ("exec", "State.save('global', 'home', '{}')")


@pytest.fixture
def two(cli: CommandLine) -> CommandLine:
    """With the kernels one and two, that keep what they keep apart, and no common store."""
    cli.write("memory.toml", '[runtime.state_persistence]\nbackend_type = "memory"\n')
    for name in ("one", "two"):
        more = {"LLMSPELL_CONFIG": str(cli.work / "memory.toml")}
        done = cli.say("kernel", "start", "--daemon", "--id", name, more=more)
        assert (0, "") == (done.returncode, done.stderr)
        done = cli.say("--connect", name, MARK[0], MARK[1].format(name))
        assert (0, "") == (done.returncode, done.stderr)
    return cli


def home(cli: CommandLine, *options: str) -> tuple[str, object]:
    """The mode, and what the value called home is there."""
    done = cli.say("state", "show", "--prefix", "home", "--output", "json", *options)
    said = json.loads(done.stdout)
    return said["mode"], next((each["value"] for each in said["entries"]), None)


def test_connect_stands_above_kernel(two: CommandLine) -> None:
    """--connect, then --kernel, then -c, then what runs; by its id, its file or its address."""
    file = str(two.folder / "jupyter" / "kernel-two.json")
    assert ("connected", "two") == home(two, "--connect", "two")
    assert ("connected", "two") == home(two, "--connect", file)
    assert ("connected", "two") == home(two, "--connect", "two", "--kernel", "one")
    assert ("connected", "one") == home(two, "--kernel", "one", "--connect", "one")
    assert ("connected", "two") == home(two, "--kernel", "none", "--connect", file)
    assert ("connected", "one") == home(two, "--kernel", "one", "-c", "memory.toml")
    assert ("embedded", None) == home(two, "-c", "memory.toml")
    done = two.say("state", "show")
    assert (1, True) == (done.returncode, "Several kernels run: one, two." in done.stderr)


def test_state_over_connect(two: CommandLine) -> None:
    """Shown, imported, exported and cleared there, and nowhere else."""
    two.write("values.json", VALUES)
    there = ("--connect", "two", "--output", "json")
    said = json.loads(two.say("state", "import", "values.json", "--merge", *there).stdout)
    assert ("connected", 3) == (said["mode"], said["imported"])
    said = json.loads(two.say("state", "export", "out.json", *there).stdout)
    assert "connected" == said["mode"]
    kept = json.loads((two.work / "out.json").read_text())["scopes"]
    assert ("two", 3) == (kept["global"]["home"]["value"], kept["global"]["visits"]["value"])
    said = json.loads(two.say("state", "clear", "--yes", *there).stdout)
    assert ("connected", 4) == (said["mode"], said["cleared"])
    assert ("connected", "one") == home(two, "--connect", "one")


def test_sessions_over_connect(two: CommandLine) -> None:
    """Created, listed, shown and deleted there, and nowhere else."""
    there = ("--connect", "two", "--output", "json")
    made = json.loads(two.say("session", "create", "tuesday", *there).stdout)
    assert ("connected", "tuesday") == (made["mode"], made["session"]["name"])
    listed = json.loads(two.say("session", "list", *there).stdout)["sessions"]
    assert ["tuesday"] == [each["name"] for each in listed if each["name"] == "tuesday"]
    shown = json.loads(two.say("session", "show", "tuesday", *there).stdout)
    assert made["session"]["id"] == shown["session"]["id"]
    done = two.say("session", "show", "tuesday", "--connect", "one")
    assert (1, "") == (done.returncode, done.stdout)
    gone = json.loads(two.say("session", "delete", "tuesday", *there).stdout)
    assert ("connected", [made["session"]["id"]]) == (gone["mode"], gone["ids"])


def test_backups_over_connect(two: CommandLine) -> None:
    """Of what that kernel keeps, put back into that kernel."""
    there = ("--connect", "two", "--output", "json")
    made = json.loads(two.say("backup", "create", "-o", "two.backup", *there).stdout)
    assert "connected" == made["mode"]
    assert 0 == two.say("state", "clear", "--yes", *there).returncode
    assert ("connected", None) == home(two, "--connect", "two")
    checked = json.loads(two.say("backup", "verify", "two.backup", *there).stdout)
    assert ("connected", True) == (checked["mode"], checked["valid"])
    done = two.say("backup", "restore", "two.backup", "--yes", *there)
    assert (1, "", True) == (done.returncode, done.stdout, "kernel one" in done.stderr)
    assert 0 == two.say("kernel", "stop", "one").returncode  # it may use what is put back
    done = two.say("backup", "restore", "two.backup", "--yes", *there)
    assert ("connected", 0) == (json.loads(done.stdout)["mode"], done.returncode)
    assert ("connected", "two") == home(two, "--connect", "two")


@pytest.mark.parametrize("words", ["state show", "session list", "backup list", "events show"])
def test_a_kernel_that_is_not_there_is_not_replaced(cli: CommandLine, words: str) -> None:
    """Who names a kernel gets no other and none of his own, though one runs."""
    cli.start_kernel("lab")
    for option in ("--connect", "--kernel"):
        done = cli.say(*words.split(), option, "nobody")
        assert (1, "", True) == (done.returncode, done.stdout, "nobody" in done.stderr)
