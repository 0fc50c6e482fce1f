"""How a function becomes a feature of the server."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from lsp_server.server import LuaLanguageServer


@dataclass(frozen=True, slots=True)
class Feature:
    """One row of the table of features."""

    method: str
    function: Callable[[LuaLanguageServer, Any], Any]
    """Takes the server and the parameters; gives the result, or a coroutine that does."""
    options: Any
    """What the server says of the feature when it introduces itself, besides that it has it."""
    takes_huge: bool = False
    """Whether it is asked about texts that are only compiled; else there is nothing to be told."""


FEATURES: dict[str, Feature] = {}
"""Every request and notification that is served, by its method."""

Function = TypeVar("Function", bound=Callable[..., Any])


def feature(
    method: str, options: Any = None, *, takes_huge: bool = False
) -> Callable[[Function], Function]:
    """Enter a function into `FEATURES`. The server's capabilities are made from that table.

    `UserError` becomes the answer to the request; any other exception costs this request alone.
    """

    def enter(function: Function) -> Function:
        FEATURES[method] = Feature(method, function, options, takes_huge)
        return function

    return enter
