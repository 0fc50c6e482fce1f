"""The configuration's places, lines and origins, and changes that keep what is there."""

import json
import tomllib
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from kernel.core.errors import UserError
from llmspell.config.descriptions import descriptions
from llmspell.config.editing import set_value, template, write_template
from llmspell.config.load import check_configuration, load_configuration
from llmspell.config.model import Configuration
from llmspell.config.origins import NoSuchSetting, known_keys, settings_of
from llmspell.config.overrides import scalar_keys, setting_variables
from llmspell.config.places import find_file, places
from llmspell.config.sections.base import is_kept_for_later
from llmspell.config.toml_lines import key_lines
from llmspell.config.variables import SHORT_NAMES
from tests.cli.conftest import CommandLine

TRICKY = '''\
# a comment with [brackets] = "text"
top = 1
"quoted key" = 2
dotted.inner.key = """
not = a key
[not.a.table]
"""
list = [ # [x]
  1, "]", # ]
  [2, 3],
]
after = 'it\\'

[table]
a = { b = 1, c = "}" }
d = \'\'\'
e = 1\'\'\'
f = 2

[table."sub.table"]
g = [
  { h = 1 },
]
[[many]]
i = 1
[[many]]
i = 2
'''


def test_every_key_has_its_line() -> None:
    """Also behind strings and lists of many lines, in quotes, and in arrays of tables."""
    tomllib.loads(TRICKY)
    expected = {
        ("top",): 2,
        ("quoted key",): 3,
        ("dotted",): 4,
        ("dotted", "inner"): 4,
        ("dotted", "inner", "key"): 4,
        ("list",): 8,
        ("after",): 12,
        ("table",): 14,
        ("table", "a"): 15,
        ("table", "d"): 16,
        ("table", "f"): 18,
        ("table", "sub.table"): 20,
        ("table", "sub.table", "g"): 21,
        ("many",): 24,
        ("many", "i"): 25,
    }
    assert expected == dict(key_lines(TRICKY))


def test_files_are_looked_for_in_order(tmp_path: Path) -> None:
    """The working directory before the home, and what LLMSPELL_CONFIG names before both."""
    home, work = tmp_path / "home", tmp_path / "work"
    environment = {"HOME": str(home), "XDG_CONFIG_HOME": str(tmp_path / "xdg")}
    every = places(environment, work)
    assert [
        work / "llmspell.toml",
        work / ".llmspell.toml",
        work / "config" / "llmspell.toml",
        work / ".config" / "llmspell.toml",
        home / ".llmspell.toml",
        home / ".config" / "llmspell.toml",
        tmp_path / "xdg" / "llmspell" / "config.toml",
        tmp_path / "xdg" / "llmspell.toml",
        home / ".llmspell" / "config.toml",
    ] == every
    assert None is find_file(environment, work)
    for path in reversed(every):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        assert path == find_file(environment, work)
    assert Path("x.toml") == find_file({**environment, "LLMSPELL_CONFIG": "x.toml"}, work)


def test_origins_are_told(tmp_path: Path) -> None:
    """A line of the file, a variable, or nothing but the model."""
    path = tmp_path / "c.toml"
    path.write_text('[debug]\nlevel = "warn"\nenabled = true\n[providers.mine]\nmodel = "m"\n')
    checked = check_configuration(path, {"LLMSPELL_DEBUG_LEVEL": "error"})
    found = {each.key: (each.value, each.origin) for each in settings_of(checked)}
    assert ("error", "LLMSPELL_DEBUG_LEVEL") == found["debug.level"]
    assert (True, f"{path}:3") == found["debug.enabled"]
    assert (10, "default") == found["runtime.max_concurrent_scripts"]
    assert ("m", f"{path}:5") == found["providers.providers.mine.default_model"]
    assert ["debug.level"] == [each.key for each in settings_of(checked, "debug.level")]
    with pytest.raises(NoSuchSetting, match=r"did you mean debug.level\?"):
        settings_of(checked, "debug.levl")


def test_unknown_keys_are_kept_and_told(tmp_path: Path) -> None:
    """With their lines, also where something else is wrong."""
    path = tmp_path / "c.toml"
    path.write_text("[hooks]\nenabeld = true\ntimeout_ms = -1\n")
    checked = check_configuration(path, {})
    assert [3] == [each.line for each in checked.errors]
    assert [(2, "hooks.enabeld is not known; did you mean enabled?")] == [
        (each.line, each.message) for each in checked.warnings
    ]
    (told,) = checked.warnings
    assert f"{path}:2: hooks.enabeld is not known; did you mean enabled?" == told.text(path)
    path.write_text("[hooks]\nenabeld = true\n")
    loaded = load_configuration(path, {}).configuration
    assert {"enabeld": True} == loaded.hooks.model_extra


def test_a_variable_that_cannot_be_is_named(tmp_path: Path) -> None:
    """The mistake is in the environment, and the message says in which variable."""
    with pytest.raises(UserError, match=r"^LLMSPELL_SCRIPT_TIMEOUT: runtime\.script_timeout"):
        load_configuration(None, {"LLMSPELL_SCRIPT_TIMEOUT": "soon"})


BEFORE = """\
# mine
default_engine = "lua" # keep this

[debug]
# how much
level   =   "info"   # aligned
"""


def test_a_change_keeps_all_else(tmp_path: Path) -> None:
    """Comments, order and spaces stay; mode of the file as well."""
    path = tmp_path / "c.toml"
    path.write_text(BEFORE)
    path.chmod(0o640)
    set_value(path, "debug.level", "debug")
    assert BEFORE.replace('"info"', '"debug"') == path.read_text()
    set_value(path, "runtime.security.allow_file_access", "true")
    assert path.read_text().startswith(BEFORE.replace('"info"', '"debug"'))
    assert load_configuration(path, {}).configuration.runtime.security.allow_file_access
    assert 0o640 == path.stat().st_mode & 0o777
    assert ["c.toml"] == [each.name for each in tmp_path.iterdir()]


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("debug.level", "loud", "should be 'off', 'error'"),
        ("debug.levl", "info", r"did you mean debug.level\?"),
        ("debug..level", "info", "is no key"),
        ("default_engine.x", "1", "is not known"),
    ],
)
def test_a_change_that_cannot_be_changes_nothing(
    tmp_path: Path, key: str, value: str, message: str
) -> None:
    """The file is as it was, and nothing lies beside it."""
    path = tmp_path / "c.toml"
    path.write_text(BEFORE)
    with pytest.raises(UserError, match=message):
        set_value(path, key, value)
    assert BEFORE == path.read_text()
    assert ["c.toml"] == [each.name for each in tmp_path.iterdir()]


def test_the_template_has_everything_and_changes_nothing(tmp_path: Path) -> None:
    """Every key stands in it, commented out; without the marks it is a configuration."""
    path = tmp_path / "c.toml"
    write_template(path)
    assert Configuration() == load_configuration(path, {}).configuration
    text = template()
    named = [each.rpartition(".")[2] for each in known_keys()]
    assert [] == [name for name in named if f"# {name} =" not in text and f"{name}]" not in text]
    lines = [line.removeprefix("# ") for line in text.splitlines() if line[:3].strip("# ")]
    settings = [line for line in lines if line.startswith("[") or " = " in line]
    whole = "\n".join(line for line in settings if not line.endswith("= …"))
    assert Configuration() == Configuration.model_validate(tomllib.loads(whole))
    with pytest.raises(UserError, match="--force"):
        write_template(path)


def test_the_template_explains_every_key() -> None:
    """Above it stands what it means, as in the model; also that it is kept for later, if so."""
    prose = [line for line in template().splitlines() if not line.startswith("# ")]
    said = " ".join(line.lstrip("# ") for line in prose)
    for section in every_section():
        meant = descriptions(section)
        keys = [key for key, each in section.model_fields.items() if not is_section(each)]
        assert keys == [key for key in section.model_fields if key in meant]
        assert [] == [key for key in keys if not meant[key] or meant[key] not in said]
        for key in keys:
            marked = meant[key].startswith("(Kept for later, used by nobody yet.) ")
            assert is_kept_for_later(section.model_fields[key]) == marked


def every_section(section: type[BaseModel] = Configuration) -> list[type[BaseModel]]:
    """A section and all that are in it, also those that stand in tables."""
    inner = [each.annotation for each in section.model_fields.values() if is_section(each)]
    inner += [
        argument
        for each in section.model_fields.values()
        for argument in get_args(each.annotation)
        if isinstance(argument, type) and issubclass(argument, BaseModel)
    ]
    return [section, *(found for each in inner for found in every_section(each))]


def is_section(field: FieldInfo) -> bool:
    """Whether it is no value, but a section of its own."""
    return isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel)


def test_what_changes_nothing_yet_is_told(tmp_path: Path) -> None:
    """With its place; a section as a whole, and what is not set is not spoken of."""
    path = tmp_path / "c.toml"
    path.write_text("[runtime]\nenable_streaming = true\n[tools.file_operations]\nenabled = true\n")
    checked = check_configuration(path, {"LLMSPELL_RAG_ENABLED": "true"})
    kept = "is kept for later, used by nobody yet"
    assert [
        (2, None, f"runtime.enable_streaming {kept}"),
        (None, "LLMSPELL_RAG_ENABLED", f"rag {kept}"),
        (3, None, f"tools {kept}"),
    ] == [(each.line, each.variable, each.message) for each in checked.notices]
    assert () == check_configuration(None, {}).notices


def test_validate_and_set_say_what_changes_nothing_yet(cli: CommandLine) -> None:
    """It is no mistake."""
    key, kept = "runtime.max_concurrent_scripts", "is kept for later, used by nobody yet."
    done = cli.say("config", "set", key, "3")
    assert (0, f"llmspell.toml: {key} = 3\n  {key} {kept}\n") == (done.returncode, done.stdout)
    assert kept not in cli.say("config", "set", "debug.level", "warn").stdout
    done = cli.say("config", "validate")
    assert (0, True) == (done.returncode, f"llmspell.toml:2: {key} {kept}" in done.stdout)


def test_a_link_stays_one(tmp_path: Path) -> None:
    """Whoever keeps the configuration elsewhere and links to it finds the change there."""
    (tmp_path / "elsewhere").mkdir()
    real, link = tmp_path / "elsewhere" / "c.toml", tmp_path / "c.toml"
    real.write_text(BEFORE)
    link.symlink_to(real)
    set_value(link, "debug.level", "debug")
    assert link.is_symlink()
    assert BEFORE.replace('"info"', '"debug"') == real.read_text()


def test_a_slip_is_told_when_the_configuration_is_used(cli: CommandLine) -> None:
    """On stderr, with what may be meant; what no key is like passes, as of another release."""
    cli.write("llmspell.toml", "[runtime]\nmax_concurent_scripts = 3\nrocket_fuel = 1\n")
    done = cli.say("exec", "State.save('global', 'x', 1) print(State.load('global', 'x'))")
    assert (0, "1\n") == (done.returncode, done.stdout)
    assert [
        "llmspell.toml: runtime.max_concurent_scripts is not known; "
        "did you mean max_concurrent_scripts?"
    ] == [line.rpartition("/")[2] for line in done.stderr.splitlines()]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[[hooks.use]]\nhook = "metric"\n', "did you mean 'metrics'?"),
        ('[[hooks.use]]\nhook = "logging"\npoints = ["No*"]\n', "called 'No*'"),
        ("[runtime.sessions.policies]\nnone = {}\n", "There is no policy 'none'"),
        ("[runtime.sessions.policies]\nttl = { seconds = -1 }\n", "Policy ttl: seconds"),
    ],
)
def test_hooks_and_policies_are_looked_for(cli: CommandLine, text: str, said: str) -> None:
    """Validating finds those that there are not, and what they cannot be told."""
    cli.write("llmspell.toml", text)
    done = cli.say("config", "validate")
    assert (1, True) == (done.returncode, "✗ Invalid" in done.stdout)
    assert said in done.stdout


def test_a_kernel_does_not_start_without_a_hook_that_it_shall_have(cli: CommandLine) -> None:
    """Whoever starts it is told what there is instead."""
    cli.write("llmspell.toml", '[[hooks.use]]\nhook = "securty"\n')
    done = cli.say("kernel", "start", "--daemon", "--id", "lab")
    assert (1, "") == (done.returncode, done.stdout)
    assert "There is no hook 'securty'; did you mean 'security'?" in done.stderr


def test_every_single_value_has_a_variable_of_its_own() -> None:
    """No two keys have the same, and no short name hides a longer one."""
    keys, variables = scalar_keys(), setting_variables()
    assert len(keys) == len(variables)
    assert set() == set(known_keys()) & {*SHORT_NAMES.values()} - {*keys}
    assert set() == SHORT_NAMES.keys() & variables.keys()


@pytest.mark.parametrize(
    ("variable", "text", "key", "value"),
    [
        ("LLMSPELL_RUNTIME_SCRIPT_TIMEOUT_SECONDS", "1.5", "runtime.script_timeout_seconds", 1.5),
        ("LLMSPELL_EVENTS_BUFFER_SIZE", "7", "events.buffer_size", 7),
        ("LLMSPELL_EVENTS_ENABLED", "no", "events.enabled", False),
        ("LLMSPELL_RUNTIME_STATE_PERSISTENCE_BACKUP_MAX_BACKUPS", "3", None, 3),
        ("LLMSPELL_ENGINES_LUA_STDLIB", "Standard", "engines.lua.stdlib", "Standard"),
        ("LLMSPELL_SCRIPT_TIMEOUT", "9", "runtime.script_timeout_seconds", 9.0),
    ],
)
def test_variables_set_what_the_file_says_otherwise(
    cli: CommandLine, variable: str, text: str, key: str | None, value: object
) -> None:
    """Each key has one; `config show` says that the value is from there, with the key's type."""
    cli.write("llmspell.toml", "[events]\nbuffer_size = 5\n[engines.lua]\nstdlib = 'All'\n")
    done = cli.say("config", "show", "--changed", "--output", "json", more={variable: text})
    rows = json.loads(done.stdout)["settings"]
    (found,) = [each for each in rows if each["origin"] == variable]
    expected = key or "runtime.state_persistence.backup.max_backups"
    assert (expected, value) == (found["key"], found["value"])


def test_the_longer_name_counts(cli: CommandLine) -> None:
    """Where two variables set one key; one that is empty sets nothing."""
    show = ("config", "show", "runtime.script_timeout_seconds", "--output", "json")
    long, short = "LLMSPELL_RUNTIME_SCRIPT_TIMEOUT_SECONDS", "LLMSPELL_SCRIPT_TIMEOUT"
    for first, second, expected in (("1", "2", long), ("", "2", short)):
        said = cli.say(*show, more={long: first, short: second})
        assert [expected] == [each["origin"] for each in json.loads(said.stdout)["settings"]]


def test_what_a_variable_cannot_say_is_refused(cli: CommandLine) -> None:
    """With its name, its key and the value, by `config validate` and by whoever needs it."""
    wrong = {"LLMSPELL_RUNTIME_SCRIPT_TIMEOUT_SECONDS": "soon"}
    problem = (
        "LLMSPELL_RUNTIME_SCRIPT_TIMEOUT_SECONDS: runtime.script_timeout_seconds should be a "
        "valid number, unable to parse string as a number, and is 'soon'."
    )
    done = cli.say("config", "validate", more=wrong)
    assert (1, True) == (done.returncode, problem in done.stdout)
    done = cli.say("exec", "print(1)", more=wrong)
    assert (1, "", f"llmspell: {problem}\n") == (done.returncode, done.stdout, done.stderr)


def test_variables_hold_scripts(cli: CommandLine) -> None:
    """Also those that are asked for before every script, without the rest of the configuration."""
    slow = {"LLMSPELL_RUNTIME_SCRIPT_TIMEOUT_SECONDS": "0.2"}
    done = cli.say("exec", "while true do end", more=slow)
    assert (1, True) == (done.returncode, "runtime.script_timeout_seconds" in done.stderr)
    old = {"LLMSPELL_ENGINES_LUA_VERSION": "5.1", "LLMSPELL_LUA_VERSION": "5.2"}
    assert "Lua 5.1\n" == cli.say("exec", "print(_VERSION)", more=old).stdout


@pytest.mark.parametrize(
    "words", [("run", "a.lua"), ("exec", "print(1)"), ("repl",), ("debug", "a.lua")]
)
def test_an_engine_that_is_none_is_refused(cli: CommandLine, words: tuple[str, ...]) -> None:
    """LLMSPELL_ENGINE says what --engine says where nobody gives it."""
    cli.write("a.lua", "print(1)")
    done = cli.say(*words, more={"LLMSPELL_ENGINE": "javascript"})
    expected = "llmspell: LLMSPELL_ENGINE: there is no engine 'javascript'; there is lua"
    assert (2, "", True) == (
        done.returncode,
        done.stdout,
        expected in done.stderr.replace("llmspell run: ", "llmspell: "),
    )
    more = {"LLMSPELL_ENGINE": "javascript"}
    assert 0 == cli.say(words[0], "--engine", "lua", *words[1:], more=more).returncode


def test_mistyped_variables_are_told(cli: CommandLine) -> None:
    """By `config validate` and `doctor`, with what may be meant; others are left alone."""
    more = {"LLMSPELL_RUNTIME_SCRIPT_TIMEOUT": "1", "LLMSPELL_CONFG": "x", "LLMSPELL_FRUIT": "pear"}
    expected = [
        "LLMSPELL_CONFG: no setting is called so; did you mean LLMSPELL_CONFIG?",
        "LLMSPELL_RUNTIME_SCRIPT_TIMEOUT: no setting is called so; did you mean "
        "LLMSPELL_RUNTIME_SCRIPT_TIMEOUT_SECONDS?",
    ]
    said = json.loads(cli.say("config", "validate", "--output", "json", more=more).stdout)
    found = [(each["variable"], each["key"]) for each in said["warnings"] if each["variable"]]
    assert [("LLMSPELL_CONFG", ""), ("LLMSPELL_RUNTIME_SCRIPT_TIMEOUT", "")] == found
    text = cli.say("config", "validate", more=more).stdout
    assert expected == [each[4:] for each in text.splitlines() if "no setting" in each]
    assert (
        expected == json.loads(cli.say("doctor", "--output", "json", more=more).stdout)["warnings"]
    )
