"""Where the keys of a TOML file stand: the line of each, which a parsed file does not tell.

TOML 1.0.0, sections "Keys", "Table", "Array of Tables"; the text has been parsed before, so that
only what is well formed has to be understood.
"""

import re
from collections.abc import Iterator, Mapping

Key = tuple[str, ...]

_BARE_OR_QUOTED = re.compile(r"""\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([\w-]+))\s*(\.)?""")
_SKIPPED = re.compile(
    r'"""(?:[^\\]|\\.)*?"""|\'\'\'.*?\'\'\'|"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'|#[^\n]*|[\[{]|[\]}]',
    re.DOTALL,
)


def key_lines(text: str) -> Mapping[Key, int]:
    """The line (from 1) of every key and table, by its whole name; the first of several."""
    found: dict[Key, int] = {}
    table: Key = ()
    for number, line in _statements(text):
        if line.startswith("["):
            table, _ = _key(line.lstrip("["))
            key = table
        else:
            name, _ = _key(line)
            key = (*table, *name)
        for length in range(1, len(key) + 1):
            found.setdefault(key[:length], number)
    return found


def line_of(lines: Mapping[Key, int], key: Key) -> int | None:
    """The line of a key, or of what it is in (an inline table); None if no part is there."""
    for length in range(len(key), 0, -1):
        if key[:length] in lines:
            return lines[key[:length]]
    return None


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Headers and assignments with the lines they begin on; what a value continues on is left."""
    lines = text.split("\n")
    number = 0
    while number < len(lines):
        line = lines[number].strip()
        begun = number
        number += 1
        if not line or line.startswith("#"):
            continue
        yield begun + 1, line
        if not line.startswith("["):
            number += _continued("\n".join(lines[begun:]))


def _continued(text: str) -> int:
    """How many lines an assignment goes on for behind its first."""
    _, start = _key(text)
    depth, place = 0, start
    for found in _SKIPPED.finditer(text, start):
        end = text.find("\n", place)
        if depth == 0 and 0 <= end < found.start():
            break
        token = found[0]
        depth += (token in "[{") - (token in "]}")
        place = found.end()
    end = text.find("\n", place)
    return text.count("\n", 0, end if end >= 0 else len(text))


def _key(text: str) -> tuple[Key, int]:
    """The dotted key a text begins with, and where it ends."""
    parts: list[str] = []
    place = 0
    while found := _BARE_OR_QUOTED.match(text, place):
        quoted, literal, bare, dot = found.groups()
        parts.append(next(each for each in (quoted, literal, bare) if each is not None))
        place = found.end()
        if not dot:
            break
    return tuple(parts), place
