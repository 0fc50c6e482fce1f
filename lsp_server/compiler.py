"""The port behind which the real Luas are: their compilers, and what their libraries hold."""

from collections.abc import Mapping, Sequence
from typing import Protocol


class SyntaxProblem(Protocol):
    """What a compiler says about a text that it does not take."""

    @property
    def message(self) -> str:
        """The compiler's own words, without a place."""

    @property
    def line(self) -> int:
        """The line they are about, from 1, as Lua counts."""

    @property
    def near(self) -> str | None:
        """The text of the token they name; None if they name none, ``""`` for the text's end."""


class Compiler(Protocol):
    """Compiles texts for every Lua version there is, and runs none of them."""

    @property
    def versions(self) -> Sequence[str]:
        """The names of the versions: ``5.1`` and so on."""

    @property
    def usual_lua(self) -> str:
        """The version that files are written for where nobody says."""

    def full_name(self, name: str) -> str:
        """The version that somebody calls ``lua5.4`` or ``luajit``; raises `UserError`."""

    def check(self, text: bytes, version: str) -> SyntaxProblem | None:
        """The first thing that is wrong with a text; None if that version compiles it."""

    def library(self, version: str) -> Mapping[str, frozenset[str]]:
        """The globals of that version, and for those that are tables what is in them."""
