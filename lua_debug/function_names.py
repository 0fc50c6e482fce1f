"""Names that function breakpoints are set on, of any file or of one: ``shop.lua:Cart.total``."""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

_IN_FILE = re.compile(r"(?P<file>.+?\.lua|.*[/\\][^:]+):(?P<name>[^:/\\]+(?::[^:/\\]+)?)", re.S)


@dataclass(frozen=True, slots=True)
class FunctionName:
    """A function as the text of a program calls it, and the end of the only path it is wanted of.

    ``file`` is empty where any will do.
    """

    name: str
    file: str = ""

    def may_be_in(self, keys: Iterable[str]) -> bool:
        """Whether one of these, paths as breakpoints are filed under, is its file."""
        ending = os.sep + self.file.lstrip(os.sep)
        return not self.file or any(key == self.file or key.endswith(ending) for key in keys)

    def __str__(self) -> str:
        return f"{self.name} of {self.file}" if self.file else self.name


@lru_cache(maxsize=256)
def parse_function_name(text: str) -> FunctionName:
    """``FILE:NAME`` where FILE ends in ``.lua`` or has a separator of folders, else ``NAME``."""
    found = _IN_FILE.fullmatch(text)
    return FunctionName(found["name"], found["file"]) if found else FunctionName(text)
