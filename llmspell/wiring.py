"""The composition root: here ports meet their implementations."""

import sys
from collections.abc import Sequence

from dap_server.__main__ import address, lua, main
from dap_server.language import Language
from kernel.core.catalogue import Catalogue
from kernel.core.errors import UserError
from llmspell.script_api.catalogue import script_catalogue
from lua_debug.standard_library import standard_library


def serve_dap(arguments: Sequence[str]) -> int:
    """The adapter, with the command line of ``python -m dap_server``."""
    return main(arguments)


def check_address(text: str) -> str:
    """``HOST:PORT`` itself; raises `argparse.ArgumentTypeError` for what `serve_dap` refuses."""
    address(text)
    return text


def language() -> Language:
    """The language that scripts are debugged in."""
    return lua()


def serve_lsp(listen: str | None, lua_version: str) -> int:
    """The language server, for the client at stdin and stdout or for all that connect."""
    from lsp_server.serve import serve_clients, serve_stdio
    from lsp_server.server import LuaLanguageServer
    from lua_debug.checker import SyntaxChecker

    compiler = SyntaxChecker()
    try:
        version = compiler.full_name(lua_version)
    except UserError as error:
        return _complain(str(error), 2)

    def make_server() -> LuaLanguageServer:
        return LuaLanguageServer(compiler, version, LuaCatalogues())

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

    def script_api(self) -> Catalogue:
        """The globals of scripts, also those that this release has not yet."""
        return script_catalogue()


def _complain(problem: str, status: int) -> int:
    sys.stderr.write(f"llmspell: {problem}\n")
    return status
