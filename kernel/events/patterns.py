"""Globs over the dotted names of events.

- ``*`` is any text of at least one character, dots included: ``user.*`` is ``user.login`` and
  ``user.group.left``, ``*.error`` is ``tool.error`` and ``a.b.error``, ``*`` alone is every event.
- ``?`` is one word between dots: ``user.?`` is ``user.login`` but not ``user.group.left``.
- Everything else is itself, capital and small letters apart. ``**`` is ``*``.
"""

import re
from collections.abc import Callable
from functools import lru_cache

from kernel.core.errors import UserError

Matches = Callable[[str], bool]


@lru_cache(maxsize=1024)
def compile_pattern(pattern: str) -> Matches:
    """Whether a name matches, as a function; raises `UserError` for a pattern of nothing."""
    if not pattern or pattern.isspace():
        raise UserError("An empty pattern matches no event; write '*' for all of them.")
    if set(pattern) == {"*"}:
        return lambda _name: True
    parts = re.split(r"(\*+|\?)", pattern)
    text = "".join(map(_as_expression, parts))
    return lambda name, match=re.compile(text, re.DOTALL).fullmatch: match(name) is not None  # type: ignore[misc]


def _as_expression(part: str) -> str:
    if part.startswith("*"):
        return ".+"
    return r"[^.]+" if part == "?" else re.escape(part)


def matches(pattern: str, name: str) -> bool:
    """Whether ``name`` is one of those that ``pattern`` means."""
    return compile_pattern(pattern)(name)
