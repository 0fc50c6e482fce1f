"""A file of TOML, read; without what checks its values, for who cannot wait for that."""

import logging
import tomllib
from pathlib import Path
from typing import Any

from kernel.core.errors import UserError

_log = logging.getLogger(__name__)


class Unreadable(UserError):
    """A file that cannot be read, or is no TOML."""

    def __init__(self, path: Path, what: str, line: int | None = None) -> None:
        super().__init__(f"{path}{f':{line}' if line else ''} {what}.")
        self.line, self.what = line, what


def read_text(path: Path) -> str:
    """Its text; raises `Unreadable`."""
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise Unreadable(path, f"cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise Unreadable(path, "is no text in UTF-8") from None
    _log.debug("read %s: %d characters", path, len(text))
    return text


def parse(text: str, path: Path) -> dict[str, Any]:
    """What a text says that was read from ``path``; raises `Unreadable`."""
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        what, _, place = str(error).partition(" (at ")
        line = int(place.split()[1].rstrip(",")) if place.startswith("line ") else text.count("\n")
        column = f", column {place.split()[3].rstrip(')')}" if place.startswith("line ") else ""
        raise Unreadable(path, f"is no TOML: {what}{column}", max(line, 1)) from None
