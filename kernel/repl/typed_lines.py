"""TypedLines: what a person has typed at prompts, code and commands alike, in its order.

The kernel's history holds the cells of all its clients, and no commands; this one is the person's
own, wherever the kernel is. The arrow keys find both.
"""

from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher

from kernel.execution.history import History

REMEMBERED = 1000
"""How many entries can be got back."""


class TypedLines:
    """Keeps what is typed for the REPLs to come. Used on the loop's thread."""

    def __init__(self, store: History) -> None:
        """``store`` is begun when it is first needed, and is ours."""
        self._store = store
        self._has_begun = False
        self._count = 0
        self._waiting: list[str] = []
        """What was typed before the store was asked for the first time."""

    async def past(self) -> list[str]:
        """The last entries of all sessions, oldest first."""
        await self._begin()
        return [entry.code for entry in await self._store.tail(REMEMBERED)]

    def add(self, text: str) -> None:
        """An entry was typed; see `is_kept` for what is passed over."""
        if not is_kept(text):
            return
        if not self._has_begun:
            self._waiting.append(text)
            return
        self._count += 1
        self._store.add(self._count, text)

    async def clear(self) -> None:
        """Forget all entries."""
        await self._begin()
        await self._store.clear()

    async def close(self) -> None:
        """Write what is left."""
        if self._waiting:
            await self._begin()
        if self._has_begun:
            await self._store.close()

    async def _begin(self) -> None:
        if not self._has_begun:
            await self._store.begin()
            self._has_begun = True
            waiting, self._waiting = self._waiting, []
            for text in waiting:
                self.add(text)


def is_kept(text: str) -> bool:
    """Whether an entry may be remembered: not where it begins with a space, as in shells."""
    return bool(text.strip()) and not text.startswith(" ")


def in_one_order(cells: Iterable[str], typed: Iterable[str]) -> list[str]:
    """Two histories as one, oldest first, each entry once, where it stands last.

    What both hold says how they go together; of what only one holds, cells come first.
    """
    first, second = _latest(cells), _latest(typed)
    return list(_woven(first, second))


def _latest(entries: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(reversed([each for each in entries if each.strip()])))[::-1]


def _woven(first: Sequence[str], second: Sequence[str]) -> Iterator[str]:
    known = set(second)
    for _, begin, end, begin_two, end_two in SequenceMatcher(
        None, first, second, autojunk=False
    ).get_opcodes():
        yield from (each for each in first[begin:end] if each not in known)
        yield from second[begin_two:end_two]
