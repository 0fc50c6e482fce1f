"""The composition root: here ports meet their implementations."""

from collections.abc import Sequence

from dap_server.__main__ import address, lua, main
from dap_server.language import Language


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
