"""Whether a configuration says anything of something.

Asked before every script, so the configuration's model is not loaded for it.
"""

from collections.abc import Mapping
from pathlib import Path

from llmspell.config.variables import are_set


def are_said(keys: tuple[str, ...], environment: Mapping[str, str], path: Path | None) -> bool:
    """Whether the environment or the file has one of these keys.

    Raises `Unreadable` for a file that is none.
    """
    if are_set(environment, keys):
        return True
    if path is None:
        return False
    from llmspell.config.toml_file import parse, read_text

    values = parse(read_text(path), path)
    return any(_has(values, key.split(".")) for key in keys)


def _has(values: object, names: list[str]) -> bool:
    for name in names:
        if not isinstance(values, dict) or name not in values:
            return False
        values = values[name]
    return True
