"""Completions: the probe counts bytes of UTF-8, clients count characters."""

from collections.abc import Mapping
from typing import Any

from kernel.core import model as m
from kernel.core.catalogue import Catalogue, Function


def length_in_utf8(text: str) -> int:
    """How many bytes a text has for the probe."""
    return len(text.encode("utf-8", "surrogatepass"))


def completion(told: Mapping[str, Any], text: str, catalogue: Catalogue) -> m.Completion:
    """An item of the probe, its places counted in characters of ``text``.

    What is known of a function of the library, or of the host, is its signature.
    """
    raw = text.encode("utf-8", "surrogatepass")
    start = _characters(raw[: told["start"]])
    return m.Completion(
        label=told["label"],
        text=told["text"],
        kind=told["kind"],
        detail=_signature(told.get("library"), catalogue) or told.get("detail"),
        sort_text=told["sort_text"],
        start=start,
        length=_characters(raw[: told["start"] + told["length"]]) - start,
    )


def _signature(name: str | None, catalogue: Catalogue) -> str | None:
    if name is None:
        return None
    table, _, member = name.replace(":", ".").rpartition(".")
    found = catalogue.tables.get(table) or catalogue.types.get(table)
    if table and found is None:
        return None
    forms = found.find(member) if found else catalogue.find(member)
    return next((each.label for each in forms if isinstance(each, Function)), None)


def _characters(raw: bytes) -> int:
    return len(raw.decode("utf-8", "surrogatepass"))
