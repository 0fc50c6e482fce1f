"""Exceptions: what went wrong, with the value, its type and the traceback."""

import pytest

from dap_server.client import RequestFailed
from tests.support.errors import info


@pytest.mark.every_transport
def test_a_runtime_error(debug):
    """An error of Lua itself: message, kind, mode, traceback with names and lines."""
    with debug("""
        local function inner(t)
          return t.x.y  -- @fail
        end
        local function outer()
          local r = inner({})  -- @outer
          return r
        end
        outer()
    """) as d:
        stop = d.run()
        assert ("exception", "fail") == (stop.reason, d.at(stop))
        assert "attempt to index" in stop.text
        found = info(d)
        assert ("runtime error", "unhandled") == (found.exception_id, found.break_mode)
        assert "attempt to index" in found.description
        assert ("string", "err") == (found.details.type_name, found.details.evaluate_name)
        trace = found.details.stack_trace.split("\n")
        for level, mark, name in ((1, "fail", "inner"), (2, "outer", "outer")):
            assert f"main.lua:{d.line(mark)}: in " in trace[level]
            assert trace[level].endswith(f"'{name}'")
        assert "main chunk" in found.details.stack_trace
        assert found.description == d.evaluate("err", context="clipboard")


def test_an_error_that_describes_itself(debug):
    """An error object with ``__tostring`` is described by it, and typed by its ``__name``."""
    with debug("""
        local E = { __name = "Failure", __tostring = function(e) return "failed: " .. e.why end }
        error(setmetatable({ why = "no disk" }, E))
    """) as d:
        d.run()
        found = info(d)
        assert ("failed: no disk", "Failure") == (found.description, found.details.type_name)


def test_errors_in_what_is_called_with_arguments(debug):
    """The kind of an error is the same, however many arguments ``pcall`` passes on."""
    with debug("""
        local function fail(value) error(value) end
        pcall(fail)
        pcall(fail, "one")
        pcall(fail, "one", "two", "three")
        pcall(error, "one")
        pcall(assert, false, "one")
    """) as d:
        d.stop_on("caught")
        kinds = []
        stop = d.run()
        while stop is not None:
            kinds.append(info(d).exception_id)
            d.requests.continue_(thread_id=stop.thread)
            stop = d.client.wait_for_stop()
        assert ["error", "error", "error", "error", "assert"] == kinds


def test_an_error_in_a_coroutine(debug):
    """The traceback goes on with who resumed the coroutine."""
    with debug("""
        local function deep() error("inside") end  -- @inside
        local co = coroutine.wrap(function() deep() end)
        local function consume() co() end
        consume()
    """) as d:
        d.run()
        assert "inside" == d.at(d.stop)
        trace = info(d).details.stack_trace
        assert "'deep'" in trace
        assert "resumed by main" in trace
        assert "consume" in trace


def test_files_have_their_whole_names(debug, tmp_path):
    """Lua cuts the name of a file at 60 bytes; what an editor makes links of is not cut."""
    folder = tmp_path / ("deep" * 15)
    folder.mkdir()
    (folder / "far.lua").write_text("local t\nreturn t.x", encoding="utf-8")
    with debug(f"dofile({str(folder / 'far.lua')!r})") as d:
        d.run()
        assert f"\n\t{folder / 'far.lua'}:2: in " in info(d).details.stack_trace


def test_only_where_there_is_one(debug):
    """At a breakpoint, and for another thread, there is no error to tell of."""
    with debug("""
        local a = 1  -- @here
        error("later")
    """) as d:
        d.break_at("here")
        d.run()
        with pytest.raises(RequestFailed, match="did not stop on an error"):
            info(d)
        d.continue_()
        assert "error" == info(d).exception_id
        with pytest.raises(RequestFailed):
            d.requests.exception_info(thread_id=77)


@pytest.mark.lua("5.1", "5.2", "5.3", "5.4", "5.5")
def test_a_long_traceback_is_cut_in_its_middle(debug):
    """A stack overflow is told at once, with both ends of its stack."""
    with debug("""
        local function down() return 1 + down() end  -- @down
        down()
    """) as d:
        d.run()
        found = info(d)
        assert "stack overflow" == found.exception_id
        trace = found.details.stack_trace
        assert len(trace.split("\n")) < 40
        assert "..." in trace
        assert "main chunk" in trace
