"""Fields behind a dot, methods behind a colon, keys of tables that functions take."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from kernel.core.catalogue import Field, Function
from lsp_server.completion.candidates import Candidate, Kind, of_member, saying
from lsp_server.cursor.calls import OpenCall, open_call
from lsp_server.cursor.chains import Chain
from lsp_server.cursor.moments import Moment
from lsp_server.cursor.place import Cursor
from lsp_server.inference.inference import Inference
from lsp_server.inference.members import MemberItem, Sort, documentation, members_of
from lsp_server.inference.model import Known, ScriptFunction
from lsp_server.inference.typed_chains import of_chain
from lsp_server.rules.arguments import takes_table

_NAME = re.compile(r"[A-Za-z_]\w*")


def fields(inference: Inference, cursor: Cursor, moment: Moment) -> Iterator[Candidate]:
    """What can stand behind the separator that was typed."""
    chain = cursor.typed.chain
    if chain is None:
        return
    known = of_chain(inference, moment.document, moment.offset, chain)
    if cursor.typed.separator == ":" and not _is_anything_known(known):
        yield from _guesses(inference, moment)
    for each in members_of(known).values():
        if not _NAME.fullmatch(each.name):
            continue  # it has to be written in brackets
        is_method = each.is_called_as_method
        if cursor.typed.separator == ".":
            becomes_method = is_method and each.catalogued is not None
            yield of_member(each, separator=":" if becomes_method else "")
        elif is_method or each.sort is Sort.FUNCTION:
            yield of_member(each, separator="." if _needs_dot(each) else "")


def _needs_dot(item: MemberItem) -> bool:
    """Whether a call with a colon would pass its table for something else."""
    function = item.catalogued
    if not isinstance(function, Function) or function.is_method:
        return False
    return not function.parameters or not takes_table(function.parameters[0].type)


def _is_anything_known(known: Known) -> bool:
    return bool(known.type) or any(
        each.sort is not Sort.MENTIONED for each in members_of(known).values()
    )


def _guesses(inference: Inference, moment: Moment) -> Iterator[Candidate]:
    """Methods of what may be anything: those of strings, and what the text calls elsewhere."""
    for each in members_of(inference.catalogued.of_type("string")).values():
        yield of_member(each, rank=4)
    for field in moment.document.analysis.fields:
        if field.is_method:
            yield Candidate(field.name, Kind.Text, rank=5)


def bracketed(
    inference: Inference, cursor: Cursor, moment: Moment, chain: Chain
) -> Iterator[Candidate]:
    """Keys inside ``chain["``, also those that are no names."""
    known = of_chain(inference, moment.document, moment.offset, chain)
    for each in members_of(known).values():
        yield replace(of_member(each), start=cursor.tokens[-1].start + 1)


def choices(inference: Inference, cursor: Cursor, moment: Moment) -> Iterator[Candidate]:
    """The texts that a function takes there, where these are few."""
    string, call = cursor.tokens[-1], open_call(cursor.tokens[:-1])
    if call is None or call.is_in_table or string.text[0] == "[":
        return
    callee = of_chain(inference, moment.document, moment.offset, call.callee)
    for each in callee.functions:
        if isinstance(each, Function) and call.argument < len(each.parameters):
            parameter = each.parameters[call.argument]
            for choice in parameter.choices:
                label, detail = choice.removesuffix("*"), saying(parameter.name)
                yield Candidate(label, Kind.EnumMember, detail, start=string.start + 1)


def keys(inference: Inference, cursor: Cursor, moment: Moment) -> Iterator[Candidate]:
    """The keys of the table that is an argument, unless they are there already."""
    call = open_call(cursor.tokens)
    if call is None or not call.is_at_key or not call.is_in_table:
        return
    callee = of_chain(inference, moment.document, moment.offset, call.callee)
    for name, detail, field in expected_keys(inference, callee, call):
        if name not in call.given:
            yield Candidate(
                name,
                Kind.Property,
                saying(detail),
                saying(documentation(field) if field else ""),
                rank=0,
                insert=f"{name} = ",
                is_deprecated=bool(field and field.deprecated),
            )


def expected_keys(
    inference: Inference, callee: Known, call: OpenCall
) -> Iterator[tuple[str, str, Field | None]]:
    """Name, type and entry of each key that a function knows in its table."""
    for function in callee.functions:
        if isinstance(function, ScriptFunction):
            yield from _keys_read(inference, function, call)
        else:
            shape = shape_of(inference, function, call.argument, call.keys)
            yield from (each for each in _as_keys(shape) if each[2] is not None)


def shape_of(
    inference: Inference, function: Function, argument: int, path: tuple[str | None, ...]
) -> Known:
    """What the table that is an argument, or one inside it, is expected to be."""
    if argument >= len(function.parameters):
        return Known()
    type_ = function.parameters[argument].type
    for key in path:
        known = _table_of(inference, type_, is_list=key is None)
        if key is None:
            type_ = known.type
            continue
        found = next((each for source in known.sources for each in _find(source, key)), None)
        if found is None:
            return Known()
        type_ = found.type
    return _table_of(inference, type_, is_list=False)


def _table_of(inference: Inference, type_: str, *, is_list: bool) -> Known:
    for choice in (each.strip() for each in type_.split("|")):
        if choice.endswith("[]") == is_list:
            known = inference.catalogued.of_type(choice.removesuffix("[]"))
            if known.sources and known.type != "string":
                return known
    return Known()


def _find(source: object, key: str) -> Iterator[Field]:
    members = getattr(source, "members", ())
    return (each for each in members if each.name == key and isinstance(each, Field))


def _keys_read(
    inference: Inference, function: ScriptFunction, call: OpenCall
) -> Iterator[tuple[str, str, Field | None]]:
    """What a function of the text reads from its parameter, or says of it in a comment."""
    if None in call.keys:
        return
    path = tuple(key for key in call.keys if key is not None)
    for each in function.document.analysis.functions:
        if each.node == function.node:
            # A call with a colon gives the first parameter, which for methods is self, by itself.
            index = call.argument + int(call.is_method)
            if index < len(each.parameters):
                known = inference.of_owner(function.document, each.parameters[index])
                for key in path:
                    known = inference.of_member(known, key)
                yield from _as_keys(known)


def _as_keys(known: Known) -> Iterator[tuple[str, str, Field | None]]:
    for each in members_of(known).values():
        field = each.catalogued if isinstance(each.catalogued, Field) else None
        label = f"{'?' * field.is_optional}{field.type}" if field is not None else ""
        yield each.name, label, field
