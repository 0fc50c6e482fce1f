"""The text that is run for a cell: what its last expression gives is to be its result.

A text that compiles as it is and does not end in a call is run as it is. Else ``return`` is tried
before all of it, and before each of its last lines. The values go through a function, so that the
last call is no tail call and the cell's own frame is there while it runs.
"""

from collections.abc import Callable, Iterator

PASS = "_ENV_pass"
"""The global that gives its arguments back, while the cell runs."""

LINES = 40
"""How many lines the last expression may have."""


def as_chunk(code: str) -> str:
    """A text without what Lua passes over in a file: a byte order mark, a line for the system."""
    text = code.removeprefix("\ufeff")
    return f"--{text}" if text.startswith("#!") else text  # `#t` alone is an expression


def runnable(code: str, compiles: Callable[[str], bool]) -> str | None:
    """The text to run; None where the code is wrong, so that the compiler says what is."""
    if not code.strip():
        return code
    whole = _returning(code, compiles)
    if whole is not None:
        return whole
    is_code = compiles(code)
    if is_code and not code.rstrip().endswith((")", "}", '"', "'", "]")):
        return code
    return _last_returned(code, compiles) or (code if is_code else None)


def _last_returned(code: str, compiles: Callable[[str], bool]) -> str | None:
    for start in _line_starts(code):
        last = _returning(code[start:], compiles)
        if last is not None and compiles(code[:start] + last):
            return code[:start] + last
    return None


def _returning(code: str, compiles: Callable[[str], bool]) -> str | None:
    """The expression as the values that the chunk returns; None if it is none."""
    stripped = code.lstrip()
    if not stripped:
        return None
    body = stripped[1:] if stripped[0] == "=" else code
    # As a list of arguments and as a list of values: `f) (g` is only the one.
    if not compiles(f"return {body}\n"):
        return None
    # On the last line, so that no line is run that the cell has not; a comment there would hide it.
    tries = (f"return {PASS}({body.rstrip()})", f"return {PASS}({body}\n)")
    return next(filter(compiles, tries), None)


def _line_starts(code: str) -> Iterator[int]:
    """Where the last lines begin, the last one first, but not the first line of all."""
    end = len(code)
    for _ in range(LINES):
        end = code.rfind("\n", 0, end)
        if end < 0:
            return
        yield end + 1
