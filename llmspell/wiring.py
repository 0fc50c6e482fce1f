"""The composition root: here ports meet their implementations."""

import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from dap_server.__main__ import address, lua, main
from dap_server.console import ProgramConsole
from dap_server.language import Language
from kernel.core.catalogue import Catalogue
from kernel.core.errors import UserError
from kernel.core.settings import DebugSettings
from kernel.debug.debuggee import Listener
from llmspell.config.lua_choice import configured_lua
from llmspell.kernel_services import KernelServices
from llmspell.program_hooks import ProgramHooks
from llmspell.script_api.catalogue import available, script_catalogue
from llmspell.script_api.tables import ScriptStart, make_tables
from llmspell.script_functions import show_text, tell_end
from lua_debug.debuggee import LuaDebuggee
from lua_debug.standard_library import standard_library


def serve_dap(arguments: Sequence[str]) -> int:
    """The adapter, with the command line of ``python -m dap_server``."""
    return main(arguments, language())


def check_address(text: str) -> str:
    """``HOST:PORT`` itself; raises `argparse.ArgumentTypeError` for what `serve_dap` refuses."""
    address(text)
    return text


def language() -> Language:
    """The language that scripts are debugged in, with the globals of the kernel."""
    services = KernelServices()

    def make(
        settings: DebugSettings, listener: Listener, console: ProgramConsole, program: str
    ) -> LuaDebuggee:
        tables = make_tables(services, ScriptStart(program, tell=show_text))
        debuggee = LuaDebuggee(settings, listener, console, program=program, make_tables=tables)
        debuggee.host.before_end = partial(tell_end, services)
        return debuggee

    return replace(
        lua(),
        make_debuggee=make,
        attend=partial(ProgramHooks, services),
        adapter="llmspell.adapter",
        usual_version=configured_lua,
    )


def serve_lsp(listen: str | None, lua_version: str) -> int:
    """The language server, for the client at stdin and stdout or for all that connect.

    ``lua_version`` is the Lua of clients that name none; empty: the one that is configured in the
    client's folder.
    """
    from lsp_server.serve import serve_clients, serve_stdio
    from lsp_server.server import LuaLanguageServer
    from lua_debug.checker import SyntaxChecker

    compiler = SyntaxChecker()
    try:
        compiler.full_name(lua_version or compiler.usual_lua)
    except UserError as error:
        return _complain(str(error), 2)

    def lua_of(folder: str | None) -> str:
        """Files are looked at also while somebody writes a configuration that does not read yet."""
        configured = lua_version or configured_lua(folder=Path(folder or ""))
        return compiler.full_name(configured or compiler.usual_lua)

    def make_server() -> LuaLanguageServer:
        return LuaLanguageServer(compiler, lua_of, LuaCatalogues())

    if listen is None:
        return serve_stdio(make_server)
    host, port = address(listen)
    try:
        serve_clients(host, port, make_server)
    except OSError as error:
        return _complain(f"cannot listen on {host}:{port}: {error.strerror}", 1)
    return 0


class LuaCatalogues:
    """What scripts in Lua can call."""

    def standard_library(self, version: str) -> Catalogue:
        """The globals, modules and keywords of one version."""
        return standard_library(version)

    def script_api(self, *, has_later: bool) -> Catalogue:
        """The globals of scripts; ``has_later``: also those that only a later release has."""
        everything = script_catalogue()
        return everything if has_later else everything.with_globals(available())


def _complain(problem: str, status: int) -> int:
    sys.stderr.write(f"llmspell: {problem}\n")
    return status
