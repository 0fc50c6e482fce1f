"""Options behind a script: whose they are, and that nobody is left in the dark about it."""

import json

import pytest

from tests.cli.conftest import CommandLine

TELLS = "print(select('#', ...), ...)\nreturn 7\n"


@pytest.fixture
def told(cli: CommandLine) -> CommandLine:
    """With a script that says what it was given."""
    cli.write("a.lua", TELLS)
    return cli


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("a.lua --output json -- a --flag", "2\ta\t--flag"),
        ("a.lua one --stream --output=json -- --output x", "3\tone\t--output\tx"),
        ("--output json a.lua --lua 5.1 -- a", "1\ta"),
        ("a.lua --engine lua --output json -- --engine js", "2\t--engine\tjs"),
    ],
)
def test_before_dashes_they_are_ours(told: CommandLine, words: str, said: str) -> None:
    """As the reference writes the command: run SCRIPT [OPTION …] -- [ARGUMENT …]."""
    done = told.say("run", *words.split())
    assert (0, "") == (done.returncode, done.stderr)
    result = json.loads(done.stdout.splitlines()[-1])
    assert (f"{said}\n", [7]) == (result["output"], result["values"])


def test_they_reach_a_kernel(told: CommandLine) -> None:
    """--connect behind the script is heard, and so are --trace and -c."""
    told.start_kernel("lab")
    told.write("other.toml", "")
    options = ("--connect", "lab", "--trace", "error", "-c", "other.toml")
    done = told.say("run", "a.lua", *options, "--output", "json", "--", "a")
    said = json.loads(done.stdout)
    assert ("connected", "1\ta\n", [7]) == (said["mode"], said["output"], said["values"])
    done = told.say("run", "a.lua", "-c", "none.toml", "--", "a")
    assert (2, "", True) == (done.returncode, done.stdout, "none.toml" in done.stderr)


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        (
            "a.lua --conect lab -- a",
            "there is no option --conect; did you mean --connect?; what is the script's stands "
            "behind --: llmspell run a.lua -- --conect",
        ),
        (
            "a.lua --fruit pear -- a",
            "there is no option --fruit; what is the script's stands behind --: "
            "llmspell run a.lua -- --fruit",
        ),
        ("a.lua --engine js -- a", "there is no engine 'js'; there is lua"),
        ("a.lua --output -- a", "--output needs a value: --output FORMAT"),
    ],
)
def test_unknown_ones_are_refused(told: CommandLine, words: str, problem: str) -> None:
    """With the command line that gives them to the script; nothing is run."""
    done = told.say("run", *words.split())
    assert (2, "", True) == (done.returncode, done.stdout, problem in done.stderr)


@pytest.mark.parametrize(
    "words",
    ["--connect lab -x", "--output json", "-c nofile.toml --stream --engine x", "-h --kernel=lab"],
)
def test_without_dashes_they_are_the_scripts(told: CommandLine, words: str) -> None:
    """As for lua; programs that read both streams are told nothing, and the log has it."""
    expected = "\t".join([str(len(words.split())), *words.split()])
    done = told.say("run", "a.lua", *words.split())
    assert (0, f"{expected}\n", "") == (done.returncode, done.stdout, done.stderr)
    done = told.say("--trace", "info", "run", "a.lua", *words.split())
    assert (f"{expected}\n", 1) == (done.stdout, done.stderr.count("stands behind a.lua"))
    done = told.say("--trace", "info", "run", "a.lua", "--", *words.split())
    assert (f"{expected}\n", 0) == (done.stdout, done.stderr.count("stands behind a.lua"))
