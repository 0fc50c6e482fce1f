"""ARGS: what the script was started with."""

import os
from collections.abc import Sequence
from typing import Any

from kernel.core.functions import HostTable


class ArgumentsTable(HostTable):
    """What the script was started with: its name, words, and each `--key value` as a field.

    `ARGS[0]` is the script, `ARGS[1]` … are the words. Keys with a hyphen are written
    `ARGS["max-cost"]`; a flag without a value is "true".
    """

    name = "ARGS"
    is_open = True

    def __init__(self, script: str, words: Sequence[str]) -> None:
        self._read = read_arguments(script, words)

    def begin(self, script: str, words: Sequence[str]) -> None:
        """What it was started with, where that was not known before."""
        self._read = read_arguments(script, words)

    def values(self) -> dict[str, Any]:
        """The table itself."""
        return {"": self._read}


def read_arguments(script: str, words: Sequence[str]) -> dict[str | int, str]:
    """Words as scripts find them: ``--key value``, ``--key=value``, ``--flag``, and the others.

    Behind ``--`` all words are others.
    """
    found: dict[str | int, str] = {0: script}
    rest, others = list(words), 0
    while rest:
        word = rest.pop(0)
        if word == "--":
            for each in rest:
                others += 1
                found[others] = each
            break
        if word.startswith("--") and len(word) > 2:
            key, equals, value = word[2:].partition("=")
            if not equals:
                value = rest.pop(0) if rest and not rest[0].startswith("--") else "true"
            found[key] = value
        else:
            others += 1
            found[others] = word
    return found


def arguments_code(script: str, words: Sequence[str], before: Sequence[str] = ()) -> str:
    """Lua that sets `arg` and `ARGS` for a script that a kernel runs.

    ``before`` is what stands before the script on the command line: ``arg[-1]`` and so on.
    """
    fields = "".join(
        f"[{_lua(key)}]={_lua(value)}," for key, value in read_arguments(script, words).items()
    )
    places = [*range(-len(before), 0), 0, *range(1, len(words) + 1)]
    every = zip(places, [*before, script, *words], strict=True)
    listed = "".join(f"[{place}]={_lua(each)}," for place, each in every)
    return f"arg = {{{listed}}} ARGS = {{{fields}}}"


def _lua(value: str | int) -> str:
    """A constant of Lua; texts byte by byte where that is safer."""
    if isinstance(value, int):
        return str(value)
    return '"' + "".join(_octet(each) for each in os.fsencode(value)) + '"'


def _octet(octet: int) -> str:
    is_plain = 32 <= octet < 127 and octet not in b'"\\'
    return chr(octet) if is_plain else f"\\{octet:03d}"
