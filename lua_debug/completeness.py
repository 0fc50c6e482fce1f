"""Whether a text is a whole piece of Lua, by what the compiler says of it."""

import re

from kernel.core.octets import octets
from kernel.execution.engine import Completeness, CompletenessStatus
from lua_debug.checker import Complaint, SyntaxChecker

_INDENT = "  "

_GOES_ON = re.compile(r"\\(?:z\s*)?$")
"""A string whose line ends so goes on in the next one (Lua manual, Lexical Conventions)."""

_OPENS = re.compile(r"(?:\b(?:then|do|else|repeat)|\bfunction\b[^()]*\([^()]*\)|[({])\s*(?:--.*)?$")


def check_completeness(code: str, checker: SyntaxChecker, version: str) -> Completeness:
    """Complete, incomplete (more lines may make it whole) or invalid (no line can).

    The compilers of all versions name ``<eof>`` where a text ends too early; but they also name it
    for a string that its line does not end.
    """
    text = code.removeprefix("=") if code.lstrip().startswith("=") else code
    complaints = []
    for candidate in (f"return {text}\n", text):
        complaint = checker.check(octets(candidate), version)
        if complaint is None:
            return Completeness(CompletenessStatus.COMPLETE)
        complaints.append(complaint)
    if any(_ends_too_early(each, text) for each in complaints):
        return Completeness(CompletenessStatus.INCOMPLETE, _indent(code))
    return Completeness(CompletenessStatus.INVALID)


def _ends_too_early(complaint: Complaint, text: str) -> bool:
    if complaint.message.startswith("unfinished string"):
        return _GOES_ON.search(text.rstrip("\n")) is not None
    return complaint.near == ""


def _indent(code: str) -> str:
    last = code.rstrip("\n").rpartition("\n")[2]
    own = last[: len(last) - len(last.lstrip())]
    return own + _INDENT if _OPENS.search(last) else own
