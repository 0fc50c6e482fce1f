"""EncryptedFileKeys: keys in one file, encrypted with a passphrase.

::

    {"format": "llmspell-keys", "version": 1, "providers": […],
     "kdf": {"name": "scrypt", "n": 32768, "r": 8, "p": 1, "salt": base64},
     "nonce": base64, "data": base64}

``data`` is JSON, encrypted with AES-256-GCM under the key that scrypt (RFC 7914) makes of the
passphrase; the names of the providers are in clear, so that they can be listed, and authenticated.
"""

import base64
import hashlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from kernel.core.extras import need
from llmspell.config.editing import write_atomically
from llmspell.keys.store import KeyStoreUnavailable, Secret

FORMAT, VERSION = "llmspell-keys", 1

COST = {"n": 2**15, "r": 8, "p": 1}
"""Of scrypt: 32 MiB and about 0.1 s."""

PASSPHRASE = "LLMSPELL_KEYS_PASSPHRASE"

AskPassphrase = Callable[[bool], str | None]
"""Given whether it is a new one; None where nobody can be asked."""


class EncryptedFileKeys:
    """Implements `KeyStore`."""

    name = "file"

    def __init__(
        self, path: Path, environment: Mapping[str, str], ask: AskPassphrase = lambda _: None
    ) -> None:
        self._path, self._environment, self._ask = path, environment, ask
        self._asked: str | None = None

    def get(self, provider: str) -> Secret | None:
        """See `KeyStore`."""
        if provider not in self.providers():
            return None
        text = self._opened().get(provider)
        return None if text is None else Secret(text)

    def put(self, provider: str, secret: Secret) -> None:
        """See `KeyStore`."""
        is_new = not self._path.exists()
        keys = {} if is_new else self._opened()
        self._write({**keys, provider: secret.reveal()}, is_new=is_new)

    def remove(self, provider: str) -> bool:
        """See `KeyStore`."""
        if provider not in self.providers():
            return False
        keys = {name: key for name, key in self._opened().items() if name != provider}
        if keys:
            self._write(keys, is_new=False)
        else:
            self._path.unlink()
        return True

    def providers(self) -> Sequence[str]:
        """See `KeyStore`."""
        return [] if not self._path.exists() else sorted(map(str, self._head()["providers"]))

    # --- the file -------------------------------------------------------------------------------

    def _head(self) -> Mapping[str, Any]:
        try:
            said = json.loads(self._path.read_text("utf-8"))
            is_ours = said["format"] == FORMAT and said["version"] == VERSION
        except OSError as error:
            raise KeyStoreUnavailable(f"{self._path} cannot be read: {error.strerror}.") from None
        except (ValueError, KeyError, TypeError):
            is_ours = False
        if not is_ours:
            raise KeyStoreUnavailable(f"{self._path} is no file of keys, or of a later version.")
        head: Mapping[str, Any] = said
        return head

    def _opened(self) -> dict[str, str]:
        head = self._head()
        try:
            key = _derived(self._passphrase(is_new=False), head["kdf"])
            nonce, data = (base64.b64decode(head[name]) for name in ("nonce", "data"))
            text = _cipher(key).decrypt(nonce, data, _bound(head["providers"]))
            keys: dict[str, str] = json.loads(text)
        except KeyStoreUnavailable:
            raise
        except Exception as error:
            if type(error).__name__ == "ExtraMissing":
                raise
            raise KeyStoreUnavailable(
                f"{self._path} does not open: the passphrase is another, or the file is damaged."
            ) from None
        return keys

    def _write(self, keys: Mapping[str, str], *, is_new: bool) -> None:
        salt, nonce = os.urandom(16), os.urandom(12)
        kdf = {"name": "scrypt", **COST, "salt": base64.b64encode(salt).decode()}
        cipher = _cipher(_derived(self._passphrase(is_new=is_new), kdf))
        providers = sorted(keys)
        data = cipher.encrypt(nonce, json.dumps(dict(keys)).encode(), _bound(providers))
        document = {
            "format": FORMAT,
            "version": VERSION,
            "providers": providers,
            "kdf": kdf,
            "nonce": base64.b64encode(nonce).decode(),
            "data": base64.b64encode(data).decode(),
        }
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_atomically(self._path, json.dumps(document, indent=2) + "\n", 0o600)

    def _passphrase(self, *, is_new: bool) -> str:
        given = self._environment.get(PASSPHRASE) or self._asked or self._ask(is_new)
        if not given:
            raise KeyStoreUnavailable(
                f"{self._path} needs a passphrase: set {PASSPHRASE}, or run this on a terminal."
            )
        self._asked = given
        return given


def _cipher(key: bytes) -> Any:  # noqa: ANN401 - the library's
    module = "cryptography.hazmat.primitives.ciphers.aead"
    return need(module, "The file of keys", "keys").AESGCM(key)


def _derived(passphrase: str, kdf: Mapping[str, Any]) -> bytes:
    salt = base64.b64decode(kdf["salt"])
    cost = {name: int(kdf[name]) for name in COST}
    if cost["n"] > 2**20 or cost["r"] > 32 or cost["p"] > 16:
        raise ValueError("it would take all memory")  # nobody of ours wrote that
    memory = 256 * cost["n"] * cost["r"]
    return hashlib.scrypt(passphrase.encode(), salt=salt, dklen=32, maxmem=memory, **cost)


def _bound(providers: Sequence[str]) -> bytes:
    return json.dumps([FORMAT, VERSION, sorted(providers)]).encode()
