"""LLMSPELL_LOG says which loggers are heard, and beats --trace."""

import logging
import re

import pytest

from llmspell.cli.global_options import UsageError
from llmspell.cli.log_filter import read_levels
from tests.cli.conftest import CommandLine


@pytest.mark.parametrize(
    ("text", "logger", "level"),
    [
        ("", "kernel.jupyter", logging.WARNING),
        ("info", "kernel.jupyter", logging.INFO),
        ("info,kernel.jupyter=debug", "kernel.jupyter.channels", logging.DEBUG),
        ("info,kernel.jupyter=debug", "kernel.jupyterlab", logging.INFO),
        ("kernel::jupyter=debug", "kernel.jupyter", logging.DEBUG),
        ("debug,kernel=error,kernel.state=info", "kernel.state.sqlite", logging.INFO),
        (" warn , kernel = off ", "kernel.state", logging.ERROR),
        ("trace", "any", 5),
    ],
)
def test_the_longest_name_counts(text: str, logger: str, level: int) -> None:
    """A logger has the level of the longest name that it begins with, in whole words."""
    assert level == read_levels(text).of(logger)


def test_what_is_no_level_is_told() -> None:
    """With what may be meant."""
    with pytest.raises(UsageError, match=r"'debg' is no level; did you mean debug\?"):
        read_levels("kernel=debg")


def test_the_variable_beats_the_option(cli: CommandLine) -> None:
    """Logs go to stderr: with the variable at error, --trace debug says nothing."""
    words = ("--kernel", "none", "--trace", "debug", "state", "show")
    loud = cli.say(*words)
    quiet = cli.say(*words, more={"LLMSPELL_LOG": "error"})
    assert ("Nothing is kept.\n", "Nothing is kept.\n") == (loud.stdout, quiet.stdout)
    assert "DEBUG" in loud.stderr
    assert "" == quiet.stderr


def test_the_parts_say_what_they_do_at_debug(cli: CommandLine) -> None:
    """Files that are read, stores, keys with their sizes, sessions, hooks; and no value."""
    cli.write("llmspell.toml", '[[hooks.use]]\nhook = "logging"\npoints = ["BeforeStateWrite"]\n')
    code = """State.save("global", "name", "worth") State.load("global", "name")
      Session.create({ name = "s" })"""
    said = cli.say("--trace", "debug", "exec", code).stderr
    for each in (
        r"llmspell\.config\.toml_file: read \S*llmspell\.toml: \d+ characters",
        r"kernel\.state\.stores: opened the store sqlite:\S+state\.sqlite",
        r"kernel\.state\.state: wrote global name: 7 bytes, version 1",
        r"kernel\.state\.state: read global name: 7 bytes, version 1",
        r"kernel\.hooks\.registry: hook-1 \(logging\) is asked at BeforeStateWrite",
        r"kernel\.hooks\.asking: asking 1 hooks at BeforeStateWrite",
        r"kernel\.sessions\.gate: session \S+: create by local, active",
    ):
        assert re.search(each, said), each
    assert ("worth" in said, "asyncio" in said) == (False, False)
    said = cli.say("--kernel", "none", "--trace", "debug", "state", "show").stderr
    assert "kernel.state.requests: showed 1 values" in said


def test_secrets_are_not_logged(capfd: pytest.CaptureFixture[str]) -> None:
    """What looks like a key is redacted on its way to stderr."""
    from llmspell.cli.log_filter import log_to_stderr

    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    try:
        log_to_stderr("info", "")
        logging.getLogger("tests.keys").info("api_key=%s", "k-123456")
    finally:
        for handler in [each for each in root.handlers if each not in before]:
            root.removeHandler(handler)
        root.setLevel(level)
    said = capfd.readouterr()
    assert "" == said.out
    assert "api_key=[redacted]" in said.err
    assert "k-123456" not in said.err
