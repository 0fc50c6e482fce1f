"""What is answered without the program, where it does not answer: inside a C function, or gone.

Then completions are those of the catalogue: keywords, the library, what the host adds.
"""

import asyncio
import re
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, TypeVar

from kernel.core.catalogue import Catalogue, Function, Member, Table
from kernel.core.errors import DebuggeeGone
from kernel.execution.engine import Completion

Answer = TypeVar("Answer")

PATIENCE = 0.5
"""Seconds that a cell which runs has to come to a place where it can be looked at."""

_NAME = r"[^\W\d]\w*"
_TYPED = re.compile(
    rf"(?<![\w.:])(?:({_NAME}(?:\.{_NAME})*)\s*([.:])\s*)?({_NAME})?\Z",
    re.ASCII,
)


async def answer_of(
    asking: Coroutine[Any, Any, Answer], is_running: Callable[[], bool]
) -> Answer | None:
    """The program's answer; None where the cell that runs does not come to it, or it is gone."""
    task = asyncio.ensure_future(asking)
    try:
        while not (await asyncio.wait([task], timeout=PATIENCE))[0]:
            if is_running():
                return None
        return task.result()
    except DebuggeeGone:
        return None
    finally:
        task.cancel()


def catalogued_names(code: str, cursor: int, catalogue: Catalogue) -> list[Completion]:
    """Ways to go on at ``cursor``, in the order of their names; keywords come last."""
    found = _TYPED.search(code, 0, cursor)
    if found is None:
        return []
    owner, symbol, partial = found[1], found[2], found[3] or ""
    start = cursor - len(partial)
    known = _members(catalogue.tables.get(owner), symbol) if owner else _globals(catalogue)
    return [
        Completion(name, start, cursor, kind, detail)
        for name, (kind, detail) in known.items()
        if name.lower().startswith(partial.lower())
    ]


def _globals(catalogue: Catalogue) -> dict[str, tuple[str, str]]:
    values = {each.name: _shown(each) for each in reversed(catalogue.values)}
    tables = {name: ("module", "") for name in catalogue.tables if "." not in name}
    words = {each.name: ("keyword", "") for each in catalogue.keywords}
    return {**dict(sorted({**values, **tables}.items())), **dict(sorted(words.items()))}


def _members(table: Table | None, symbol: str) -> dict[str, tuple[str, str]]:
    """Of a table's functions and fields, its first form of each; after a colon what is called."""
    members: Iterator[Member] = reversed(table.members) if table is not None else iter(())
    known = {
        each.name: _shown(each)
        for each in members
        if symbol == "." or (isinstance(each, Function) and each.is_method)
    }
    return dict(sorted(known.items()))


def _shown(member: Member) -> tuple[str, str]:
    """Kind and signature."""
    is_function = isinstance(member, Function)
    return ("function", member.label) if is_function else ("field", "")
