"""What clients need to know of the language that a kernel runs."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LanguageInfo:
    """What clients need to know of a language; the fields are Jupyter's ``language_info``."""

    name: str
    """``lua``."""
    version: str
    """``5.4``."""
    label: str
    """How people call it: ``Lua 5.4``."""
    mimetype: str
    file_extension: str
    """With its dot."""
    pygments_lexer: str
    codemirror_mode: str
