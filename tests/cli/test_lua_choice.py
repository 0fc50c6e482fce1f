"""Which Lua runs: --lua, the environment, the configuration, and what holds without them."""

import json
from pathlib import Path
from typing import get_args

import pytest

from kernel.core.errors import UserError
from llmspell.config.lua_choice import configured_lua
from llmspell.config.sections.engines import LuaEngineConfig, LuaName
from lua_debug.versions import VERSIONS
from tests.cli.conftest import CommandLine

ASKED = "print(_VERSION)"


@pytest.fixture
def configured(cli: CommandLine) -> CommandLine:
    """Lua 5.1 by a file in the working directory, as `config init` says how to choose it."""
    assert 0 == cli.say("config", "init").returncode
    assert 0 == cli.say("config", "set", "engines.lua.version", "5.1").returncode
    cli.write("script.lua", ASKED)
    return cli


@pytest.mark.parametrize(
    "words",
    [
        ("exec", ASKED),
        ("run", "script.lua"),
        ("repl",),
        ("debug", "script.lua", "--dap-port", "0", "--no-wait"),
    ],
    ids=lambda words: words[0],
)
def test_the_configured_one_runs(configured: CommandLine, words: tuple[str, ...]) -> None:
    """Whatever runs code; a variable stands above the file, and --lua above both."""
    more = {"LLMSPELL_LUA_VERSION": "5.3"}
    lines = f"{ASKED}\n"
    assert "Lua 5.1\n" == configured.say(*words, text=lines).stdout
    assert "Lua 5.3\n" == configured.say(*words, text=lines, more=more).stdout
    chosen = (words[0], "--lua", "5.2", *words[1:])
    assert "Lua 5.2\n" == configured.say(*chosen, text=lines, more=more).stdout


def test_kernels_run_it_too(configured: CommandLine) -> None:
    """One in the background is of the version that was configured where it was started."""
    configured.start_kernel("lab")
    assert "Lua 5.1\n" == configured.say("exec", "--kernel", "lab", ASKED).stdout
    (kernel,) = json.loads(configured.say("kernel", "list", "--output", "json").stdout)
    assert "5.1" == kernel["runtime"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[engines.lua]\nversion = 9\n", "engines.lua.version: There is no Lua '9'; there are 5.1"),
        ("[engines\n", "c.toml:1 is no TOML"),
    ],
)
def test_what_cannot_be_is_told(tmp_path: Path, text: str, said: str) -> None:
    """Before a script runs in another Lua than somebody wanted."""
    path = tmp_path / "c.toml"
    path.write_text(text)
    with pytest.raises(UserError, match=r"c\.toml") as caught:
        configured_lua({"LLMSPELL_CONFIG": str(path)})
    assert said in str(caught.value)
    with pytest.raises(UserError, match="LLMSPELL_LUA_VERSION: There is no Lua 'x'"):
        configured_lua({"LLMSPELL_LUA_VERSION": "x"})


def test_numbers_and_other_names_are_understood(tmp_path: Path) -> None:
    """`version = 5.1` is a number to TOML, and `luajit` is the newer one."""
    assert "5.1" == LuaEngineConfig.model_validate({"version": 5.1}).version
    assert "luajit2.1" == LuaEngineConfig.model_validate({"version": "luajit"}).version
    path = tmp_path / "c.toml"
    path.write_text("engines.lua.version = 5.1\n")
    assert "5.1" == configured_lua({"LLMSPELL_CONFIG": str(path)})
    assert "" == configured_lua({"HOME": str(tmp_path)}, tmp_path)


def test_every_lua_can_be_configured() -> None:
    """The names of the configuration are those of the table of versions."""
    (names, _) = get_args(LuaName)
    assert [*VERSIONS] == [*get_args(names)]
