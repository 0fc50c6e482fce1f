"""Functions of a kernel's script are asked about what its clients want of sessions and state."""

import asyncio

import pytest

from kernel.core.errors import UserError
from kernel.core.ids import ThreadId
from tests.sessions.conftest import Start

pytestmark = pytest.mark.anyio


async def test_a_script_refuses_a_clients_session(start: Start) -> None:
    """The client is told the reason and the point; another session is begun."""
    it = await start()
    await it.run("""Hook.register("SessionStart", function(told)
        if told.data.name == "secret" then return {type = "cancel", reason = "not here"} end
    end)""")
    with pytest.raises(UserError, match=r"not here .* at SessionStart"):
        await it.handle.sessions("create", name="secret")
    await it.handle.sessions("create", name="work")
    listed = (await it.handle.sessions("list"))["sessions"]
    assert ["work"] == [each["name"] for each in listed]


async def test_a_script_has_a_say_in_what_clients_want_of_state(start: Start) -> None:
    """Clearing is refused, and what is shown is what the script makes of it."""
    it = await start()
    await it.run("""State.set("k", 1)
        Hook.register("BeforeStateWrite", function(told)
          if told.data.operation == "clear" then return {type = "cancel", reason = "kept"} end
        end)
        Hook.register("AfterStateRead", function(told)
          if type(told.data) == "table" then
            told.data.entries[1].value = told.input.operation
            return {type = "modified", data = told.data}
          end
        end)""")
    with pytest.raises(UserError, match=r"kept .* at BeforeStateWrite"):
        await it.handle.state("clear")
    (entry,) = (await it.handle.state("show"))["entries"]
    assert ("k", "show") == (entry["key"], entry["value"])
    (done,) = await it.run("print(State.get('k'))")
    assert "1\n" == done.stdout


async def test_a_script_hears_of_limits(start: Start) -> None:
    """Of a cell that was ended and of one that was not begun, with the reasons."""
    it = await start()
    await it.run("""reasons = {}
        Hook.register("ResourceLimitExceeded", function(told)
          reasons[#reasons + 1] = told.data.operation .. ": " .. told.data.reason
        end)""")
    quota = {"quota": {"instructions": 100_000}}
    await it.handle.sessions("create", name="work", policies=quota, use=True)
    await it.run("while true do pcall(error) end", "return 1")
    await it.handle.sessions("use")
    (done,) = await it.run("print(table.concat(reasons, '\\n'))")
    ended, refused = done.stdout.splitlines()
    assert ended.startswith("run: The cell was ended: it took 100000 instructions")
    assert refused.startswith("admit: ")


async def test_a_script_that_stands_does_not_keep_its_kernel(start: Start) -> None:
    """Its hooks cannot be asked: the debugger is served, and the kernel ends all the same."""
    it = await start()
    await it.run("""Hook.register("SystemShutdown", function() end)
        Hook.register("PreMessageHandle", function() end)""")
    assert it.programs.program is not None
    core = it.programs.program.core
    await core.attached()
    cell = asyncio.ensure_future(it.handle.execute("stands = true while stands do end"))
    async with asyncio.timeout(30):
        while not it.handle.kernel.manager.is_busy:
            await asyncio.sleep(0.01)
        await core.pause(ThreadId(1))
        while not core.is_stopped:
            await asyncio.sleep(0.01)
        assert await it.handle.info()
        await it.handle.close()
    cell.cancel()
