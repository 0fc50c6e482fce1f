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

    @property
    def full_label(self) -> str:
        """With the version of the language where it is another: ``LuaJIT 2.1 (Lua 5.1)``."""
        plain = f"{self.name.capitalize()} {self.version}"
        return self.label if self.label == plain else f"{self.label} ({plain})"
