"""BreakpointBook: the breakpoints of one client by their numbers, and how the kernel is told."""

import os
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from kernel.repl.table import BadCommand

Body = Mapping[str, Any]
Ask = Callable[[str, Body], Awaitable[Body]]

LINE, FUNCTION, DATA = "line", "function", "data"

SILENT = "silent"
"""gdb's word before the commands of a breakpoint."""


@dataclass(slots=True)
class Breakpoint:
    """One breakpoint; what may change of it is changed in place and told by `BreakpointBook`."""

    number: int
    kind: str
    where: str
    """The path of a line breakpoint's file, a function's name, or a watched value's id."""
    line: int = 0
    label: str = ""
    """How people wrote what is watched."""
    condition: str | None = None
    hit: str | None = None
    ignored: int = 0
    """How many hits are passed over before any counts."""
    log: str | None = None
    is_enabled: bool = True
    is_temporary: bool = False
    access: str = "write"
    commands: list[str] = field(default_factory=list)
    """Lines to be carried out at each stop of it."""
    hits: int = 0
    has_ignored: bool = False
    """Whether it has stopped since hits were ignored, so that none is in the next run."""
    id: int | None = None
    """The kernel's number for it."""
    is_verified: bool = False
    message: str = ""

    @property
    def is_silent(self) -> bool:
        """Whether its stops are not shown, only its commands carried out."""
        return self.commands[:1] == [SILENT]

    def takes(self, answer: Mapping[str, Any]) -> None:
        """What the kernel says of it."""
        self.id = answer.get("id")
        self.is_verified = bool(answer.get("verified"))
        is_pending = answer.get("reason") == "pending"
        self.message = "pending" if is_pending else str(answer.get("message") or "")
        if self.is_verified and answer.get("line") and self.kind == LINE:
            self.line = int(answer["line"])


class BreakpointBook:
    """All of them. Their numbers are given once and never again."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._all: dict[int, Breakpoint] = {}
        self._last = 0

    def __iter__(self) -> Iterator[Breakpoint]:
        return iter([*self._all.values()])

    def __len__(self) -> int:
        return len(self._all)

    def find(self, number: int) -> Breakpoint:
        """By its number; raises `BadCommand`."""
        if number not in self._all:
            known = ", ".join(map(str, self._all)) or "none yet"
            raise BadCommand(f"There is no breakpoint {number}; there are: {known}.")
        return self._all[number]

    def hit(self, ids: Iterable[int]) -> list[Breakpoint]:
        """Those the kernel stopped for, by its numbers; each is counted."""
        wanted = set(ids)
        found = [each for each in self._all.values() if each.id in wanted]
        for each in found:
            each.hits += 1
            each.has_ignored = True
        return found

    async def add(self, kind: str, where: str, **more: Any) -> Breakpoint:  # noqa: ANN401 - fields
        """A new one, told to the kernel; if that refuses it, it is not there."""
        self._last += 1
        made = Breakpoint(self._last, kind, where, **more)
        self._all[made.number] = made
        try:
            await self.put(made)
        except BaseException:
            del self._all[made.number]
            raise
        return made

    async def remove(self, breakpoint_: Breakpoint) -> None:
        """Take one away."""
        self._all.pop(breakpoint_.number, None)
        await self.put(breakpoint_)

    async def put(self, changed: Breakpoint) -> None:
        """Tell the kernel those of the same home, which one request replaces."""
        same = [each for each in self._all.values() if each.kind == changed.kind]
        if changed.kind == LINE:
            same = [each for each in same if each.where == changed.where]
        told = [each for each in same if each.is_enabled]
        command, key = _REQUESTS[changed.kind]
        arguments: dict[str, Any] = {"breakpoints": [key(each) for each in told]}
        if changed.kind == LINE:
            arguments["source"] = {"path": changed.where, "name": os.path.basename(changed.where)}
        answers = (await self._ask(command, arguments)).get("breakpoints", [])
        for each, answer in zip(told, answers, strict=False):
            each.takes(answer)

    async def put_all(self) -> None:
        """Tell the kernel all: it is a new one."""
        for each in self._homes(lambda _: True):
            await self.put(each)

    async def begin_anew(self) -> None:
        """A run begins: hits are counted from one again, and what was ignored has been."""
        for each in self._all.values():
            each.hits = 0
            if each.has_ignored:
                each.ignored, each.has_ignored = 0, False
        for home in self._homes(lambda it: bool(_count_of(it))):
            held, self._all = self._all, {}
            try:
                await self.put(home)
            finally:
                self._all = held
            await self.put(home)

    def _homes(self, chooses: Callable[[Breakpoint], bool]) -> list[Breakpoint]:
        """One breakpoint for each home where one is chosen."""
        chosen = filter(chooses, self._all.values())
        return [*{(it.kind, it.where if it.kind == LINE else ""): it for it in chosen}.values()]

    def changed(self, answer: Mapping[str, Any]) -> Breakpoint | None:
        """The kernel says that one has been verified or moved; which."""
        for each in self._all.values():
            if each.id is not None and each.id == answer.get("id"):
                each.takes(answer)
                return each
        return None


def _terms(it: Breakpoint) -> dict[str, Any]:
    terms = {"condition": it.condition, "hitCondition": _count_of(it), "logMessage": it.log}
    return {key: value for key, value in terms.items() if value}


def _count_of(it: Breakpoint) -> str:
    """The hits that count, as the kernel wants it: both terms have to hold."""
    return ", ".join(filter(None, [f">{it.ignored}" if it.ignored else "", it.hit]))


_REQUESTS: Mapping[str, tuple[str, Callable[[Breakpoint], dict[str, Any]]]] = {
    LINE: ("setBreakpoints", lambda it: {"line": it.line, **_terms(it)}),
    FUNCTION: ("setFunctionBreakpoints", lambda it: {"name": it.where, **_terms(it)}),
    DATA: (
        "setDataBreakpoints",
        lambda it: {"dataId": it.where, "accessType": it.access, **_terms(it)},
    ),
}
