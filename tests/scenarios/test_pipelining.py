"""Many requests at once, in any order: each is answered, and nothing waits for nothing."""

import sys
import time

from dap_server.client import RequestFailed
from dap_server.wire import encode

PROGRAM = """
    local function inner(n)
      local t = { n, n * 2, name = "inner" }
      return #t  -- @inner
    end
    local function outer(n)
      local s = "text"
      return inner(n) + #s
    end
    for i = 1, 50 do
      local total = outer(i)
    end
"""


def test_all_at_once(debug):
    """A whole waterfall sent without waiting is answered, each request by its own answer."""
    with debug(PROGRAM) as d:
        d.break_at("inner")
        d.run()
        frame, thread = d.stop.frame.id, d.stop.thread
        sent = [
            (command, d.send(command, arguments))
            for command, arguments in (
                ("threads", None),
                ("stackTrace", {"threadId": thread, "levels": 1}),
                ("stackTrace", {"threadId": thread, "startFrame": 1, "levels": 19}),
                ("scopes", {"frameId": frame}),
                ("evaluate", {"expression": "n + 1", "frameId": frame}),
                ("evaluate", {"expression": "t.name", "frameId": frame, "context": "hover"}),
                ("completions", {"text": "t.", "column": 3, "frameId": frame}),
                ("modules", {}),
                ("loadedSources", {}),
            )
        ]
        answers = [d.result(command, number) for command, number in sent]
        assert "2" == answers[4]["result"]
        assert '"inner"' == answers[5]["result"]
        assert ["name"] == [each["label"] for each in answers[6]["targets"]]
        assert (1, 2) == (len(answers[1]["stackFrames"]), len(answers[2]["stackFrames"]))


def test_a_step_with_questions_behind_it(debug):
    """Questions sent behind a step are answered at the next stop, or told why not."""
    with debug(PROGRAM) as d:
        d.break_at("inner")
        d.run()
        step = d.send("next", {"threadId": d.stop.thread})
        stack = d.send("stackTrace", {"threadId": d.stop.thread})
        evaluated = d.send("evaluate", {"expression": "1 + 1"})
        d.result("next", step)
        assert d.wait_for_stop() is not None
        for command, number in (("stackTrace", stack), ("evaluate", evaluated)):
            try:
                d.result(command, number)
            except RequestFailed as refused:
                assert "notStopped" == refused.message  # noqa: PT017
        assert d.stack()


def test_questions_behind_a_continue(debug):
    """What is sent in one go with ``continue`` reaches a program that stops no more."""
    with debug("""
        local a = 1  -- @here
        while not done do end
    """) as d:
        d.break_at("here")
        d.run()
        d.send("continue", {"threadId": d.stop.thread})
        threads = d.send("threads")
        ended = d.send("evaluate", {"expression": "done = true", "context": "repl"})
        assert 1 == len(d.result("threads", threads)["threads"])
        d.result("evaluate", ended)
        assert None is d.wait_for_stop()


def test_a_burst_of_steps(debug):
    """Steps sent without waiting for their stops: as many stops as were answered."""
    with debug(PROGRAM) as d:
        d.break_at("inner")
        d.run()
        numbers = [d.send("next", {"threadId": d.stop.thread}) for _ in range(5)]
        served = 0
        for number in numbers:
            try:
                d.result("next", number)
                served += 1
            except RequestFailed as refused:
                assert "notStopped" == refused.message  # noqa: PT017
        assert served >= 1
        for _ in range(served):
            d.wait_for("stopped")
        d.requests.evaluate(expression="1")


def test_a_thousand_breakpoint_requests(debug):
    """Set again and again without waiting: the last one counts."""
    with debug(PROGRAM) as d:
        d.start()
        source = {"path": str(d.path)}
        numbers = [
            d.send(
                "setBreakpoints",
                {"source": source, "breakpoints": [{"line": d.line("inner")}] * (place % 2)},
            )
            for place in range(1, 1002)
        ]
        counts = [len(d.result("setBreakpoints", each)["breakpoints"]) for each in numbers]
        assert [place % 2 for place in range(1, 1002)] == counts
        assert "inner" == d.at(d.client.run())


def test_what_an_editor_asks_after_a_stop(debug):
    """The requests VS Code sends at each stop are answered promptly (the figures are printed)."""
    with debug(PROGRAM) as d:
        d.break_at("inner")
        d.run()
        times = []
        for _ in range(20):
            began = time.perf_counter()
            thread = d.stop.thread
            d.requests.threads()
            frame = d.requests.stack_trace(thread_id=thread, start_frame=0, levels=1)
            d.requests.stack_trace(thread_id=thread, start_frame=1, levels=19)
            scopes = d.requests.scopes(frame_id=frame.stack_frames[0].id).scopes
            shown = d.variables(scopes[0].variables_reference)
            d.evaluate("t.name", frame.stack_frames[0].id, context="watch")
            times.append(time.perf_counter() - began)
            assert {"n", "t"} == {each.name for each in shown}
            d.continue_()
        middle = sorted(times)[len(times) // 2]
        sys.stdout.write(f"six requests after a stop: {middle * 1000:.2f} ms\n")


def test_breakpoints_taken_away_right_before_going_on(debug):
    """Sent at once, without waiting: the program goes on without them."""
    with debug("""
        for i = 1, 3 do
          local x = i  -- @x
        end
    """) as d:
        d.break_at("x")
        d.run()
        frames = b"".join(
            encode({"seq": 1000 + place, "type": "request", "command": command, "arguments": more})
            for place, (command, more) in enumerate(
                [
                    ("setBreakpoints", {"source": {"path": str(d.path)}, "breakpoints": []}),
                    ("continue", {"threadId": 1}),
                ]
            )
        )
        d.frames.send_raw(frames)
        assert None is d.wait_for_stop()
        assert 0 == d.exit_code


def test_orders_before_leaving_are_carried_out(debug):
    """A client that lets the program go on and leaves in one breath is told that both were done."""
    with debug(PROGRAM) as d:
        d.break_at("inner")
        d.run()
        went_on = d.send("continue", {"threadId": d.stop.thread})
        left = d.send("disconnect", {"terminateDebuggee": True})
        assert d.result("continue", went_on)["allThreadsContinued"]
        d.result("disconnect", left)
