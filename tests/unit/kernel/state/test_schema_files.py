"""Migrations that are written down as files: what they say, what they do, what they cannot say."""

import json
from pathlib import Path
from typing import Any

import pytest

from kernel.core.errors import UserError
from kernel.state.backup import Backups
from kernel.state.memory import MemoryStore
from kernel.state.migrations import MigrationFailed
from kernel.state.schema_files import BadSchemaFile, load_schemas
from kernel.state.schemas import Schemas
from tests.support.clocks import ManualClock

HEAD = 'schema = "users"\nfrom = {}\nto = {}\nname = "{}"\n'


def write(folder: Path, *steps: str, version: int = 1, name: str = "a change") -> Path:
    """A file that leads to a version."""
    text = HEAD.format(version - 1, version, name)
    text += "".join(f"[[steps]]\n{each}\n" for each in steps)
    path = folder / f"users-{version}.toml"
    path.write_text(text)
    return path


def kept(store: MemoryStore, scope: str = "global") -> dict[str, Any]:
    """The values of a scope."""
    return {key: json.loads(entry.value) for key, entry in store.scan(scope)}


def put(store: MemoryStore, values: dict[str, Any], scope: str = "global", **more: Any) -> None:
    """Keep values."""
    for key, value in values.items():
        store.put(scope, key, json.dumps(value).encode(), **more)


STEPS: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    (
        'do = "rename"\nkey = "color"\nto = "colour"',
        {"color": 1, "colors": 2},
        {"colour": 1, "colors": 2},
    ),
    (
        'do = "rename"\nkey = "user/*"\nto = "person/*"',
        {"user/a": 1, "user/b": 2, "use": 3},
        {"person/a": 1, "person/b": 2, "use": 3},
    ),
    (
        'do = "rename"\nkey = "user/*"\nfield = "home.zip"\nto = "postcode"',
        {"user/a": {"home": {"zip": 1, "x": 2}}, "user/b": {"other": 1}},
        {"user/a": {"home": {"postcode": 1, "x": 2}}, "user/b": {"other": 1}},
    ),
    ('do = "remove"\nkey = "tmp/*"', {"tmp/a": 1, "tmp": 2}, {"tmp": 2}),
    (
        'do = "remove"\nkey = "user"\nfield = "password"',
        {"user": {"password": "x", "name": "y"}},
        {"user": {"name": "y"}},
    ),
    ('do = "default"\nkey = "theme"\nvalue = "dark"', {}, {"theme": "dark"}),
    ('do = "default"\nkey = "theme"\nvalue = "dark"', {"theme": None}, {"theme": None}),
    (
        'do = "default"\nkey = "user/*"\nfield = "is_active"\nvalue = false',
        {"user/a": {}, "user/b": {"is_active": True}},
        {"user/a": {"is_active": False}, "user/b": {"is_active": True}},
    ),
    (
        'do = "convert"\nkey = "n/*"\ntype = "integer"',
        {"n/a": "7", "n/b": 2.0},
        {"n/a": 7, "n/b": 2},
    ),
    ('do = "convert"\nkey = "n"\ntype = "number"', {"n": "1.5"}, {"n": 1.5}),
    ('do = "convert"\nkey = "n"\ntype = "string"', {"n": 1.5}, {"n": "1.5"}),
    ('do = "convert"\nkey = "n"\ntype = "list"', {"n": "a"}, {"n": ["a"]}),
    (
        'do = "convert"\nkey = "u"\nfield = "on"\ntype = "boolean"',
        {"u": {"on": "True"}},
        {"u": {"on": True}},
    ),
]


@pytest.mark.parametrize(("step", "before", "after"), STEPS)
def test_what_steps_do(
    tmp_path: Path, clock: ManualClock, step: str, before: dict[str, Any], after: dict[str, Any]
) -> None:
    """Each kind of step, of entries and of the fields in them."""
    write(tmp_path, step)
    store = MemoryStore(clock)
    put(store, before)
    status = load_schemas(tmp_path, clock)["users"].migrate(store)
    assert (1, ()) == (status.current, status.pending)
    assert after == kept(store)
    assert [list(each) for each in after.values() if isinstance(each, dict)] == [
        list(each) for each in kept(store).values() if isinstance(each, dict)
    ]


def test_scopes_by_pattern_and_lives(tmp_path: Path, clock: ManualClock) -> None:
    """All users' values are changed, nobody else's, and how long they stay is as it was."""
    write(tmp_path, 'do = "rename"\nscope = "user:*"\nkey = "nm"\nto = "name"')
    store = MemoryStore(clock)
    for scope in ("user:ann", "user:bob", "global", "_kernel-parts"):
        put(store, {"nm": scope}, scope, expires=clock.now() + 9)
    load_schemas(tmp_path, clock)["users"].migrate(store)
    for scope in ("user:ann", "user:bob"):
        assert {"name": scope} == kept(store, scope)
    entry = store.get("user:ann", "name")
    assert entry is not None
    assert clock.now() + 9 == entry.expires
    assert {"nm": "global"} == kept(store)


@pytest.mark.parametrize(
    ("step", "before", "said"),
    [
        (
            'do = "rename"\nkey = "a"\nto = "b"',
            {"a": 1, "b": 2},
            "global/a cannot be called b: that is there already",
        ),
        (
            'do = "rename"\nkey = "u"\nfield = "a"\nto = "b"',
            {"u": {"a": 1, "b": 2}},
            "global/u, field a cannot be called b",
        ),
        ('do = "convert"\nkey = "n"\ntype = "integer"', {"n": "x"}, "cannot become an integer"),
        ('do = "convert"\nkey = "n"\ntype = "number"', {"n": "inf"}, "cannot become a number"),
        ('do = "convert"\nkey = "n"\ntype = "boolean"', {"n": "maybe"}, "cannot become a boolean"),
        ('do = "remove"\nkey = "u"\nfield = "a"', {"u": [1]}, "global/u is no object"),
        (
            'do = "remove"\nkey = "u"\nfield = "a.b"',
            {"u": {"a": 1}},
            "global/u, field a is no object",
        ),
    ],
)
def test_a_value_that_cannot_be_changed_changes_nothing(
    tmp_path: Path, clock: ManualClock, step: str, before: dict[str, Any], said: str
) -> None:
    """The error says where it is, and all steps before it are taken back."""
    write(tmp_path, 'do = "default"\nkey = "first"\nvalue = 1', step)
    store = MemoryStore(clock)
    put(store, before)
    with pytest.raises(MigrationFailed, match=said):
        load_schemas(tmp_path, clock)["users"].migrate(store)
    assert before == kept(store)


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ('do = "drop"\nkey = "a"', "steps.1.do: Input should be 'rename', 'remove'"),
        ('do = "rename"\nkey = "a"', "steps.1: rename needs to"),
        ('do = "remove"\nkey = "a"\nto = "b"', "steps.1: remove takes no to"),
        ('do = "remove"', "steps.1.key: Field required"),
        ('do = "remove"\nkey = "a*b"', r"key may have a \* at its end only"),
        ('do = "remove"\nkey = "a"\nfeild = "b"', "steps.1.feild: Extra inputs"),
        ('do = "remove"\nkey = "a"\nscope = "usr:ann"', "steps.1: .*usr"),
        ('do = "rename"\nkey = "a*"\nto = "b"', "both, or neither"),
        ('do = "rename"\nkey = "a"\nfield = "b.c"\nto = "b.d"', "the new name alone"),
        ('do = "default"\nkey = "a*"\nvalue = 1', "needs a whole key"),
        ('do = "convert"\nkey = "a"\ntype = "date"', "steps.1.type"),
    ],
)
def test_a_step_that_makes_no_sense_is_named(tmp_path: Path, step: str, said: str) -> None:
    """The file, the place in it, and what it must be."""
    path = write(tmp_path, step)
    with pytest.raises(BadSchemaFile, match=said) as caught:
        load_schemas(tmp_path)
    assert str(caught.value).startswith(f"{path}: ")


def test_files_that_do_not_fit_together(tmp_path: Path) -> None:
    """A version that is missing or there twice, a jump, a file or folder that cannot be read."""
    with pytest.raises(BadSchemaFile, match="schema_directory"):
        load_schemas(tmp_path / "none")
    remove = 'do = "remove"\nkey = "a"'
    third = write(tmp_path, remove, version=3)
    with pytest.raises(BadSchemaFile, match="no file leads users from version 0 to 1"):
        load_schemas(tmp_path)
    write(tmp_path, remove)
    with pytest.raises(BadSchemaFile, match="no file leads users from version 1 to 2"):
        load_schemas(tmp_path)
    write(tmp_path, remove, version=2)
    assert 3 == load_schemas(tmp_path)["users"].status(MemoryStore()).latest
    (tmp_path / "zz.toml").write_text(third.read_text())
    with pytest.raises(BadSchemaFile, match=r"users-3.toml leads users to version 3, too"):
        load_schemas(tmp_path)
    (tmp_path / "zz.toml").write_text(third.read_text().replace("to = 3", "to = 4"))
    with pytest.raises(BadSchemaFile, match="from 2 to 3"):
        load_schemas(tmp_path)
    (tmp_path / "zz.toml").write_text("[")
    with pytest.raises(BadSchemaFile, match="is no TOML"):
        load_schemas(tmp_path)


def test_a_backup_is_made_before(tmp_path: Path, clock: ManualClock) -> None:
    """Of what is about to change, and only then; it says why it was made."""
    write(tmp_path, 'do = "remove"\nkey = "a"')
    backups = Backups(tmp_path / "backups", clock)
    schemas = Schemas(lambda: load_schemas(tmp_path, clock), lambda: backups)
    store = MemoryStore(clock)
    put(store, {"a": 1})
    assert ["users"] == [each.schema for each in schemas.migrate_all(store)]
    assert [] == schemas.migrate_all(store)
    assert 1 == schemas.migrate(store, "users", 1).current
    (made,) = backups.all()
    assert "before the migration of users at version 0" == made.note
    backups.restore(made.name, store)
    assert ({"a": 1}, 0) == (kept(store), schemas.status(store)["users"].current)


def test_a_schema_that_is_not_there(tmp_path: Path) -> None:
    """The refusal says which there are, or how to get some."""
    with pytest.raises(UserError, match=r"runtime.state_persistence.schema_directory"):
        Schemas().migrate(MemoryStore())
    write(tmp_path, 'do = "remove"\nkey = "a"')
    with pytest.raises(UserError, match="There is no schema 'usres'; there are: users"):
        Schemas(lambda: load_schemas(tmp_path)).migrate(MemoryStore(), "usres")
