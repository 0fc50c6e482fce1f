"""A stop and its frames, as the kernel tells them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Stop:
    """Where and why the program stands."""

    thread: int
    reason: str
    text: str = ""
    """What the kernel says about it beyond the reason: a message of an error, a change."""
    ids: tuple[int, ...] = ()
    """The kernel's numbers of the breakpoints that were hit."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One activation of a function."""

    id: int
    name: str
    line: int
    path: str = ""
    reference: int = 0
    """Of a source that is no file."""
    source: str = ""
    """The source's name."""
    is_subtle: bool = False


def stop_of(body: Mapping[str, Any]) -> Stop:
    """Of a DAP event ``stopped``."""
    text = body.get("text") or body.get("description") or ""
    return Stop(
        int(body.get("threadId") or 0),
        str(body.get("reason", "")),
        str(text),
        tuple(body.get("hitBreakpointIds") or ()),
    )


def frame_of(said: Mapping[str, Any]) -> Frame:
    """Of a DAP StackFrame."""
    source = said.get("source") or {}
    return Frame(
        int(said["id"]),
        str(said["name"]),
        int(said["line"]),
        str(source.get("path") or ""),
        int(source.get("sourceReference") or 0),
        str(source.get("name") or ""),
        said.get("presentationHint") in ("subtle", "label"),
    )
