"""ARGS: what the script was started with."""

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
