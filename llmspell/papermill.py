"""What papermill needs to give parameters to notebooks in Lua.

Papermill loads all entry points of its group ``papermill.engine`` when it starts, and knows no
group for translators; so the engine of this module is papermill's own, and loading it makes the
translator known.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from papermill.engines import NBClientEngine
from papermill.models import Parameter
from papermill.translators import Translator, papermill_translators

from llmspell.parameters_cell import cell_parameters


class LuaTranslator(Translator):
    """Values of parameters as Lua, in globals: a cell's locals end with it."""

    @classmethod
    def translate_none(cls, _value: None) -> str:
        """Nothing."""
        return "nil"

    @classmethod
    def translate_bool(cls, value: bool) -> str:
        """Truth."""
        return "true" if value else "false"

    @classmethod
    def translate_float(cls, value: float) -> str:
        """A number, also one that has no name in Lua."""
        if value != value:
            return "(0/0)"
        if abs(value) == float("inf"):
            return "math.huge" if value > 0 else "-math.huge"
        return repr(value)

    @classmethod
    def translate_str(cls, value: str) -> str:
        """A text; what could end it or the line is escaped in a way that every Lua reads."""
        return '"' + "".join(_ESCAPES.get(each, each) for each in value) + '"'

    @classmethod
    def translate_escaped_str(cls, value: object) -> str:
        """What has no form of its own, as text."""
        return cls.translate_str(str(value))

    @classmethod
    def translate_dict(cls, value: Mapping[str, Any]) -> str:
        """A table with keys."""
        fields = (f"[{cls.translate(key)}] = {cls.translate(each)}" for key, each in value.items())
        return "{" + ", ".join(fields) + "}"

    @classmethod
    def translate_list(cls, value: Sequence[Any]) -> str:
        """A list."""
        return "{" + ", ".join(cls.translate(each) for each in value) + "}"

    @classmethod
    def comment(cls, text: str) -> str:
        """A line for people."""
        return f"-- {text}".rstrip()

    @classmethod
    def assign(cls, name: str, text: str) -> str:
        """A global."""
        return f"{name} = {text}"

    @classmethod
    def inspect(cls, parameters_cell: Mapping[str, Any]) -> list[Parameter]:
        """The parameters that a cell has: ``name = value  -- help``."""
        found = cell_parameters(str(parameters_cell["source"]))
        return [Parameter(each.name, "None", each.value, each.help) for each in found]


_ESCAPES = {
    '"': '\\"',
    "\\": "\\\\",
    "\n": "\\n",
    "\r": "\\r",
    "\0": "\\0",
}

papermill_translators.register("lua", LuaTranslator)

Engine = NBClientEngine
