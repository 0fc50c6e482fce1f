"""What is said about launch and attach arguments that are wrong or unknown."""

import difflib
import json
from collections.abc import Sequence

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from kernel.core.errors import UserError

EDITOR_KEYS = frozenset(
    [
        "name",
        "type",
        "request",
        "presentation",
        "preLaunchTask",
        "postDebugTask",
        "internalConsoleOptions",
        "debugServer",
        "serverReadyAction",
        "suppressMultipleSessionWarning",
        "restart",
        "trace",
        "order",
        "group",
        "windows",
        "linux",
        "osx",
        "debugOptions",
        "consoleName",
        "adapter",
        "command",
        "autoReload",
        "breakpoints",
        "configuration",
        "variables",
        "remote-cmdLine",
        "remote-request",
        "default",
        "filetypes",
        "extends",
        "adapterID",
        "dap-server-path",
        "dap-compilation",
        "debugPort",
        "terminateDebuggee",
        "lifecycleManagedByParent",
    ]
)
"""Keys that editors put into a configuration for themselves (besides those that begin ``__``)."""


class BadConfiguration(UserError):
    """A launch or attach argument is wrong; the text names the key, the value and what is right."""


_KINDS: dict[str, str] = {
    "string_type": "a string",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "list_type": "a list",
    "dict_type": "an object",
    "path_type": "a list or a text with semicolons",
    "model_type": "an object",
    "string_unicode": "a text of whole characters",
    "string_too_short": "a text that is not empty",
}


def explain(request: str, model: type[BaseModel], error: ValidationError) -> str:
    """All that is wrong, a sentence each."""
    found = error.errors(include_url=False)
    return " ".join(_sentence(request, model, each["type"], each) for each in found)


def _sentence(request: str, model: type[BaseModel], kind: str, found: ErrorDetails) -> str:
    path = _path(found["loc"])
    if found["loc"][-1:] == ("[key]",):
        whole, name = _path(found["loc"][:-2]), _shown(found["input"])
        return f"{whole} has the key {name}; it must be {_allowed(kind, found)}."
    if found["loc"] in (("luaPath",), ("luaCPath",)):
        kind = "path_type"
    if kind == "missing":
        return f"The {request} configuration needs {path!r}{_purpose(model, found['loc'])}."
    return f"{path} is {_shown(found['input'])}; it must be {_allowed(kind, found)}."


def _allowed(kind: str, found: ErrorDetails) -> str:
    context = found.get("ctx", {})
    match kind:
        case "literal_error":
            return f"one of {context['expected']}".replace(" or ", ", ").replace("'", '"')
        case "greater_than_equal":
            return f"at least {context['ge']}"
        case "less_than_equal":
            return f"at most {context['le']}"
        case "value_error":
            return str(context["error"])
        case _:
            return _KINDS.get(kind, str(found["msg"]))


def _purpose(model: type[BaseModel], place: Sequence[str | int]) -> str:
    for field in model.model_fields.values():
        if field.alias == place[0] and len(place) == 1 and field.description:
            return f": {field.description[0].lower()}{field.description[1:].rstrip('.')}"
    return ""


def _path(place: Sequence[str | int]) -> str:
    text = ""
    for part in place:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def _shown(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    text = text.encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= 80 else f"{text[:80]}…"


def warnings(request: str, configuration: BaseModel, path: str = "") -> tuple[str, ...]:
    """One sentence for every key that nothing here understands."""
    known = [field.alias or name for name, field in type(configuration).model_fields.items()]
    found = [
        _unknown(request, path + key, known, path)
        for key in configuration.model_extra or {}
        if path or not (key in EDITOR_KEYS or key.startswith("__"))
    ]
    for name, field in type(configuration).model_fields.items():
        value = getattr(configuration, name)
        for inner in value if isinstance(value, list) else [value]:
            if isinstance(inner, BaseModel):
                found += warnings(request, inner, f"{path}{field.alias}.")
    return tuple(found)


def _unknown(request: str, key: str, known: list[str], path: str) -> str:
    lowered = {each.lower(): each for each in known}
    close = difflib.get_close_matches(key[len(path) :].lower(), lowered, n=1)
    advice = f" Did you mean {path + lowered[close[0]]!r}?" if close else ""
    return f"The {request} configuration has an unknown key {key!r}, which is ignored.{advice}"
