"""What scripts keep outlives them, with a kernel and without."""

import json

import pytest

from tests.cli.conftest import CommandLine


def test_state_is_the_same_for_scripts_kernels_and_commands(cli: CommandLine) -> None:
    """What one script has saved, the next one, a kernel and the commands for state find."""
    assert "" == cli.say("exec", "State.save('global', 'visits', 1)").stderr
    cli.start_kernel("lab")
    more = "State.save('global', 'visits', State.load('global', 'visits') + 1)"
    assert "" == cli.say("exec", "--kernel", "lab", more).stderr
    cli.write("show.lua", "print(State.load('global', 'visits'))")
    assert "2\n" == cli.say("run", "show.lua").stdout
    shown = json.loads(cli.say("--output", "json", "--kernel", "none", "state", "show").stdout)
    assert [("global", "visits", 2)] == [
        (each["scope"], each["key"], each["value"]) for each in shown["entries"]
    ]


def test_scripts_back_their_state_up(cli: CommandLine) -> None:
    """Without any setting, beside the backups of everything; a later script puts it back."""
    code = "State.set('a', 1) local made = State.create_backup() print(made.success, made.error)"
    assert "true\tnil\n" == cli.say("exec", code).stdout
    code = "State.set('a', 2) local kept = State.list_backups() print(#kept, kept[1].damage)"
    assert "1\tnil\n" == cli.say("exec", code).stdout
    code = "print(State.restore_backup(State.list_backups()[1].id).success, State.get('a'))"
    assert "true\t1\n" == cli.say("exec", code).stdout
    assert 1 == len([*(cli.data / "backups").iterdir()])


@pytest.mark.parametrize("setting", ['backend_type = "memory"', "enabled = false"])
def test_a_configuration_may_forget(cli: CommandLine, setting: str) -> None:
    """With a store in memory nothing is written anywhere."""
    cli.write("llmspell.toml", f"[runtime.state_persistence]\n{setting}\n")
    said = cli.say("exec", "State.save('global', 'a', 1) print(State.load('global', 'a'))")
    assert ("1\n", "") == (said.stdout, said.stderr)
    assert not (cli.data / "state.sqlite").exists()
    assert "nil\n" == cli.say("exec", "print(State.load('global', 'a'))").stdout


def test_a_file_of_state_says_its_form(cli: CommandLine) -> None:
    """By its ending or an option; another ending is refused, as is a folder that is not there."""
    cli.say("exec", "State.set('a', 1)")
    for words, said in (
        (("a.xml",), "a.xml: the ending .xml is of no format; say one with --format"),
        (("no/a.json",), f"there is no folder {cli.work}/no."),
    ):
        done = cli.say("state", "export", *words)
        assert (1, "", []) == (done.returncode, done.stdout, [*cli.work.iterdir()])
        assert said in done.stderr
    for words in (("a",), ("a.xml", "--format", "json"), ("a.YML",)):
        assert 0 == cli.say("state", "export", *words).returncode
        assert 0 == cli.say("state", "import", *words).returncode


@pytest.mark.parametrize("kernel", ["lab", "none"])
def test_a_file_that_is_no_state_is_named(cli: CommandLine, kernel: str) -> None:
    """With what is wrong in it and where."""
    cli.start_kernel("lab")
    cli.write("bad.json", "{")
    cli.write("other.json", "{}")
    for name, said in (
        ("bad.json", "This is no JSON: a name in double quotes is missing at line 1, column 2."),
        ("other.json", "The document is no exported state"),
    ):
        done = cli.say("--kernel", kernel, "state", "import", name)
        assert (1, "") == (done.returncode, done.stdout)
        assert f"llmspell: {name}: {said}" in done.stderr


def test_a_kernel_whose_session_is_deleted_is_told_of(cli: CommandLine) -> None:
    """Its cells are not recorded any more, which is said once."""
    cli.start_kernel("lab")
    cli.say("session", "create", "tuesday", "--use")
    cli.say("session", "create", "other")
    assert "" == cli.say("session", "delete", "other").stderr
    done = cli.say("session", "delete", "tuesday")
    assert (0, "Deleted 1 session.\n") == (done.returncode, done.stdout)
    assert "llmspell: the kernel was in that session and is in none now" in done.stderr


def test_a_list_of_sessions_says_when_they_were_used(cli: CommandLine) -> None:
    """Cells count, and not only what is noted of the session itself."""
    cli.start_kernel("lab")
    cli.say("session", "create", "tuesday", "--use")
    cli.say("exec", "--kernel", "lab", "x = 1")
    (listed,) = json.loads(cli.say("session", "list", "--output", "json").stdout)["sessions"]
    (known,) = json.loads(cli.say("session", "list", "--detailed", "--output", "json").stdout)[
        "sessions"
    ]
    assert known["usage"]["last_activity"] == listed["last_activity"] > listed["created"]
