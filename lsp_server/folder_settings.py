"""FolderSettings: which settings and which Lua hold for a file, by the folder it lies in."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence

from kernel.core.errors import UserError
from lsp_server.compiler import Compiler
from lsp_server.files import path_of
from lsp_server.rules import RULES
from lsp_server.settings import Settings, read_settings


class FolderSettings:
    """The settings of each folder of the workspace, and those of what lies in none of them.

    Of a folder inside another one the inner one counts. What lies in none goes with the first.
    """

    def __init__(
        self, compiler: Compiler, lua_of: Callable[[str | None], str], tell: Callable[[str], None]
    ) -> None:
        self._compiler, self._lua_of, self._tell = compiler, lua_of, tell
        self._luas: dict[str | None, str] = {}
        self._given: object = None
        self._given_of: Mapping[str, object] = {}
        self._usual = Settings(lua=compiler.usual_lua)
        self._of: dict[str, Settings] = {}

    def of(self, uri: str) -> Settings:
        """The settings for a text."""
        path = path_of(uri) if len(self._of) > 1 else None
        around = [] if path is None else [each for each in self._of if _is_in(path, each)]
        return self._of[max(around, key=len)] if around else self._usual

    def settle_in(self, folders: Sequence[str]) -> None:
        """Find out which Lua is meant in each folder, where the client names none."""
        self._luas = {each: self._found_lua(each) for each in (folders or (None,))}

    def take(self, given: object, given_of: Mapping[str, object] | None = None) -> bool:
        """Take over what a client sent, and, unless it is None, what it said of single folders.

        It is told what is wrong with that. Whether other settings hold now than before.
        """
        self._given = given
        self._given_of = self._given_of if given_of is None else given_of
        return self._read()

    def folders_changed(self, folders: Sequence[str]) -> bool:
        """The workspace has other folders; whether other settings hold now for any."""
        self.settle_in(folders)
        return self._read()

    def _read(self) -> bool:
        before = self._usual, self._of
        problems: dict[str, None] = {}
        found: dict[str | None, Settings] = {}
        for folder, lua in self._luas.items():
            given = self._given_of.get(folder or "") or self._given
            found[folder], wrong = read_settings(given, lua, self._compiler.full_name, RULES)
            problems |= dict.fromkeys(wrong)
        if problems:
            self._tell("llmspell settings: " + " ".join(problems))
        self._usual = next(iter(found.values()), self._usual)
        self._of = {each: settings for each, settings in found.items() if each is not None}
        return before != (self._usual, self._of)

    def _found_lua(self, folder: str | None) -> str:
        try:
            return self._lua_of(folder)
        except UserError as error:
            lua = self._compiler.usual_lua
            self._tell(f"{error} Files are read as Lua {lua}.")
            return lua


def _is_in(path: str, folder: str) -> bool:
    return path.startswith(os.path.join(folder, ""))
