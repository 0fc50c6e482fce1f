"""Signatures of Jupyter's messages: which are heard, and which came before."""

import pytest

from kernel.jupyter.messages import BadMessage
from kernel.jupyter.signing import REMEMBERED, Signer


def test_a_message_is_heard_once() -> None:
    """As long as it is remembered, which is at least so many messages long."""
    signer = Signer(b"key")

    def hear(number: int) -> None:
        parts = [b"%d" % number, b"{}", b"{}", b"{}"]
        signer.check(signer.sign(parts), parts)

    for number in range(REMEMBERED):
        hear(number)
    for number in (0, REMEMBERED - 1):
        with pytest.raises(BadMessage, match="came twice"):
            hear(number)
    for number in range(REMEMBERED, 2 * REMEMBERED):
        hear(number)
    with pytest.raises(BadMessage, match="came twice"):
        hear(REMEMBERED)
    hear(0)


def test_a_wrong_signature_is_not_heard() -> None:
    """Whoever has another key says nothing here."""
    parts = [b"{}"] * 4
    with pytest.raises(BadMessage, match="wrong signature"):
        Signer(b"key").check(Signer(b"another").sign(parts), parts)
