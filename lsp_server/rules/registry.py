"""How a function becomes a rule, which users can turn up, down and off by its name."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from lsp_server.document import Document
from lsp_server.settings import Settings


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule has to say about some bytes of a document."""

    start: int
    end: int
    message: str
    is_unnecessary: bool = False
    """Whether the text could go; editors show it faded."""
    is_deprecated: bool = False
    """Whether there is something newer; editors strike it through."""
    related: tuple[tuple[int, int, str], ...] = ()
    """Other places (start, end) of this document, and what they have to do with it."""


Check = Callable[[Document, Settings], Iterable[Finding]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the table of rules."""

    name: str
    severity: str
    """Unless the user says otherwise; one of `lsp_server.settings.SEVERITIES`."""
    about: str
    """What it finds, in a sentence for the reference."""
    check: Check


RULES: dict[str, Rule] = {}
"""Every rule by its name."""

Checking = TypeVar("Checking", bound=Check)


def rule(name: str, severity: str, about: str) -> Callable[[Checking], Checking]:
    """Enter a function into `RULES`."""

    def enter(check: Checking) -> Checking:
        RULES[name] = Rule(name, severity, about, check)
        return check

    return enter
