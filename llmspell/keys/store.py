"""KeyStore: the port for places where keys are kept, and the words of keys."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from kernel.core.errors import UserError

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


class KeyStoreUnavailable(UserError):
    """A place for keys that this machine has not, or that cannot be opened; the text says why."""


@dataclass(frozen=True, slots=True)
class Secret:
    """A key; whoever prints or logs it sees that it is one, and not which."""

    _text: str

    def reveal(self) -> str:
        """The key itself, for whoever calls the provider."""
        return self._text

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__


@dataclass(frozen=True, slots=True)
class FoundKey:
    """A key and where it was."""

    provider: str
    origin: str
    """The name of a variable, ``keyring``, or ``file``."""
    secret: Secret


class KeyStore(Protocol):
    """A place for the keys of providers, by their names. All raise `KeyStoreUnavailable`."""

    name: str
    """What users call it."""

    def get(self, provider: str) -> Secret | None:
        """The key; None if it is not there."""

    def put(self, provider: str, secret: Secret) -> None:
        """Keep a key; one that was there is forgotten."""

    def remove(self, provider: str) -> bool:
        """Forget a key; whether there was one."""

    def providers(self) -> Sequence[str]:
        """Whose keys are there, by name; opens nothing."""


def check_provider(name: str) -> str:
    """The name of a provider as it is kept; raises `UserError` for what is none."""
    lower = name.lower()
    if not _NAME.fullmatch(lower):
        raise UserError(f"{name!r} is no name of a provider: letters, digits, - and _, as openai.")
    return lower


def check_key(text: str) -> Secret:
    """A key as it was typed; raises `UserError` for what cannot be one."""
    key = text.strip()
    if not key:
        raise UserError("The key is empty.")
    if any(each.isspace() or not each.isprintable() for each in key):
        raise UserError("The key has spaces or control characters in it; is it all of it?")
    return Secret(key)
