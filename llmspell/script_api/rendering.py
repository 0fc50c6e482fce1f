"""Values as text for people: what `Debug.dump` and `display` show."""

import re
from dataclasses import dataclass
from typing import Annotated, Any

from kernel.core.script_values import Opaque, script_word

_NAME = re.compile(r"[A-Za-z_]\w*\Z")


@dataclass(frozen=True)
class DumpOptions:
    """In which form a value is shown."""

    indent: Annotated[int, "By how much lines are indented; 0: all in one line."] = 2
    max_depth: Annotated[int, "Levels of tables that are shown."] = 10
    max_string: Annotated[int, "Characters of a string that are shown."] = 1000
    max_items: Annotated[int, "Entries of a table that are shown."] = 1000
    types: Annotated[bool, "Whether types are told."] = False
    sort_keys: Annotated[bool, "Whether keys come in order."] = True


COMPACT = DumpOptions(indent=0, max_depth=10, max_items=100, max_string=200)
VERBOSE = DumpOptions(types=True, max_depth=50)


def render(value: Any, options: DumpOptions | None = None, depth: int = 0) -> str:
    """A value in the form of a Lua constructor, as far as it is data."""
    options = options or DumpOptions()
    if isinstance(value, dict | list):
        return _table(value, options, depth)
    text = _scalar(value, options)
    return f"{text} ({script_word(value)})" if options.types else text


def _scalar(value: Any, options: DumpOptions) -> str:
    match value:
        case None:
            return "nil"
        case bool():
            return "true" if value else "false"
        case Opaque(text=text):
            return f"<{text}>"
        case float():
            return repr(value).replace("inf", "math.huge").replace("nan", "0/0")
        case str():
            return _quoted(value, options)
        case bytes():
            return _quoted(value.decode("utf-8", "backslashreplace"), options)
    return str(value)


def _quoted(text: str, options: DumpOptions) -> str:
    cut = text[: options.max_string]
    shown = cut.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
    more = f" … {len(text) - len(cut)} more" if len(cut) < len(text) else ""
    return f'"{shown}"{more}'


def _table(value: Any, options: DumpOptions, depth: int) -> str:
    count = f"table, {len(value)} " if options.types else ""
    if not value:
        return f"{count}{{}}"
    if depth >= options.max_depth:
        return f"{count}{{…}}"
    entries = _entries(value, options, depth)
    left = len(value) - options.max_items
    if left > 0:
        entries.append(f"… {left} more")
    if not options.indent:
        return f"{count}{{{', '.join(entries)}}}"
    inside, outside = " " * options.indent * (depth + 1), " " * options.indent * depth
    lines = ",\n".join(inside + each for each in entries)
    return f"{count}{{\n{lines}\n{outside}}}"


def _entries(value: Any, options: DumpOptions, depth: int) -> list[str]:
    if isinstance(value, list):
        return [render(each, options, depth + 1) for each in value[: options.max_items]]
    items = list(value.items())
    if options.sort_keys:
        items.sort(key=lambda each: (isinstance(each[0], str), _sortable(each[0])))
    return [
        f"{_key(key)} = {render(each, options, depth + 1)}"
        for key, each in items[: options.max_items]
    ]


def _sortable(key: Any) -> Any:
    if isinstance(key, int):
        return (0, key, "")
    return (1, 0, key if isinstance(key, str) else repr(key))


def _key(key: Any) -> str:
    if isinstance(key, str) and _NAME.match(key):
        return key
    return f'["{key}"]' if isinstance(key, str) else f"[{key}]"
