"""KeptVariables: the variables of a kernel's program, from its orderly end to its next beginning.

What can be kept and what cannot is as for ``.save`` (`llmspell.lua_snapshot`). Kept is one entry of
the kernel's own scope: ``{"names": …, "tables": …, "unsaved": [{"name", "reason"}]}``.
"""

import asyncio
import itertools
import json
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from kernel.core.errors import KernelError, UserError
from kernel.execution.engine import Cell
from kernel.repl.language import SavedVariables, Unsaved
from kernel.state.migrations import KERNEL_SCOPE
from kernel.state.redaction import Redactor
from kernel.state.store import StateStore
from llmspell.lua_repl import LuaRepl
from lua_debug.session import LuaSession

MIB = 1024 * 1024

MOST = 32 * MIB
"""Characters of JSON that are kept at most."""

PATIENCE = 10.0
"""Seconds that the program has to tell its variables when it ends."""

MANY = 100_000
"""Globals at most."""

ALL = "all variables:"
"""In place of a name, where none could be kept."""

SECRET = "has the name of a secret"

_ARGUMENTS = frozenset({"arg", "ARGS"})
"""What a run was started with is no business of the next one."""

_RESULT = re.compile(r"_+|_\d+")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Returned:
    """What came back of the run before."""

    names: int
    """How many variables."""
    lost: Sequence[Unsaved]
    """What could not be kept of them."""


class KeptVariables:
    """Used on the loop's thread."""

    def __init__(self, store: Callable[[], StateStore], key: Callable[[], str]) -> None:
        """``key`` names the kernel or its session; empty: there is nothing to keep them under."""
        self._open, self._key = store, key
        self._language = LuaRepl()
        self._is_wanted = True
        self.returned: Returned | None = None
        """What `give_back` has given; None before, and where there was nothing."""

    # --- the end --------------------------------------------------------------------------------

    def drop(self) -> None:
        """The kernel ends so that its variables are gone: keep none, and forget those there are."""
        self._is_wanted = False
        self.forget()

    def forget(self) -> None:
        """Take away what the run before has left."""
        if key := self._key():
            self._open().delete(KERNEL_SCOPE, f"variables/{key}")

    async def take(self, session: LuaSession) -> None:
        """Keep the variables of a program that is about to end; what fails is logged.

        Where none could be read, the next run is told so, and does not find those of the run
        before this one.
        """
        key = self._key()
        if not key or not self._is_wanted:
            return
        try:
            async with asyncio.timeout(PATIENCE):
                found = await self._read(session)
        except (KernelError, TimeoutError) as error:
            why = str(error) or "they took too long"
            _log.warning("The variables were not kept: %s", why)
            found = SavedVariables({"names": {}, "tables": []}, [Unsaved(ALL, why)])
        try:
            await asyncio.to_thread(self._put, f"variables/{key}", found)
        except KernelError as error:
            _log.warning("The variables were not kept: %s", error)

    def _put(self, key: str, found: SavedVariables) -> None:
        said = limited(found, MOST)
        for each in said.unsaved[len(found.unsaved) :]:
            _log.warning("not kept: %s %s", each.name, each.reason)
        whole = {**said.values, "unsaved": [asdict(each) for each in said.unsaved]}
        data = _written(whole).encode("utf-8", "surrogatepass")
        self._open().put(KERNEL_SCOPE, key, data)

    async def _read(self, session: LuaSession) -> SavedVariables:
        debuggee = session.debuggee
        scope = await debuggee.global_scope()
        found = await debuggee.variables(scope.reference, "named", 0, MANY)
        names = [
            each.name
            for each in found
            if self._language.is_name(each.name)
            and each.name not in _ARGUMENTS
            and not _RESULT.fullmatch(each.name)
        ]
        expression = self._language.snapshot(names)
        said = await debuggee.evaluate(expression, None, "clipboard")
        return without_secrets(self._language.read_snapshot(said.value))

    # --- the beginning --------------------------------------------------------------------------

    async def give_back(self, session: LuaSession) -> None:
        """Give a new program the variables of the run before, if any are kept."""
        key = self._key()
        if not key:
            return
        try:
            entry = await asyncio.to_thread(
                lambda: self._open().get(KERNEL_SCOPE, f"variables/{key}")
            )
            if entry is None:
                return
            said = json.loads(entry.value)
            for code in self._language.restoring(said):
                cell = Cell(code, "variables of the run before", 0, stores_result=False)
                outcome = await session.execute(cell)
                if outcome.error is not None:
                    raise UserError(outcome.error.message)
            lost = [Unsaved(each["name"], each["reason"]) for each in said["unsaved"]]
        except (KernelError, ValueError, KeyError, TypeError) as error:
            _log.warning("The variables of the run before cannot be read: %s", error)
            return
        self.returned = Returned(len(said["names"]), lost)
        _log.info("variables of the run before: %s", len(said["names"]))
        for each in lost:
            _log.info("  not kept: %s %s", each.name, each.reason)

    def told(self) -> Mapping[str, Any] | None:
        """What came back, for ``kernel status``."""
        if self.returned is None:
            return None
        lost = [f"{each.name} {each.reason}" for each in self.returned.lost]
        return {"restored": self.returned.names, "lost": lost}


def without_secrets(saved: SavedVariables) -> SavedVariables:
    """Without texts whose names say that nobody may read them; they are listed as not kept."""
    redactor, lost = Redactor(), [*saved.unsaved]

    def may_stay(name: object, value: object, path: str) -> bool:
        is_secret = isinstance(name, str) and isinstance(value, str) and redactor.is_secret(name)
        if is_secret:
            lost.append(Unsaved(f"{path}{name}", SECRET))
        return not is_secret

    names = {
        name: value for name, value in saved.values["names"].items() if may_stay(name, value, "")
    }
    tables = [
        [[key, value] for key, value in entries if may_stay(key, value, "….")]
        for entries in saved.values["tables"]
    ]
    return SavedVariables({"names": names, "tables": tables}, lost)


def limited(saved: SavedVariables, most: int) -> SavedVariables:
    """Without those that do not fit in ``most`` characters of JSON; they are listed as not kept.

    The small ones go first. What tables share is counted with the first name that reaches it.
    """
    names, tables = saved.values["names"], saved.values["tables"]
    if len(_written(saved.values)) <= most:
        return saved
    sizes = [len(_written(entries)) for entries in tables]

    def at_first_sight(name: str) -> int:
        place = _table(names[name])
        return len(_written(names[name])) if place is None else sizes[place]

    lost, kept, reached = [*saved.unsaved], set[str](), set[int]()
    left = most - len("[],") * len(tables)
    for name in sorted(names, key=at_first_sight):
        more = _reached(names[name], tables, reached)
        size = len(_written({name: names[name]})) + sum(sizes[each] for each in more)
        if size > left:
            what = f"takes {size / MIB:.1f} MiB; together no more than {most // MIB} MiB are kept"
            lost.append(Unsaved(name, what))
            continue
        kept.add(name)
        reached |= more
        left -= size
    return SavedVariables(
        {
            "names": {name: names[name] for name in names if name in kept},
            "tables": [each if n in reached else [] for n, each in enumerate(tables)],
        },
        lost,
    )


def _reached(value: object, tables: Sequence[Any], known: set[int]) -> set[int]:
    """The tables that one comes to from a value, without those that are known."""
    found, ahead = set[int](), [value]
    while ahead:
        place = _table(ahead.pop())
        if place is not None and place not in known and place not in found:
            found.add(place)
            ahead += itertools.chain.from_iterable(tables[place])
    return found


def _table(value: object) -> int | None:
    """The number of the table that a value is."""
    return value.get("t") if isinstance(value, Mapping) else None


def _written(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))
