"""Results: what a command found out, on stdout, in the format that was asked for."""

import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TextIO

from llmspell.cli.parsing import is_coloured

Text = str | Iterable[str] | Callable[[], Iterable[str]]


@dataclass(frozen=True, slots=True)
class Results:
    """Writes documents: what JSON can say, with a text for people beside it."""

    form: str = "text"
    """One of `FORMATS`."""
    stream: TextIO | None = None
    """Where to; stdout."""
    are_many: bool = False
    """Whether documents follow each other, which YAML keeps apart by a line of its own."""

    @property
    def is_text(self) -> bool:
        """Whether they are for people."""
        return self.form == "text"

    def show(self, document: Any, text: Text) -> None:  # noqa: ANN401 - what JSON can say
        """Write a document, or its text: lines, without what ends them."""
        stream = self.stream or sys.stdout
        if self.is_text:
            said = text() if callable(text) else text
            lines = [said] if isinstance(said, str) else said
            stream.writelines(f"{line}\n" for line in lines)
        else:
            mark = "---\n" if self.are_many and self.form == "yaml" else ""
            stream.write(mark + written(document, self.form, is_coloured(stream)))
        stream.flush()


def written(document: Any, form: str, coloured: bool = False) -> str:  # noqa: ANN401
    """A document in one of the formats for programs, with the end of its last line.

    Raises `ExtraMissing` for YAML without the extra.
    """
    if form == "yaml":
        from kernel.core.extras import need

        yaml = need("yaml", "--output yaml", "formats")
        return str(yaml.safe_dump(_plain(document), allow_unicode=True, sort_keys=False))
    import json

    if form == "json":
        return json.dumps(document, ensure_ascii=False) + "\n"
    text = json.dumps(document, ensure_ascii=False, indent=2)
    return (_in_colours(text) if coloured else text) + "\n"


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> list[str]:
    """Lines in columns; only the head if there are no rows."""
    lines = [list(head), *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(line[place]) for line in lines) for place in range(len(head))]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    ]


def pairs(rows: Iterable[tuple[str, object]], indent: str = "  ") -> list[str]:
    """Lines of names and what belongs to them, in two columns."""
    kept = [(name, str(value)) for name, value in rows]
    width = max((len(name) for name, _ in kept), default=0)
    return [f"{indent}{name.ljust(width)}  {value}".rstrip() for name, value in kept]


def elapsed(seconds: float) -> str:
    """A length of time, short and in the unit that fits: ``57s``, ``95m``, ``15h``, ``3d``."""
    for most, unit, size in ((120, "s", 1), (120 * 60, "m", 60), (48 * 3600, "h", 3600)):
        if seconds < most:
            return f"{seconds // size:.0f}{unit}"
    return f"{seconds // 86400:.0f}d"


def _plain(document: Any) -> Any:  # noqa: ANN401
    """With lists and dicts only, which YAML writes without marks of its own."""
    if isinstance(document, dict):
        return {key: _plain(value) for key, value in document.items()}
    if isinstance(document, list | tuple):
        return [_plain(each) for each in document]
    return document


def _in_colours(text: str) -> str:
    """Keys blue, texts green, the rest of the values yellow."""
    import re

    def paint(found: "re.Match[str]") -> str:
        key, string, word = found.groups()
        colour = "34" if key else "32" if string else "33"
        return f"\033[{colour}m{key or string or word}\033[0m"

    string, word = r'("(?:[^"\\]|\\.)*")', r"(-?\b\d[\d.eE+-]*|\b(?:true|false|null)\b)"
    return re.sub(f"{string}(?=:)|{string}|{word}", paint, text)
