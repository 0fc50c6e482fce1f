"""Schemas that a user writes: told and migrated on the command line, in scripts, by themselves."""

import json
from typing import Any

import pytest

from tests.cli.conftest import CommandLine

CONFIGURED = '[runtime.state_persistence]\nschema_directory = "schemas"\n'

FIRST = """\
schema = "users"
from = 0
to = 1
name = "names are called name"

[[steps]]
do = "rename"
key = "user/*"
field = "nm"
to = "name"
"""

SECOND = """\
schema = "users"
from = 1
to = 2
name = "who is active"

[[steps]]
do = "default"
key = "user/*"
field = "is_active"
value = true
"""

KEPT = "State.set('user/ann', {nm = 'Ann'})"


@pytest.fixture
def configured(cli: CommandLine) -> CommandLine:
    """A kernel that keeps a value of version 0, and two files that lead further."""
    cli.write("llmspell.toml", CONFIGURED)
    cli.write("schemas/users-1.toml", FIRST)
    cli.write("schemas/users-2.toml", SECOND)
    cli.start_kernel("lab")
    done(cli, "exec", "--kernel", "lab", KEPT)
    return cli


def done(cli: CommandLine, *words: str) -> str:
    """What a command says that works."""
    said = cli.say(*words)
    assert 0 == said.returncode, said.stderr
    return said.stdout


def told(cli: CommandLine, *words: str) -> dict[str, Any]:
    """The same as JSON."""
    found: dict[str, Any] = json.loads(done(cli, *words, "--output", "json"))
    return found


@pytest.mark.parametrize("way", ["lab", "none"])
def test_what_is_kept_is_migrated(configured: CommandLine, way: str) -> None:
    """Version by version, with what was done, in a kernel and without one; it is backed up."""
    cli, at = configured, ("--kernel", way)
    (before,) = told(cli, "state", *at, "schemas")["schemas"]
    assert (0, 2) == (before["current"], before["latest"])
    assert ["names are called name", "who is active"] == before["pending"]
    assert "users: version 0 became 1.\n  names are called name\n" == done(
        cli, "state", *at, "migrate", "--to", "1"
    )
    assert {"name": "Ann"} == told(cli, "state", *at, "show", "user/ann")["entries"][0]["value"]
    migrated = told(cli, "state", *at, "migrate", "users")
    assert (1, ["who is active"]) == (migrated["from"], migrated["done"])
    assert "users has version 2 already.\n" == done(cli, "state", *at, "migrate")
    (after,) = told(cli, "state", *at, "schemas")["schemas"]
    assert (2, []) == (after["current"], after["pending"])
    value = told(cli, "state", *at, "show", "user/ann")["entries"][0]["value"]
    assert {"name": "Ann", "is_active": True} == value
    notes = done(
        cli, "exec", "--kernel", "lab",
        "for _, each in ipairs(State.list_backups()) do print(each.note) end",
    )  # fmt: skip
    assert {f"before the migration of users at version {each}" for each in (0, 1)} == {
        *notes.splitlines()
    }


def test_scripts_see_and_do_it(configured: CommandLine) -> None:
    """`State.migrate` and its companions tell what is so."""
    code = """
        local before = State.get_migration_status().users
        print(before.current, before.latest, #before.pending)
        local now = State.migrate(2, "users")
        print(now.success, now.current, now.applied[2].name, State.get_schema_versions().users)
        local ann = State.get("user/ann")
        print(ann.name, ann.nm, ann.is_active)
        print(select(2, pcall(State.migrate, 3)))
    """
    said = done(configured, "exec", "--kernel", "lab", code).splitlines()
    assert ["0\t2\t2", "true\t2\twho is active\t2", "Ann\tnil\ttrue"] == said[:3]
    assert "users has no version 3; the last is 2." in said[3]


def test_it_is_done_when_state_is_opened_where_that_is_wanted(configured: CommandLine) -> None:
    """The next kernel finds everything in the form of today."""
    cli = configured
    done(cli, "kernel", "stop", "lab")
    cli.write(
        "llmspell.toml", CONFIGURED + "migration_enabled = true\nbackup_on_migration = false\n"
    )
    cli.start_kernel("lab")
    code = "local ann = State.get('user/ann') print(ann.name, ann.is_active, #State.list_backups())"
    assert "Ann\ttrue\t0\n" == done(cli, "exec", "--kernel", "lab", code)


def test_a_file_that_is_wrong_is_named_and_stops_nothing_else(configured: CommandLine) -> None:
    """State goes on; whoever asks about schemas is told the file and the place."""
    cli = configured
    cli.write("schemas/users-2.toml", SECOND.replace('do = "default"', 'do = "deflate"'))
    for words in (("state", "schemas"), ("state", "migrate")):
        said = cli.say(*words)
        assert 1 == said.returncode
        assert "users-2.toml: steps.1.do: " in said.stderr
    assert "Ann\n" == done(cli, "exec", "--kernel", "lab", "print(State.get('user/ann').nm)")
