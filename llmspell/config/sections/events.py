"""What is told of what happens: events, the scripts' log, spans."""

from typing import Any, Literal

from pydantic import Field

from llmspell.config.sections.base import Later, Section


class EventPersistenceConfig(Section):
    """The audit log of a served kernel's events: an entry for each, never changed."""

    enabled: bool = False
    """Whether there is one."""
    store: str | None = None
    """The URL of its own store; without it the log lies where state does."""
    patterns: list[str] = Field(default_factory=lambda: ["*"])
    """Names of the events that are kept."""
    keep_events: int | None = Field(default=None, gt=0)
    """How many are kept; the oldest go. Without it all."""
    keep_seconds: float | None = Field(default=None, gt=0)
    """How long they are kept. Without it for ever."""


class NatsConfig(Section):
    """A NATS server over which served kernels hear each other's events."""

    url: str | None = None
    """``nats://HOST:PORT``; without it there is no bridge."""
    prefix: str = "llmspell"
    """What subjects begin with."""
    subjects: list[str] = Field(default_factory=lambda: ["*"])
    """Patterns of the events that others are told of."""
    incoming: list[str] = Field(default_factory=lambda: ["*"])
    """Patterns of the events of others that are told here."""


class EventFilterConfig(Section):
    """Which events of scripts are told, by patterns of their types."""

    include_types: list[str] = Field(default_factory=list)
    """Only these; without any all."""
    exclude_types: list[str] = Field(default_factory=list)
    """All but these."""


class EventsConfig(Section):
    """Whether and how events are told."""

    enabled: bool = True
    """Whether events of scripts are told; those of the kernel always are."""
    buffer_size: int = Field(default=10_000, gt=0)
    """How many events wait for a script that has subscribed; of more the oldest go. A script may
    say something else (`Event.subscribe`)."""
    emit_timing_events: Later[bool] = True
    """Whether it is told how long things take. execution.finished always says it."""
    emit_state_events: bool = False
    """Whether it is told that state was written, or not (state.changed, state.deleted,
    state.conflicted)."""
    emit_debug_events: bool = True
    """Whether subscribers, the audit log and NATS are told what the debugger does (debug.*).
    Debuggers are told in any case."""
    max_events_per_second: int | None = Field(default=None, gt=0)
    """How many events a script may tell within a second; more nobody hears."""
    filtering: EventFilterConfig = EventFilterConfig()
    export: Later[dict[str, Any]] = Field(default_factory=dict)
    """Where else events go. `persistence` and `nats` are what there is."""
    persistence: EventPersistenceConfig = EventPersistenceConfig()
    nats: NatsConfig = NatsConfig()


class TelemetryConfig(Section):
    """Where the spans of a served kernel are sent, over OTLP and HTTP.

    OpenTelemetry's own variables stand above it.
    """

    endpoint: str | None = None
    """``http://127.0.0.1:4318/v1/traces``; without it nothing is traced."""
    headers: dict[str, str] = Field(default_factory=dict)
    """Sent along with them, such as a key of the collector's."""
    service_name: str = "llmspell"
    """What the kernel is called there."""
    level: Literal["off", "info", "debug"] = "info"
    """At ``info`` what clients ask for, at ``debug`` also what that takes."""


class DebugConfig(Section):
    """What scripts log."""

    enabled: bool = True
    """Whether they log at all."""
    level: Literal["off", "error", "warn", "info", "debug", "trace"] = "info"
    """How much of it is shown."""
    module_filters: Later[dict[str, Any]] = Field(default_factory=dict)
    """Levels of single modules."""
    output: Later[dict[str, Any]] = Field(default_factory=dict)
    """Where it goes. It goes to stderr."""
    performance: Later[dict[str, Any]] = Field(default_factory=dict)
    """What is said of timers."""
    stack_trace: Later[dict[str, Any]] = Field(default_factory=dict)
    """What is said of stacks."""
