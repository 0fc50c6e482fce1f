"""A kernel for Lua, whole: hooks around cells, events that belong to messages, spans."""

import asyncio
from collections.abc import Iterator

import pytest

from kernel.core.tracing import Level, Span, Tracer
from kernel.events.broker import Broker
from kernel.events.execution import StatusChanged
from kernel.hooks.base import HookDetails
from kernel.hooks.points import find_point
from kernel.hooks.results import (
    CONTINUE,
    Cancel,
    Fork,
    HookResult,
    Modified,
    Operation,
    Redirect,
    Replace,
    Skip,
)
from kernel.jupyter.composition import make_kernel
from kernel.jupyter.kernel import JupyterKernel
from kernel.jupyter.messages import Channel, Message
from llmspell.kernels import lua_kernel
from llmspell.lua_programs import LuaPrograms

DEADLINE = 20.0


class Client:
    """Implements the kernel's `Client`: keeps all it is sent."""

    transport = "memory"
    is_congested = False

    def __init__(self, kernel: JupyterKernel) -> None:
        self.messages: list[Message] = []
        self._kernel, self._count = kernel, 0
        self._news = asyncio.Event()
        kernel.subscribe(self)

    def send(self, message: Message) -> None:
        self.messages.append(message)
        self._news.set()

    async def wait_for_room(self) -> None:
        return

    async def tell(self, kind: str, content: dict) -> None:
        """Send what has no reply, and wait until the kernel is idle again."""
        self._count += 1
        number = f"m{self._count}"
        header = {"msg_id": number, "msg_type": kind, "session": "me"}
        self._kernel.receive(Message(Channel.SHELL, header, content, {}, {}), self)
        async with asyncio.timeout(DEADLINE):
            while not self._is_idle(number):
                self._news.clear()
                await self._news.wait()

    def _is_idle(self, number: str) -> bool:
        mine = [each for each in self.messages if each.parent_header.get("msg_id") == number]
        return any(each.content.get("execution_state") == "idle" for each in mine)

    async def ask(self, kind: str, content: dict, channel: str = Channel.SHELL, **metadata: str):
        """The reply to a request, when the kernel is idle again."""
        self._count += 1
        header = {"msg_id": f"m{self._count}", "msg_type": kind, "session": "me"}
        self._kernel.receive(Message(channel, header, content, {}, metadata), self)
        async with asyncio.timeout(DEADLINE):
            while not self._is_answered(header["msg_id"]):
                self._news.clear()
                await self._news.wait()
        return next(each for each in self.messages if each.parent_header == header)

    def _is_answered(self, number: str) -> bool:
        mine = [each for each in self.messages if each.parent_header.get("msg_id") == number]
        return self._is_idle(number) and any(each.type.endswith("_reply") for each in mine)

    async def run(self, code: str, **metadata: str) -> Message:
        """The reply to a cell."""
        await self.ask("execute_request", {"code": code}, **metadata)
        number = f"m{self._count}"
        return next(
            each
            for each in self.messages
            if each.type == "execute_reply" and each.parent_header["msg_id"] == number
        )

    def shown(self) -> list[str]:
        """What cells gave."""
        return [
            each.content["data"]["text/plain"]
            for each in self.messages
            if each.type == "execute_result"
        ]


@pytest.fixture
def programs() -> Iterator[LuaPrograms]:
    made = LuaPrograms("5.4")
    yield made
    made.close()


def told(programs: LuaPrograms, story, tracer: Tracer | None = None) -> None:
    """Run a story with a kernel and a client of it."""

    async def whole() -> None:
        parts = lua_kernel(programs=programs)
        kernel = await make_kernel(parts)
        kernel.tracer = tracer or kernel.tracer
        try:
            await story(Client(kernel))
        finally:
            await kernel.close()

    asyncio.run(whole())


def hook(programs: LuaPrograms, point: str, answer) -> list[HookDetails]:
    """Register a hook that answers this; what it was asked."""
    asked: list[HookDetails] = []

    def ask(details: HookDetails) -> HookResult:
        asked.append(details)
        return answer(details) if callable(answer) else answer

    programs.runner.registry.register(find_point(point), ask)
    return asked


def test_hooks_are_asked_around_each_cell(programs):
    """They hear the code before and how it ended after, or that it failed."""
    before = hook(programs, "PreCodeExecution", CONTINUE)
    after = hook(programs, "PostCodeExecution", CONTINUE)
    failed = hook(programs, "ExecutionError", CONTINUE)

    async def story(client: Client) -> None:
        await client.run("1 + 1")
        reply = await client.run("error('no')")
        assert "error" == reply.content["status"]

    told(programs, story)
    assert [{"code": "1 + 1"}, {"code": "error('no')"}] == [each.data for each in before]
    assert [{"status": "ok", "count": 1, "text": "2"}] == [each.data for each in after]
    assert ["In[2]:1: no"] == [str(each.error) for each in failed]
    assert ["m1", "m2"] == [each.correlation_id for each in before]


def test_hooks_hear_of_all_code_that_comes_with_a_cell(programs):
    """Expressions behind it as well, and also where the client calls the cell silent."""
    asked = hook(programs, "PreCodeExecution", clean)
    code = {"code": "a = 1", "user_expressions": {"x": "a + 1"}, "silent": True}

    async def story(client: Client) -> None:
        await client.ask("execute_request", code)
        (reply,) = (each for each in client.messages if each.type == "execute_reply")
        assert "3" == reply.content["user_expressions"]["x"]["data"]["text/plain"]

    told(programs, story)
    assert [{"code": "a = 1", "expressions": {"x": "a + 1"}}] == [each.data for each in asked]
    assert [True] == [each.metadata["silent"] for each in asked]


def clean(_details: HookDetails) -> HookResult:
    """Another expression; the code stays."""
    return Modified({"expressions": {"x": "a + 2"}})


def test_a_hook_changes_refuses_or_answers_for_a_cell(programs):
    """Modified code runs, a cancelled cell is an error with the reason, Replace is the result."""
    answers = {
        "one": lambda details: Modified({"code": "1"}),
        "two": lambda details: Cancel("Not today."),
        "three": lambda details: Replace({"text": "kept"}),
    }
    hook(
        programs,
        "PreCodeExecution",
        lambda it: answers.get(it.data["code"], lambda _: CONTINUE)(it),
    )

    async def story(client: Client) -> None:
        await client.run("one")
        reply = await client.run("two")
        assert "Not today." in reply.content["evalue"]
        await client.run("three")
        assert ["1", "kept"] == client.shown()

    told(programs, story)


def test_a_cell_is_not_redirected(programs):
    """Nothing but the kernel's Lua runs a cell: the error says so, and it is not run there."""
    hook(programs, "PreCodeExecution", Redirect("python"))

    async def story(client: Client) -> None:
        reply = await client.run("return 1")
        assert "cannot be redirected to 'python': nothing else can do it" in reply.content["evalue"]
        assert "(said by the hook ask at PreCodeExecution)" in reply.content["evalue"]
        assert [] == client.shown()

    told(programs, story)


def test_a_hook_forks_a_cell(programs):
    """Each of its cells is run, and the result has theirs by name; a failed one is named."""

    def fork(details: HookDetails) -> HookResult:
        told = {"both": ("a = 6 return a", "b = 7"), "one": ("return 1", "error('no')")}
        codes = told.get(details.data["code"])
        if codes is None:
            return CONTINUE
        names = zip(("left", "right"), codes, strict=True)
        return Fork(tuple(Operation(name, {"code": code}) for name, code in names))

    hook(programs, "PreCodeExecution", fork)

    async def story(client: Client) -> None:
        await client.run("both")
        await client.run("a * b")
        assert ["left: 6", "42"] == client.shown()
        reply = await client.run("one")
        assert "these failed: right: " in reply.content["evalue"]

    told(programs, story)


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
