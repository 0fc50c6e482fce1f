"""Completions: the probe counts bytes of UTF-8, clients count characters."""

from collections.abc import Mapping
from typing import Any

from kernel.core import model as m


def length_in_utf8(text: str) -> int:
    """How many bytes a text has for the probe."""
    return len(text.encode("utf-8", "surrogatepass"))


def completion(told: Mapping[str, Any], text: str) -> m.Completion:
    """An item of the probe, its places counted in characters of ``text``."""
    raw = text.encode("utf-8", "surrogatepass")
    start = _characters(raw[: told["start"]])
    return m.Completion(
        label=told["label"],
        text=told["text"],
        kind=told["kind"],
        detail=told.get("detail"),
        sort_text=told["sort_text"],
        start=start,
        length=_characters(raw[: told["start"] + told["length"]]) - start,
    )


def _characters(raw: bytes) -> int:
    return len(raw.decode("utf-8", "surrogatepass"))
