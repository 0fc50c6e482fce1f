"""Debug: logs and measures. It is not the debugger."""

import gc
import json
import os
import sys
import time
from dataclasses import dataclass
from typing import Annotated, Any

from annotated_types import Ge

from kernel.core.argument_types import Shown
from kernel.core.functions import HostTable, host_function
from kernel.core.script_values import Script, StackRow
from llmspell.script_api.log import FilterSummary, Level, LogEntry, PatternKind, ScriptLog
from llmspell.script_api.rendering import COMPACT, VERBOSE, DumpOptions, render
from llmspell.script_api.timers import DebugTimer, Timers

Module = Annotated[str | None, "Which part of the script says it."]
Label = Annotated[str | None, "What is written before it."]


@dataclass(frozen=True)
class MemoryStats:
    """How much memory is used."""

    used_bytes: Annotated[int, "By the values of the script."]
    allocated_bytes: Annotated[int, "By the process, swapped out or not."]
    resident_bytes: Annotated[int, "Of these in memory."]
    collections: Annotated[int, "How often garbage of the host was collected."]


@dataclass(frozen=True)
class MemorySnapshot:
    """How much memory is used at a moment."""

    timestamp_secs: float
    active_trackers: Annotated[int, "How many timers there are."]
    used_bytes: int
    resident_bytes: int


@dataclass(frozen=True)
class StackTraceOptions:
    """How much of the stack is told."""

    max_depth: Annotated[int, Ge(1), "Levels that are told."] = 50


class DebugTable(HostTable):
    """Logs and measures. It is not the debugger."""

    name = "Debug"

    def __init__(self, script: Script, log: ScriptLog | None = None) -> None:
        self._script = script
        self._log = log or ScriptLog()
        self._timers = Timers()

    # --- logging --------------------------------------------------------------------------------

    @host_function("Debug.log")
    def log(self, level: Level, message: str, module: Module = None) -> None:
        """Writes a message of a level."""
        self._log.write(level, message, module)

    @host_function("Debug.trace")
    def trace(self, message: str, module: Module = None) -> None:
        """Writes what only somebody who looks for a mistake wants to know."""
        self._log.write("trace", message, module)

    @host_function("Debug.debug")
    def debug(self, message: str, module: Module = None) -> None:
        """Writes what helps to find mistakes."""
        self._log.write("debug", message, module)

    @host_function("Debug.info")
    def info(self, message: str, module: Module = None) -> None:
        """Writes what happens."""
        self._log.write("info", message, module)

    @host_function("Debug.warn")
    def warn(self, message: str, module: Module = None) -> None:
        """Writes what may be wrong."""
        self._log.write("warn", message, module)

    @host_function("Debug.error")
    def error(self, message: str, module: Module = None) -> None:
        """Writes what went wrong; raises nothing."""
        self._log.write("error", message, module)

    @host_function("Debug.logWithData")
    def log_with_data(self, level: Level, message: str, data: Shown, module: Module = None) -> None:
        """Writes a message with a value."""
        self._log.write(level, message, module, data)

    @host_function("Debug.setLevel")
    def set_level(self, level: Level) -> None:
        """Says from which level on messages are written."""
        self._log.level = level

    @host_function("Debug.getLevel")
    def get_level(self) -> str:
        """The level from which on messages are written."""
        return self._log.level

    @host_function("Debug.setEnabled")
    def set_enabled(self, is_on: bool) -> None:
        """Says whether anything is written."""
        self._log.is_enabled = is_on

    @host_function("Debug.isEnabled")
    def is_enabled(self) -> bool:
        """Whether anything is written."""
        return self._log.is_enabled

    # --- which messages are written -------------------------------------------------------------

    @host_function("Debug.addModuleFilter")
    def add_module_filter(self, pattern: str, is_shown: bool) -> None:
        """Shows or hides the messages of modules that fit a pattern; `*` stands for anything."""
        self._log.add_rule(pattern, "wildcard", is_shown)

    @host_function("Debug.addAdvancedFilter")
    def add_advanced_filter(self, pattern: str, kind: PatternKind, is_shown: bool) -> bool:
        """A rule with a pattern of another kind."""
        self._log.add_rule(pattern, kind, is_shown)
        return True

    @host_function("Debug.removeModuleFilter")
    def remove_module_filter(self, pattern: str) -> bool:
        """Takes such a rule away; false if there was none."""
        return self._log.remove_rule(pattern)

    @host_function("Debug.clearModuleFilters")
    def clear_module_filters(self) -> None:
        """Takes all such rules away."""
        self._log.rules.clear()

    @host_function("Debug.setDefaultFilterEnabled")
    def set_default_filter_enabled(self, is_shown: bool) -> None:
        """Says what holds for modules that no rule fits."""
        self._log.default_enabled = is_shown

    @host_function("Debug.getFilterSummary")
    def get_filter_summary(self) -> FilterSummary:
        """The rules by modules."""
        rules = self._log.rules
        return FilterSummary(self._log.default_enabled, len(rules), list(rules))

    @host_function("Debug.getCapturedEntries")
    def get_captured_entries(self, limit: int | None = None) -> list[LogEntry]:
        """The last messages, the oldest first."""
        entries = list(self._log.entries)
        return entries if limit is None else entries[max(len(entries) - limit, 0) :]

    @host_function("Debug.clearCaptured")
    def clear_captured(self) -> None:
        """Forgets the last messages."""
        self._log.entries.clear()

    # --- measuring ------------------------------------------------------------------------------

    @host_function("Debug.timer")
    def timer(self, name: str) -> DebugTimer:
        """Begins to measure time."""
        return self._timers.begin(name)

    @host_function("Debug.recordEvent")
    def record_event(self, timer_id: str, name: str, metadata: Any = None) -> bool:
        """Notes something in the course of a timer."""
        self._timers.record(timer_id, name, metadata)
        return True

    @host_function("Debug.performanceReport")
    def performance_report(self) -> str:
        """What timers measured, as text."""
        return self._timers.report()

    @host_function("Debug.jsonReport")
    def json_report(self) -> str:
        """What timers measured, as JSON."""
        return self._timers.as_json()

    @host_function("Debug.flameGraph")
    def flame_graph(self) -> str:
        """What timers measured, in the form that makes flame graphs."""
        return self._timers.flame_graph()

    @host_function("Debug.memoryStats")
    def memory_stats(self) -> MemoryStats:
        """How much memory is used."""
        allocated, resident = process_memory()
        collections = sum(each["collections"] for each in gc.get_stats())
        used = self._script.memory()["used_bytes"]
        return MemoryStats(used, allocated, resident, collections)

    @host_function("Debug.memorySnapshot")
    def memory_snapshot(self) -> MemorySnapshot:
        """How much memory is used now, to compare with later."""
        used, resident = self._script.memory()["used_bytes"], process_memory()[1]
        return MemorySnapshot(time.time(), len(self._timers.measured), used, resident)

    # --- showing --------------------------------------------------------------------------------

    @host_function("Debug.dump")
    def dump(self, value: Shown, label: Label = None) -> str:
        """A value as text."""
        return _labelled(label, render(value))

    @host_function("Debug.dumpCompact")
    def dump_compact(self, value: Shown, label: Label = None) -> str:
        """A value as text in one line."""
        return _labelled(label, render(value, COMPACT))

    @host_function("Debug.dumpVerbose")
    def dump_verbose(self, value: Shown, label: Label = None) -> str:
        """A value as text, with types and sizes."""
        return _labelled(label, render(value, VERBOSE))

    @host_function("Debug.dumpWithOptions")
    def dump_with_options(self, value: Shown, options: DumpOptions, label: Label = None) -> str:
        """A value as text, in a form of one's own."""
        return _labelled(label, render(value, options))

    @host_function("Debug.stackTrace")
    def stack_trace(self, options: StackTraceOptions | None = None) -> str:
        """Who called whom up to here, as text."""
        rows = [f"  {_place(row)}: in {row.function or '?'}" for row in self._stack(options)]
        return "\n".join(["stack trace:", *rows])

    @host_function("Debug.stackTraceJson")
    def stack_trace_json(self, options: StackTraceOptions | None = None) -> str:
        """Who called whom up to here, as JSON."""
        frames = [
            {"function": row.function, "source": row.source, "line": row.line}
            for row in self._stack(options)
        ]
        return json.dumps({"frames": frames, "language": self._script.language})

    def _stack(self, options: StackTraceOptions | None) -> list[StackRow]:
        return list(self._script.stack((options or StackTraceOptions()).max_depth))


def _labelled(label: str | None, text: str) -> str:
    return text if label is None else f"{label}: {text}"


def _place(row: StackRow) -> str:
    return f"{row.source}:{row.line}" if row.line else row.source


def process_memory() -> tuple[int, int]:
    """Bytes that this process has allocated, and that are in memory; 0 where nobody tells."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            size, resident = map(int, file.read().split()[:2])
        page = os.sysconf("SC_PAGE_SIZE")
        return size * page, resident * page
    except (OSError, ValueError):
        if sys.platform == "win32":
            return 0, 0
        import resource

        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return 0, most if sys.platform == "darwin" else most * 1024
