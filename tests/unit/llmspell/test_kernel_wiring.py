"""A kernel for Lua, whole: hooks around cells, events that belong to messages, spans."""

import asyncio
from collections.abc import Iterator

import pytest

from kernel.core.tracing import Level, Span, Tracer
from kernel.events.broker import Broker
from kernel.events.execution import StatusChanged
from kernel.hooks.results import CONTINUE, Skip
from kernel.jupyter.messages import Channel
from llmspell.lua_programs import LuaPrograms
from tests.support.whole_kernel import DEADLINE, Client, hook, told


@pytest.fixture
def programs() -> Iterator[LuaPrograms]:
    made = LuaPrograms("5.4")
    yield made
    made.close()


def test_a_hook_skips_a_stop_of_a_notebooks_debugger(programs):
    """Hooks at breakpoints have a say in cells as they have in scripts."""
    asked = hook(programs, "PreBreakpoint", Skip())
    code = "local x = 1\nlocal y = 2\nreturn x + y"

    async def story(client: Client) -> None:
        async def debug(command: str, **arguments: object) -> dict:
            content = {"type": "request", "seq": 1, "command": command, "arguments": arguments}
            await client.ask("debug_request", content, Channel.CONTROL)
            return client.messages[-1].content

        await debug("initialize", adapterID="lua")
        await debug("attach")
        path = programs.files.write(code)
        await debug("setBreakpoints", source={"path": path}, breakpoints=[{"line": 2}])
        await client.run(code)
        assert ["3"] == client.shown()

    told(programs, story)
    assert 1 == len(asked)


def test_events_of_a_cell_belong_to_its_message(programs):
    """Busy, started, result, finished, idle carry the id of the client's message and its cause."""

    async def story(client: Client) -> None:
        broker: Broker = programs.broker
        subscription = broker.subscribe("execution.*")
        await client.run("6 * 7")
        busy, started, result, finished, idle = subscription.take_all()
        assert [StatusChanged("busy"), StatusChanged("idle")] == [busy.event, idle.event]
        assert "execution.started" == started.name
        assert "execution.result_produced" == result.name
        assert "execution.finished" == finished.name
        told = (busy, started, result, finished, idle)
        assert {"m1"} == {each.correlation_id for each in told}
        assert started.id == finished.causation_id

    told(programs, story)


def test_what_a_script_does_belongs_to_the_message_of_its_cell(programs):
    """Its events, and what hooks are told of what it does, follow from the cell's execution."""
    asked = hook(programs, "BeforeStateWrite", Skip())
    code = "State.set('a', 1) Event.publish('shop.sold') Session.create{name = 'x'}"

    async def story(client: Client) -> None:
        subscription = programs.broker.subscribe(
            "execution.started", "shop.*", "session.*", "hook.*"
        )
        await client.run("1")
        await client.run(code)
        await client.run("Event.publish('shop.closed')")
        told = {each.name: each for each in subscription.take_all() if each.correlation_id == "m2"}
        names = ["execution.started", "hook.intervened", "shop.sold", "session.created"]
        assert names == [*told]
        begun = told.pop("execution.started").id
        assert {begun} == {each.causation_id for each in told.values()}

    told(programs, story)
    assert ["m2"] == [each.correlation_id for each in asked]


def test_a_scripts_spans_are_within_that_of_its_cell(programs):
    """The trace of a client goes on in the hooks of what its script does."""
    spans: list[Span] = []
    tracer = Tracer(Level.DEBUG, spans.append)
    programs.runner.tracer = tracer
    hook(programs, "BeforeStateWrite", CONTINUE)
    trace = "0af7651916cd43dd8448eb211c80319c"

    async def story(client: Client) -> None:
        await client.run("State.set('a', 1)", traceparent=f"00-{trace}-b7ad6b7169203331-01")

    told(programs, story, tracer)
    (write,) = (each for each in spans if each.attributes.get("point") == "BeforeStateWrite")
    (cell,) = (each for each in spans if each.name == "cell")
    (request,) = (each for each in spans if each.name == "execute_request")
    assert int(trace, 16) == write.trace == cell.trace
    assert (cell.span, request.span) == (write.parent, cell.parent)


def test_clients_may_ask_for_events(programs):
    """Nothing is published before; from then on each event comes on iopub, to its parent."""

    async def story(client: Client) -> None:
        await client.run("1")
        assert not [each for each in client.messages if each.type == "kernel_event"]
        await client.ask("event_request", {"patterns": ["execution.*", "shop.*"]})
        await client.run("Event.publish('shop.sold', {pieces = 3})")
        async with asyncio.timeout(DEADLINE):
            while not any(each.content.get("name") == "shop.sold" for each in client.messages):
                await asyncio.sleep(0.005)
        sold = next(each for each in client.messages if each.content.get("name") == "shop.sold")
        assert {"pieces": 3} == sold.content["data"]["data"]
        bad = await client.ask("event_request", {"patterns": "execution.*"})
        assert bad is not None
        replies = [each for each in client.messages if each.type == "event_reply"]
        assert ["ok", "error"] == [each.content["status"] for each in replies]

    told(programs, story)


def test_a_span_goes_on_from_the_clients(programs):
    """The W3C context in a message's metadata is the parent; the answer carries ours."""
    spans: list[Span] = []
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

    async def story(client: Client) -> None:
        reply = await client.run("1", traceparent=parent)
        assert reply.metadata["traceparent"].startswith("00-0af7651916cd43dd8448eb211c80319c-")
        assert reply.metadata["traceparent"] != parent

    told(programs, story, Tracer(Level.INFO, spans.append))
    mine = next(each for each in spans if each.name == "execute_request")
    assert (0x0AF7651916CD43DD8448EB211C80319C, 0xB7AD6B7169203331) == (mine.trace, mine.parent)


def test_a_script_opens_a_comm_and_hears_its_client(programs):
    """Comm.open reaches clients in the order of the output; on_message hears what they say."""

    async def story(client: Client) -> None:
        code = """print('before')
            comm = Comm.open('shop.counter', {count = 1}):on_message(function(data)
              heard = data.pressed
              print('heard', heard)
              comm:send({count = 2})
            end)
            comm:send({count = 1.5})"""
        await client.run(code)
        kinds = [each.type for each in client.messages]
        assert kinds.index("stream") < kinds.index("comm_open") < kinds.index("comm_msg")
        opened = next(each for each in client.messages if each.type == "comm_open")
        assert ("shop.counter", {"count": 1}) == (
            opened.content["target_name"],
            opened.content["data"],
        )
        assert "m1" == opened.parent_header["msg_id"]
        number = opened.content["comm_id"]
        await client.tell("comm_msg", {"comm_id": number, "data": {"pressed": True}})
        said = [each.content["data"] for each in client.messages if each.type == "comm_msg"]
        assert [{"count": 1.5}, {"count": 2}] == said
        await client.run("heard")
        assert ["true"] == client.shown()

    told(programs, story)


def test_a_client_opens_a_comm_that_a_script_has_registered(programs):
    """The function gets the comm and the data; its output belongs to the client's message."""

    async def story(client: Client) -> None:
        code = """Comm.register('shop.order', function(comm, data)
              print('order', data.pieces)
              comm:on_close(function() closed = true end):send({accepted = true})
            end)"""
        await client.run(code)
        content = {"comm_id": "c1", "target_name": "shop.order", "data": {"pieces": 3}}
        await client.tell("comm_open", content)
        printed = next(each for each in client.messages if each.type == "stream")
        assert ("order\t3\n", "m2") == (printed.content["text"], printed.parent_header["msg_id"])
        said = [each.content["data"] for each in client.messages if each.type == "comm_msg"]
        assert [{"accepted": True}] == said
        await client.tell("comm_close", {"comm_id": "c1", "data": {}})
        await client.run("closed")
        assert ["true"] == client.shown()
        await client.run("Comm.unregister('shop.order')")
        await client.tell("comm_open", {**content, "comm_id": "c2"})
        assert "comm_close" in [each.type for each in client.messages]

    told(programs, story)
