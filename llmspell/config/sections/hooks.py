"""Hooks: whether and how they are asked."""

from typing import Any, Literal

from pydantic import ConfigDict, Field

from llmspell.config.sections.base import Section


class UsedHook(Section):
    """A hook that is asked from the start, whatever scripts do."""

    model_config = ConfigDict(extra="forbid", validate_assignment=True)

    hook: str
    """Its name: one that comes with the kernel, or that a package brings."""
    points: list[str] = Field(default_factory=list)
    """Patterns of the points at which it is asked; without them those it is made for."""
    priority: Literal["highest", "high", "normal", "low", "lowest"] | None = None
    """Before or after which others it is asked; without it as it is made."""
    required: bool | None = None
    """Whether what it is asked about is cancelled where it fails."""
    settings: dict[str, Any] = Field(default_factory=dict)
    """What it is told; each hook has its own (docs/reference/hooks.md)."""


class HooksConfig(Section):
    """Whether and how hooks are asked."""

    enabled: bool = True
    """If not, hooks can be registered, and none is asked."""
    rate_limit_per_minute: int | None = Field(default=None, gt=0)
    """How often a minute each hook of a script is asked; above that it is passed over."""
    timeout_ms: int | None = Field(default=None, gt=0)
    """How long others wait for a hook of a script; without it 30 seconds."""
    circuit_breaker_threshold: int | None = Field(default=None, gt=0)
    """After how many failures within 30 seconds a hook rests; without it 3."""
    use: list[UsedHook] = Field(default_factory=list)
    """Hooks that are asked from the start, each in a table of its own, ``[[hooks.use]]``."""
