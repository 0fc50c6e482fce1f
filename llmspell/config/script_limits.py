"""What the configuration holds scripts and cells to."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from llmspell.config.model import Configuration

TIMEOUT = "runtime.script_timeout_seconds"
TIMEOUT_MS = ("engines.lua.timeout_ms", "runtime.security.max_execution_time_ms")
MEMORY = ("engines.lua.max_memory_bytes", "runtime.security.max_memory_bytes")
STDLIB = "engines.lua.stdlib"

LIMITS = (TIMEOUT, *TIMEOUT_MS, *MEMORY, STDLIB)
"""The keys that this is about."""

LIBRARIES: Mapping[str, Literal["full", "closed"]] = {"All": "full", "Standard": "closed"}
"""What the values of `STDLIB` are called elsewhere."""

_MEBIBYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class TimeAllowed:
    """How long a script or a cell may run."""

    seconds: float
    key: str
    """What says so."""

    def reason(self) -> str:
        """Why it was ended, as a part of a sentence."""
        return f"it ran for {self.seconds:g} s, as long as it may ({self.key})"


@dataclass(frozen=True, slots=True)
class ScriptLimits:
    """None: nothing is said."""

    time: TimeAllowed | None = None
    memory_mb: int | None = None
    """Mebibytes."""
    libraries: Literal["full", "closed"] | None = None


def limits_of(configuration: "Configuration") -> ScriptLimits:
    """What a configuration says; of several limits the narrowest."""
    lua, security = configuration.engines.lua, configuration.runtime.security
    told = [(configuration.runtime.script_timeout_seconds, TIMEOUT)]
    for milliseconds, key in zip(
        (lua.timeout_ms, security.max_execution_time_ms), TIMEOUT_MS, strict=True
    ):
        told.append((milliseconds and milliseconds / 1000, key))
    times = [TimeAllowed(seconds, key) for seconds, key in told if seconds]
    memory = [each for each in (lua.max_memory_bytes, security.max_memory_bytes) if each]
    return ScriptLimits(
        min(times, key=lambda each: each.seconds, default=None),
        -(-min(memory) // _MEBIBYTE) if memory else None,
        LIBRARIES[lua.stdlib] if lua.stdlib else None,
    )
