"""How a function becomes a rule, which users can turn up, down and off by its name."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import TypeVar

from lsp_server.document import Document
from lsp_server.inference.inference import Inference
from lsp_server.library import Library
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


@dataclass(frozen=True, slots=True)
class Context:
    """What rules know besides the document."""

    settings: Settings
    library: Library
    inference: Inference
    """For questions about values of the document."""
    other_names: Collection[str] = ()
    """Globals, and fields of the library, that other files define or that scripts are given."""


Check = Callable[[Document, Context], Iterable[Finding]]


@dataclass(frozen=True, slots=True)
class Rule:
    """One row of the table of rules."""

    name: str
    severity: str
    """Unless the user says otherwise; one of `lsp_server.settings.SEVERITIES`."""
    about: str
    """What it finds, in a sentence for the reference."""
    check: Check
    also: tuple[str, ...] = ()
    """What comments that turn it off may call it besides, because other servers do."""


RULES: dict[str, Rule] = {}
"""Every rule by its name."""

Checking = TypeVar("Checking", bound=Check)


def rule(
    name: str, severity: str, about: str, also: tuple[str, ...] = ()
) -> Callable[[Checking], Checking]:
    """Enter a function into `RULES`. It is called for texts that can be parsed."""

    def enter(check: Checking) -> Checking:
        RULES[name] = Rule(name, severity, about, check, also)
        return check

    return enter
