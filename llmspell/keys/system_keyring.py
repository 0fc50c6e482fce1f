"""KeyringKeys: keys in the keyring of the desktop (Secret Service, Keychain, Credential Locker)."""

import json
from collections.abc import Sequence
from typing import Any

from kernel.core.extras import ExtraMissing, need
from llmspell.keys.store import KeyStoreUnavailable, Secret

SERVICE = "llmspell"

INDEX = ":providers"
"""The entry that names the others: keyrings do not list. No provider is called so."""


class KeyringKeys:
    """Implements `KeyStore`."""

    name = "keyring"

    def __init__(self, backend: Any = None) -> None:  # noqa: ANN401 - the library's
        """``backend``: of the library `keyring`; the system's by default."""
        self._given = backend

    def why_unavailable(self) -> str:
        """Why there is no keyring here; empty if there is one."""
        try:
            backend = self._backend
        except ExtraMissing as error:
            return str(error)
        except Exception as error:  # a service that is not there shows in many ways
            return f"The system's keyring cannot be reached: {error}"
        if float(getattr(backend, "priority", 1)) <= 0:
            return "The system has no keyring."
        return ""

    def get(self, provider: str) -> Secret | None:
        """See `KeyStore`."""
        text = self._asked("get_password", SERVICE, provider)
        return None if text is None else Secret(str(text))

    def put(self, provider: str, secret: Secret) -> None:
        """See `KeyStore`."""
        self._asked("set_password", SERVICE, provider, secret.reveal())
        self._write_index([*dict.fromkeys([*self.providers(), provider])])

    def remove(self, provider: str) -> bool:
        """See `KeyStore`."""
        if self.get(provider) is None:
            return False
        self._asked("delete_password", SERVICE, provider)
        self._write_index([each for each in self.providers() if each != provider])
        return True

    def providers(self) -> Sequence[str]:
        """See `KeyStore`."""
        text = self._asked("get_password", SERVICE, INDEX)
        try:
            return sorted(map(str, json.loads(text or "[]")))
        except ValueError:
            return []

    def _write_index(self, providers: Sequence[str]) -> None:
        self._asked("set_password", SERVICE, INDEX, json.dumps(sorted(providers)))

    def _asked(self, method: str, *arguments: str) -> Any:  # noqa: ANN401 - the library's
        problem = self.why_unavailable()
        if problem:
            raise KeyStoreUnavailable(problem)
        try:
            return getattr(self._backend, method)(*arguments)
        except Exception as error:  # locked, refused, gone: each backend has its own
            raise KeyStoreUnavailable(
                f"The keyring refuses: {error}. --store file keeps keys in a file instead."
            ) from None

    @property
    def _backend(self) -> Any:  # noqa: ANN401 - the library's
        if self._given is not None:
            return self._given
        return need("keyring", "The system's keyring", "keys").get_keyring()
