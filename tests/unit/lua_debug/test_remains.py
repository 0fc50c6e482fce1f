"""What is left of a cell that failed: in every Lua, under both kinds of hooks."""

import pytest

from kernel.core import model as m
from kernel.core.errors import NotStopped, UserError
from kernel.core.ids import FAILED
from lua_debug.hook_choice import SWITCH
from tests.support.notebook import Notebook, teller

FORM = m.FrameFormat(parameters=True, parameter_names=True, parameter_values=True)

CODE = """\
runs = (runs or 0) + 1
local up = {1, 2}
local function inner(a, ...)
  local t = {n = a, up}
  return t.x.y
end
local function outer(n)
  local text = 'kept'
  local r = inner(n * 2, 'more')
  return r
end
outer(21)
"""

IN_A_COROUTINE = """\
local function work(n)
  local held = n .. '!'
  error('inside')
end
local step = coroutine.wrap(function(a)
  local mine = a
  work(a)
end)
local waits = 5
local r = step(7)
return r
"""


@pytest.fixture
def tell(lua, hooks, tmp_path, monkeypatch):
    """Run a story with a notebook."""
    monkeypatch.setenv(SWITCH, hooks)
    return teller(lua, tmp_path)


async def left(n: Notebook) -> list[m.StackFrame]:
    """The frames that are kept."""
    return list((await n.session.debuggee.stack(FAILED, 0, 0, FORM)).frames)


async def scope(n: Notebook, frame: m.StackFrame, name: str) -> dict[str, str]:
    """The variables of one group of a frame; nothing where there is no such group."""
    debuggee = n.session.debuggee
    for each in await debuggee.scopes(frame.id):
        if each.name == name:
            return {it.name: it.value for it in await debuggee.variables(each.reference)}
    return {}


def test_frames_have_their_variables(tell):
    """All frames are there as they were, with arguments, locals and upvalues, and nothing ran."""

    async def story(n: Notebook) -> None:
        await n.run(CODE)
        top, caller, chunk = await left(n)
        assert ["inner(a = 42, ...)", "outer(n = 21)", "main chunk"] == [
            each.name for each in (top, caller, chunk)
        ]
        assert [5, 9, 12] == [each.line for each in (top, caller, chunk)]
        assert {"a": "42", "t": "{{1, 2}, n = 42}"}.items() <= (
            await scope(n, top, "Locals")
        ).items()
        assert {"n": "21", "text": '"kept"'} == await scope(n, caller, "Locals")
        assert {"up": "{1, 2}"} == await scope(n, top, "Upvalues")
        varargs = await scope(n, top, "Varargs")
        assert ({} if n.lua == "5.1" else {"[1]": '"more"'}) == varargs
        assert "attempt to index" in (await scope(n, top, "Error"))["err"]
        assert "1" == await n.shown("runs")

    tell(story)


def test_expressions_and_assignments(tell):
    """Expressions see what a frame saw; assignments change what is kept."""

    async def story(n: Notebook) -> None:
        await n.run(CODE)
        top, caller, _ = await left(n)
        debuggee = n.session.debuggee
        assert "84" == (await debuggee.evaluate("a * #up", top.id)).value
        assert "42" == (await debuggee.evaluate("t.n", top.id, "hover")).value
        assert "nil" == (await debuggee.evaluate("a", caller.id)).value
        assert "5" == (await debuggee.set_expression("a", "5", top.id)).value
        assert "5, 21" == (
            f"{(await debuggee.evaluate('a', top.id)).value}, "
            f"{(await debuggee.evaluate('n', caller.id)).value}"
        )
        (reference,) = [it.reference for it in await debuggee.scopes(top.id) if it.name == "Locals"]
        assert "{7}" == (await debuggee.set_variable(reference, "t", "{7}")).value
        assert "{7}" == (await scope(n, top, "Locals"))["t"]
        assert "a" in [it.label for it in await debuggee.complete("a", 1, top.id)]
        assert {"text/plain": "5"}.items() <= (await n.session.display("a", top.id)).items()
        info = await debuggee.data_breakpoint_info("a", frame=top.id)
        assert info.data_id is None
        assert "its cell has failed" in info.description

    tell(story)


def test_the_error_is_known(tell):
    """Its value, its kind and the traceback that was told."""

    async def story(n: Notebook) -> None:
        await n.run("local function f() error({code = 3}) end\nf()")
        said = await n.session.debuggee.exception_details(FAILED)
        assert ("error", "unhandled", "table") == (said.id, said.mode, said.type_name)
        top = next(each for each in await left(n) if each.line)
        assert "3" == (await n.session.debuggee.evaluate("err.code", top.id)).value

    tell(story)


def test_until_another_cell_fails(tell):
    """Cells that do not fail change nothing; the next that does replaces all."""

    async def story(n: Notebook) -> None:
        debuggee = n.session.debuggee
        with pytest.raises(UserError, match="No cell has failed"):
            await debuggee.stack(FAILED)
        await n.run("local one = 1 error('x')")
        first = (await left(n))[-1]
        await n.run("x = 1")
        await n.run("pcall(error, 'caught')")
        assert "1" == (await debuggee.evaluate("one", first.id)).value
        assert {"one": "1"} == await scope(n, first, "Locals")
        await n.run("local two = 2 error('y')")
        with pytest.raises(UserError, match="not of this stop"):
            await debuggee.evaluate("one", first.id)
        assert {"two": "2"} == await scope(n, (await left(n))[-1], "Locals")
        await debuggee.terminate_threads([FAILED])
        with pytest.raises(UserError, match="No cell has failed"):
            await debuggee.stack(FAILED)

    tell(story)


def test_what_is_given_up_is_kept_by_nobody(tell):
    """The values live as long as the frames, and no longer."""

    async def story(n: Notebook) -> None:
        await n.run("seen = setmetatable({}, {__mode = 'v'})")
        await n.run("local t = {} seen[1] = t error('x')")
        frames = await left(n)
        await scope(n, frames[-1], "Locals")
        count = "collectgarbage() collectgarbage() return #seen"
        assert "1" == await n.shown(count)
        await n.session.debuggee.terminate_threads([FAILED])

        assert "0" == await n.shown(count)

    tell(story)


def test_a_coroutine_comes_with_who_resumed_it(tell, lua, hooks):
    """Of an error under coroutine.wrap, the frames of the coroutine come first.

    But where Lua closes it before the hooks in Lua hear of that.
    """

    async def story(n: Notebook) -> None:
        await n.run("pcall(coroutine.wrap(function() error('other') end))")
        await n.run(IN_A_COROUTINE)
        found = {each.name: each for each in await left(n) if each.line}
        assert {"waits": "5"}.items() <= (await scope(n, found["main chunk"], "Locals")).items()
        if hooks == "pure" and lua in ("5.4", "5.5"):
            assert ["main chunk"] == list(found)
            return
        names = list(found)
        assert ("work(n = 7)", "main chunk") == (names[0], names[-1])
        assert {"n": "7", "held": '"7!"'} == await scope(n, found["work(n = 7)"], "Locals")
        assert {"a": "7", "mine": "7"} == await scope(n, found[names[1]], "Locals")
        assert "error" == (await n.session.debuggee.exception_details(FAILED)).id

    tell(story)


def test_of_deep_stacks_both_ends_are_kept(tell):
    """An overflow keeps the innermost frames and the outermost ones, and says what lies between."""

    async def story(n: Notebook) -> None:
        outcome = await n.run("local function f(n) local k = n\nreturn 1 + f(n + 1) end\nf(1)")
        if n.lua.startswith("luajit") and len(outcome.error.traceback) == 1:
            return  # LuaJIT had no room to call a message handler, and there is no traceback either
        frames = await left(n)
        lua = [each for each in frames if each.line]
        assert ["main chunk", "f(n = 1)", "f(n = 2)"] == [each.name for each in lua[:-4:-1]]
        assert any(each.name.endswith("more frames)") for each in frames)
        innermost = await scope(n, lua[0], "Locals")
        assert innermost["n"] == innermost.get("k", innermost["n"])
        assert int(innermost["n"]) > 1000
        page = await n.session.debuggee.stack(FAILED, 1, 2)
        assert ([each.id for each in frames[1:3]], len(frames)) == (
            [each.id for each in page.frames],
            page.total,
        )

    tell(story)


def test_nothing_is_kept_of_errors_of_memory(tell):
    """That would keep what has used the memory up."""

    async def story(n: Notebook) -> None:
        await n.run("local t = {} error('x')")
        await n.run("local t = {} error('not enough memory')")
        await n.run("local t = {} error('not enough memory', 0)")
        with pytest.raises(UserError, match="No cell has failed"):
            await n.session.debuggee.stack(FAILED)

    tell(story)


def test_live_frames_still_need_a_stop(tell):
    """What is kept opens no other thread and no other frame to who looks at a running program."""

    async def story(n: Notebook) -> None:
        await n.run("local t = {} error('x')")
        await left(n)
        with pytest.raises(NotStopped):
            await n.session.debuggee.stack(1)
        with pytest.raises(NotStopped):
            await n.session.debuggee.scopes(99)
        assert [1] == [each.id for each in await n.session.debuggee.threads()]

    tell(story)
