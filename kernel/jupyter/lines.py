"""Messages as lines of text, for transports that carry bytes: framing and signatures, without I/O.

Three lines open a connection, then each line is a message (docs/reference/kernel-protocol.md):

    kernel  {"kernel": "llmspell", "lines": 1, "nonce": N}
    client  {"nonce": M, "proof": HMAC(key, "client" N M)}
    kernel  {"proof": HMAC(key, "kernel" N M)}
    both    HMAC(key, direction N M number json) SPACE json

So each side proves that it has the key, and no line can be changed, left out, repeated or turned
round. With an empty key all proofs and signatures are empty.
"""

import base64
import binascii
import hmac
import secrets
from collections.abc import Mapping
from typing import Any

from kernel.core.errors import UserError
from kernel.jupyter.messages import BadMessage, Message, message_of
from kernel.jupyter.signing import packed, unpacked

VERSION = 1
MAX_LINE = 64 * 1024 * 1024
"""Bytes of one message."""
MAX_GREETING = 4096
"""Bytes of a line before the peer has proved anything."""


class ConnectionRefused(UserError):
    """The peer has another key, or does not speak this protocol."""


class LineSplitter:
    """Bytes in, lines out."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._searched = 0
        self.limit = MAX_GREETING

    def feed(self, data: bytes) -> None:
        """Whatever has arrived."""
        self._buffer += data

    def next_line(self) -> bytes | None:
        """The next whole line, without its end; raises `ConnectionRefused` for one too long."""
        end = self._buffer.find(b"\n", self._searched)
        if (len(self._buffer) if end < 0 else end) > self.limit:
            raise ConnectionRefused(f"A line is longer than {self.limit} bytes.")
        if end < 0:
            self._searched = len(self._buffer)
            return None
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        self._searched = 0
        return line


class Handshake:
    """Both sides' part in the opening of a connection."""

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._own = secrets.token_hex(16)

    def greeting(self) -> bytes:
        """The kernel's first line."""
        return _line({"kernel": "llmspell", "lines": VERSION, "nonce": self._own})

    def reply_to(self, greeting: bytes) -> tuple[bytes, str, "LineCodec"]:
        """The client's line, what the kernel must prove, and the codec behind that."""
        said = _object(greeting)
        if said.get("kernel") != "llmspell" or said.get("lines") != VERSION:
            raise ConnectionRefused("The peer is no kernel that speaks lines of version 1.")
        nonces = f"{said.get('nonce')} {self._own}"
        line = _line({"nonce": self._own, "proof": self._proof("client", nonces)})
        return line, self._proof("kernel", nonces), LineCodec(self._key, nonces, "client", "kernel")

    def accept(self, reply: bytes) -> tuple[bytes, "LineCodec"]:
        """The kernel's second line, and the codec behind it; raises `ConnectionRefused`."""
        said = _object(reply)
        nonces = f"{self._own} {said.get('nonce')}"
        _compare(said.get("proof"), self._proof("client", nonces))
        line = _line({"proof": self._proof("kernel", nonces)})
        return line, LineCodec(self._key, nonces, "kernel", "client")

    @staticmethod
    def check(line: bytes, proof: str) -> None:
        """The client's look at the kernel's second line; raises `ConnectionRefused`."""
        said = _object(line)
        if "error" in said:
            raise ConnectionRefused(str(said["error"]))
        _compare(said.get("proof"), proof)

    def _proof(self, role: str, nonces: str) -> str:
        return _mac(self._key, f"{role} {nonces}".encode())


class LineCodec:
    """Messages to lines and back, on one side of one connection."""

    def __init__(self, key: bytes, nonces: str, us: str, them: str) -> None:
        self._key = key
        self._out, self._in = f"{us} {nonces}", f"{them} {nonces}"
        self._sent = self._received = 0

    def encode(self, message: Message) -> bytes:
        """A line, with its end."""
        parts: dict[str, Any] = {"channel": message.channel, **message.parts()}
        if message.buffers:
            parts["buffers"] = [base64.b64encode(each).decode() for each in message.buffers]
        body = packed(parts)
        self._sent += 1
        return b"%b %b\n" % (self._sign(self._out, self._sent, body), body)

    def decode(self, line: bytes) -> Message:
        """A message; `ConnectionRefused` for a wrong signature, `BadMessage` for what is none."""
        signature, _, body = line.partition(b" ")
        self._received += 1
        if not hmac.compare_digest(signature, self._sign(self._in, self._received, body)):
            raise ConnectionRefused("A message has a wrong signature.")
        said = unpacked(body)
        if not isinstance(said, Mapping) or not isinstance(said.get("channel"), str):
            raise BadMessage("A message needs a string 'channel'.")
        try:
            buffers = [base64.b64decode(each, validate=True) for each in said.get("buffers", ())]
        except (binascii.Error, TypeError, ValueError) as error:
            raise BadMessage("buffers must be base64 texts.") from error
        return message_of(said["channel"], said, buffers)

    def _sign(self, side: str, number: int, body: bytes) -> bytes:
        if not self._key:
            return b""
        mac = hmac.new(self._key, f"{side} {number} ".encode(), "sha256")
        mac.update(body)
        return mac.hexdigest().encode()


def refusal(problem: str) -> bytes:
    """The kernel's second line for a client that is not let in."""
    return _line({"error": problem})


def _mac(key: bytes, text: bytes) -> str:
    return hmac.new(key, text, "sha256").hexdigest() if key else ""


def _compare(said: object, wanted: str) -> None:
    if not isinstance(said, str) or not hmac.compare_digest(said.encode(), wanted.encode()):
        raise ConnectionRefused("The keys differ: read the key from the kernel's connection file.")


def _line(value: Mapping[str, Any]) -> bytes:
    return packed(value) + b"\n"


def _object(line: bytes) -> Mapping[str, Any]:
    try:
        said = unpacked(line)
    except BadMessage as error:
        raise ConnectionRefused("The peer does not speak this protocol.") from error
    if not isinstance(said, Mapping):
        raise ConnectionRefused("The peer does not speak this protocol.")
    return said
