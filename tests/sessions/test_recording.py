"""What is run while a kernel is in a session is admitted, held to limits, and written down."""

import asyncio
import contextlib
from collections.abc import Iterator
from typing import Any

import pytest

from kernel.core import model as m
from kernel.core.errors import UserError
from kernel.core.ids import ThreadId
from kernel.sessions.access import Actor
from kernel.sessions.sweeper import SWEEPER
from kernel.state.breaker import BreakerStore
from kernel.state.store import StoreUnavailable
from tests.sessions.conftest import Keeping, Start

pytestmark = pytest.mark.anyio


async def test_a_cell_is_recorded_whole(start: Start, lua: str) -> None:
    """With its code, its input, its output by streams, its value, its time, and what it used."""
    it = await start(lua)
    await it.handle.sessions("create", name="work", use=True)

    async def answer(_prompt: str, _secret: bool) -> str:
        return "Ann"

    code = "print('hello ' .. io.read()) io.stderr:write('hm') display('seen') return 6 * 7"
    (done,) = await it.run(code, answer_input=answer)
    assert ("ok", "hello Ann\n") == (done.status, done.stdout)
    (entry,) = await it.log()
    cell, outcome = entry["cell"], entry["outcome"]
    assert (code, ["Ann"], "lua", 1) == tuple(
        cell[name] for name in ("code", "inputs", "language", "number")
    )
    assert [("stdout", "hello Ann\n"), ("stderr", "hm"), ("display", "seen")] == [
        (each["stream"], each["text"]) for each in outcome["outputs"]
    ]
    assert ("ok", "42", "") == (outcome["status"], outcome["value"], outcome["error"])
    assert outcome["peak_memory"] > 10_000
    usage = (await it.handle.sessions("show"))["session"]["usage"]
    assert (1, 0) == (usage["cells"], usage["failed_cells"])


async def test_errors_are_recorded(start: Start) -> None:
    """With their tracebacks, as clients have seen them."""
    it = await start()
    await it.handle.sessions("create", name="work", use=True)
    (done,) = await it.run("local function f() error('no') end\nf()")
    (entry,) = await it.log()
    assert done.error is not None
    expected = ("error", "\n".join(done.error.traceback))
    assert expected == (entry["outcome"]["status"], entry["outcome"]["error"])


async def test_what_is_not_counted_is_not_recorded(start: Start) -> None:
    """Silent cells, those without history, and those without a session leave no trace."""
    it = await start()
    await it.run("a = 1")
    await it.handle.sessions("create", name="work", use=True)
    await it.run("a = 2", silent=True)
    await it.run("a = 3", store_history=False)
    await it.run("b = 4")
    await it.handle.sessions("use")
    await it.run("a = 5")
    assert ["b = 4"] == [each["cell"]["code"] for each in await it.log("work")]


async def test_a_script_enters_and_leaves(start: Start) -> None:
    """Session.set_current in a cell counts from the next cell on, for all clients."""
    it = await start()
    await it.run("Session.set_current(Session.create{name = 'mine'})", "x = 1")
    assert "mine" == (await it.handle.sessions("current"))["session"]["name"]
    await it.run("Session.set_current(nil)", "x = 2")
    codes = [each["cell"]["code"] for each in await it.log("mine")]
    assert ["x = 1", "Session.set_current(nil)"] == codes


async def test_hooks_come_first(start: Start) -> None:
    """What they make of a cell is what is run, and recorded."""
    it = await start()
    await it.handle.sessions("create", name="work", use=True)
    hook = "Hook.register('PreCodeExecution', function() return {type='modified', "
    await it.run(hook + "data = {code = 'return 2'}} end)", "return 1")
    assert ["return 2"] == [each["cell"]["code"] for each in (await it.log())[1:]]


# --- limits ---------------------------------------------------------------------------------------


async def limited(start: Start, lua: str = "5.4", **policies: Any) -> Keeping:
    it = await start(lua)
    await it.handle.sessions("create", name="work", policies=policies, use=True)
    return it


async def test_time(start: Start, lua: str) -> None:
    """A cell that runs too long is ended, says which policy that was, and the kernel goes on."""
    it = await limited(start, lua, timeout={"cell_seconds": 0.3})
    endless, after = await it.run("while true do pcall(error) end", "return 1")
    assert endless.error is not None
    assert "ran for 0.3 s, as long as a cell may (policy timeout)" in endless.error.message
    assert ("LimitReached", "ok") == (endless.error.name, after.status)
    assert ["interrupted", "ok"] == [each["outcome"]["status"] for each in await it.log()]


async def test_memory(start: Start, lua: str) -> None:
    """A cell that takes too much memory is ended, and says which policy that was."""
    it = await limited(start, lua, quota={"memory_mb": 20})
    (done,) = await it.run("t = {} for i = 1, 1e9 do t[i] = ('x'):rep(100) .. i end")
    assert done.error is not None
    assert "more than 20 MiB of memory (policy quota)" in done.error.message


async def test_garbage_is_no_memory(start: Start, lua: str) -> None:
    """What nobody reaches any more ends no cell, whoever has left it."""
    it = await limited(start, lua, quota={"memory_mb": 20})
    ended, innocent = await it.run(
        "local t = {} for i = 1, 1e9 do t[i] = ('x'):rep(100) .. i end",
        "local over = os.clock() + 0.6 while os.clock() < over do end return 'done'",
    )
    assert ended.error is not None
    assert ("LimitReached", "ok") == (ended.error.name, innocent.status)


async def test_instructions(start: Start, lua: str) -> None:
    """Cells share what a session may take: one is ended, the next is refused, and both say why."""
    it = await limited(start, lua, quota={"instructions": 100_000})
    counted, endless, after = await it.run(
        "for i = 1, 3000 do end", "while true do pcall(error) end", "return 1"
    )
    assert endless.error is not None
    assert after.error is not None
    assert ("ok", "LimitReached", "Refused") == (
        counted.status,
        endless.error.name,
        after.error.name,
    )
    assert "as many as were left to it (policy quota)" in endless.error.message
    assert "instructions" in after.error.message
    first, second = [each["outcome"]["instructions"] for each in await it.log()]
    assert 2_000 <= first <= 20_000
    assert 100_000 <= first + second <= 101_000


async def test_refusals(start: Start) -> None:
    """What a policy does not let run is not run, and says what would help; nothing is recorded."""
    it = await limited(start, rate_limit={"session_per_minute": 1, "burst": 1.0})
    ran, refused = await it.run("x = 1", "x = 2")
    assert refused.error is not None
    assert ("ok", "error", "Refused") == (ran.status, refused.status, refused.error.name)
    assert "is limited to 1 a minute; try again in" in refused.error.message
    assert refused.error.message.endswith("(Policy rate_limit.)")
    assert 1 == len(await it.log())
    (done,) = await it.run("return x", store_history=False)
    assert done.result is not None
    assert "1" == done.result.data["text/plain"]


async def test_a_session_that_has_ended(start: Start) -> None:
    """Nothing runs in it, until the kernel is in another one or in none."""
    it = await limited(start)
    await it.handle.sessions("complete")
    (refused,) = await it.run("x = 1")
    assert refused.error is not None
    assert "is completed: run is not possible" in refused.error.message
    assert "`llmspell session use` has the kernel be in another session" in refused.error.message
    await it.handle.sessions("use")
    assert "ok" == (await it.run("x = 1"))[0].status


async def test_a_session_that_rests(start: Start) -> None:
    """One that the sweeper laid to rest goes on with the next cell, not one that a user did."""
    it = await limited(start)
    id = (await it.handle.sessions("show"))["session"]["id"]
    await asyncio.to_thread(
        it.services.sessions.sessions.suspend, Actor(SWEEPER, is_admin=True), id
    )
    assert "ok" == (await it.run("x = 1"))[0].status
    await it.handle.sessions("suspend")
    (refused,) = await it.run("x = 2")
    assert refused.error is not None
    assert "is suspended" in refused.error.message
    assert refused.error.message.endswith("`llmspell session resume` lets it go on.")


async def test_debugging_takes_all_the_time_there_is(start: Start) -> None:
    """While the program stands its time does not pass; when it goes on the rest of it does."""
    it = await limited(start, timeout={"cell_seconds": 0.5})
    assert it.programs.program is not None
    core = it.programs.program.core
    await core.attached()
    cell = asyncio.ensure_future(it.run("while true do end"))
    await asyncio.sleep(0.1)
    await core.pause(ThreadId(1))
    async with asyncio.timeout(30):
        while not core.is_stopped:
            await asyncio.sleep(0.01)
    await asyncio.sleep(1.0)
    assert not cell.done()
    await core.resume(m.Resume(m.StepKind.CONTINUE, ThreadId(1)))
    (done,) = await asyncio.wait_for(cell, 30)
    assert done.error is not None
    assert "LimitReached" == done.error.name


# --- which session --------------------------------------------------------------------------------


async def test_a_kernel_may_begin_one_itself(start: Start) -> None:
    """Where the configuration says so; who leaves it on purpose stays outside."""
    it = await start(configuration="[runtime.sessions]\nenabled = true\n")
    await it.run("x = 1")
    assert "kernel" == (await it.handle.sessions("current"))["session"]["name"]
    await it.handle.sessions("use")
    await it.run("x = 2")
    assert ["x = 1"] == [each["cell"]["code"] for each in await it.log("kernel")]


async def test_it_goes_on_in_a_new_one(start: Start) -> None:
    """When the time of the session is over that the kernel has begun itself; not so for others."""
    text = "[runtime.sessions]\nenabled = true\nsession_timeout_seconds = 0.2\n"
    it = await start(configuration=text)
    await it.run("x = 1")
    first = it.programs.current.id
    await asyncio.sleep(0.3)
    assert ["ok"] == [each.status for each in await it.run("x = 2")]
    second = it.programs.current.id
    assert ["x = 2"] == [each["cell"]["code"] for each in await it.log(str(second))]
    assert "completed" == (await it.handle.sessions("show", id=first))["session"]["status"]
    await it.handle.sessions("create", name="mine", use=True)
    await asyncio.sleep(0.3)
    (refused,) = await it.run("x = 3")
    assert refused.error is not None
    assert refused.error.message.endswith("(Policy timeout.)")


async def test_a_cell_that_never_comes_back(start: Start) -> None:
    """Is recorded as broken off when its kernel ends, with what it had written."""
    it = await start()
    await it.handle.sessions("create", name="work", use=True)
    running = asyncio.ensure_future(it.run("print('begun') while true do end"))
    recorder = it.programs.guard

    async def has_begun() -> bool:
        usage = (await it.handle.sessions("show"))["session"]["usage"]
        return bool(usage["operations"])

    async with asyncio.timeout(30):
        while not await has_begun():
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.1)
        await recorder.end()
        (entry,) = await it.log()
        assert ("interrupted", "begun\n") == (
            entry["outcome"]["status"],
            entry["outcome"]["outputs"][0]["text"],
        )
        await it.handle.interrupt()
        await running


async def test_policies_are_configured(start: Start) -> None:
    """For all sessions of a kernel; a session's own can only be narrower."""
    text = "[runtime.sessions]\nsession_timeout_seconds = 50\n"
    it = await start(configuration=text + "[runtime.sessions.policies]\nquota = {operations = 1}\n")
    await it.handle.sessions("create", name="work", policies={"quota": {"operations": 9}}, use=True)
    ran, refused = await it.run("x = 1", "x = 2")
    assert refused.error is not None
    assert ("ok", "Refused") == (ran.status, refused.error.name)


async def test_two_kernels_with_one_session(start: Start) -> None:
    """The session outlives its kernel, and is taken up by the next one, artifacts and all."""
    first = await start()
    await first.handle.sessions("create", name="work", use=True)
    await first.run("Artifact.store(Session.get_current(), 'custom', 'a.txt', 'kept')")
    await first.handle.close()
    second = await start()
    await second.handle.sessions("use", id="work")
    await second.run("return 1")
    assert 2 == len(await second.log())
    assert "kept" == (await second.handle.sessions("artifact", name="a.txt"))["text"]


async def test_a_session_that_is_used_can_be_begun(start: Start) -> None:
    """Whoever uses one that is not there is told how to have it."""
    it = await start()
    with pytest.raises(UserError, match=r"There is no session 'new'.* With `create` one of"):
        await it.handle.sessions("use", id="new")
    used = await it.handle.sessions("use", id="new", create=True)
    assert "new" == used["session"]["name"]


async def test_changes_of_state_are_told(start: Start) -> None:
    """Where the configuration says so: by scope, key and version, without values."""
    it = await start(configuration="[events]\nemit_state_events = true\n")
    heard = it.services.broker.subscribe("state.*")
    await it.run("State.save('global', 'a', 1) State.delete('global', 'a')")
    events = [await asyncio.wait_for(heard.receive_async(), 30) for _ in range(2)]
    told = [(each.name, each.data()) for each in events if each is not None]
    assert [
        ("state.changed", {"scope": "global", "key": "a", "version": 1}),
        ("state.deleted", {"scope": "global", "key": "a"}),
    ] == told


async def test_a_store_that_is_away(
    start: Start, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Cells are refused and requests fail with what is wrong, in one line, until it is back."""
    it = await start()
    await it.handle.sessions("create", name="work", use=True)
    await it.run("x = 1")
    with monkeypatch.context() as patched:
        patched.setattr(BreakerStore, "around", _away)
        (refused,) = await it.run("x = 2")
        with pytest.raises(UserError, match=r"^postgresql://db: connection refused\.$"):
            await it.handle.sessions("list")
    assert refused.error is not None
    assert (
        "Refused",
        "The cell was not run, as it cannot be recorded now: postgresql://db: connection refused.",
    ) == (refused.error.name, refused.error.message)
    assert "Traceback" not in caplog.text
    (again,) = await it.run("print(x)")
    assert "1\n" == again.stdout


@contextlib.contextmanager
def _away(_store: BreakerStore, _operation: str) -> Iterator[None]:
    raise StoreUnavailable("postgresql://db: connection refused.")
    yield
