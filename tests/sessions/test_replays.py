"""Sessions that kernels have recorded are run again, in a Lua of their own."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from dap_server.client import DapClient
from kernel.execution.engine import Call
from kernel.sessions.replay.schedule import Once
from tests.sessions.conftest import Keeping, Start
from tests.support.schema import check_frame

pytestmark = pytest.mark.anyio

CODE = (
    "total = 0\nfunction add(n)\n  total = total + n\n  return total\nend",
    "print(add(2), math.random(1000), math.random())\nio.stderr:write('hm')\nreturn total",
    "name = io.read()\nprint('hello ' .. name, os.time(), os.date('%Y %j'))\ndisplay(name)",
    "local last = add(5)\nreturn last * 1.5",
    "error('no more')",
)
DEADLINE = 60


async def answer(_prompt: str, _secret: bool) -> str:
    return "Ann"


async def recorded(start: Start, lua: str = "5.4", code: tuple[str, ...] = CODE) -> Keeping:
    """A kernel in a session in which cells were run."""
    it = await start(lua)
    await it.handle.sessions("create", name="work", use=True)
    await it.run(*code, answer_input=answer)
    return it


def different(result: dict[str, Any]) -> list[int]:
    """The steps that gave something else than when they were recorded."""
    return [each["step"] for each in result["steps"] if not each["comparison"]["identical"]]


async def test_exactly(start: Start, lua: str) -> None:
    """Globals, inputs, time, random numbers, values, errors and displays are as recorded."""
    it = await recorded(start, lua)
    result = await it.replay()
    assert ("", []) == (result["error"], different(result))
    assert (5, 5, 1.0) == (
        result["hooks_replayed"],
        result["successful_replays"],
        result["similarity_score"],
    )
    assert "hello Ann" in result["steps"][2]["output"]
    assert "In[5]:1: no more" in result["steps"][4]["error"]


async def test_caught_errors(start: Start, lua: str) -> None:
    """Their messages name the file of the cell, which lies elsewhere in a replay."""
    code = (
        "print(pcall(function() error('y') end))",
        "print(debug.traceback())",
        "function f() return nil + 1 end",
        "print(pcall(f))",
        "print(setmetatable({}, {__name = 'My'}))",
    )
    it = await recorded(start, lua, code)
    assert "lua_ipykernel_" in str(await it.log())
    assert [] == different(await it.replay())


async def test_how_scripts_were_called(start: Start, lua: str) -> None:
    """A script finds the words it was started with in all places where it found them before."""
    it = await recorded(start, lua, ("print(1)",))
    code = "print(arg[-1], arg[0], arg[2], #arg, ARGS[0], ARGS.name, ...)"
    for words, call in (
        (["one", "--name", "zwei"], Call("ra.lua", ("run",))),
        ([], Call("(command line)")),
        (["one"], None),
    ):
        await it.handle.execute(code, path="/p/ra.lua", arguments=words, call=call)
    result = await it.replay()
    assert ("", []) == (result["error"], different(result))
    assert "run\tra.lua\t--name\t3\tra.lua\tzwei\tone" in result["steps"][1]["output"]


async def test_the_kernel_is_left_alone(start: Start) -> None:
    """Neither globals nor state nor artifacts of the kernel are seen or changed by a replay."""
    code = (
        "State.save('global', 'n', (State.load('global', 'n') or 0) + 1)",
        "Artifact.store(Session.get_current(), 'custom', 'a', 'x')",
        "kept = (kept or 0) + 1 return State.load('global', 'n')",
    )
    it = await recorded(start, code=code)
    assert ("1", 3) == ((await it.replay())["steps"][2]["value"], len(await it.log()))
    assert 1 == len((await it.handle.sessions("artifacts"))["artifacts"])
    assert 1 == (await it.handle.state(key="n"))["entries"][0]["value"]
    assert "1" == (await it.run("return kept"))[0].result.data["text/plain"]  # type: ignore[union-attr]


async def test_with_changes(start: Start) -> None:
    """What is changed is seen where it matters; the clock and the seed can be changed, too."""
    it = await recorded(start)
    changes = [
        {"path": "3.inputs.0", "value": "you"},
        {"path": "3.clock", "value": 0.5},
        {"path": "4.code", "value": "return add(1)"},
        {"path": "1.seed", "value": 1},
    ]
    result = await it.replay(mode="modified", modifications=changes)
    assert [2, 3, 4] == different(result)
    assert "hello you\t0\t1970 001" in result["steps"][2]["output"]
    assert "3" == result["steps"][3]["value"]


async def test_a_part(start: Start) -> None:
    """What comes before is run for what it leaves behind, and is neither compared nor counted."""
    it = await recorded(start)
    result = await it.replay(from_step=4, to_step=4)
    assert [(4, "10.5")] == [(each["step"], each["value"]) for each in result["steps"]]


async def test_time_goes_on(start: Start) -> None:
    """Who waits in a loop for a later time gets there."""
    it = await recorded(start, code=("local t = os.time() while os.time() < t + 1 do end",))
    assert [] == different(await asyncio.wait_for(it.replay(), DEADLINE))


async def test_limits(start: Start) -> None:
    """Replayed cells are held to what the session's policies allow."""
    it = await start()
    policies = {"timeout": {"cell_seconds": 0.3}}
    await it.handle.sessions("create", name="work", policies=policies, use=True)
    await it.run("while true do end")
    result = await asyncio.wait_for(it.replay(), DEADLINE)
    assert ("interrupted", True) == (
        result["steps"][0]["status"],
        result["steps"][0]["comparison"]["identical"],
    )


async def test_from_lua(start: Start) -> None:
    """A cell replays the session it is in, and the results are there afterwards."""
    it = await recorded(start)
    code = "local r = Session.replay(Session.get_current(), {mode = 'exact', to_step = 4}) "
    (done,) = await it.run(code + "return r.successful_replays")
    assert done.result is not None
    assert "4" == done.result.data["text/plain"]
    assert 1 == len((await it.handle.sessions("replays"))["results"])


async def test_by_itself(start: Start) -> None:
    """What is scheduled is replayed when it is due, without anybody looking."""
    it = await start()
    it.programs.sessions.keep_up()
    await it.handle.sessions("create", name="work", use=True)
    await it.run("return 1")
    services, current = it.services.sessions, it.programs.current.id
    assert current is not None
    actor = it.services.actor
    await asyncio.to_thread(services.schedules.schedule, actor, current, Once(0.05))

    async def has_run() -> bool:
        (there,) = (await it.handle.sessions("schedules"))["schedules"]
        return bool(there["runs"])

    await until(has_run)
    assert 1 == len((await it.handle.sessions("replays"))["results"])
    (planned,) = await asyncio.to_thread(services.schedules.schedules, actor, current)
    assert ("completed", "") == (planned.state, planned.last_error)


# --- in the debugger ------------------------------------------------------------------------------


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(DEADLINE):
        while not await true():
            await asyncio.sleep(0.02)


async def test_a_client_finds_it_stopped(start: Start) -> None:
    """A client of the debug adapter attaches, sees step 3, changes it and lets it go on."""
    it = await recorded(start)
    replay = asyncio.ensure_future(it.replay(mode="debug", stop_before=3))
    address = ""

    async def is_there() -> bool:
        nonlocal address
        found = (await it.handle.sessions("replays"))["under_way"]
        address = found[0]["address"] if found else ""
        return bool(address)

    await until(is_there)
    await asyncio.to_thread(debug_step_3, address)
    result = await asyncio.wait_for(replay, DEADLINE)
    assert (3, "", [4]) == (result["stopped_before"], result["error"], different(result))
    assert "67.5" == result["steps"][3]["value"]
    assert [] == (await it.handle.sessions("replays"))["under_way"]


def debug_step_3(address: str) -> None:
    port = int(address.rpartition(":")[2])
    with DapClient.connect(port, check=check_frame, deadline=DEADLINE) as dap:
        dap.attach()
        stop = dap.wait_for_stop()
        assert stop is not None
        assert (1, "breakpoint", "2") == (stop.line, stop.reason, dap.evaluate("total"))
        assert CODE[2] == Path(str(stop.path)).read_text()
        dap.evaluate("total = 40", context="repl")
        dap.send("continue", {"threadId": 1})
        dap.disconnect()
