"""Hooks that are asked before a kernel runs a script, and behind one that is debugged."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from kernel.api import KernelHandle, start_embedded_kernel
from kernel.execution.engine import Call
from llmspell.kernels import lua_kernel

PATH = "/somewhere/a.lua"

CELL = "print((...), arg[1], ARGS[1])"

NOTING = """
for _, point in ipairs{"PreDebugSession", "PreScriptLoad", "PostDebugSession"} do
  Hook.register(point, function(it)
    print(point, it.data.path, it.data.args and it.data.args[1], it.data.code)
  end)
end
"""


@pytest.fixture
def anyio_backend() -> str:
    """The loop is asyncio's."""
    return "asyncio"


@pytest.fixture
async def kernel() -> AsyncIterator[KernelHandle]:
    """A kernel for one story."""
    async with await start_embedded_kernel(lua_kernel()) as kernel:
        yield kernel


async def script(
    kernel: KernelHandle, kind: str, code: str = CELL, words: Sequence[str] = ("one",)
) -> Any:
    """The outcome of a script that a client has read from a file."""
    more = {"arguments": words, "session_type": kind, "call": Call("a.lua")}
    return await kernel.execute(code, path=PATH, **more)


def told(text: str) -> list[list[str]]:
    """The words of each line."""
    return [line.split("\t") for line in text.splitlines()]


@pytest.mark.anyio
async def test_before_a_script_hooks_are_asked(kernel: KernelHandle) -> None:
    """About its file and its words; a cell is no script."""
    await kernel.execute(NOTING)
    done = await script(kernel, "script")
    assert [["PreScriptLoad", PATH, "one", "nil"], ["one"] * 3] == told(done.stdout)
    assert "cell\n" == (await kernel.execute("print('cell')")).stdout


@pytest.mark.anyio
async def test_around_a_script_that_is_debugged_others_are_asked(kernel: KernelHandle) -> None:
    """First about the session, then about the file, at its end about its status."""
    await kernel.execute(NOTING)
    done = await script(kernel, "debug", "error('no')")
    assert ["PreDebugSession", "PreScriptLoad"] == [each[0] for each in told(done.stdout)][:2]
    behind = (await kernel.execute("print('next')")).stdout
    assert ["PostDebugSession", "nil", "nil", "1"] in told(done.stdout + behind)


@pytest.mark.anyio
@pytest.mark.parametrize("answer", ["cancel", "skip"])
async def test_a_hook_refuses_a_script(kernel: KernelHandle, answer: str) -> None:
    """The client is told why, and nothing runs."""
    said = f'{{type = "{answer}", reason = "not signed"}}'
    await kernel.execute(f'Hook.register("PreScriptLoad", function() return {said} end)')
    done = await script(kernel, "script")
    assert "" == done.stdout
    assert "not signed (said by the hook" in done.error.message


@pytest.mark.anyio
@pytest.mark.parametrize("answer", ["modified", "replace"])
async def test_a_hook_changes_the_words_of_a_script(kernel: KernelHandle, answer: str) -> None:
    """It finds them as if it had been started with them."""
    said = f'{{type = "{answer}", data = {{args = {{"two"}}}}}}'
    await kernel.execute(f'Hook.register("PreScriptLoad", function() return {said} end)')
    assert "two\ttwo\ttwo\n" == (await script(kernel, "script")).stdout


@pytest.mark.anyio
async def test_a_hook_cannot_make_it_another_script(kernel: KernelHandle) -> None:
    """Its text is there already, so another path is an error that names both."""
    said = '{type = "modified", data = {path = "/b.lua"}}'
    await kernel.execute(f'Hook.register("PreScriptLoad", function() return {said} end)')
    done = await script(kernel, "script")
    assert "A hook wants /b.lua to be run" in done.error.message


REGISTERING = """
Hook.register("PreCodeExecution", function() print("before") end)
Hook.register("PostCodeExecution", function(it) print("after", it.data.text) end)
Hook.register("ExecutionError", function(it) print("failed", it.error) end)
"""


@pytest.mark.anyio
@pytest.mark.parametrize("earlier", ["", "Hook.register('PreCodeExecution', function() end)"])
async def test_a_cell_is_asked_about_by_hooks_of_its_own(
    kernel: KernelHandle, earlier: str
) -> None:
    """They are there when it is over, and are not asked before it; others make no difference."""
    await kernel.execute(earlier)
    done = await kernel.execute(f"{REGISTERING} return 1")
    assert "after\t1\n" == done.stdout


@pytest.mark.anyio
async def test_a_cell_that_fails_is_asked_about_by_hooks_of_its_own(kernel: KernelHandle) -> None:
    """At the point of its error."""
    done = await kernel.execute(f"{REGISTERING} error('no', 0)")
    assert "failed\tno\n" == done.stdout


@pytest.mark.anyio
async def test_a_hook_has_the_cell_run_again_that_registers_it(kernel: KernelHandle) -> None:
    """The second time it is asked before, as it is there by then."""
    again = 'Hook.register("PostCodeExecution", function() return {type = "retry"} end)'
    await kernel.execute("count = 0")
    done = await kernel.execute(f"count = count + 1 if count == 1 then {again} end return count")
    assert {"text/plain": "3"} == done.result.data
