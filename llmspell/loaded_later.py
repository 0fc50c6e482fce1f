"""What a kernel for Lua does not load when it starts: the first who looks needs it, no cell does.

A kernel in a process of its own loads it when it has nothing else to do, piece by piece; each piece
is short, so that a kernel that ends meanwhile need not wait.
"""

from collections.abc import Callable, Sequence
from functools import partial
from importlib import import_module

from lua_debug.standard_library import standard_library, whole_library

_MODELS = ("pydantic", "pydantic.main", "pydantic.json_schema")
_DEBUGGER = ("dap_server.notebook", "dap_server.shared_host", "anyio._backends._asyncio")


def library_pieces(version: str) -> Sequence[Callable[[], object]]:
    """Loads what `complete` and `inspect` tell of functions."""
    return (
        whole_library,
        partial(standard_library, version),
        *(partial(import_module, each) for each in _MODELS),
        _table_types,
        _script_catalogue,
    )


def load_debug() -> None:
    """Import what the debugger of notebooks is made of."""
    for each in _DEBUGGER:
        import_module(each)


def _table_types() -> None:
    from llmspell.script_api.tables import table_types

    table_types()


def _script_catalogue() -> None:
    from llmspell.script_api.catalogue import PARTS, part_of_catalogue, script_catalogue

    for part in PARTS:
        part_of_catalogue(part)
    script_catalogue()
