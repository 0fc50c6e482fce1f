"""What is not there, and must not come: the invariants that can be seen in the source."""

import ast
import json
import re
from collections.abc import Iterator

import pytest

from tests.architecture.project import read, text_files

SANS_IO = ["dap_server/wire.py"]

DOES_IO = {"anyio", "asyncio", "io", "os", "pathlib", "select", "socket", "subprocess", "sys"}

FOREIGN_TO_THE_KERNEL = {"argparse", "click", "dap_server", "llmspell", "lua_debug", "lupa"}


def imported(path: str) -> set[str]:
    """The top-level packages a module imports, wherever in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(read(path))):
        match node:
            case ast.Import(names=aliases):
                names |= {alias.name.split(".")[0] for alias in aliases}
            case ast.ImportFrom(module=str(module)):
                names.add(module.split(".")[0])
    return names


def commands() -> set[str]:
    """The requests of the specification whose names cannot be anything else."""
    schema = json.loads(read("dap_server/protocol/debugAdapterProtocol.json"))
    named = {
        command
        for definition in schema["definitions"].values()
        for part in definition.get("allOf", [])
        for command in part.get("properties", {}).get("command", {}).get("enum", [])
    }
    return {command for command in named if re.search("[A-Z]", command)}


def strings(path: str) -> Iterator[str]:
    """All string constants of a module."""
    for node in ast.walk(ast.parse(read(path))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


@pytest.mark.parametrize("path", text_files(".py", under=("kernel/",)))
def test_the_kernel_has_not_heard_of_its_users(path: str) -> None:
    """No module of the kernel imports a protocol, a language or a command line."""
    assert set() == imported(path) & FOREIGN_TO_THE_KERNEL


@pytest.mark.parametrize(
    "path", text_files(".py", under=("kernel/", "dap_server/", "lsp_server/", "llmspell/"))
)
def test_only_lua_debug_imports_lupa(path: str) -> None:
    """Lua values can only come about in one package."""
    assert "lupa" not in imported(path)


@pytest.mark.parametrize("path", SANS_IO)
def test_wires_do_no_io(path: str) -> None:
    """Framing takes bytes and gives messages, and reads and writes nothing."""
    assert set() == imported(path) & DOES_IO


BELOW = [
    path
    for path in text_files(".py", under=("kernel/", "lua_debug/"))
    if not path.startswith("kernel/repl/")  # a client, above the dispatcher: it sends these names
]


@pytest.mark.parametrize("path", BELOW)
def test_command_names_stay_above_the_dispatcher(path: str) -> None:
    """Below the dispatcher a request is a method that is called, not a name that is compared."""
    assert set() == commands() & set(strings(path))


@pytest.mark.parametrize("path", text_files(".py", under=("kernel/", "lua_debug/", "dap_server/")))
def test_nothing_decides_by_the_client(path: str) -> None:
    """No client is special: what it calls itself is not compared with anything."""
    names = {"vscode", "visualstudio", "neovim", "vimspector", "jupyterlab", "qdap", "Theia"}
    assert set() == names & set(strings(path))
