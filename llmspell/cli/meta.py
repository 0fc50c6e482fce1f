"""``llmspell meta``: the script API as a library for LuaLS and EmmyLua."""

import sys
from collections.abc import Sequence
from pathlib import Path

from llmspell.cli.global_options import GlobalOptions
from llmspell.cli.parsing import CliParser
from llmspell.cli.results import Results


def make_parser() -> CliParser:
    """The command's parser."""
    parser = CliParser(
        prog="llmspell meta",
        description="Write the script API as Lua files with annotations, which the language "
        "servers LuaLS and EmmyLua read as a library (workspace.library). Which of these globals "
        "scripts have in this release stands in docs/reference/script-api.md.",
        examples=("llmspell meta library/  # for workspace.library in .luarc.json",),
    )
    parser.add_argument("directory", metavar="DIRECTORY", type=Path, help="is made if missing")
    return parser


def main(arguments: Sequence[str], options: GlobalOptions) -> int:
    """Write the files and say where they are; 1 if they cannot be written."""
    chosen = make_parser().parse_args(arguments)
    from llmspell.script_api.meta_library import write_library

    try:
        written = write_library(chosen.directory)
    except OSError as error:
        sys.stderr.write(f"llmspell: {chosen.directory} cannot be written: {error.strerror}.\n")
        return 1
    paths = [str(path) for path in written]
    Results(options.output).show({"written": paths}, paths)
    return 0
