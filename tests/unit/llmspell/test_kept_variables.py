"""The variables of a program, from its end to the next one's beginning."""

import logging

import pytest

from kernel.core.settings import DebugSettings
from kernel.state.memory import MemoryStore
from llmspell import kept_variables
from llmspell.kept_variables import KeptVariables
from lua_debug.session import LuaSession
from tests.support.notebook import Answers, Notebook

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    """The loop is asyncio's."""
    return "asyncio"


class Run(Notebook):
    """One run of a kernel whose variables are kept under ``key``."""

    def __init__(self, lua, folder, store, key="kernel:lab"):
        super().__init__(lua, folder)
        self.session = LuaSession(DebugSettings(lua=lua), self.events.append, Answers())
        self.kept = KeptVariables(lambda: store, lambda: key)
        self.session.when_closing = lambda: self.kept.take(self.session)

    async def __aenter__(self):
        await self.session.start()
        await self.kept.give_back(self.session)
        return self

    async def __aexit__(self, *_):
        await self.session.close()


async def test_variables_come_back(lua, tmp_path):
    """Values of all kinds, tables with what they share, in every Lua."""
    store = MemoryStore()
    async with Run(lua, tmp_path, store) as run:
        assert run.kept.told() is None
        await run.run("n, s, b = 1.5, 'a\\0\\255', false")
        await run.run("t = {1, {deep = true}} t.self = t u = t[2]")
        assert "7" == await run.shown("return 7")
    async with Run(lua, tmp_path, store) as run:
        assert "1.5, 4, 255, false" == await run.shown("return n, #s + 1, s:byte(3), b")
        assert "true, true, true" == await run.shown("return t.self == t, u == t[2], u.deep")
        assert {"restored": 5, "lost": []} == run.kept.told()
        assert "nil, nil" == await run.shown("return _3, _LLMSPELL_RESTORED")


async def test_the_words_of_a_run_are_its_own(tmp_path):
    """What one run was started with is nothing that the next one finds."""
    store = MemoryStore()
    async with Run("5.4", tmp_path, store) as run:
        await run.run("x, arg, ARGS = 5, {'one'}, {'one'}")
    async with Run("5.4", tmp_path, store) as run:
        assert {"restored": 1, "lost": []} == run.kept.told()
        assert "5, nil, 1" == await run.shown("return x, arg, 1")


async def test_what_cannot_be_kept_is_listed(tmp_path):
    """With the reason; secrets are not kept either, and nowhere in the store."""
    store = MemoryStore()
    async with Run("5.4", tmp_path, store) as run:
        await run.run("f = print g = function() end co = coroutine.create(g)")
        await run.run("api_key = 'very-hidden' c = {password = 'hidden-too', x = 1, f = g}")
        await run.run("m = setmetatable({1}, {})")
    (entry,) = [each for _, each in store.scan("_kernel", "variables/")]
    assert (False, False) == (b"very-hidden" in entry.value, b"hidden-too" in entry.value)
    async with Run("5.4", tmp_path, store) as run:
        told = run.kept.told()
        assert 2 == told["restored"]
        assert {
            "g is a function", "co is a thread", "c.f is a function",
            "m has a metatable, which is not kept", "api_key has the name of a secret",
            "….password has the name of a secret",
        } <= set(told["lost"])  # fmt: skip
        assert "1, nil" == await run.shown("return c.x, c.password")


async def test_a_restart_that_is_to_begin_anew(tmp_path):
    """Leaves nothing, also of earlier runs."""
    store = MemoryStore()
    async with Run("5.4", tmp_path, store) as run:
        await run.run("x = 1")
    async with Run("5.4", tmp_path, store) as run:
        run.kept.drop()
    async with Run("5.4", tmp_path, store) as run:
        assert (None, "nil, 1") == (run.kept.told(), await run.shown("return x, 1"))


async def test_of_each_key_its_own(tmp_path):
    """A kernel finds what was kept under its name; without one nothing is kept."""
    store = MemoryStore()
    async with Run("5.4", tmp_path, store) as run:
        await run.run("x = 1")
    async with Run("5.4", tmp_path, store, "session:s") as run:
        await run.run("x = x or 2")
    async with Run("5.4", tmp_path, store, "") as run:
        await run.run("x = x or 3")
    found = [key for key, _ in store.scan("_kernel", "variables/")]
    assert ["variables/kernel:lab", "variables/session:s"] == sorted(found)


async def test_what_is_too_much(tmp_path, monkeypatch, caplog):
    """Is left out, with tables that reach it; the log and the next run name it."""
    monkeypatch.setattr(kept_variables, "MOST", 1000)
    store = MemoryStore()
    async with Run("5.4", tmp_path, store) as run:
        await run.run("x, y = 1, 1")
    with caplog.at_level(logging.WARNING):
        async with Run("5.4", tmp_path, store) as run:
            await run.run("x, y, shared = 2, ('y'):rep(2000), {n = 3}")
            await run.run("small, deep = {shared}, {shared, {{('z'):rep(1500)}}}")
    assert "not kept: y takes 0.0 MiB; together no more than 0 MiB are kept" in caplog.text
    async with Run("5.4", tmp_path, store) as run:
        assert "2, nil, nil, 3" == await run.shown("return x, y, deep, small[1].n")
        assert "true" == await run.shown("return small[1] == shared")
        told = run.kept.told()
    assert 3 == told["restored"]
    assert ["deep", "y"] == sorted(each.split()[0] for each in told["lost"])


async def test_what_takes_too_long(tmp_path, monkeypatch, caplog):
    """Nothing comes back then, not even of earlier runs, and the next run is told so."""
    store = MemoryStore()
    async with Run("5.4", tmp_path, store) as run:
        await run.run("x = 1")
    async with Run("5.4", tmp_path, store) as run:
        monkeypatch.setattr(kept_variables, "PATIENCE", 0.0)
    assert "The variables were not kept: they took too long" in caplog.text
    async with Run("5.4", tmp_path, store) as run:
        said = {"restored": 0, "lost": ["all variables: they took too long"]}
        assert said == run.kept.told()
        assert "nil, 1" == await run.shown("return x, 1")


async def test_what_cannot_be_read_any_more(tmp_path, caplog):
    """Is passed over: the kernel starts, and the log says why."""
    store = MemoryStore()
    store.put("_kernel", "variables/kernel:lab", b'{"names": {"x": {"f": "?"}}, "tables": []}')
    async with Run("5.4", tmp_path, store) as run:
        assert "2" == await run.shown("return 2")
    assert "The variables of the run before cannot be read" in caplog.text
