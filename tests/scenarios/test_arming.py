"""Breakpoints that change while the program loads files, asks conditions, or is left by its client."""

import itertools
from pathlib import Path

from tests.support.commands import Running, become, write


def test_files_that_are_loaded_while_others_change(debug):
    """A breakpoint of a file that is being loaded is not lost to a change that came before."""
    with debug(
        """
        print("go")
        local here = arg[0]:match("^(.*)/") .. "/"
        while not done do end
        for i = 1, 60 do dofile(here .. i .. ".lua") end
        """,
        {f"{i}.lua": "local a = 1\n" for i in range(1, 61)},
    ) as d:
        for i in range(1, 61):
            d.client.break_at(d.folder / f"{i}.lua", 1, log_message=f"[{i}]")
        d.start()
        d.result("configurationDone", d.send("configurationDone"))
        d.wait_for("output", lambda body: body["output"] == "go\n")
        d.send("evaluate", {"expression": "done = true", "context": "repl"})
        for turn in range(150):
            lines = [{"line": turn + 1, "condition": "false"}]
            wanted = {"source": {"path": str(d.path)}, "breakpoints": lines}
            d.send("setBreakpoints", wanted)
        assert d.wait_for_stop() is None
        logged = d.output("console") + d.output("stdout").removeprefix("go\n")
        assert [f"[{i}]" for i in range(1, 61)] == logged.split()


def test_a_slow_condition_and_an_impatient_client(debug):
    """Conditions that are done each time are not broken off, however often the client is heard."""
    with debug("""
        if jit then jit.off() end -- what is compiled hears nobody
        function slow()
          asked = (asked or 0) + 1
          for i = 1, 2000 do end
          return false
        end
        print("go")
        while not done do
          local x = 1  -- @x
        end
    """) as d:
        d.break_at("x", condition="slow()")
        d.start()
        d.result("configurationDone", d.send("configurationDone"))
        d.wait_for("output", lambda body: body["output"] == "go\n")
        other = write(d.folder, "other.lua", "local a = 1\n")
        for turn in itertools.count():
            d.client.set_breakpoints(other)
            if turn % 100 == 99 and int(d.evaluate("asked")) > 5000:
                break
        assert [] == d.frames.received("stopped")
        d.evaluate("done = true", context="repl")
        assert None is d.wait_for_stop()


def test_data_breakpoints_end_with_their_client(tmp_path: Path, lua: str) -> None:
    """A value that somebody watched changes on, unwatched, when the watcher has left."""
    program = write(
        tmp_path, "a.lua", "n = 0\nwhile not done do\n  n = n + 1\nend\nprint('done')\n"
    )
    words = ["debug", program.name, "--dap-port", "0", "--lua", lua]
    with Running(words, tmp_path) as running:
        with running.client() as first:
            first.break_at(program, 3)
            first.attach()
            assert first.wait_for_stop() is not None
            told = first.requests.data_breakpoint_info(name="n")
            wanted = [{"dataId": told.data_id, "accessType": "write"}]
            first.ask("setDataBreakpoints", {"breakpoints": wanted})
            first.set_breakpoints(program)
            assert "data breakpoint" == first.continue_().reason
            first.disconnect()
        with running.client() as second:
            second.attach()
            once = second.evaluate("n")
            become(lambda: second.evaluate("n") != once)
            second.evaluate("done = true", context="repl")
            assert None is second.wait_for_stop()
            assert [] == second.frames.received("stopped")
        assert (0, "done\n", "") == running.end()
