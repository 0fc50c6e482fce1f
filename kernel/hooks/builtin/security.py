"""Security: refuses paths, hosts and commands by pattern, and takes secrets out of results.

A last line, not the first: it sees what tools are given as data, by the names of arguments and the
form of texts. A tool that opens something else than it is asked for is the business of the tool.
Of code it sees the texts that are written there, and not what becomes of them: one that is put
together, escaped or read from somewhere is not found.
"""

import os
import posixpath
import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from kernel.core.plain import PlainData
from kernel.hooks.base import HIGHEST, LOWEST, HookDetails
from kernel.hooks.points import AGENT_EXECUTION, TOOL_EXECUTION, HookPoint, Kind
from kernel.hooks.registry import HookRegistry, Registration
from kernel.hooks.results import CONTINUE, Cancel, HookResult, Modified
from kernel.state.redaction import Redactor

_BEFORE, _AFTER = Kind.BEFORE, Kind.AFTER
_PATH_WORDS = {"path", "paths", "file", "files", "filename", "directory", "dir", "folder", "cwd"}
_PATH_WORDS |= {"source", "target", "destination", "input_path", "output_path", "working_directory"}
_COMMAND_WORDS = {"command", "cmd", "commands", "executable", "program", "shell"}
_HOST_WORDS = {"host", "hostname", "server", "domain"}
_CODE_WORDS = {"code", "expressions"}
_WATCHED = _PATH_WORDS | _COMMAND_WORDS | _HOST_WORDS | _CODE_WORDS
_BEGINNINGS = frozenset("/~")
_URL = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*://[^\s\"'<>]+")
_AROUND_TEXTS = re.compile(r"""["'\n]|\[=*\[|\]=*\]""")
_CALLED = re.compile(r"\b(?:exec|execute|popen|spawn|system)\s*\(?\s*$")
_SEPARATORS = re.compile(r"\|\|?|&&?|;|\n|\$\(|`")


@dataclass(frozen=True, slots=True)
class SecurityRules:
    """What is refused: globs, in which ``*`` is any text."""

    paths: Sequence[str] = (
        *("/etc/shadow", "/etc/sudoers*", "/proc/*/mem", "/dev/sd*"),
        *("*/.ssh/*", "*/.aws/*", "*/.gnupg/*", "*/.netrc", "*/.env", "*/id_rsa*"),
    )
    hosts: Sequence[str] = ("169.254.169.254", "metadata.google.internal", "*.internal")
    commands: Sequence[str] = ("rm", "sudo", "su", "dd", "mkfs*", "shutdown", "reboot", "chmod")
    """Of a command, and of each behind ``|``, ``;``, ``&&`` and the like; without a blank in it a
    pattern is about the first word."""
    redacts: bool = True
    """Whether results go on without secrets."""


@dataclass(frozen=True, slots=True)
class SecurityHook:
    """Before an operation: looks at what it is given; after it: takes secrets out of its result."""

    rules: SecurityRules = field(default_factory=SecurityRules)
    redactor: Redactor = field(default_factory=Redactor)

    def __call__(self, details: HookDetails) -> HookResult:
        """`Cancel` with what is not allowed, or `Modified` without secrets."""
        kind = details.point.kind
        if kind is _BEFORE:
            if _is_harmless(details.data, ""):
                return CONTINUE
            who = details.component
            for found in self._violations(details.data, ""):
                whose = "The cell" if who.type == "cell" else who.name
                return Cancel(f"{whose} must not use {found}.")
        elif kind is _AFTER and self.rules.redacts:
            clean = self.redactor.value(details.data)
            if clean != details.data:
                return Modified(clean)
        return CONTINUE

    def register(
        self,
        registry: HookRegistry,
        points: Sequence[HookPoint] = (
            *(TOOL_EXECUTION.before, AGENT_EXECUTION.before),
            *(TOOL_EXECUTION.after, AGENT_EXECUTION.after),
        ),
    ) -> list[Registration]:
        """Ask it first of all before, last of all after, and let nothing pass where it fails."""
        return [
            registry.register(
                point,
                self,
                priority=HIGHEST if point.kind is Kind.BEFORE else LOWEST,
                name="security",
                is_required=True,
            )
            for point in points
        ]

    def _violations(self, data: PlainData, name: str) -> Iterator[str]:
        match data:
            case dict():
                for key, value in data.items():
                    within = name if name in _CODE_WORDS else str(key).lower()
                    yield from self._violations(value, within)
            case list() | tuple():
                for value in data:
                    yield from self._violations(value, name)
            case str():
                yield from self._of_text(data, name)

    def _of_text(self, text: str, name: str) -> Iterator[str]:
        for url in _URL.findall(text):
            yield from self._of_url(url)
        if name in _HOST_WORDS and _matches(text.lower(), self.rules.hosts):
            yield f"the host {text}"
        if name in _PATH_WORDS or text.startswith(("/", "~/")):
            yield from self._of_path(text)
        if name in _COMMAND_WORDS:
            yield from self._of_commands(text)
        if name in _CODE_WORDS:
            yield from self._of_code(text)

    def _of_code(self, code: str) -> Iterator[str]:
        # Also of what stands between texts: which quote begins one and which ends it only the
        # language knows, and an apostrophe in a comment must hide nothing.
        before = ""
        for text in _AROUND_TEXTS.split(code):
            if "/" in text or text.startswith((".", "~")):
                yield from self._of_path(text)
            if _CALLED.search(before):
                yield from self._of_commands(text)
            before = text

    def _of_commands(self, text: str) -> Iterator[str]:
        for part in _SEPARATORS.split(text):
            words = _words(part)
            if not words:
                continue
            command = posixpath.basename(words[0])
            for told in (command, " ".join([command, *words[1:]])):
                if _matches(told, self.rules.commands):
                    yield f"the command {told}"
            for word in words[1:]:
                yield from self._of_path(word)

    def _of_url(self, url: str) -> Iterator[str]:
        try:
            parts = urlsplit(url)
            host = (parts.hostname or "").rstrip(".")
        except ValueError:
            yield f"the address {url}, which is none"
            return
        if _matches(host, self.rules.hosts):
            yield f"the host {host}"
        if parts.scheme == "file":
            yield from self._of_path(parts.path)

    def _of_path(self, text: str) -> Iterator[str]:
        """A path is looked at as it is written and as it is: ``..`` and links lead elsewhere."""
        written = os.path.abspath(os.path.expanduser(text))
        if any(_matches(each, self.rules.paths) for each in (written, _real(written))):
            yield f"the path {text}"


def _is_harmless(data: PlainData, name: str) -> bool:
    """Whether there is nothing in data that rules could be about: quickly, as most of it is."""
    if type(data) is str:
        return name not in _WATCHED and "://" not in data and data[:1] not in _BEGINNINGS
    if type(data) is dict:
        for key, value in data.items():  # noqa: SIM110 # a generator takes twice as long
            if not _is_harmless(value, str(key).lower()):
                return False
        return True
    if isinstance(data, list | tuple):
        return all(_is_harmless(value, name) for value in data)
    return not isinstance(data, str | dict)


def _real(path: str) -> str:
    try:
        return os.path.realpath(path)
    except (OSError, ValueError):
        return path


def _words(command: str) -> list[str]:
    try:
        return shlex.split(command)
    except ValueError:  # a quote that is not closed
        return command.split()


def _matches(text: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(text, pattern) for pattern in patterns)
