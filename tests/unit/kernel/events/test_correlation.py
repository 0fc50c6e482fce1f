"""The ids that lead from a client's message to what came of it."""

import asyncio
import threading

from kernel.core import tracing
from kernel.events import correlation
from kernel.events.broker import Broker
from kernel.events.bus import EventBus
from kernel.events.correlation import Correlated, Correlation, HandOver, RunCorrelation
from kernel.events.execution import ExecutionStarted
from kernel.events.hooks import HookIntervened
from kernel.events.model import Resumed, Started
from kernel.events.published import Published
from kernel.events.work import ToolCalled


def ids(published: Published) -> tuple[str | None, str | None]:
    """Whom it belongs to and what it follows from."""
    return published.correlation_id, published.causation_id


def test_a_chain_from_a_message() -> None:
    """Message, execution, tool and hook share a correlation id, and each names its cause."""
    broker = Broker()
    with correlation.serving("M"):
        started = broker.publish(ExecutionStarted("x = 1"))
        with correlation.following(started.id):
            called = broker.publish(ToolCalled("calculator"))
            with correlation.following(called.id):
                hooked = broker.publish(HookIntervened("h", "BeforeToolExecution", "modified"))
        after = broker.publish(ToolCalled("base64"))
    chain = [started, called, hooked, after]
    assert [("M", "M"), ("M", started.id), ("M", called.id), ("M", "M")] == list(map(ids, chain))
    assert correlation.current() is None


def test_an_event_nobody_asked_for_begins_a_chain() -> None:
    """Where no message is served, what follows belongs to the event itself."""
    broker = Broker()
    first = broker.publish(ToolCalled("timer"))
    with correlation.following(first.id):
        second = broker.publish(ToolCalled("file"))
    assert [(None, None), (first.id, first.id)] == [ids(first), ids(second)]


def test_threads_are_handed_what_is_in_force() -> None:
    """A thread has no correlation of its own, and that of whoever bound its function."""
    found: list[object] = []

    def look() -> None:
        found.append((correlation.current(), tracing.current_span()))

    span = tracing.SpanReference(1, 2)
    with correlation.serving("M"), tracing.within(span):
        bound = HandOver.take().bind(look)
        for target in (look, bound):
            thread = threading.Thread(target=target)
            thread.start()
            thread.join(10)
    assert [(None, None), (Correlation("M", "M"), span)] == found


def test_tasks_inherit_what_is_in_force() -> None:
    """A task belongs to the message that was served when it was started."""

    async def main() -> Correlation | None:
        async def look() -> Correlation | None:
            await asyncio.sleep(0)
            return correlation.current()

        with correlation.serving("M"):
            task = asyncio.create_task(look())
        return await task

    assert Correlation("M", "M") == asyncio.run(main())


def test_debug_events_belong_to_the_run() -> None:
    """They belong to the message that runs the program; a message that resumes it is a cause."""
    broker, bus, run = Broker(), EventBus(), RunCorrelation(Correlation("M", "e1"))
    end = broker.relay(bus, run)
    heard = broker.subscribe("debug.*")
    bus.publish(Started("a.lua", 1))
    with correlation.serving("D"):
        bus.publish(Resumed(thread=1))  # type: ignore[arg-type] # any number
    end()
    bus.publish(Started("b.lua", 1))
    assert [("M", "e1"), ("M", "D")] == list(map(ids, heard.take_all()))


def test_blocks_nest() -> None:
    """Leaving a block puts back what was in force outside it."""
    outer, inner = Correlation("a"), Correlation("b")
    with Correlated(outer):
        with Correlated(inner), Correlated(None):
            assert correlation.current() is None
        assert outer == correlation.current()
