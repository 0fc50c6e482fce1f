"""What scopes and keys may look like: the same in every store, so that entries can move."""

from collections.abc import Callable, Iterator

from kernel.state.store import BadName, Entry

MAX_BYTES = 480
"""How long scope and key may be together, in UTF-8. LMDB's index takes no more than 511 bytes."""

PAGE = 200
"""How many entries a scan takes out of a store at once."""

Page = list[tuple[str, Entry]]


def check_names(scope: str, key: str) -> None:
    """Raise `BadName` if this scope and key cannot be kept by every store."""
    if not scope or not key:
        raise BadName(f"{'A scope' if not scope else 'A key'} needs at least one character.")
    check_text(scope, key)


def check_text(scope: str, text: str) -> None:
    """As `check_names`, for the beginning of a key, which may be empty."""
    both = scope + text
    if not both.isascii():
        try:
            length = len(both.encode())
        except UnicodeEncodeError:
            raise BadName(f"{both!r} has half a character (a lone surrogate) in it.") from None
    else:
        length = len(both)
    if "\0" in both:
        raise BadName(f"{both!r} has a NUL character in it, which no scope or key may have.")
    if length > MAX_BYTES:
        raise BadName(
            f"{scope}/{text[:40]}… has {length} bytes; scope and key have {MAX_BYTES} together. "
            "Keep what makes it so long in the value."
        )


def behind(prefix: str) -> str | None:
    """The smallest text behind all that begin with ``prefix``; None if there is no such text."""
    for place in range(len(prefix) - 1, -1, -1):
        point = ord(prefix[place]) + 1
        if point == 0xD800:  # surrogates are no characters
            point = 0xE000
        if point <= 0x10FFFF:
            return prefix[:place] + chr(point)
    return None


def paged(
    fetch: Callable[[str, int], Page], after: str | None, limit: int | None
) -> Iterator[tuple[str, Entry]]:
    """Entries page by page: ``fetch(after, limit)`` gives those behind ``after``, at most so many.

    Nothing is locked between pages, and of a large scope one page is in memory.
    """
    behind_key, left = after or "", limit
    while left is None or left > 0:
        wanted = PAGE if left is None else min(PAGE, left)
        page = fetch(behind_key, wanted)
        yield from page
        if len(page) < wanted:
            return
        behind_key = page[-1][0]
        left = None if left is None else left - len(page)
