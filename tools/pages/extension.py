"""The parts of the Visual Studio Code extension's manifest that follow from the launch models."""

import json
from pathlib import Path
from typing import Any

from dap_server.launch import AttachConfiguration, Configuration, LaunchConfiguration

MANIFEST = Path(__file__).resolve().parents[2] / "vscode-extension" / "package.json"

LAUNCH = {
    "name": "Lua: this file",
    "type": "llmspell",
    "request": "launch",
    "program": "${file}",
}

ATTACH = {"name": "Lua: attach", "type": "llmspell", "request": "attach", "port": 4711}

TERMINAL = {
    "name": "Lua: in a terminal",
    "type": "llmspell",
    "request": "launch",
    "program": "${file}",
    "console": "integratedTerminal",
}

_WITH_BREAKPOINTS = ("lua", "typescript", "typescriptreact", "teal", "fennel", "moonscript")
"""Languages in whose files the editor lets users set breakpoints: Lua, and what is made into it."""

_SNIPPETS = (
    (LAUNCH, "Debug the open Lua file"),
    (TERMINAL, "Debug the open Lua file, which reads from a terminal"),
    (ATTACH, "Debug a script that llmspell debug runs"),
)

_VARIABLE = {"type": "string", "pattern": r"^\$\{.+\}$"}
"""What stands for an address until the editor has replaced it, such as ``${command:PickProcess}``."""


def extension_manifest() -> str:
    """``package.json`` of the extension: as it is, with what follows from the launch models anew."""
    manifest = json.loads(MANIFEST.read_text(encoding="utf-8"))
    contributes = manifest["contributes"]
    contributes["breakpoints"] = [{"language": each} for each in _WITH_BREAKPOINTS]
    contributes["debuggers"][0] |= {
        "configurationAttributes": {
            "launch": _schema(LaunchConfiguration),
            "attach": _with_variables(_schema(AttachConfiguration), "port", "connect"),
        },
        "initialConfigurations": [LAUNCH],
        "configurationSnippets": [
            {"label": each["name"], "description": about, "body": _escaped(each)}
            for each, about in _SNIPPETS
        ],
    }
    return json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"


def _schema(model: type[Configuration]) -> dict[str, Any]:
    """What the editor checks and completes: the model's schema, with its parts written out."""
    schema = model.model_json_schema(by_alias=True)
    parts = schema.get("$defs", {})
    properties = {name: _written_out(each, parts) for name, each in schema["properties"].items()}
    return {"required": schema.get("required", []), "properties": properties}


def _with_variables(schema: dict[str, Any], *names: str) -> dict[str, Any]:
    """Arguments that are no texts for the adapter, but may be a variable in the editor's file."""
    for name in names:
        schema["properties"][name]["anyOf"].append(_VARIABLE)
    return schema


def _written_out(schema: dict[str, Any], parts: dict[str, Any]) -> dict[str, Any]:
    if reference := schema.get("$ref"):
        rest = {key: value for key, value in schema.items() if key != "$ref"}
        return _written_out({**parts[reference.rpartition("/")[2]], **rest}, parts)
    written: dict[str, Any] = {}
    for key, value in schema.items():
        match value:
            case dict():
                written[key] = _written_out(value, parts)
            case [*items] if all(isinstance(each, dict) for each in items):
                written[key] = [_written_out(each, parts) for each in items]
            case _ if key not in ("title", "additionalProperties"):
                written[key] = value
    return written


def _escaped(configuration: dict[str, Any]) -> dict[str, Any]:
    """In snippets ``${`` begins a place to fill in; ``^"…"`` keeps it as text."""
    return {
        key: f'^"\\{value}"' if isinstance(value, str) and value.startswith("${") else value
        for key, value in configuration.items()
    }
