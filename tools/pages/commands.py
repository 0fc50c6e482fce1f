"""The reference of the command line: what each command says of itself."""

import io
import os
from contextlib import redirect_stdout
from unittest.mock import patch

from llmspell.cli.app import COMMANDS, main
from tools.pages.markdown import mark

INTRODUCTION = """
# Commands

`llmspell COMMAND --help` says the same.
"""


def commands_page() -> str:
    """The whole page."""
    parts = [mark("the commands' own help"), INTRODUCTION]
    for name, command in COMMANDS.items():
        parts.append(f"\n## llmspell {name}\n\n{command.summary}\n\n```text\n{_help(name)}```\n")
    return "".join(parts)


def _help(name: str) -> str:
    said = io.StringIO()
    with patch.dict(os.environ, COLUMNS="100", NO_COLOR="1"), redirect_stdout(said):
        main([name, "--help"])
    return said.getvalue()
