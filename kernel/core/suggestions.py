"""What somebody may have meant who wrote a name that there is not."""

from collections.abc import Iterable


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


def closest(name: str, known: Iterable[str]) -> str | None:
    """The one that ``name`` was meant to be, if one is close to it."""
    import difflib  # here, since most names are right, and a kernel starts faster without

    close = difflib.get_close_matches(name, [*known], 1)
    return close[0] if close else None
