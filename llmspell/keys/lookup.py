"""Finding keys: the environment first, then the system's keyring, then the encrypted file."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_data_path

from kernel.core.errors import UserError
from llmspell.config.load import KEYS
from llmspell.keys.encrypted_file import AskPassphrase, EncryptedFileKeys
from llmspell.keys.store import FoundKey, KeyStore, KeyStoreUnavailable, Secret, check_provider
from llmspell.keys.system_keyring import KeyringKeys

SUFFIX = "_API_KEY"
"""How variables end that hold keys."""

CHOICE = "LLMSPELL_KEYS_STORE"
"""The variable that says where keys are put: ``keyring`` or ``file``."""


@dataclass(frozen=True, slots=True)
class KnownKey:
    """That there is a key, and where."""

    provider: str
    origin: str


class KeyLookup:
    """All places together; the first that has a key counts."""

    def __init__(
        self, environment: Mapping[str, str], keyring: KeyringKeys, file: EncryptedFileKeys
    ) -> None:
        self._environment = environment
        self._keyring, self._file = keyring, file

    def find(self, provider: str, variable: str | None = None) -> FoundKey | None:
        """The key of a provider; None if there is none.

        ``variable``: the one that the configuration names (``api_key_env``). Raises
        `KeyStoreUnavailable` if the file has it and cannot be opened.
        """
        name = check_provider(provider)
        for each in [variable] if variable else variables_of(name):
            if self._environment.get(each):
                return FoundKey(name, each, Secret(self._environment[each]))
        for store in self._stores():
            secret = store.get(name)
            if secret is not None:
                return FoundKey(name, store.name, secret)
        return None

    def all(self) -> Sequence[KnownKey]:
        """Which keys there are, without a look at any."""
        named = {variable: name for name in KEYS for variable in variables_of(name)}
        found = [
            KnownKey(named.get(variable, variable.removesuffix(SUFFIX).lower()), variable)
            for variable in sorted(self._environment)
            if variable.endswith(SUFFIX) and self._environment[variable]
        ]
        found += [
            KnownKey(name, store.name) for store in self._stores() for name in store.providers()
        ]
        return found

    def add(self, provider: str, secret: Secret, where: str = "") -> str:
        """Keep a key; where. ``where``: ``keyring``, ``file``, or empty for the best there is.

        Raises `KeyStoreUnavailable`.
        """
        name = check_provider(provider)
        store = self._chosen(where or self._environment.get(CHOICE, ""))
        store.put(name, secret)
        return store.name

    def remove(self, provider: str) -> Sequence[str]:
        """Forget a key wherever it is kept; where that was. Raises `UserError` if nowhere."""
        name = check_provider(provider)
        gone = [store.name for store in self._stores() if store.remove(name)]
        if not gone:
            raise UserError(self._not_kept(name))
        return gone

    def _not_kept(self, name: str) -> str:
        variable = next((v for v in variables_of(name) if self._environment.get(v)), None)
        if variable:
            return f"The key of {name} is in the environment: unset {variable}."
        from kernel.core.suggestions import unknown

        kept = [each for store in self._stores() for each in store.providers()]
        return unknown("key of", name, dict.fromkeys(kept))

    def _stores(self) -> Sequence[KeyStore]:
        return [self._file] if self._keyring.why_unavailable() else [self._keyring, self._file]

    def _chosen(self, where: str) -> KeyStore:
        if where not in ("", "keyring", "file"):
            raise UserError(f"{CHOICE} is keyring or file, not {where!r}.")
        problem = self._keyring.why_unavailable()
        if where == "keyring" and problem:
            raise KeyStoreUnavailable(f"{problem} --store file keeps keys in a file instead.")
        return self._file if problem or where == "file" else self._keyring


def variables_of(provider: str) -> Sequence[str]:
    """The variables of the environment that may hold the key of a provider."""
    usual = f"{provider.upper().replace('-', '_')}{SUFFIX}"
    return [*dict.fromkeys([KEYS.get(provider, usual), usual])]


def keys_file(environment: Mapping[str, str]) -> Path:
    """Where the encrypted file is."""
    given = environment.get("LLMSPELL_KEYS_FILE")
    return Path(given) if given else user_data_path("llmspell", appauthor=False) / "keys.json"


def key_lookup(
    environment: Mapping[str, str] = os.environ, ask: AskPassphrase = lambda _: None
) -> KeyLookup:
    """The keys of this user; ``ask`` is called where a passphrase is needed."""
    return KeyLookup(
        environment, KeyringKeys(), EncryptedFileKeys(keys_file(environment), environment, ask)
    )


def find_key(provider: str, variable: str | None = None) -> FoundKey | None:
    """The key of a provider for whoever calls it; see `KeyLookup.find`."""
    return key_lookup().find(provider, variable)
