"""Messages as frames of bytes, signed: what travels in a ZeroMQ message ("The Wire Protocol").

The signature is an HMAC of the four JSON parts under the key of the connection file. What is not
signed with it, or was received before, is refused; an empty key turns that off, as the
specification says.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from typing import Any

from kernel.core.errors import UserError
from kernel.jupyter.messages import BadMessage, Message, message_of

DELIMITER = b"<IDS|MSG>"

REMEMBERED = 32_768
"""Signatures that are kept, to know a message that comes twice; up to twice as many."""

_TELLING = 16
"""Bytes of a signature that no two messages have in common."""

_encoder = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))
_careful = json.JSONEncoder(allow_nan=False, separators=(",", ":"), default=str)


def packed(value: Mapping[str, Any]) -> bytes:
    """JSON. Numbers it has not become null, and half a surrogate pair its escape."""
    try:
        return _encoder.encode(value).encode()
    except (ValueError, TypeError):
        return _careful.encode(_cleaned(value)).encode()


def unpacked(data: bytes) -> Any:  # noqa: ANN401 - whatever the peer wrote
    """What JSON says; raises `BadMessage`."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise BadMessage(f"A part of a message is not JSON: {error}.") from error


class WrongSignature(BadMessage):
    """The sender of a message has another key."""


class Signer:
    """Signs and checks under one key."""

    def __init__(self, key: bytes, scheme: str = "hmac-sha256") -> None:
        """Raises `UserError` for a scheme that nobody knows."""
        kind, _, name = scheme.partition("-")
        if kind != "hmac" or name not in hashlib.algorithms_available:
            raise UserError(f"signature_scheme is {scheme!r}; it must be like 'hmac-sha256'.")
        self._mac = hmac.new(key, digestmod=name) if key else None
        self._seen: set[bytes] = set()
        self._seen_before: set[bytes] = set()

    def sign(self, parts: Sequence[bytes]) -> bytes:
        """The signature as hexadecimal digits; nothing without a key."""
        if self._mac is None:
            return b""
        mac = self._mac.copy()
        for part in parts:
            mac.update(part)
        return mac.hexdigest().encode()

    def check(self, signature: bytes, parts: Sequence[bytes]) -> None:
        """Raises `BadMessage` for a wrong signature, and for one that came before."""
        if self._mac is None:
            return
        if not hmac.compare_digest(signature, self.sign(parts)):
            raise WrongSignature("A message has a wrong signature: its sender has another key.")
        told = bytes.fromhex(signature.decode())[:_TELLING]
        if told in self._seen or told in self._seen_before:
            raise BadMessage("A message came twice.")
        self._seen.add(told)
        if len(self._seen) == REMEMBERED:
            self._seen, self._seen_before = set(), self._seen


class Frames:
    """Messages to frames and back."""

    def __init__(self, signer: Signer) -> None:
        self._signer = signer

    def encode(self, message: Message, identities: Sequence[bytes] = ()) -> list[bytes]:
        """The frames of a message to (or about) ``identities``."""
        parts = [packed(part) for part in message.parts().values()]
        return [*identities, DELIMITER, self._signer.sign(parts), *parts, *message.buffers]

    def is_signed(self, frames: Sequence[bytes]) -> bool:
        """Whether there is a signature, whatever it is worth."""
        signatures = frames[frames.index(DELIMITER) + 1 :] if DELIMITER in frames else ()
        return bool(signatures and signatures[0])

    def decode(self, channel: str, frames: Sequence[bytes]) -> tuple[list[bytes], Message]:
        """Who sent it, and the message; raises `BadMessage`."""
        try:
            end = frames.index(DELIMITER)
            signature, *parts = frames[end + 1 : end + 6]
        except ValueError:
            raise BadMessage("A message has no <IDS|MSG> in it.") from None
        if len(parts) < 4:
            raise BadMessage("A message needs a signature and four parts.")
        self._signer.check(signature, parts)
        names = ("header", "parent_header", "metadata", "content")
        said = dict(zip(names, map(unpacked, parts), strict=True))
        return list(frames[:end]), message_of(channel, said, list(frames[end + 6 :]))


def _cleaned(value: Any) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(value, float) and (value != value or abs(value) == float("inf")):
        return None
    if isinstance(value, Mapping):
        return {str(key): _cleaned(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_cleaned(each) for each in value]
    return value
