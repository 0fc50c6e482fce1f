"""The manifest of the Visual Studio Code extension: no code, only what the editor must know."""

import json
from typing import Any

from dap_server.launch import AttachConfiguration, Configuration, LaunchConfiguration

LAUNCH = {
    "name": "Lua: this file",
    "type": "llmspell",
    "request": "launch",
    "program": "${file}",
    "cwd": "${workspaceFolder}",
}

ATTACH = {"name": "Lua: attach", "type": "llmspell", "request": "attach", "port": 4711}

_WITH_BREAKPOINTS = ("lua", "typescript", "typescriptreact", "teal", "fennel", "moonscript")
"""Languages in whose files the editor lets users set breakpoints: Lua, and what is made into it."""


def extension_manifest() -> str:
    """``package.json`` of the extension."""
    debugger = {
        "type": "llmspell",
        "label": "Lua (llmspell)",
        "languages": ["lua"],
        "runtime": "llmspell",
        "runtimeArgs": ["dap"],
        "configurationAttributes": {
            "launch": _schema(LaunchConfiguration),
            "attach": _schema(AttachConfiguration),
        },
        "initialConfigurations": [LAUNCH],
        "configurationSnippets": [
            {"label": each["name"], "description": about, "body": _escaped(each)}
            for each, about in (
                (LAUNCH, "Debug the open Lua file"),
                (ATTACH, "Debug a script that llmspell debug runs"),
            )
        ],
    }
    manifest = {
        "name": "llmspell",
        "displayName": "llmspell: debug Lua",
        "description": "Debug Lua 5.1 to 5.5 and LuaJIT with the llmspell adapter",
        "version": "0.9.0",
        "publisher": "llmspell",
        "license": "Apache-2.0",
        "engines": {"vscode": "^1.75.0"},
        "categories": ["Debuggers"],
        "contributes": {
            "breakpoints": [{"language": each} for each in _WITH_BREAKPOINTS],
            "debuggers": [debugger],
        },
    }
    return json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"


def _schema(model: type[Configuration]) -> dict[str, Any]:
    """What the editor checks and completes: the model's schema, with its parts written out."""
    schema = model.model_json_schema(by_alias=True)
    parts = schema.get("$defs", {})
    properties = {name: _written_out(each, parts) for name, each in schema["properties"].items()}
    return {"required": schema.get("required", []), "properties": properties}


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
