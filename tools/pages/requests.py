"""What of the protocol is served: from the table of handlers and the specification's schema."""

import json
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

from dap_server.handlers import HANDLERS
from dap_server.protocol.model import wire_name
from tools.pages.markdown import mark, table

SPECIFICATION = "https://microsoft.github.io/debug-adapter-protocol/specification#Requests_"

REVERSE = ("runInTerminal", "startDebugging")
"""What adapters ask of clients; the schema does not mark it."""

INTRODUCTION = """
# Requests and capabilities

The adapter serves {served} of the {all} requests that the specification gives to adapters, and announces {capabilities} capabilities for them.
A capability is announced exactly when the handler that brings it is there; beside those, `exceptionBreakpointFilters` lists the kinds of errors, and `completionTriggerCharacters` what completes.
What is not served is not announced; a client that asks nevertheless is told so.

"""


def requests_page() -> str:
    """The whole page."""
    schema = json.loads(
        files("dap_server.protocol").joinpath("debugAdapterProtocol.json").read_text("utf-8")
    )
    requests = sorted(set(_requests(schema)), key=str.lower)
    rows = [
        [
            f"[`{command}`]({SPECIFICATION}{command[0].upper()}{command[1:]})",
            "yes" if command in HANDLERS else "",
            ", ".join(f"`{each}`" for each in _capabilities(command)),
        ]
        for command in requests
    ]
    introduction = INTRODUCTION.format(
        served=sum(command in HANDLERS for command in requests),
        all=len(requests),
        capabilities=len({each for command in requests for each in _capabilities(command)}),
    )
    return (
        mark("dap_server/handlers/ and the specification's schema")
        + introduction
        + table(["request", "served", "capabilities"], rows)
    )


def _capabilities(command: str) -> list[str]:
    return sorted(map(wire_name, HANDLERS[command].capabilities)) if command in HANDLERS else []


def _requests(schema: dict[str, Any]) -> Iterator[str]:
    """The requests that clients send to adapters."""
    for definition in schema["definitions"].values():
        parts = definition.get("allOf", [])
        if any(part.get("$ref") == "#/definitions/Request" for part in parts):
            for part in parts:
                named = part.get("properties", {}).get("command", {}).get("enum", [])
                yield from (command for command in named if command not in REVERSE)
