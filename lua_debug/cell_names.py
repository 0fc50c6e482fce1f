"""The names that a cell itself declares: its locals are nowhere before it runs."""

import re
from collections.abc import Iterator

from kernel.execution.engine import Completion

_NAME = r"[^\W\d]\w*"
_DECLARED = re.compile(
    rf"\blocal\s+function\s+({_NAME})"
    rf"|\b(?:local|for)\s+({_NAME}(?:\s*(?:<\w+>)?\s*,\s*{_NAME})*)"
    rf"|\bfunction\b[^()\n]*\(([^()]*)\)",
    re.ASCII,
)
_PARTIAL = re.compile(rf"(?<![\w.:])({_NAME})?\Z", re.ASCII)
_KEYWORDS = frozenset({"function", "in", "nil"})


def local_names(code: str, cursor: int) -> Iterator[Completion]:
    """Locals, parameters and loop variables declared before ``cursor``, the nearest first.

    Whether their block has ended by then is not asked: while one types, the text is rarely whole.
    """
    found = _PARTIAL.search(code, 0, cursor)
    if found is None:
        return
    partial = (found[1] or "").lower()
    start = found.start()
    declared = [name for each in _DECLARED.finditer(code, 0, start) for name in _names(each)]
    for name in dict.fromkeys(reversed(declared)):
        if name.lower().startswith(partial) and name not in _KEYWORDS:
            yield Completion(name, start, cursor, "variable")


def _names(found: "re.Match[str]") -> list[str]:
    text = next(each for each in found.groups() if each is not None)
    return re.findall(_NAME, re.sub(r"<\w+>", "", text), re.ASCII)
