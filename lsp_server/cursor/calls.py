"""The call the cursor is in: whose, which argument, and where in the tables of that argument."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from lsp_server.cursor.chains import Chain, chain_ending, opening_of
from lsp_server.cursor.tokens import Sort, Token


@dataclass(frozen=True, slots=True)
class OpenCall:
    """A call whose closing parenthesis is not there yet, or is behind the cursor."""

    callee: Chain
    is_method: bool
    """Whether it is called with a colon."""
    argument: int
    """The argument the cursor is in, counted from 0."""
    is_in_table: bool = False
    keys: tuple[str | None, ...] = ()
    """Under which keys of that argument the innermost table is; None: an element of a list."""
    given: frozenset[str] = frozenset()
    """The keys that the innermost table has already."""
    is_at_key: bool = False
    """Whether a key of that table can stand here."""


_ENDS_THE_SEARCH = frozenset(
    [
        *("function", "do", "then", "else", "elseif", "if", "while", "for", "repeat", "local"),
        *("return", "goto", "break", "in"),
    ]
)
_OPENS_A_BLOCK = frozenset({"function", "if", "do"})


@dataclass(slots=True)
class _Search:
    """What was passed on the way from the cursor to the left."""

    commas: int = 0
    keys: list[str | None] = field(default_factory=list)
    """Of each table that was left, inner ones first."""
    given: frozenset[str] = frozenset()
    is_at_key: bool = False
    is_in_table: bool = False
    has_assignment: bool = False


def open_call(tokens: Sequence[Token]) -> OpenCall | None:
    """The innermost call that is open behind these tokens; None if there is none."""
    search, at = _Search(), len(tokens) - 1
    while at >= 0:
        token = tokens[at]
        if token.sort is Sort.KEYWORD:
            if token.text in _ENDS_THE_SEARCH:
                return None
            if token.text in ("end", "until"):
                at = _block_start(tokens, at)
        elif token.sort is Sort.SYMBOL:
            if token.text in (")", "]", "}"):
                at = opening_of(tokens, at)
            elif token.text == "{" or token.text == "(":
                callee = _callee(tokens, at - 1)
                if token.text == "(" and (search.has_assignment or callee == _DEFINITION):
                    return None
                if isinstance(callee, tuple):
                    return _found(search, tokens, at, callee)
                _leave(search, tokens, at)
            search.commas += token.text == ","
            search.has_assignment |= token.text == "="
        at -= 1
    return None


def unclosed_from(tokens: Sequence[Token]) -> int:
    """The index of the token with which an expression begins that has open brackets.

    Of several around each other, the outermost; the number of tokens if there is none.
    """
    found, at = len(tokens), len(tokens) - 1
    while at >= 0:
        token = tokens[at]
        if token.sort is Sort.KEYWORD:
            if token.text in _ENDS_THE_SEARCH:
                break
            if token.text in ("end", "until"):
                at = _block_start(tokens, at)
        elif token.sort is Sort.SYMBOL:
            if token.text in (")", "]", "}"):
                at = opening_of(tokens, at)
            elif token.text in ("(", "{", "["):
                callee = _callee(tokens, at - 1)
                if callee == _DEFINITION:
                    break
                found = at if callee is None else chain_ending(tokens, at - 1)[0]
        at -= 1
    return found


def _found(
    search: _Search, tokens: Sequence[Token], at: int, callee: tuple[Chain, bool]
) -> OpenCall:
    if tokens[at].text == "{":  # f{ … }: the table is the argument
        _see_table(search, tokens, at)
        search.commas = 0
    elif search.is_in_table:
        search.keys.pop()  # the outermost table is the argument itself
    return OpenCall(
        *callee,
        search.commas,
        search.is_in_table,
        tuple(search.keys[::-1]),
        search.given,
        search.is_at_key,
    )


def _leave(search: _Search, tokens: Sequence[Token], at: int) -> None:
    """The bracket is around the cursor and belongs to no call."""
    if tokens[at].text == "{":
        _see_table(search, tokens, at)
        search.keys.append(_key_before(tokens, at))
    search.commas, search.has_assignment = 0, False


def _see_table(search: _Search, tokens: Sequence[Token], at: int) -> None:
    if search.is_in_table:
        return
    search.is_in_table = True
    search.given, search.is_at_key = _keys(tokens[at + 1 :]), _is_at_key(tokens)


_DEFINITION = "a definition"


def _callee(tokens: Sequence[Token], last: int) -> tuple[Chain, bool] | str | None:
    if last < 0 or (tokens[last].sort is not Sort.NAME and tokens[last].text not in (")", "]")):
        return _DEFINITION if last >= 0 and tokens[last].text == "function" else None
    first, chain = chain_ending(tokens, last)
    if first > 0 and tokens[first - 1].text == "function":
        return _DEFINITION
    is_method = tokens[last].sort is Sort.NAME and last > 0 and tokens[last - 1].text == ":"
    return chain, is_method


def _block_start(tokens: Sequence[Token], last: int) -> int:
    """The index of the keyword that begins the block that ends at ``last``."""
    depth = 0
    for index in range(last, -1, -1):
        if tokens[index].sort is not Sort.KEYWORD:
            continue
        word = tokens[index].text
        if word in ("end", "until"):
            depth += 1
        elif word in _OPENS_A_BLOCK or word == "repeat":
            depth -= 1
            if depth == 0:
                return index
    return -1


def _key_before(tokens: Sequence[Token], at: int) -> str | None:
    """``key`` of ``key = {`` and ``["key"] = {``."""
    if at < 2 or tokens[at - 1].text != "=":
        return None
    if tokens[at - 2].sort is Sort.NAME:
        return tokens[at - 2].text
    is_string = at >= 4 and tokens[at - 3].sort is Sort.STRING and tokens[at - 2].text == "]"
    return tokens[at - 3].value if is_string else None


def _keys(inside: Sequence[Token]) -> frozenset[str]:
    """The keys of a table, as far as it is written."""
    depth, found = 0, set()
    for index, token in enumerate(inside):
        if token.sort is not Sort.SYMBOL:
            continue
        depth += token.text in ("{", "(", "[")
        depth -= token.text in ("}", ")", "]")
        if token.text == "=" and depth == 0 and index > 0:
            name = _key_before(inside, index + 1)
            found |= {name} if name else set()
    return frozenset(found)


def _is_at_key(tokens: Sequence[Token]) -> bool:
    """Whether the last token, or that before a name, lets a key begin."""
    last = len(tokens) - 1
    if tokens[last].sort is Sort.NAME:
        last -= 1
    return tokens[last].sort is Sort.SYMBOL and tokens[last].text in ("{", ",", ";")
