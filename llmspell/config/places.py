"""Where a configuration is looked for. Loaded by what must not wait for the rest."""

import os
from collections.abc import Mapping
from pathlib import Path

DISCOVERED = ("llmspell.toml", ".llmspell.toml", "config/llmspell.toml", ".config/llmspell.toml")
"""Where a file is looked for, below the working directory."""


def places(environment: Mapping[str, str], folder: Path) -> list[Path]:
    """Where a file is looked for, in this order, unless ``LLMSPELL_CONFIG`` names one."""
    home = Path(environment.get("HOME", os.path.expanduser("~")))
    base = Path(environment.get("XDG_CONFIG_HOME") or home / ".config")
    found = [folder / each for each in DISCOVERED]
    found += [home / ".llmspell.toml", home / ".config" / "llmspell.toml"]
    found += [base / "llmspell" / "config.toml", base / "llmspell.toml"]
    return [*dict.fromkeys([*found, home / ".llmspell" / "config.toml"])]


def find_file(environment: Mapping[str, str], folder: Path) -> Path | None:
    """The file that ``LLMSPELL_CONFIG`` names, or the first of those that are looked for."""
    if named := environment.get("LLMSPELL_CONFIG"):
        return Path(named)
    return next((each for each in places(environment, folder) if each.is_file()), None)
