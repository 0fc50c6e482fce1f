"""What a launch configuration says, as the program sees it."""

import sys

import pytest

from dap_server.client import RequestFailed

ENVIRONMENT = """
    print(select("#", ...), (select(2, ...)), arg[0]:match("[^/]*$"))
    print(os.getenv("LLMSPELL_ADDED"), os.getenv("LLMSPELL_THERE"))
    local file = io.open("beside.txt")
    print(file and file:read("*a"))
    print(require("far.away").name)
    print((package.cpath:match("^[^;]*")))
"""


def test_arguments_folder_environment_and_paths(debug, transport):
    """``args``, ``cwd``, ``env``, ``luaPath`` and ``luaCPath`` are what the program finds."""
    if transport == "memory":
        pytest.skip("in memory the program has the folder and the environment of the tests")
    with debug(ENVIRONMENT) as d:
        d.write("work/beside.txt", "beside")
        d.write("lib/far/away.lua", "return { name = 'far' }\n")
        d.run_to_end(
            args=["one", "zwei ä"],
            cwd=str(d.folder / "work"),
            env={"LLMSPELL_ADDED": "yes", "LLMSPELL_THERE": None, "PATH": "/bin"},
            luaPath=[str(d.folder / "lib" / "?.lua")],
            luaCPath="/nowhere/?.so",
        )
        assert [
            "2\tzwei ä\tmain.lua",
            "yes\tnil",
            "beside",
            "far",
            "/nowhere/?.so",
        ] == d.output("stdout").splitlines()


def test_hooks_that_cannot_be_had(debug, transport, monkeypatch):
    """``LLMSPELL_HOOKS=native`` refuses to start without the accelerator, and says why."""
    if transport != "memory":
        pytest.skip("in another process it is there")
    monkeypatch.setenv("LLMSPELL_HOOKS", "native")
    monkeypatch.setitem(sys.modules, "lua_debug._native.core", None)
    with debug("print(1)\n") as d:
        with pytest.raises(
            RequestFailed, match=r"is native, but the accelerator was not built"
        ) as e:
            d.run()
        assert e.value.text.endswith("installing with a C compiler builds it.")


def test_hooks_that_are_not_known(debug, transport, monkeypatch):
    """Another word in ``LLMSPELL_HOOKS`` is refused, with those there are."""
    if transport == "tcp":
        pytest.skip("the server began before")
    monkeypatch.setenv("LLMSPELL_HOOKS", "fast")
    with debug("print(1)\n") as d, pytest.raises(RequestFailed, match="auto, native, pure"):
        d.run()


@pytest.mark.lua("5.1", "5.2", "5.3", "5.4", "5.5", "luajit2.1")
def test_a_limit_of_memory(debug):
    """Beyond ``maxMemoryMB`` Lua says that memory is out, which is an error like others."""
    with debug("""
        local ok, message = pcall(function()
          local t = {}
          for i = 1, 1e7 do t[i] = { i } end
        end)
        collectgarbage() -- 5.1 and LuaJIT do not when they need memory
        print(ok, message)
        local after = 1  -- @after
    """) as d:
        d.break_at("after")
        stop = d.run(maxMemoryMB=40)
        assert "after" == d.at(stop)
        assert {"ok": "false", "message": '"not enough memory"'} == {
            name: value for name, value in d.locals().items() if name != "after"
        }
        assert 0 == d.run_to_end()


@pytest.mark.lua("5.1", "5.2", "5.3", "5.4", "5.5", "luajit2.1")
def test_an_uncaught_end_of_memory(debug):
    """Lua tells nobody of it before the stack is gone: the program ends, and says why."""
    with debug("local t = {} for i = 1, 1e7 do t[i] = { i } end") as d:
        d.start(maxMemoryMB=40)
        d.requests.set_exception_breakpoints(filters=["uncaught"])
        assert 1 == d.run_to_end()
        assert "llmspell: not enough memory\n" == d.output("stderr")


@pytest.mark.lua("luajit2.0")
def test_a_limit_that_cannot_be(debug):
    """LuaJIT 2.0 lets nobody limit its memory, and the refusal says so."""
    with debug("print(1)") as d:
        d.start(maxMemoryMB=40)
        with pytest.raises(RequestFailed, match=r"maxMemoryMB is 40; LuaJIT 2\.0 takes its memory"):
            d.client.run()


def test_errors_to_stop_on_by_default(debug):
    """``exceptionDefaults`` counts for clients that never choose, and gives way to those that do."""
    for chosen, reasons in ((None, ["exception"]), ([], [])):
        with debug("pcall(error, 'caught')") as d:
            d.start(exceptionDefaults=["all"])
            if chosen is not None:
                d.requests.set_exception_breakpoints(filters=chosen)
            d.client.run()
            d.client.run_to_end()
            assert reasons == [each["reason"] for each in d.frames.received("stopped")]


def test_texts_that_are_shown_as_files(debug):
    """With ``sourceMaps`` a text loaded under a name is the file it was made of."""
    with debug(
        """
        local load = loadstring or load
        load("local a = 1\\nlocal b = a\\nprint('first', b)", "=scene:first")()
        load("print('other')", "@scene:other")()
        """,
        {"scenes/first.lua": "local a = 1\nlocal b = a  -- @b\nprint('first', b)\n"},
    ) as d:
        path = d.folder / "scenes" / "first.lua"
        d.start(sourceMaps={"scene:*": f"{d.folder}/scenes/*.lua"})
        (answer,) = d.break_at("b")
        assert (False, "pending") == (answer.verified, answer.reason)
        stop = d.client.run()
        assert (str(path), "b", (answer.id,)) == (stop.path, d.at(stop), stop.breakpoints)
        told = d.wait_for("breakpoint")["breakpoint"]
        assert (answer.id, True) == (told["id"], told["verified"])
        assert 0 == d.run_to_end()
        shown = [body["source"]["name"] for body in d.frames.received("loadedSource")]
        assert ["main.lua", "first.lua", "scene:other"] == shown  # there is no file other.lua
