"""Spans, their levels, W3C trace context, and OpenTelemetry's form of them."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from kernel.core import tracing
from kernel.core.telemetry import SpanExport, otlp_exporter
from kernel.core.tracing import Level, Span, SpanReference, Tracer, extract, inject, within
from kernel.events.correlation import HandOver

COLLECTOR = Path(__file__).parents[2] / "support" / "collector.py"
REFERENCES = st.builds(
    SpanReference, st.integers(1, 2**128 - 1), st.integers(1, 2**64 - 1), st.booleans()
)


def traced(level: Level) -> tuple[Tracer, list[Span]]:
    """A tracer, and the spans that have ended."""
    ended: list[Span] = []
    return Tracer(level, ended.append), ended


def test_spans_nest() -> None:
    """A span within another one is its child, in the same trace; each has its own time."""
    tracer, ended = traced(Level.INFO)
    with tracer.span("execute", language="lua") as outer:
        with tracer.span("tool"):
            pass
        outer.set(count=1)
    tool, execute = ended
    assert ("tool", "execute") == (tool.name, execute.name)
    assert (execute.span, 0) == (tool.parent, execute.parent)
    assert execute.reference.trace == tool.reference.trace
    assert {"language": "lua", "count": 1} == execute.attributes
    assert execute.start <= tool.start <= tool.end <= execute.end
    assert tracing.current_span() is None


def test_levels() -> None:
    """What is traced at debug is not at info, and nothing is when tracing is off."""
    found = []
    for level in Level:
        tracer, ended = traced(level)
        with tracer.span("execute"), tracer.span("hook", Level.DEBUG) as hook:
            hook.set(a=1)
        found.append([each.name for each in ended])
    assert [[], ["execute"], ["hook", "execute"]] == found


def test_errors_are_noted() -> None:
    """An error that leaves a span is told, and goes on; so is one that is only said."""
    tracer, ended = traced(Level.INFO)
    with pytest.raises(ValueError, match="no"), tracer.span("a"):
        raise ValueError("no")
    with tracer.span("b") as span:
        span.fail("timeout")
    assert ["ValueError: no", "timeout"] == [each.error for each in ended]


def test_a_callers_trace_goes_on() -> None:
    """A message with a trace context has spans in its trace, and its answer carries ours."""
    tracer, ended = traced(Level.INFO)
    caller = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
    answer: dict[str, Any] = {"other": 1}
    with within(extract(caller)), tracer.span("execute"):
        inject(answer)
    (span,) = ended
    assert "0af7651916cd43dd8448eb211c80319c" == f"{span.reference.trace:032x}"
    assert (
        f"00-0af7651916cd43dd8448eb211c80319c-{span.reference.span:016x}-01"
        == (answer["traceparent"])
    )


def test_a_caller_that_does_not_sample() -> None:
    """Where a caller's trace is not recorded, neither is ours, and that is passed on."""
    tracer, ended = traced(Level.DEBUG)
    caller = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"}
    answer: dict[str, Any] = {}
    with within(extract(caller)), tracer.span("execute"):
        inject(answer)
    assert ([], caller) == (ended, answer)


@pytest.mark.parametrize(
    "value",
    [
        "",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
        "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "00-00000000000000000000000000000000-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
        "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
        7,
        None,
    ],
)
def test_what_is_no_trace_context(value: object) -> None:
    """What the specification calls invalid begins a new trace."""
    assert extract({"traceparent": value}) is None


def test_later_versions_are_understood() -> None:
    """Of a version to come, what this one has is taken."""
    found = extract({"traceparent": "01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x"})
    assert found is not None
    assert found.is_sampled


@given(REFERENCES, st.sampled_from(["", "vendor=1", "a=1,b=2"]))
def test_opentelemetry_reads_what_is_written(reference: SpanReference, state: str) -> None:
    """OpenTelemetry's own propagator and ours understand each other."""
    from opentelemetry import trace

    propagator = TraceContextTextMapPropagator()
    carrier: dict[str, Any] = {}
    with within(reference._replace(state=state)):
        inject(carrier)
    context = propagator.extract(carrier)
    theirs = trace.get_current_span(context).get_span_context()
    assert (reference.trace, reference.span) == (theirs.trace_id, theirs.span_id)
    back: dict[str, str] = {}
    propagator.inject(back, context)
    assert reference._replace(state=state) == extract(back)


def test_tasks_and_threads() -> None:
    """A task is in the span it was started in; a thread in that which it was handed."""
    tracer, ended = traced(Level.INFO)

    async def main() -> None:
        with tracer.span("execute"):
            job = HandOver.take().bind(script)
            await asyncio.create_task(work())
        await asyncio.to_thread(job)

    async def work() -> None:
        with tracer.span("task"):
            await asyncio.sleep(0)

    def script() -> None:
        with tracer.span("thread"):
            pass

    asyncio.run(main())
    spans = {each.name: each for each in ended}
    parents = [spans[name].parent for name in ("task", "thread")]
    assert [spans["execute"].span] * 2 == parents


def fail_in_a_tool(tracer: Tracer) -> None:
    """A tool does well, and then something fails."""
    with tracer.span("tool"):
        pass
    raise ValueError("no")


# --- OpenTelemetry -----------------------------------------------------------------------------


def test_opentelemetry_has_the_same_spans() -> None:
    """An exporter of OpenTelemetry gets names, ids, parents, times, attributes and errors."""
    exporter = InMemorySpanExporter()
    export = SpanExport(exporter, "kernel", interval=0.01)
    tracer = Tracer(Level.INFO, export)
    with pytest.raises(ValueError, match="no"), tracer.span("execute", language="lua"):
        fail_in_a_tool(tracer)
    export.flush()
    tool, execute = exporter.get_finished_spans()
    assert execute.context is not None
    assert (execute.context, None) == (tool.parent, execute.parent)
    assert {"language": "lua"} == execute.attributes
    assert "kernel" == execute.resource.attributes["service.name"]
    assert (StatusCode.ERROR, "ValueError: no") == (
        execute.status.status_code,
        execute.status.description,
    )
    assert StatusCode.UNSET == tool.status.status_code
    assert '"name": "tool"' in tool.to_json()
    export.close()
    assert (2, 0) == (export.exported, export.dropped)


class BrokenExporter(SpanExporter):
    """Says no, or falls over."""

    def __init__(self, *, raises: bool) -> None:
        self.raises = raises

    def export(self, spans: Any) -> SpanExportResult:
        if self.raises:
            raise OSError("gone")
        return SpanExportResult.FAILURE


@pytest.mark.parametrize("raises", [True, False])
def test_a_collector_that_fails_harms_nobody(raises: bool) -> None:
    """What it does not take is counted as lost."""
    export = SpanExport(BrokenExporter(raises=raises), interval=0.01)
    tracer = Tracer(Level.INFO, export)
    for _ in range(3):
        with tracer.span("execute"):
            pass
    export.close()
    assert (0, 3) == (export.exported, export.dropped)


def test_a_collector_that_is_slow_harms_nobody() -> None:
    """Of more spans than may wait the oldest are lost and counted; the newest are sent."""
    exporter = InMemorySpanExporter()
    export = SpanExport(exporter, interval=3600.0, size=5)
    tracer = Tracer(Level.INFO, export)
    for number in range(8):
        with tracer.span(f"s{number}"):
            pass
    export.close()
    assert ["s3", "s4", "s5", "s6", "s7"] == [each.name for each in exporter.get_finished_spans()]
    assert (5, 3) == (export.exported, export.dropped)


@pytest.fixture
def collector() -> Iterator["subprocess.Popen[str]"]:
    """A collector in a process of its own."""
    with subprocess.Popen(
        [sys.executable, str(COLLECTOR)], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.terminate()


def test_a_collector_gets_them(collector: "subprocess.Popen[str]") -> None:
    """Spans reach a collector process over OTLP/HTTP, in the trace of the caller."""
    assert collector.stdout is not None
    port = int(collector.stdout.readline())
    export = SpanExport(otlp_exporter(f"http://127.0.0.1:{port}/v1/traces"), interval=0.01)
    tracer = Tracer(Level.DEBUG, export)
    caller = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
    with (
        within(extract(caller)),
        tracer.span("execute"),
        tracer.span("hooks", Level.DEBUG) as inner,
    ):
        inner.fail("too slow")
    export.close()
    hooks, execute = (json.loads(collector.stdout.readline()) for _ in range(2))
    assert ("/v1/traces", "llmspell", "hooks", "too slow") == (
        hooks["path"],
        hooks["service"],
        hooks["name"],
        hooks["error"],
    )
    assert ("0af7651916cd43dd8448eb211c80319c", execute["span"]) == (
        hooks["trace"],
        hooks["parent"],
    )
    assert ("execute", "b7ad6b7169203331", "") == (
        execute["name"],
        execute["parent"],
        execute["error"],
    )
    assert hooks["nanoseconds"] <= execute["nanoseconds"]
