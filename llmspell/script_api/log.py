"""ScriptLog: what scripts log, with levels and rules by module; the last entries are kept."""

import fnmatch
import logging
import re
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from kernel.core.errors import UserError
from llmspell.script_api.rendering import COMPACT, render

LEVELS = {"off": 60, "error": 40, "warn": 30, "info": 20, "debug": 10, "trace": 5}
"""Levels by their names, with the numbers of Python's `logging`."""

Level = Literal["off", "error", "warn", "info", "debug", "trace"]
PatternKind = Literal["exact", "wildcard", "regex", "hierarchical"]

KEPT = 1000

_log = logging.getLogger("llmspell.script")


@dataclass(frozen=True)
class LogEntry:
    """Something that was logged."""

    timestamp: str
    level: str
    message: str
    module: str | None = None
    metadata: Any = None


@dataclass(frozen=True)
class ModuleRule:
    """Whether messages of modules that fit a pattern are written."""

    pattern: str
    kind: str
    enabled: bool


@dataclass(frozen=True)
class FilterSummary:
    """The rules by modules."""

    default_enabled: bool
    total_rules: int
    rules: list[ModuleRule]


_MATCHERS: dict[str, Callable[[str, str], bool]] = {
    "exact": lambda pattern, module: pattern == module,
    "wildcard": lambda pattern, module: fnmatch.fnmatchcase(module, pattern),
    "regex": lambda pattern, module: re.search(pattern, module) is not None,
    "hierarchical": lambda pattern, module: (
        module == pattern or module.startswith((f"{pattern}.", f"{pattern}::"))
    ),
}


@dataclass
class ScriptLog:
    """The log of one script; used on its thread. Of several rules that fit, the last one holds."""

    level: str = "info"
    is_enabled: bool = True
    default_enabled: bool = True
    rules: list[ModuleRule] = field(default_factory=list)
    entries: deque[LogEntry] = field(default_factory=lambda: deque(maxlen=KEPT))

    def add_rule(self, pattern: str, kind: str, enabled: bool) -> None:
        """A rule, in place of one with the same pattern; raises `UserError` for a bad pattern."""
        if kind == "regex":
            try:
                re.compile(pattern)
            except re.error as error:
                raise UserError(f"{pattern!r} is no regular expression: {error}") from None
        self.remove_rule(pattern)
        self.rules.append(ModuleRule(pattern, kind, enabled))

    def remove_rule(self, pattern: str) -> bool:
        """Whether there was a rule with that pattern."""
        before = len(self.rules)
        self.rules = [each for each in self.rules if each.pattern != pattern]
        return len(self.rules) < before

    def writes(self, level: str, module: str | None) -> bool:
        """Whether a message is written."""
        if not self.is_enabled or LEVELS[level] < LEVELS[self.level]:
            return False
        for rule in reversed(self.rules if module is not None else ()):
            if _MATCHERS[rule.kind](rule.pattern, module or ""):
                return rule.enabled
        return self.default_enabled

    def write(self, level: str, message: str, module: str | None, data: Any = None) -> None:
        """Keep a message and hand it to Python's logging, if it is to be written."""
        if not self.writes(level, module):
            return
        now = time.time()
        stamp = (
            time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{int(now % 1 * 1000):03d}Z"
        )
        self.entries.append(LogEntry(stamp, level, message, module, data))
        _log.log(
            LEVELS[level],
            "%s%s%s",
            f"[{module}] " if module else "",
            message,
            "" if data is None else f" {render(data, COMPACT)}",
        )
