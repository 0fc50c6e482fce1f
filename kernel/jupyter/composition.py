"""What a kernel is made of, and how it is put together."""

import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from kernel.core.tracing import Tracer
from kernel.events.broker import Broker
from kernel.execution.cells import EngineFactory, Guard
from kernel.execution.history import History, SqliteHistory
from kernel.execution.manager import GRACE, ExecutionManager
from kernel.hooks.runner import HookRunner
from kernel.jupyter.calls import Endpoint
from kernel.jupyter.debug import DebugEndpointFactory
from kernel.jupyter.description import KernelDescription
from kernel.jupyter.kernel import JupyterKernel, no_work
from kernel.jupyter.kernel_hooks import KernelHooks
from kernel.jupyter.messages import Writer


@dataclass(frozen=True, slots=True)
class KernelParts:
    """What a kernel is made of."""

    make_engine: EngineFactory
    history: Callable[[], History] = field(default=lambda: SqliteHistory(":memory:"))
    description: KernelDescription = field(default_factory=KernelDescription)
    make_debug: DebugEndpointFactory | None = None
    load_debug: Callable[[], object] = lambda: None
    """Imports what ``make_debug`` takes; called in a thread before that."""
    at_leisure: Sequence[Callable[[], object]] = ()
    """Called in a thread when a served kernel is asked for nothing: what is needed later."""
    endpoints: Mapping[str, Endpoint] = field(default_factory=dict)
    guard: Guard | None = None
    tracer: Tracer | None = None
    broker: Broker | None = None
    """Where it is told what happens; whose events clients may ask for (``event_request``)."""
    id: str = field(default_factory=lambda: uuid.uuid4().hex[:12])
    """What the kernel is called in its events."""
    hooks: HookRunner | None = None
    """Who is asked around its start, its end, and each message."""
    writer: Writer | None = None
    """What has spoken for the kernel before it is there (`Greeter`)."""
    cell_path: Callable[[str], str] = lambda _code: "cell"
    """The file that debuggers know a cell as, of its text."""
    grace: float = GRACE
    """Seconds an interrupted cell has to end."""
    when_made: Callable[[JupyterKernel], object] = lambda _: None
    """Called with the kernel before anybody can reach it."""
    when_ending: Callable[[], Awaitable[None]] = no_work
    """Awaited when no cell runs any more and all that the kernel stands on is still there."""
    when_stopped: Callable[[], Awaitable[None]] = no_work
    """Awaited when the last event has been told."""
    when_closed: Callable[[], object] = lambda: None
    """Called when the kernel has ended, or before its process is replaced."""


async def make_kernel(parts: KernelParts) -> JupyterKernel:
    """A kernel that has started, and that nobody can reach yet; raises `UserError`."""
    if parts.hooks is None:
        return await _started(parts, None)
    hooks, made = KernelHooks(parts.hooks), list[JupyterKernel]()
    about = {
        "implementation": parts.description.implementation,
        "version": parts.description.version,
    }

    async def start() -> None:
        made[:] = [await _started(parts, hooks)]

    try:
        await hooks.around_start(about, start)
    except BaseException:
        for kernel in made:
            await kernel.close()
        raise
    return made[0]


async def _started(parts: KernelParts, hooks: KernelHooks | None) -> JupyterKernel:
    manager = ExecutionManager(
        parts.make_engine,
        parts.history(),
        cell_path=parts.cell_path,
        grace=parts.grace,
        guard=parts.guard,
    )
    await manager.start()
    kernel = JupyterKernel(
        manager,
        parts.description,
        parts.make_debug,
        parts.endpoints,
        parts.tracer,
        parts.writer,
        parts.load_debug,
        parts.broker,
        parts.id,
    )
    kernel.at_leisure = parts.at_leisure
    kernel.hooks = hooks
    kernel.when_ending, kernel.when_closed = parts.when_ending, parts.when_closed
    kernel.when_stopped = parts.when_stopped
    kernel.lifecycle.started()
    parts.when_made(kernel)
    return kernel
