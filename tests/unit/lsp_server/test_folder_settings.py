"""Which Lua and which settings hold for a file."""

from kernel.core.errors import UserError
from lsp_server.folder_settings import FolderSettings
from lua_debug.checker import SyntaxChecker

LUAS = {"/a": "5.1", "/a/inner": "5.5", "/b": "luajit2.1"}


def test_the_innermost_folder_counts() -> None:
    """Each is asked for its Lua; what lies in none goes with the first, and settings say more."""
    settings = FolderSettings(SyntaxChecker(), lambda folder: LUAS[folder or ""], print)
    settings.settle_in([*LUAS])
    assert settings.take(None)
    uris = ["file:///a/x.lua", "file:///a/inner/x.lua", "file:///b/x.lua", "file:///ab/x.lua"]
    assert ["5.1", "5.5", "luajit2.1", "5.1"] == [settings.of(each).lua for each in uris]
    assert settings.take({"globals": ["g"]}, {"/b": {"lua": {"version": "5.3"}}})
    assert ["5.1", "5.5", "5.3", "5.1"] == [settings.of(each).lua for each in uris]
    assert [{"g"}, set()] == [{*settings.of(each).globals} for each in uris[1:3]]
    assert settings.folders_changed(["/b"])
    assert ["5.3"] * 4 == [settings.of(each).lua for each in uris]


def test_a_configuration_that_cannot_be_read() -> None:
    """Its folder has the usual Lua, the others have theirs; what is wrong twice is told once."""

    def lua_of(folder: str | None) -> str:
        if folder == "/a":
            raise UserError("/a/llmspell.toml cannot be read.")
        return "5.1"

    told: list[str] = []
    settings = FolderSettings(SyntaxChecker(), lua_of, told.append)
    settings.settle_in(["/a", "/b"])
    settings.take({"globals": 1})
    assert ["5.4", "5.1"] == [settings.of(f"file://{each}/x.lua").lua for each in ("/a", "/b")]
    assert ["/a/llmspell.toml cannot be read. Files are read as Lua 5.4.", 1] == [
        told[0],
        told[1].count("globals is 1"),
    ]
