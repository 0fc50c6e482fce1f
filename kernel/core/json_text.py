"""What is wrong with a text that is no JSON, and where."""

import json
from collections.abc import Mapping

WORDS: Mapping[str, str] = {
    "Expecting value": "a value is missing",
    "Expecting property name enclosed in double quotes": "a name in double quotes is missing",
    "Expecting ':' delimiter": "a colon is missing",
    "Expecting ',' delimiter": "a comma is missing",
    "Extra data": "something stands behind the value",
    "Unterminated string starting at": "a text without an end begins",
    "Invalid control character at": "a text has a control character in it",
    "Invalid \\escape": "a text has a backslash in it that says nothing",
    "Invalid \\uXXXX escape": "a text has a \\u without four hexadecimal digits",
}
"""By the words of Python's reader; before 3.13 it has some of them with a colon behind them."""


def json_problem(error: ValueError | RecursionError) -> str:
    """What Python's reader stumbled over, without a full stop."""
    if isinstance(error, RecursionError):
        return "it is nested too deep"
    if not isinstance(error, json.JSONDecodeError):
        return str(error)
    what = WORDS.get(error.msg.rstrip(": "), error.msg)
    return f"{what} at line {error.lineno}, column {error.colno}"
