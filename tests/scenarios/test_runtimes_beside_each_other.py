"""Several programs at once: in one process, on a server, and with threads of their own."""

from pathlib import Path

from lua_debug.hook_choice import SWITCH
from tests.support.commands import Running, become, write
from tests.support.scenario import Scenario, make_client

LOOP = """
    n = 0
    print("go")
    while not done do
      n = n + 1  -- @loop
    end
    print("done")
"""


def begin(d):
    d.start()
    d.result("configurationDone", d.send("configurationDone"))
    d.wait_for("output", lambda body: body["output"] == "go\n")


def finish(d):
    d.evaluate("(function() done = true end)()")
    assert 0 == d.run_to_end()
    assert "go\ndone\n" == d.output("stdout")


def test_one_stands_and_the_other_runs(tmp_path, lua, hooks, monkeypatch):
    """Of two runtimes in one process, one can be paused and looked at while the other runs on."""
    monkeypatch.setenv(SWITCH, hooks)
    with make_client("memory", None) as one, make_client("memory", None) as two:
        first = Scenario(one, tmp_path / "one", LOOP, {}, lua, hooks)
        second = Scenario(two, tmp_path / "two", LOOP, {}, lua, hooks)
        begin(first)
        begin(second)
        assert "pause" == first.pause().reason
        assert "1" == first.evaluate("1")
        once = second.evaluate("n")
        become(lambda: second.evaluate("n") != once)
        second.break_at("loop")
        assert "loop" == second.at(second.wait_for_stop())
        assert first.evaluate("n") == first.evaluate("n")
        second.set_breakpoints(second.path)
        finish(second)
        finish(first)


def test_coroutines_from_before_the_client_came(tmp_path: Path, lua: str) -> None:
    """They are listed, stop at breakpoints that come later, and may be dead or never begun."""
    program = write(
        tmp_path,
        "a.lua",
        "local function body()\n"
        "  while true do\n"
        "    local turn = coroutine.yield()\n"
        "    seen = turn\n"
        "  end\n"
        "end\n"
        "local old = coroutine.create(body)\n"
        "coroutine.resume(old)\n"
        "fresh, dead = coroutine.create(body), coroutine.create(function() end)\n"
        "coroutine.resume(dead)\n"
        'io.open("started", "w"):close()\n'
        "while not done do\n"
        "  n = (n or 0) + 1\n"
        "  if wanted then coroutine.resume(old, n) end\n"
        "end\n",
    )
    words = ["debug", program.name, "--dap-port", "0", "--no-wait", "--lua", lua]
    with Running(words, tmp_path) as running:
        become((tmp_path / "started").exists)
        with running.client() as client:
            client.break_at(program, 4)
            client.attach()
            client.evaluate("wanted = true", context="repl")
            stop = client.wait_for_stop()
            assert stop is not None
            assert (4, "breakpoint") == (stop.line, stop.reason)
            assert 1 != stop.thread
            assert int(client.locals()["turn"]) > 0
            names = [each.name for each in client.requests.threads().threads]
            assert 2 == len(names)
            client.set_breakpoints(program)
            client.evaluate("done = true", context="repl")
            assert 0 == client.run_to_end()
            client.disconnect()
        assert 0 == running.end()[0]
