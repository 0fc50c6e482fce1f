"""What is misspelt is named, with what may be meant; help is given wherever it is asked for."""

from collections.abc import Sequence

import pytest

from llmspell.cli.app import main


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--versoin"], "there is no option '--versoin'; did you mean --version?"),
        (["--halp"], "there is no option '--halp'; did you mean --help?"),
        (["--ouput", "json", "version"], "there is no option '--ouput'; did you mean --output?"),
        (["kernel", "stat"], "did you mean status?"),
        (["rnu", "a.lua"], "there is no command 'rnu'; did you mean run?"),
        (["state", "--ouput", "json", "show"], "there is no option --ouput; did you mean --output"),
        (["state", "shwo", "--kernle", "x"], "there is no action 'shwo'; there are show"),
        (["state", "show", "--kernle", "x"], "there is no option --kernle; did you mean --kernel?"),
        (["state", "export", "a", "--format", "xml"], "there are json, yaml, toml\n"),
        (["session", "artifact", "a", "b", "--version", "1"], "there is no option --version\n"),
        (["exec"], "the following arguments are required: CODE\n"),
        (["exec", "--connect", "", "x = 1"], "--connect needs a value: --connect ADDRESS"),
        (["--kernel=", "state", "show"], "--kernel needs a value: --kernel ID"),
        (["run", "--lua"], "--lua needs a value"),
        (["repl", "--engine", "python"], "--engine: not 'python'; there are lua"),
        (["debug", "a.lua", "--port", "65536"], "'65536' is no port; they are 0 to 65535"),
        (["debug", "a.lua", "--port", "0", "--kernel", "k"], "leave --kernel out"),
        (["kernel", "start", "--dap-port", "99999"], "'99999' is no port"),
        (["kernel", "start", "--port", "65532"], "'65532' has no four ports behind it"),
        (["kernel", "start", "--port", "²"], "'²' is no port"),
        (["kernel", "create", "--max-clients", "-1"], "'-1' is no count"),
        (["kernel", "create", "--idle-timeout", "x"], "'x' is no number of seconds"),
        (["backup", "create", "--keep", "0"], "'0' is no number above 0"),
    ],
    ids=lambda each: " ".join(each) if isinstance(each, list) else "",
)
def test_the_word_that_is_wrong_is_named(
    words: Sequence[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not the next one, which may have been its value; the status is 2, and stdout stays empty."""
    assert 2 == main(words)
    heard = capsys.readouterr()
    assert "" == heard.out
    assert said in heard.err


@pytest.mark.parametrize(
    "words",
    [["run", "--help"], ["run", "--lua", "5.1", "--help"], ["run", "--stream", "-h", "a.lua"]],
    ids=" ".join,
)
def test_help_may_stand_behind_options(
    words: Sequence[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Before the name of a script it is ours, and not only as the first word."""
    assert 0 == main(words)
    assert capsys.readouterr().out.startswith("usage: llmspell run")
