"""What crosses between scripts and the host besides plain data: callbacks, null, and what is none.

Plain data is None, booleans, integers, floats, texts, bytes, lists, and mappings with texts, bytes
or integers as keys. Nothing here is a value of a language's runtime.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol, runtime_checkable


class Null(Enum):
    """A null that is kept apart from nothing: scripts see a value of its own."""

    NULL = "null"


NULL = Null.NULL


@dataclass(frozen=True, slots=True)
class Opaque:
    """What stands for a value that is no data: a function, a thread, a cycle; only to be shown."""

    text: str
    """As the script's own language shows it."""
    kind: str = "value"
    """The script's word for its type."""


def as_json(value: Any) -> Any:
    """A value of a script as JSON has it: keys are texts, NaN and infinities null.

    Functions and the like are named by their kind, ``"<function>"``.
    """
    if isinstance(value, Opaque):
        return f"<{value.kind}>"
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, Mapping):
        return {str(as_json(key)): as_json(each) for key, each in value.items()}
    if isinstance(value, list):
        return [as_json(each) for each in value]
    return value


@runtime_checkable
class Callback(Protocol):
    """A function of a script that the host keeps; dropping it lets the script's side forget it."""

    def call(self, *arguments: Any) -> Any:
        """Call it with plain data; what it returns, as plain data (several results: a tuple).

        Called on the script's thread it runs at once, also within a function the script has
        called. Elsewhere it waits until the script comes to a safe point. Raises `ScriptFailed`
        for an error in it.
        """

    def call_soon(self, *arguments: Any, done: Callable[[Any], object] | None = None) -> None:
        """Have it called at the script's next safe point, from any thread; do not wait.

        ``done`` is given the result, or the exception, on the script's thread.
        """

    async def call_at_stop(self, *arguments: Any) -> Any:
        """Call it also where a debugger has stopped the script, as an evaluation there.

        Nothing stops in it, and cancelling breaks it off. A script that runs is interrupted for
        it. For the loop's thread; ``arguments`` hold no objects. Raises as `call` does.
        """


@dataclass(frozen=True, slots=True)
class StackRow:
    """A level of a script's stack, innermost first."""

    function: str
    """Its name, as far as the language knows it."""
    source: str
    """The file, or what stands for one."""
    line: int
    """0 where there is none."""


class Script(Protocol):
    """What functions of the host may ask of the script that calls them, on its thread."""

    @property
    def language(self) -> str:
        """As people call it: ``Lua 5.4``."""

    def stack(self, levels: int = 100) -> Sequence[StackRow]:
        """Who called whom, up to here."""

    def memory(self) -> Mapping[str, int]:
        """``used_bytes`` of the runtime now."""


def script_word(value: object) -> str:
    """The script's word for the type of a value that came from it."""
    match value:
        case None:
            return "nil"
        case bool():
            return "boolean"
        case int() | float():
            return "number"
        case str() | bytes():
            return "string"
        case list() | tuple() | Mapping():
            return "table"
        case Opaque(kind=kind):
            return kind
        case Null():
            return "null"
        case Callback():
            return "function"
    return type(value).__name__
