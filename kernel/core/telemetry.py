"""SpanExport: what was traced, made into OpenTelemetry's spans and sent to a collector.

Needs the extra ``telemetry``. It is a `SpanSink`: taking a span costs an append. Its thread makes
the spans of OpenTelemetry and gives them to an exporter, what came within ``interval`` seconds at
once; what the collector is too slow for is dropped, the oldest first, and counted.
"""

import logging
import threading
from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING

from kernel.core.extras import need
from kernel.core.tracing import Span, SpanReference

if TYPE_CHECKING:
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.sdk.trace.export import SpanExporter
    from opentelemetry.trace import SpanContext

_log = logging.getLogger(__name__)

_WHAT = "Exporting traces"
_EXTRA = "telemetry"

BATCH = 512
"""Spans given to the exporter at once, as OpenTelemetry's own processor does."""


def otlp_exporter(endpoint: str, headers: dict[str, str] | None = None) -> "SpanExporter":
    """An exporter to a collector that takes OTLP over HTTP: ``http://127.0.0.1:4318/v1/traces``.

    Raises `ExtraMissing` without the extra.
    """
    module = need("opentelemetry.exporter.otlp.proto.http.trace_exporter", _WHAT, _EXTRA)
    made: SpanExporter = module.OTLPSpanExporter(endpoint=endpoint, headers=headers)
    return made


class SpanExport:
    """Takes spans on any thread; `close` it at the end, so that the last ones are sent."""

    def __init__(
        self,
        exporter: "SpanExporter",
        service: str = "llmspell",
        *,
        interval: float = 1.0,
        size: int = 10_000,
    ) -> None:
        """``size``: how many spans may wait. Raises `ExtraMissing` without the extra."""
        need("opentelemetry.sdk.trace", _WHAT, _EXTRA)
        self.exported = 0
        self.dropped = 0
        """How many spans were lost since the collector was too slow, or refused them."""
        self._exporter = exporter
        self._resource = _resource(service)
        self._interval = interval
        self._size = size
        self._spans: deque[Span] = deque(maxlen=size)
        self._closing = threading.Event()
        self._exporting = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="span-export", daemon=True)
        self._thread.start()

    def __call__(self, span: Span, /) -> None:
        """Take a span that has ended."""
        spans = self._spans
        if len(spans) == self._size:
            self.dropped += 1
        spans.append(span)

    def flush(self) -> None:
        """Send what is there, and wait for that."""
        with self._exporting:
            while batch := self._take():
                self._export(batch)

    def close(self, deadline: float = 10.0) -> None:
        """Send what is there and take nothing more. Harmless when done twice."""
        self._closing.set()
        self._thread.join(deadline)
        self._exporter.shutdown()

    def _run(self) -> None:
        # It looks by itself: to be woken by every span would cost those whose spans they are.
        while not self._closing.wait(self._interval):
            self.flush()
        self.flush()

    def _take(self) -> list[Span]:
        batch: list[Span] = []
        while self._spans and len(batch) < BATCH:
            batch.append(self._spans.popleft())
        return batch

    def _export(self, batch: Sequence[Span]) -> None:
        try:
            result = self._exporter.export([_readable(each, self._resource) for each in batch])
            has_failed = result.name != "SUCCESS"
        except Exception:
            _log.exception("Exporting %d spans failed", len(batch))
            has_failed = True
        if has_failed:
            self.dropped += len(batch)
        else:
            self.exported += len(batch)


def _resource(service: str) -> "Resource":
    from opentelemetry.sdk.resources import Resource

    return Resource.create({"service.name": service})


def _readable(span: Span, resource: "Resource") -> "ReadableSpan":
    from opentelemetry.sdk.trace import ReadableSpan
    from opentelemetry.sdk.util.instrumentation import InstrumentationScope
    from opentelemetry.trace import SpanKind, Status, StatusCode

    error = span.error
    parent = SpanReference(span.trace, span.parent, True, span.state) if span.parent else None
    return ReadableSpan(
        name=span.name,
        context=_context(span.reference),
        parent=None if parent is None else _context(parent),
        resource=resource,
        attributes=dict(span.attributes),
        kind=SpanKind.INTERNAL,
        status=Status(StatusCode.UNSET) if error is None else Status(StatusCode.ERROR, error),
        start_time=span.start,
        end_time=span.end,
        instrumentation_scope=InstrumentationScope("llmspell"),
    )


def _context(reference: SpanReference) -> "SpanContext":
    from opentelemetry.trace import SpanContext, TraceFlags, TraceState

    return SpanContext(
        reference.trace,
        reference.span,
        is_remote=False,
        trace_flags=TraceFlags(int(reference.is_sampled)),
        trace_state=TraceState.from_header([reference.state]) if reference.state else None,
    )
