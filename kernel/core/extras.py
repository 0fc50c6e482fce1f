"""What is installed only when asked for: how it is imported, and what is said without it."""

from importlib import import_module
from types import ModuleType

from kernel.core.errors import UserError


class ExtraMissing(UserError):
    """Something needs a package that belongs to an extra which was not installed."""

    def __init__(self, what: str, extra: str) -> None:
        super().__init__(
            f"{what} needs the extra {extra!r}: pip install 'llmspell[{extra}]' and try again."
        )


def need(module: str, what: str, extra: str) -> ModuleType:
    """The module; raises `ExtraMissing`, which names ``what`` wants it and the extra it is in."""
    try:
        return import_module(module)
    except ModuleNotFoundError as error:
        raise ExtraMissing(what, extra) from error
