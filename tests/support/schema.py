"""The specification's schema as a judge of frames; it is stricter than the schema in one thing.

The schema allows unknown keys everywhere. What we send must not have any: a misspelt capability
would pass otherwise.
"""

import json
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema

import dap_server.protocol

Schema = dict[str, Any]

SCHEMA = Path(dap_server.protocol.__file__).parent / "debugAdapterProtocol.json"
OPEN = ("LaunchRequestArguments", "AttachRequestArguments")


def check_frame(direction: str, message: dict[str, Any]) -> None:
    """Raise unless a frame is what the specification says; for the client's ``check``."""
    errors = [
        f"{'/'.join(map(str, each.absolute_path))}: {each.message}"
        for each in _validator(_definition(message)).iter_errors(message)
    ]
    assert errors == [], f"{direction}: {message}"


def check_received(direction: str, message: dict[str, Any]) -> None:
    """Like `check_frame`, for sessions in which the client misbehaves."""
    if direction == "received" and message.get("request_seq") != 0:
        check_frame(direction, message)


def _definition(message: dict[str, Any]) -> str:
    """The name of the definition that is about this message."""
    match message["type"]:
        case "event":
            return _named("Event", "event", message["event"])
        case "request":
            return _named("Request", "command", message["command"])
        case "response" if message["success"]:
            request = _named("Request", "command", message["command"])
            return f"{request.removesuffix('Request')}Response"
        case "response":
            return "ErrorResponse"
        case other:
            raise AssertionError(f"no message type {other}")


@cache
def _named(suffix: str, key: str, word: str) -> str:
    for name, definition in _definitions().items():
        words = definition.get("properties", {}).get(key, {}).get("enum")
        if name.endswith(suffix) and words == [word]:
            return name
    raise AssertionError(f"the specification has no {key} {word}")


@cache
def _validator(name: str) -> jsonschema.Draft7Validator:
    schema = {"$ref": f"#/definitions/{name}", "definitions": _definitions()}
    return jsonschema.Draft7Validator(schema)


@cache
def _definitions() -> Schema:
    """All definitions, flattened and closed."""
    raw: Schema = json.loads(SCHEMA.read_text(encoding="utf-8"))["definitions"]
    return {name: _closed(_flat(name, raw), name in OPEN) for name in raw}


def _flat(name: str, raw: Schema) -> Schema:
    """A definition with its bases folded in."""
    definition: Schema = raw[name]
    if "allOf" not in definition:
        return definition
    base = _flat(definition["allOf"][0]["$ref"].rpartition("/")[2], raw)
    own = definition["allOf"][1]
    return {
        "type": "object",
        "properties": {**base.get("properties", {}), **own.get("properties", {})},
        "required": sorted({*base.get("required", []), *own.get("required", [])}),
    }


def _closed(schema: Any, is_open: bool = False) -> Any:
    if isinstance(schema, list):
        return [_closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    # Where the schema says "one of" it lists open objects, of which nothing can be just one.
    closed = {"anyOf" if key == "oneOf" else key: _closed(value) for key, value in schema.items()}
    if isinstance(schema.get("properties"), dict) and not is_open:
        closed.setdefault("additionalProperties", False)
    return closed
