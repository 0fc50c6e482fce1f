"""What a script that failed ends with, in groups that a client may fold."""

from collections.abc import Iterator

_TRACEBACK = "\nstack traceback:\n"

_LABEL = 1000
"""Characters of a line that can stand for a group; a longer one stands alone."""


def folded(text: str) -> Iterator[tuple[str, str | None]]:
    """The text in pieces, each with the group it begins or ends, if it does.

    A traceback folds below the first line of its message. The pieces are the whole text, unchanged,
    for clients that know no groups.
    """
    first, end, rest = text.partition("\n")
    if _TRACEBACK not in end + rest or len(first) > _LABEL:
        yield text, None
        return
    yield first + end, "startCollapsed"
    yield rest, None
    yield "", "end"  # what an end says stands outside, so it says nothing
