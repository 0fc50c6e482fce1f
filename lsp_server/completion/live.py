"""Candidates with the values that the stopped program has."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lsp_server.completion.candidates import Candidate, Kind, saying
from lsp_server.live_values import LiveMember

_KINDS = {
    "method": Kind.Method,
    "function": Kind.Function,
    "field": Kind.Field,
    "property": Kind.Property,
    "variable": Kind.Variable,
    "module": Kind.Module,
}


def with_live_values(
    candidates: Sequence[Candidate], live: Sequence[LiveMember]
) -> list[Candidate]:
    """Each candidate with its value, if there is one; then what only the program knows."""
    values = {each.label: each for each in live if each.type != "keyword"}
    known = {each.label for each in candidates if not each.is_snippet}
    marked = [
        _worth(each, values[each.label].detail)
        if not each.is_snippet and each.label in values
        else each
        for each in candidates
    ]
    more = [
        _worth(Candidate(each.label, _KINDS.get(each.type, Kind.Field), rank=1), each.detail)
        for each in values.values()
        if each.label not in known
    ]
    return [*marked, *more]


def _worth(candidate: Candidate, value: str) -> Candidate:
    return replace(candidate, detail=saying(f"= {value}"), value=value) if value else candidate
