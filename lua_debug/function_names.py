"""Names that function breakpoints are set on, of any file or of one: ``shop.lua:Cart.total``."""

import os
import re
from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache

from lua_debug.syntax.called_names import MODULE, spelled

_IN_FILE = re.compile(r"(?P<file>.+?\.lua|.*[/\\][^:]+):(?P<name>[^:/\\]+(?::[^:/\\]+)?)", re.S)


@dataclass(frozen=True, slots=True)
class FunctionName:
    """A function as the text of a program calls it, and the end of the only path it is wanted of.

    ``file`` is empty where any will do.
    """

    name: str
    file: str = ""

    def spellings_in(self, keys: Collection[str]) -> frozenset[str]:
        """How a text spells it that is filed under these paths, see `spelled`; none: not there.

        ``json.encode`` is also the function ``encode`` of what the file of the module ``json``
        returns, whatever the text calls that.
        """
        if self.file and not _is_one(self.file.lstrip(os.sep), keys):
            return frozenset()
        words = spelled(self.name).split(".")
        modules = [_module_of(key) for key in keys]
        of_module = {
            ".".join((MODULE, *words[count:]))
            for count in range(1, len(words))
            if _is_one(os.sep.join(words[:count]), modules)
        }
        return frozenset((spelled(self.name), *of_module))

    def __str__(self) -> str:
        return f"{self.name} of {self.file}" if self.file else self.name


def _is_one(ending: str, paths: Collection[str]) -> bool:
    """Whether a path is this one, or ends in it."""
    return any(path == ending or path.endswith(os.sep + ending) for path in paths)


def _module_of(path: str) -> str:
    """The path of a module's file without what ``package.path`` adds to its name."""
    return path.removesuffix(".lua").removesuffix(f"{os.sep}init")


@lru_cache(maxsize=256)
def parse_function_name(text: str) -> FunctionName:
    """``FILE:NAME`` where FILE ends in ``.lua`` or has a separator of folders, else ``NAME``."""
    found = _IN_FILE.fullmatch(text)
    return FunctionName(found["name"], found["file"]) if found else FunctionName(text)
