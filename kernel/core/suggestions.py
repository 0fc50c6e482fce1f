"""What somebody may have meant who wrote a name that there is not."""

from collections.abc import Iterable

LIKENESS = 0.6
"""From which on a name may be meant by another one (the ratio of `difflib`, 0 to 1)."""

BEGINNING = 3
"""Letters by which a name may be meant that begins with them."""


def unknown(what: str, name: str, known: Iterable[str], most: int = 20) -> str:
    """``There is no WHAT 'NAME'; …``: what is close to it, or what there is (``most`` at most)."""
    names = [*known]
    close = closest(name, names)
    if close is not None:
        return f"There is no {what} {name!r}; did you mean {close!r}?"
    if not names:
        return f"There is no {what} {name!r}, nor any other."
    shown = ", ".join(names[:most]) + (", …" if len(names) > most else "")
    return f"There is no {what} {name!r}; there are {shown}{'' if shown.endswith('…') else '.'}"


def did_you_mean(name: str, known: Iterable[str], likeness: float = LIKENESS) -> str:
    """``; did you mean …?``, to end a sentence with, or nothing."""
    close = closest(name, known, likeness)
    return f"; did you mean {close}?" if close is not None else ""


def closest(name: str, known: Iterable[str], likeness: float = LIKENESS) -> str | None:
    """The one that ``name`` was meant to be: it begins so, or is at least so much like it (0 to 1).

    What is like it counts where several begin so, or none does.
    """
    import difflib  # here, since most names are right, and a kernel starts faster without

    names = [*known]
    begun = [each for each in names if len(name) >= BEGINNING and each.startswith(name)]
    if len(begun) == 1:
        return begun[0]
    close = difflib.get_close_matches(name, names, 1, likeness)
    return close[0] if close else None
