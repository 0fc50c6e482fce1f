"""KernelObservers: who is told of a served kernel, as the configuration says.

An audit log of its events, other kernels over a NATS server, and a collector of OpenTelemetry's.
None of them can hold a kernel up or keep it from starting: what is not installed or not reachable
is said in the log, and the kernel goes on without it.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kernel.core.errors import KernelError, UserError
from kernel.core.tracing import Level, Tracer
from llmspell.config.places import find_file
from llmspell.config.variables import are_set
from llmspell.script_api.services import LocalServices

if TYPE_CHECKING:
    from opentelemetry.sdk.trace.export import SpanExporter

    from kernel.core.telemetry import SpanExport
    from kernel.events.log import EventLog
    from kernel.events.nats import NatsBridge
    from llmspell.config.sections.events import NatsConfig

VARIABLES = (
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
)
SECTIONS = ("events.persistence", "events.nats", "telemetry")
"""Where no variable says anything of these, and there is no file, nobody observes, and no
configuration is read."""

AGAIN = 10.0
"""Seconds until a server that was not reachable is tried again."""

FAREWELL = 3.0
"""Seconds that each of them has at the end of the kernel."""

MakeExporter = Callable[[str, dict[str, str] | None], "SpanExporter"]

_log = logging.getLogger(__name__)


def _over_http(endpoint: str, headers: dict[str, str] | None) -> "SpanExporter":
    from kernel.core.telemetry import otlp_exporter

    return otlp_exporter(endpoint, headers)


class KernelObservers:
    """Started and ended with one kernel; used on the loop's thread."""

    def __init__(
        self,
        services: LocalServices,
        environment: Mapping[str, str],
        *,
        make_exporter: MakeExporter = _over_http,
        again: float = AGAIN,
    ) -> None:
        """``services`` have the configuration, the events and the store."""
        self._services, self._environment = services, environment
        self._make_exporter, self._again = make_exporter, again
        self._is_wanted = (
            any(environment.get(each) for each in VARIABLES)
            or are_set(environment, SECTIONS)
            or find_file(environment, Path.cwd()) is not None
        )
        self._spans: SpanExport | None = None
        self._audit: EventLog | None = None
        self._bridge: NatsBridge | None = None
        self._connecting: asyncio.Task[None] | None = None

    # --- life -------------------------------------------------------------------------------------

    def tracer(self) -> Tracer | None:
        """What traces the kernel; None where no collector is named."""
        with self._optional("Tracing"):
            tracer = self._make_tracer() if self._is_wanted else None
            if tracer is not None:
                self._services.runner.tracer = tracer
            return tracer
        return None

    def start(self) -> None:
        """Tell whoever is to be told from now on; waits for nobody."""
        if not self._is_wanted:
            return
        with self._optional("The audit log"):
            self._open_audit()
        with self._optional("The bridge to NATS"):
            self._open_bridge()

    async def end(self) -> None:
        """Say the last words; the kernel runs no cells any more."""
        if self._connecting is not None:
            self._connecting.cancel()
            await asyncio.wait([self._connecting])
        if self._bridge is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(FAREWELL):
                    await self._bridge.stop()

    def close(self) -> None:
        """Write down what is left; before the store is closed. Harmless when done twice."""
        audit, self._audit = self._audit, None
        if audit is not None and not audit.close(FAREWELL):
            _log.warning("The audit log lost events: its store did not take them in time.")
        spans, self._spans = self._spans, None
        if spans is not None:
            spans.close(FAREWELL)

    def figures(self) -> Mapping[str, Mapping[str, Any]]:
        """By observer, what it was told and what it missed."""
        found: dict[str, Mapping[str, Any]] = {}
        if self._audit is not None:
            found["audit_log"] = {"written": self._audit.written, "dropped": self._audit.dropped}
        if (bridge := self._bridge) is not None:
            found["nats"] = {
                "connected": self._connecting is None or self._connecting.done(),
                "sent": bridge.sent,
                "received": bridge.received,
                "refused": bridge.refused,
                "dropped": bridge.dropped,
            }
        if self._spans is not None:
            found["spans"] = {"exported": self._spans.exported, "dropped": self._spans.dropped}
        return found

    # --- each of them -----------------------------------------------------------------------------

    @contextlib.contextmanager
    def _optional(self, what: str) -> Iterator[None]:
        try:
            yield
        except (KernelError, OSError) as error:
            _log.warning("%s is left out: %s", what, error)

    def _make_tracer(self) -> Tracer | None:
        chosen = self._services.configuration.telemetry
        endpoint = span_endpoint(self._environment, chosen.endpoint)
        if not endpoint:
            return None
        from kernel.core.telemetry import SpanExport

        headers = None
        if "OTEL_EXPORTER_OTLP_HEADERS" not in self._environment:
            headers = dict(chosen.headers) or None
        service = self._environment.get("OTEL_SERVICE_NAME") or chosen.service_name
        self._spans = SpanExport(self._make_exporter(endpoint, headers), service)
        return Tracer(Level[chosen.level.upper()], self._spans)

    def _open_audit(self) -> None:
        chosen = self._services.configuration.events.persistence
        if not chosen.enabled:
            return
        from kernel.events.log import EventLog, LogSettings

        settings = LogSettings(keep_events=chosen.keep_events, keep_seconds=chosen.keep_seconds)
        audit = EventLog(self._services.audit_store, settings)
        if chosen.keep_seconds is not None:
            audit.purge()
        audit.start(self._services.broker, chosen.patterns)
        self._audit = audit

    def _open_bridge(self) -> None:
        chosen = self._services.configuration.events.nats
        if not chosen.url:
            return
        self._bridge = _bridge(self._services, chosen)
        self._connecting = asyncio.ensure_future(self._connect(self._bridge))

    async def _connect(self, bridge: "NatsBridge") -> None:
        """Until the server is there; that it is not is said once."""
        from kernel.events.nats import NatsUnavailable

        is_said = False
        while True:
            try:
                await bridge.start()
            except NatsUnavailable as error:
                if not is_said:
                    _log.warning("%s. It is tried again every %g s.", error, self._again)
                is_said = True
                await asyncio.sleep(self._again)
            except UserError as error:
                _log.warning("The bridge to NATS is left out: %s", error)
                self._bridge = None
                return
            else:
                _log.info("events go to and come from %s", bridge.settings.url)
                return


def span_endpoint(environment: Mapping[str, str], configured: str | None) -> str:
    """Where spans are sent; empty: nowhere. OpenTelemetry's variables stand above what is set.

    ("OpenTelemetry Protocol Exporter", Endpoint URLs for OTLP/HTTP.)
    """
    exporters = environment.get("OTEL_TRACES_EXPORTER", "otlp")
    if environment.get("OTEL_SDK_DISABLED", "").lower() == "true" or exporters != "otlp":
        return ""
    if named := environment.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"):
        return named
    if base := environment.get("OTEL_EXPORTER_OTLP_ENDPOINT"):
        return f"{base.rstrip('/')}/v1/traces"
    return configured or ""


def _bridge(services: LocalServices, chosen: "NatsConfig") -> "NatsBridge":
    from kernel.events.nats import NatsBridge, NatsSettings

    settings = NatsSettings(
        chosen.url or "",
        prefix=chosen.prefix,
        outgoing=tuple(chosen.subjects),
        incoming=tuple(chosen.incoming),
    )
    return NatsBridge(services.broker, settings)
