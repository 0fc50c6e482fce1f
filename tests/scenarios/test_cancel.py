"""Cancel: an expression that never returns is broken off, and the session goes on."""

import pytest

from dap_server.client import RequestFailed

PROGRAM = """
    local n = 1
    local function forever() while true do n = n + 1 end end
    print("stop")  -- @here
    print("end", n)
"""

PUC = ("5.1", "5.2", "5.3", "5.4", "5.5")

ENDLESS = (
    "(function() while true do end end)()",
    "forever()",
    "(function() repeat local x = 1 until false end)()",
    "(function() local function f() return f() end return f() end)()",
)

STUBBORN = (
    "(function() while true do pcall(function() while true do end end) end end)()",
    "coroutine.wrap(function() while true do end end)()",
    "setmetatable({}, { __index = function() while true do end end }).x",
    "table.sort({ 3, 2, 1 }, function() while true do end end)",
    "(('x'):gsub('.', function() while true do end end))",
)


def begin(d, expression, context="repl"):
    """Send an evaluate and do not wait for its answer."""
    arguments = {
        "expression": expression,
        "frameId": d.stop.frame.id,
        "context": context,
    }
    return d.send("evaluate", arguments)


def assert_cancelled(d, number):
    """The request was answered as cancelled."""
    with pytest.raises(RequestFailed) as refused:
        d.result("evaluate", number)
    assert "cancelled" == refused.value.message


@pytest.mark.parametrize("expression", ENDLESS)
def test_an_endless_expression_is_cancelled(debug, expression):
    """A loop without end ends when the client takes its request back, in every Lua."""
    with debug(PROGRAM) as d:
        d.break_at("here")
        d.run()
        number = begin(d, expression)
        d.requests.cancel(request_id=number)
        assert_cancelled(d, number)
        assert "2" == d.evaluate("1 + 1")
        assert 0 == d.run_to_end()
        assert d.output("stdout").startswith("stop\nend\t")


@pytest.mark.lua(*PUC)
@pytest.mark.parametrize("expression", STUBBORN)
def test_no_pcall_coroutine_or_callback_outlives_a_cancel(debug, expression):
    """Whatever catches errors or runs elsewhere is broken off as well."""
    with debug(PROGRAM) as d:
        d.break_at("here")
        d.run()
        number = begin(d, expression)
        d.requests.cancel(request_id=number)
        assert_cancelled(d, number)
        assert "2" == d.evaluate("1 + 1")
        assert 0 == d.run_to_end()


@pytest.mark.parametrize("context", ["watch", "repl", "clipboard", "variables"])
def test_in_every_context(debug, context):
    """What is asked for makes no difference."""
    with debug(PROGRAM) as d:
        d.break_at("here")
        d.run()
        number = begin(d, ENDLESS[0], context)
        d.requests.cancel(request_id=number)
        assert_cancelled(d, number)
        assert "1" == d.evaluate("n")


def test_by_the_progress_that_is_shown(debug):
    """What takes long is shown as progress that can be cancelled, which ends both."""
    with debug(PROGRAM) as d:
        d.break_at("here")
        d.run()
        number = begin(d, ENDLESS[0])
        begun = d.wait_for("progressStart")
        assert ("Evaluating", number, True) == (
            begun["title"],
            begun["requestId"],
            begun["cancellable"],
        )
        d.requests.cancel(progress_id=begun["progressId"])
        assert_cancelled(d, number)
        assert begun["progressId"] == d.wait_for("progressEnd")["progressId"]


ORDERS = {
    "continue": lambda d: d.requests.continue_(thread_id=1),
    "next": lambda d: d.requests.next(thread_id=1),
    "stepIn": lambda d: d.requests.step_in(thread_id=1),
    "stepOut": lambda d: d.requests.step_out(thread_id=1),
    "terminate": lambda d: d.requests.terminate(),
    "disconnect": lambda d: d.requests.disconnect(),
}


@pytest.mark.parametrize("order", ORDERS)
def test_an_order_breaks_off_what_has_no_end(debug, order):
    """A client need not know how to cancel: it can go on, step, end and leave."""
    with debug(PROGRAM) as d:
        d.break_at("here")
        d.run()
        number = begin(d, ENDLESS[0], "watch")
        ORDERS[order](d)
        assert_cancelled(d, number)
        if order in ("next", "stepIn"):
            d.wait_for_stop()
        elif order != "disconnect":
            d.wait_for("terminated")


def test_a_restart_breaks_off_what_has_no_end(debug):
    """The program begins anew, with its breakpoints."""
    with debug(PROGRAM) as d:
        d.break_at("here")
        d.run()
        number = begin(d, ENDLESS[1])
        d.requests.restart()
        assert_cancelled(d, number)
        assert "here" == d.at(d.wait_for_stop())
        assert "1" == d.evaluate("n")
        assert 0 == d.run_to_end()


def test_a_pause_breaks_off_what_has_no_end(debug):
    """The program stands, and answers again."""
    with debug(PROGRAM) as d:
        d.break_at("here")
        d.run()
        number = begin(d, ENDLESS[0])
        d.requests.pause(thread_id=1)
        assert_cancelled(d, number)
        assert "2" == d.evaluate("1 + 1")


def test_an_order_waits_for_what_ends(debug):
    """What was asked before is answered, though the program goes on behind it."""
    with debug(PROGRAM) as d:
        d.break_at("here")
        d.run()
        numbers = [begin(d, "20 + 1") for _ in range(20)]
        assert 0 == d.run_to_end()
        assert ["21"] * 20 == [d.result("evaluate", each)["result"] for each in numbers]


def test_other_requests_wait_and_are_answered(debug):
    """What is asked behind an endless expression is answered once that is cancelled."""
    with debug(PROGRAM) as d:
        d.break_at("here")
        d.run()
        endless = begin(d, ENDLESS[0])
        behind = begin(d, "20 + 1")
        threads = d.send("threads")
        d.requests.cancel(request_id=endless)
        assert_cancelled(d, endless)
        assert "21" == d.result("evaluate", behind)["result"]
        assert 1 == len(d.result("threads", threads)["threads"])


def test_a_request_that_waits_is_taken_back_unrun(debug):
    """An expression that had not begun when it was cancelled never runs."""
    with debug(PROGRAM) as d:
        d.break_at("here")
        d.run()
        endless = begin(d, ENDLESS[0])
        waiting = begin(d, "n = 1000")
        d.requests.cancel(request_id=waiting)
        assert_cancelled(d, waiting)
        d.requests.cancel(request_id=endless)
        assert_cancelled(d, endless)
        assert "1" == d.evaluate("n")


@pytest.mark.parametrize("order", ["continue", "next", "stepIn", "stepOut"])
def test_an_order_that_waits_is_taken_back_unrun(debug, order):
    """The program stands where it was, and goes on when it is told to."""
    with debug(PROGRAM) as d:
        d.break_at("here")
        d.run()
        endless = begin(d, ENDLESS[0])
        waiting = d.send(order, {"threadId": 1})
        d.requests.cancel(request_id=waiting)
        d.requests.cancel(request_id=endless)
        with pytest.raises(RequestFailed, match="cancelled"):
            d.result(order, waiting)
        assert_cancelled(d, endless)
        assert "2" == d.evaluate("1 + 1")
        assert 4 == d.step_over().line
        assert 0 == d.run_to_end()


def test_cancelling_what_is_over_changes_nothing(debug):
    """A cancel that comes too late, or for what was never asked, is answered and harmless."""
    with debug(PROGRAM) as d:
        d.break_at("here")
        d.run()
        number = begin(d, "1 + 1")
        assert "2" == d.result("evaluate", number)["result"]
        d.requests.cancel(request_id=number)
        d.requests.cancel(request_id=99999)
        d.requests.cancel(progress_id="no such progress")
        d.requests.cancel()
        assert "2" == d.evaluate("1 + 1")


def test_steps_and_stops_after_a_cancel(debug):
    """A cancelled expression leaves no trace: stepping goes on as if it had not been."""
    with debug("""
        local a = 1  -- @one
        local b = 2  -- @two
        local c = 3  -- @three
        print(a + b + c)
    """) as d:
        d.break_at("one")
        d.run()
        number = begin(d, ENDLESS[0])
        d.requests.cancel(request_id=number)
        assert_cancelled(d, number)
        assert ["two", "three"] == d.lines("step_over", 2)
        assert 0 == d.run_to_end()


@pytest.mark.every_transport
def test_while_the_program_runs(debug):
    """An endless expression put to a running program is cancelled, and the program goes on."""
    with debug("""
        print("go")
        while not done do end
        print("done")
    """) as d:
        d.start()
        d.result("configurationDone", d.send("configurationDone"))
        d.wait_for("output", lambda body: body["output"] == "go\n")
        number = d.send("evaluate", {"expression": ENDLESS[0], "context": "repl"})
        d.requests.cancel(request_id=number)
        assert_cancelled(d, number)
        d.evaluate("done = true", context="repl")
        assert None is d.wait_for_stop()
        assert "go\ndone\n" == d.output("stdout")


def test_endless_assignments_and_children(debug):
    """SetVariable, setExpression and a lazy child that never returns can be taken back, too."""
    with debug(PROGRAM) as d:
        d.break_at("here")
        d.run()
        scope = d.scopes()["Locals"].variables_reference
        number = d.send(
            "setVariable", {"variablesReference": scope, "name": "n", "value": ENDLESS[0]}
        )
        d.requests.cancel(request_id=number)
        assert_cancelled(d, number)
        number = d.send(
            "setExpression",
            {"expression": "n", "value": ENDLESS[0], "frameId": d.stop.frame.id},
        )
        d.requests.cancel(request_id=number)
        assert_cancelled(d, number)
        assert "1" == d.evaluate("n")


def test_disconnecting_from_an_endless_expression(debug):
    """Leaving ends an expression that never would, and the program with it."""
    with debug(PROGRAM) as d:
        d.break_at("here")
        d.run()
        number = begin(d, ENDLESS[0])
        d.disconnect()
        with pytest.raises(RequestFailed):
            d.result("evaluate", number)
        d.frames.wait_until_over(10)
