"""Hit conditions and log messages: parsed once, when a breakpoint is set."""

import math
import re
from collections.abc import Sequence
from dataclasses import replace

from kernel.core.errors import UserError
from kernel.core.model import HitCondition, HitOperator, LogMessage

_HIT = re.compile(r"\s*(==|>=|<=|=|>|<|%|\*)?\s*([0-9]{1,15})\s*")
_SPELLINGS = {
    None: HitOperator.EQUAL,
    "=": HitOperator.EQUAL,
    "==": HitOperator.EQUAL,
    ">": HitOperator.GREATER,
    ">=": HitOperator.GREATER_EQUAL,
    "<": HitOperator.LESS,
    "<=": HitOperator.LESS_EQUAL,
    "%": HitOperator.EVERY,
    "*": HitOperator.EVERY,
}

_LEAST = {
    HitOperator.EQUAL: 1,
    HitOperator.LESS: 2,
    HitOperator.LESS_EQUAL: 1,
    HitOperator.EVERY: 1,
}
"""The smallest count that some hit can meet."""


def parse_hit_condition(text: str) -> HitCondition:
    """Understand a count, bare or after ``=``, ``==``, ``>``, ``>=``, ``<``, ``<=``, ``%``, ``*``.

    A bare number stops on exactly that hit; ``%`` (or ``*``) on every n-th one. Of several, with
    commas between them, all have to hold. Raises `UserError` for anything else, and for what no
    hit can meet.
    """
    first, *further = (_parse_one(each) for each in text.split(","))
    if not _can_be_met((first, *further)):
        raise UserError(
            f"Hit condition {text!r} never holds, because no hit meets all that stand between "
            "the commas; for several hits, set several breakpoints."
        )
    return replace(first, further=tuple(further))


def _can_be_met(conditions: Sequence[HitCondition]) -> bool:
    """Whether some hit, counted from 1, meets all of them."""
    least, most, step = 1, math.inf, 1
    for each in conditions:
        match each.operator:
            case HitOperator.EQUAL:
                least, most = max(least, each.count), min(most, each.count)
            case HitOperator.GREATER | HitOperator.GREATER_EQUAL as more:
                least = max(least, each.count + (more is HitOperator.GREATER))
            case HitOperator.LESS | HitOperator.LESS_EQUAL as less:
                most = min(most, each.count - (less is HitOperator.LESS))
            case HitOperator.EVERY:
                step = math.lcm(step, each.count)
    return -(-least // step) * step <= most


def _parse_one(text: str) -> HitCondition:
    match = _HIT.fullmatch(text)
    if match is None:
        raise UserError(
            f"Hit condition {text!r} is not understood; write a number, or one of "
            "= == > >= < <= % * before a number, such as '>= 5' or '% 10'; of several with commas "
            "between them all have to hold."
        )
    operator, count = _SPELLINGS[match[1]], int(match[2])
    least = _LEAST.get(operator, 0)
    if count < least:
        raise UserError(
            f"Hit condition {text!r} never holds, because the first hit is number 1; "
            f"use at least {least}."
        )
    return HitCondition(operator, count)


def parse_log_message(text: str) -> LogMessage:
    """Split a log message into literal text and ``{expressions}``; ``{{`` and ``}}`` are braces.

    Braces inside an expression nest, and quotes hide them, so that ``{f({1, "}"})}`` works.
    Raises `UserError` for a brace that is never closed or an empty expression.
    """
    parts, literal, place = [], "", 0
    while place < len(text):
        char = text[place]
        if text[place : place + 2] in ("{{", "}}"):
            literal, place = literal + char, place + 2
        elif char == "{":
            end = _closing_brace(text, place)
            expression = text[place + 1 : end].strip()
            if not expression:
                raise UserError(
                    f"Log message {text!r} has an empty {{}}; write {{{{}}}} for braces."
                )
            parts += [literal, expression]
            literal, place = "", end + 1
        else:
            literal, place = literal + char, place + 1
    return LogMessage(text, (*parts, literal))


def _closing_brace(text: str, start: int) -> int:
    depth, quote, place = 0, "", start
    while place < len(text):
        char = text[place]
        if quote:
            if char == "\\":
                place += 1
            elif char == quote:
                quote = ""
        elif char in "\"'":
            quote = char
        elif char == "{":
            depth += 1
        elif char == "}":
            depth -= 1
            if depth == 0:
                return place
        place += 1
    raise UserError(f"Log message {text!r}: the brace at column {start + 1} is never closed.")
