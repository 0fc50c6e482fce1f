"""The chain before the cursor: ``Agent.builder():name("x"):mo`` read from right to left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lsp_server.cursor.tokens import Sort, Token


@dataclass(frozen=True, slots=True)
class FieldStep:
    """``.name``, ``:name`` or ``["name"]``; None: the key is computed."""

    name: str | None


@dataclass(frozen=True, slots=True)
class CallStep:
    """A call; ``arguments`` are the tokens between its parentheses, or the string or table."""

    arguments: tuple[Token, ...]


Step = FieldStep | CallStep


@dataclass(frozen=True, slots=True)
class Chain:
    """An expression that names something: what it begins with, and its steps."""

    root: Token | None
    """A name or a string; None: something of which nothing is known."""
    steps: tuple[Step, ...]
    start: int


@dataclass(frozen=True, slots=True)
class Typed:
    """What is being typed: a name, maybe behind a chain and a separator."""

    prefix: str
    """As much of the name as is there; may be empty."""
    start: int
    """Where the name begins."""
    separator: str = ""
    """``.`` or ``:``; empty for a name that stands alone."""
    chain: Chain | None = None
    before: Token | None = None
    """The token before the whole expression."""


_OPENING = {")": "(", "]": "[", "}": "{"}


def typed_at(tokens: Sequence[Token], offset: int) -> Typed:
    """What is being typed at the end of these tokens."""
    count, prefix, start = len(tokens), "", offset
    if tokens and tokens[-1].end == offset and tokens[-1].sort in (Sort.NAME, Sort.KEYWORD):
        count -= 1
        prefix, start = tokens[-1].text, tokens[-1].start
    before = tokens[count - 1] if count else None
    if before is None or before.text not in (".", ":") or before.sort is not Sort.SYMBOL:
        return Typed(prefix, start, before=before)
    first, chain = chain_ending(tokens, count - 2)
    outside = tokens[first - 1] if first > 0 else None
    return Typed(prefix, start, before.text, chain, outside)


def chain_ending(tokens: Sequence[Token], last: int) -> tuple[int, Chain]:
    """The chain whose last token is ``tokens[last]``, and the index of its first one."""
    steps: list[Step] = []
    at = last
    while at >= 0:
        token = tokens[at]
        if token.sort is Sort.NAME:
            if at == 0 or tokens[at - 1].text not in (".", ":"):
                return at, Chain(token, tuple(steps[::-1]), token.start)
            steps.append(FieldStep(token.text))
            at -= 2
        elif token.sort is Sort.STRING:
            if not _ends_a_prefix(tokens, at - 1):
                return at, Chain(token, tuple(steps[::-1]), token.start)
            steps.append(CallStep((token,)))
            at -= 1
        elif token.sort is Sort.SYMBOL and token.text in _OPENING:
            opening = opening_of(tokens, at)
            inside = tuple(tokens[opening + 1 : at])
            if not _ends_a_prefix(tokens, opening - 1):
                return _bracketed(tokens, opening, inside, token.text, steps)
            steps.append(_step(token.text, inside))
            at = opening - 1
        else:
            break
    start = tokens[at + 1].start if at + 1 < len(tokens) else 0
    return at + 1, Chain(None, tuple(steps[::-1]), start)


def opening_of(tokens: Sequence[Token], last: int) -> int:
    """The index of the bracket that belongs to the closing one at ``last``; -1: it is not here."""
    depth = 0
    for index in range(last, -1, -1):
        if tokens[index].sort is not Sort.SYMBOL:
            continue
        if tokens[index].text in _OPENING:
            depth += 1
        elif tokens[index].text in _OPENING.values():
            depth -= 1
            if depth == 0:
                return index
    return -1


def _step(closing: str, inside: tuple[Token, ...]) -> Step:
    if closing != "]":
        return CallStep(inside)
    is_name = len(inside) == 1 and inside[0].sort is Sort.STRING
    return FieldStep(inside[0].value if is_name else None)


def _bracketed(
    tokens: Sequence[Token],
    opening: int,
    inside: tuple[Token, ...],
    closing: str,
    steps: list[Step],
) -> tuple[int, Chain]:
    """A chain that begins with ``(…)``: of a chain in parentheses more is known."""
    first = max(opening, 0)
    start = tokens[first].start if tokens else 0
    if closing == ")" and inside:
        begin, chain = chain_ending(inside, len(inside) - 1)
        if begin == 0 and chain.root is not None:
            return first, Chain(chain.root, (*chain.steps, *steps[::-1]), start)
    return first, Chain(None, tuple(steps[::-1]), start)


def _ends_a_prefix(tokens: Sequence[Token], at: int) -> bool:
    """Whether what comes behind can call or index what ends with this token.

    A string or a table can only as the argument of a call: ``f"x".y``, but not ``"x".y``.
    """
    while at >= 0:
        token = tokens[at]
        if token.sort is Sort.NAME or (token.sort is Sort.SYMBOL and token.text in (")", "]")):
            return True
        if token.sort is Sort.STRING:
            at -= 1
        elif token.sort is Sort.SYMBOL and token.text == "}":
            at = opening_of(tokens, at) - 1
        else:
            return False
    return False
