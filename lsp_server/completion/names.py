"""Names that stand alone: variables, globals, keywords, labels."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from enum import Enum

from kernel.core.catalogue import Catalogue
from lsp_server.analysis.model import Access, Declaration, Kind
from lsp_server.completion.candidates import Candidate, best_names, of_member, saying
from lsp_server.completion.candidates import Kind as ItemKind
from lsp_server.cursor.chains import chain_ending
from lsp_server.cursor.moments import Moment
from lsp_server.cursor.tokens import Sort, Token
from lsp_server.inference.inference import Inference
from lsp_server.inference.members import MemberItem, catalogue_item, value_item


class Place(Enum):
    """What is expected where a name stands alone."""

    STATEMENT = "statement"
    OPERAND = "operand"
    AFTER = "after an expression"
    LOCAL = "local"
    FUNCTION = "name of a function"
    DECLARATION = "new name"
    LOOP = "loop variable"
    LABEL = "label"
    ATTRIBUTE = "attribute"


_BEGIN = ("local", "function", "if", "for", "while", "repeat", "return", "break", "goto", "do")
_CLOSE = ("end", "else", "elseif", "until")
_STATEMENT = (*_BEGIN, *_CLOSE, "global")
KEYWORDS: dict[Place, tuple[str, ...]] = {
    Place.STATEMENT: _STATEMENT,
    Place.OPERAND: ("function", "nil", "true", "false", "not"),
    Place.AFTER: (*_STATEMENT, "and", "or", "then"),
    Place.LOCAL: ("function",),
    Place.FUNCTION: (),
    Place.DECLARATION: (),
    Place.LOOP: ("in",),
    Place.LABEL: (),
    Place.ATTRIBUTE: (),
}
"""Which keywords can stand where."""

_BEHIND = {
    "local": Place.LOCAL,
    "function": Place.FUNCTION,
    "for": Place.DECLARATION,
    "goto": Place.LABEL,
}
_OPERAND_FOLLOWS = frozenset(["and", "or", "not", "return", "if", "elseif", "while", "until", "in"])
_STATEMENT_FOLLOWS = frozenset(["do", "then", "else", "repeat", "end", "break"])


def place_of(tokens: Sequence[Token], before: Token | None) -> Place:
    """What is expected behind ``before``, which is among these tokens."""
    if before is None:
        return Place.STATEMENT
    if before.sort is Sort.KEYWORD:
        if before.text == "function" and _is_declared(tokens, before):
            return Place.DECLARATION
        if before.text in _BEHIND:
            return _BEHIND[before.text]
        if before.text in _OPERAND_FOLLOWS:
            return Place.OPERAND
        return Place.STATEMENT if before.text in _STATEMENT_FOLLOWS else Place.AFTER
    declared = _declaring(tokens, before)
    if declared is not None:
        return declared
    if before.sort is Sort.SYMBOL and before.text not in (")", "]", "}", "..."):
        return Place.STATEMENT if before.text in (";", "::") else Place.OPERAND
    return Place.AFTER


def _is_declared(tokens: Sequence[Token], function: Token) -> bool:
    """Whether it is the ``function`` of ``local function``, which gets a new name."""
    at = next((i for i in range(len(tokens) - 1, 0, -1) if tokens[i] is function), 0)
    return at > 0 and tokens[at - 1].text in ("local", "global")


def _declaring(tokens: Sequence[Token], before: Token) -> Place | None:
    """Whether this is a list of new names: of ``local``, of ``for``, or of a function."""
    at = next((i for i in range(len(tokens) - 1, -1, -1) if tokens[i] is before), -1)
    is_name = before.sort is Sort.NAME
    while at >= 0 and (tokens[at].sort is Sort.NAME or tokens[at].text in (",", "<", ">")):
        at -= 1
    if at < 0:
        return None
    stop = tokens[at]
    if stop.text in ("local", "global") and before.text == "<":
        return Place.ATTRIBUTE
    if stop.sort is Sort.KEYWORD and stop.text in ("for", "local"):
        if is_name:
            return Place.LOOP if stop.text == "for" else None
        return Place.DECLARATION if before.text == "," else None
    if stop.text == "(" and before.text in ("(", ",") and at > 0:
        if tokens[at - 1].text == "function":
            return Place.DECLARATION
        if tokens[at - 1].sort is Sort.NAME:
            first, _ = chain_ending(tokens, at - 1)
            if first > 0 and tokens[first - 1].text == "function":
                return Place.DECLARATION
    return None


def variables(moment: Moment) -> Iterator[Candidate]:
    """The locals that are visible, the innermost first."""
    for each in moment.document.analysis.visible_at(moment.offset):
        item = variable_item(moment, each)
        usual = ItemKind.Constant if each.attribute == "const" else ItemKind.Variable
        kind = ItemKind.Function if item.function is not None else usual
        yield replace(of_member(item, rank=1), kind=kind)


_WORDS = {
    Kind.PARAMETER: "parameter",
    Kind.SELF: "self",
    Kind.LOOP: "loop variable",
    Kind.GLOBAL: "global",
}


def variable_item(moment: Moment, declared: Declaration) -> MemberItem:
    """A variable, described like a member."""
    item = value_item(declared.name, moment.document, declared.start, declared.value)
    if declared.kind in _WORDS:
        sort, place = item.sort, (moment.document, declared.start)
        return MemberItem(declared.name, sort, _WORDS[declared.kind], place=place)
    return item


def globals_(
    inference: Inference,
    moment: Moment,
    catalogue: Catalogue,
    others: Collection[str],
    prefix: str,
) -> Iterator[Candidate]:
    """The globals that the text writes, then those of the library and of other files.

    Of thousands in the text there are no more than are sent, those that fit best.
    """
    provided = catalogue.global_names
    written = {
        name: first.start
        for name, uses in moment.document.analysis.globals.items()
        if name not in provided
        and (first := next((each for each in uses if each.access is not Access.READ), None))
    }
    taken = {*best_names(written, prefix)}
    for name in [each for each in written if each in taken]:
        known = inference.of_owner(moment.document, name)
        node = known.functions[0] if known.functions else None
        value = getattr(node, "node", None)
        yield of_member(value_item(name, moment.document, written[name], value), rank=2)
    for member in catalogue.values:
        if member.name not in taken:
            taken.add(member.name)
            yield of_member(catalogue_item(member), rank=3)
    for table in catalogue.tables.values():
        yield Candidate(table.name, ItemKind.Module, saying("table"), saying(table.doc), rank=3)
    for name in best_names(others, prefix):
        yield Candidate(name, ItemKind.Variable, saying("of another file"), rank=4)


def keywords(place: Place, catalogue: Catalogue) -> Iterator[Candidate]:
    """Those that can stand here."""
    known = {each.name: each.doc for each in catalogue.keywords}
    for word in KEYWORDS[place]:
        if word in known:
            yield Candidate(word, ItemKind.Keyword, str, saying(known[word]), rank=5)


def attributes(lua: str) -> Iterator[Candidate]:
    """What a variable can be declared as."""
    if lua in ("5.4", "5.5"):
        yield Candidate("const", ItemKind.Keyword, doc=saying("Nothing else is assigned to it."))
        closed = "Its `__close` is called when its block ends, however that happens."
        yield Candidate("close", ItemKind.Keyword, doc=saying(closed))


def labels(moment: Moment) -> Iterator[Candidate]:
    """What ``goto`` can jump to."""
    function = moment.document.analysis.function_at(moment.offset)
    for each in moment.document.analysis.declarations:
        if each.kind is Kind.LABEL and each.function is function:
            yield Candidate(each.name, ItemKind.Reference, saying("label"), rank=0)
