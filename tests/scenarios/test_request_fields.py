"""Optional fields of requests that no other story is about."""

from dap_server.protocol import generated as dap


def test_a_line_may_be_one_step(debug):
    """With the granularity ``line`` a loop on one line is one step, and calls can be entered."""
    with debug("""
        local function f(x)
          return x  -- @f
        end
        local s = 0  -- @before
        for i = 1, 3 do s = s + f(i) end  -- @loop
        while s > 0 do s = s - 1 end  -- @while
        local last = s  -- @last
    """) as d:

        def step(request, **more):
            request(thread_id=1, granularity="line", **more)
            return d.at(d.wait_for_stop())

        d.break_at("before")
        d.run()
        assert "loop" == step(d.requests.next)
        assert "while" == step(d.requests.next)
        assert "last" == step(d.requests.step_in)
        d.requests.restart()
        d.wait_for_stop()
        assert "loop" == step(d.requests.next)
        assert ["f", "loop", "f"] == [step(d.requests.step_in) for _ in range(3)]
        assert "loop" == step(d.requests.step_out)
        assert "while" == step(d.requests.next)


def test_places_within_columns(debug):
    """``breakpointLocations`` keeps to the columns of its range."""
    with debug("""
        local a = 1; local b = "ä"; local c = 3
        local d = 4; local e = 5
    """) as d:
        d.start()
        source = dap.Source(path=str(d.path))

        def found(**within):
            places = d.requests.breakpoint_locations(source=source, **within).breakpoints
            return [(each.line, each.column) for each in places]

        assert [(1, 1), (1, 14), (1, 29)] == found(line=1)
        assert [(1, 14), (1, 29)] == found(line=1, column=2)
        assert [(1, 14)] == found(line=1, column=14, end_column=20)
        assert [(1, 29), (2, 1)] == found(line=1, column=15, end_line=2, end_column=13)
