"""Users and tenants on the command line: told apart, with a kernel and without one."""

import json
from collections.abc import Sequence

import pytest

from tests.cli.conftest import CommandLine

ANN = {"LLMSPELL_SESSIONS_USER": "ann"}
EVE = {"LLMSPELL_SESSIONS_USER": "eve", "LLMSPELL_SESSIONS_TENANT": "other"}


def names(cli: CommandLine, words: Sequence[str], who: dict[str, str]) -> list[str]:
    """The sessions that somebody sees."""
    done = cli.say(*words, "list", "--output", "json", more=who)
    return [each["name"] for each in json.loads(done.stdout)["sessions"]]


@pytest.mark.parametrize("kernel", ["lab", "none"])
def test_users_have_roles(cli: CommandLine, kernel: str) -> None:
    """Who has none sees nothing; a role is given and taken; the trail tells them apart."""
    cli.start_kernel("lab")
    words = ("--kernel", kernel, "session")
    assert 0 == cli.say(*words, "create", "tuesday").returncode
    assert ["tuesday"] == names(cli, words, {})
    assert [[], []] == [names(cli, words, who) for who in (ANN, EVE)]
    assert 0 == cli.say(*words, "grant", "tuesday", "ann", "reader").returncode
    assert [["tuesday"], []] == [names(cli, words, who) for who in (ANN, EVE)]
    refused = cli.say(*words, "suspend", "tuesday", more=ANN)
    assert (1, True) == (refused.returncode, "ann may not suspend" in refused.stderr)
    assert 0 == cli.say(*words, "grant", "tuesday", "ann", "writer").returncode
    assert 0 == cli.say(*words, "suspend", "tuesday", more=ANN).returncode
    lines = cli.say(*words, "trail", "tuesday", "--user", "ann").stdout.splitlines()
    assert [["ann", "suspend", "refused"], ["ann", "suspend", "done"]] == [
        each.split()[2:5] for each in lines[1:]
    ]
    admin = {"LLMSPELL_SESSIONS_ADMIN": "true"}
    assert [1, 0] == [cli.say(*words, "collect", more=who).returncode for who in (ANN, admin)]
    assert 0 == cli.say(*words, "transfer", "tuesday", "ann").returncode
    assert 0 == cli.say(*words, "revoke", "tuesday", "local", more=ANN).returncode
    assert [["tuesday"], []] == [names(cli, words, who) for who in (ANN, {})]


@pytest.mark.parametrize("kernel", ["lab", "none"])
def test_a_configuration_says_who_it_is(cli: CommandLine, kernel: str) -> None:
    """As the environment does; tenants do not meet, and admins see what was deleted."""
    cli.start_kernel("lab")
    cli.write("llmspell.toml", '[runtime.sessions]\nuser = "eve"\ntenant = "other"\nadmin = true\n')
    words = ("--kernel", kernel, "session")
    assert 0 == cli.say(*words, "create", "hers").returncode
    assert 0 == cli.say(*words, "delete", "hers").returncode
    mine = {"LLMSPELL_SESSIONS_USER": "local", "LLMSPELL_SESSIONS_TENANT": "default"}
    assert 0 == cli.say(*words, "create", "mine", more=mine).returncode
    assert [["mine"], []] == [names(cli, words, who) for who in (mine, {})]
    verbs = [
        line.split()[2:4] for line in cli.say(*words, "trail", "--all").stdout.splitlines()[1:]
    ]
    assert [["eve", "create"], ["eve", "delete"]] == verbs
    refused = cli.say(*words, "list", more={"LLMSPELL_SESSIONS_USER": "a b"})
    assert (1, True) == (refused.returncode, "runtime.sessions.user" in refused.stderr)


@pytest.mark.parametrize("kernel", ["lab", "none"])
def test_cells_and_scripts_act_as_configured(cli: CommandLine, kernel: str) -> None:
    """A kernel that was started by somebody is theirs, and so is what scripts do."""
    cli.environment.update(ANN)
    cli.start_kernel("lab")
    code = 'print(Session.get(Session.create{name = "x"}).created_by)'
    options = ("--kernel", kernel) if kernel == "lab" else ()
    assert "ann\n" == cli.say("exec", *options, code).stdout
