"""The reference of launch and attach arguments, from the models that read them."""

import json
from typing import Any

from dap_server.launch import AttachConfiguration, Configuration, LaunchConfiguration
from tools.pages.markdown import mark, table

HEAD = ["argument", "type", "default", "meaning"]

INTRODUCTION = """
# Launch and attach arguments

What a configuration may say: in `launch.json` of Visual Studio Code, in the tables of nvim-dap, in the keywords of dap-mode, and in `launch` and `attach` requests.
A wrong value is refused with a message that names the argument, the value and what is right.
An argument nobody knows is ignored with a warning in the debug console; keys that editors add for themselves pass in silence.
`null` means the same as leaving the argument out.
"""


def launch_page() -> str:
    """The whole page."""
    launch, attach = _arguments(LaunchConfiguration), _arguments(AttachConfiguration)
    shared = _arguments(Configuration)
    models = (LaunchConfiguration, AttachConfiguration)
    inner = {
        name: schema
        for model in models
        for name, schema in model.model_json_schema(by_alias=True)["$defs"].items()
    }
    parts = [
        mark("dap_server/launch.py"),
        INTRODUCTION,
        "\n## Launch\n\nStart a program and debug it.\n\n",
        table(HEAD, [row for name, row in launch.items() if name not in shared]),
        "\n## Attach\n\nDebug a program that runs already under `llmspell debug`.\n\n",
        table(HEAD, [row for name, row in attach.items() if name not in shared]),
        "\n## Both\n\n",
        table(HEAD, list(shared.values())),
    ]
    for name, schema in inner.items():
        parts += [f"\n## {name}\n\n{schema['description']}\n\n", table(HEAD, _rows(schema))]
    return "".join(parts)


def _arguments(model: type[Configuration]) -> dict[str, list[str]]:
    schema = model.model_json_schema(by_alias=True)
    return dict(zip(schema["properties"], _rows(schema), strict=True))


def _rows(schema: dict[str, Any]) -> list[list[str]]:
    required = schema.get("required", [])
    meanings = {
        name: each.get("description") or _definition(schema, each)["description"]
        for name, each in schema["properties"].items()
    }
    return [
        [f"`{name}`", _type_given(each), _default(name in required, each), meanings[name]]
        for name, each in schema["properties"].items()
    ]


def _definition(schema: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = schema["$defs"][part["$ref"].rpartition("/")[2]]
    return found


def _type_given(schema: dict[str, Any]) -> str:
    """The type of an argument that is given; leaving it out goes without saying."""
    choices = schema.get("anyOf", [schema])
    return " or ".join(_type(each) for each in choices if each.get("type") != "null")


def _type(schema: dict[str, Any]) -> str:
    match schema:
        case {"$ref": str(reference)}:
            name = reference.rpartition("/")[2]
            return f"[{name}](#{name.lower()})"
        case {"anyOf": list(choices)}:
            return " or ".join(_type(each) for each in choices)
        case {"enum": list(values)}:
            return ", ".join(f"`{json.dumps(value)}`" for value in values)
        case {"type": "array", "items": items}:
            return f"list of {_type(items)}"
        case {"type": "object", "additionalProperties": values}:
            return f"object of {_type(values)}"
        case {"type": str(name)}:
            limits = [f"≥ {schema['minimum']}"] if "minimum" in schema else []
            limits += [f"≤ {schema['maximum']}"] if "maximum" in schema else []
            return " ".join([name, *limits])
    raise ValueError(f"no words for {schema}")


def _default(required: bool, schema: dict[str, Any]) -> str:
    if required:
        return "required"
    default = schema.get("default")
    return "" if default is None or isinstance(default, dict) else f"`{json.dumps(default)}`"
