"""``llmspell meta``: the script API as a library for LuaLS and EmmyLua."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path


def main(arguments: Sequence[str]) -> int:
    """Write the files and say where they are; 1 if they cannot be written."""
    parser = argparse.ArgumentParser(
        prog="llmspell meta",
        description="Write the script API as Lua files with annotations, which the language "
        "servers LuaLS and EmmyLua read as a library (workspace.library). Which of these globals "
        "scripts have in this release stands in docs/reference/script-api.md: so far hardly any.",
    )
    parser.add_argument("directory", metavar="DIRECTORY", type=Path, help="is made if missing")
    chosen = parser.parse_args(arguments)
    from llmspell.script_api.meta_library import write_library

    try:
        written = write_library(chosen.directory)
    except OSError as error:
        sys.stderr.write(f"llmspell: {chosen.directory} cannot be written: {error.strerror}.\n")
        return 1
    sys.stdout.writelines(f"{path}\n" for path in written)
    return 0
