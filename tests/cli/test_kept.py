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
