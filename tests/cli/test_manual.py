"""The manual page: current, complete, and plain to roff."""

import shutil
import subprocess

import pytest

from llmspell.cli.app import COMMANDS, EXIT_STATUSES
from llmspell.cli.command_tree import option_rows, parsers
from tests.architecture.project import ROOT
from tools.pages.environment import VARIABLES
from tools.pages.man import man_page

PAGE = ROOT / "docs" / "man" / "llmspell.1"


def test_it_is_current() -> None:
    """What is checked in, and shipped, is what `make docs` would write."""
    assert man_page() == PAGE.read_text("utf-8")


def test_everything_is_in_it() -> None:
    """Every command, action, option, exit status and variable."""
    text = PAGE.read_text("utf-8").replace("\\-", "-")
    names = [" ".join(("llmspell", *words)) for name in COMMANDS for words, _ in parsers(name)]
    assert [] == [name for name in names if f".SS {name}\n" not in text]
    options = [
        option
        for name in COMMANDS
        for _, parser in parsers(name)
        for row in option_rows(parser)
        for option in row.names
        if option not in ("-h", "--help")
    ]
    assert [] == [option for option in options if f"\\fB{option}\\fR" not in text]
    assert [] == [status for status in EXIT_STATUSES if f".B {status}\n" not in text]
    assert [] == [variable for variable in VARIABLES if f".B {variable}\n" not in text]


@pytest.mark.skipif(shutil.which("man") is None, reason="man is not installed")
def test_man_shows_it_without_a_warning() -> None:
    """`man` renders all of it, and groff has nothing to say about it."""
    done = subprocess.run(
        ["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", str(PAGE)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "MANWIDTH": "100", "MANPAGER": "cat"},
    )
    assert (0, "") == (done.returncode, done.stderr)
    assert "llmspell session replay" in done.stdout
