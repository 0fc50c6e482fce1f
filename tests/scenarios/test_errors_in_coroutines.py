"""Errors that pass from coroutine to coroutine: who catches them, and where they are told."""

from tests.support.errors import as_lua_says_it, info, short, stops


def assert_ends_with_the_words_of_lua(d):
    """As in lua, but for the name that the call of a coroutine has in the traceback."""
    assert 1 == d.run_to_end()
    assert as_lua_says_it(d).split("\n")[0] == d.output("stderr").split("\n")[0]


def test_an_error_under_resume_is_caught(debug):
    """``coroutine.resume`` answers false: nobody has to be told."""
    with debug("""
        local co = coroutine.create(function() error("inside") end)
        print(coroutine.resume(co))
        print(coroutine.status(co))
    """) as d:
        assert 0 == d.run_to_end()
        assert f"false\t{short(d)}:1: inside\ndead\n" == d.output("stdout")


def test_a_caught_error_under_resume_shows_the_dead_coroutine(debug):
    """Who asks for caught errors sees it where it was raised, with the locals of the coroutine."""
    with debug("""
        local function body(n)
          local doubled = n * 2
          error({ n = doubled })  -- @raise
        end
        local co = coroutine.create(body)
        local ok, problem = coroutine.resume(co, 21)  -- @resume
        print(ok, problem.n)
    """) as d:
        d.stop_on("caught")
        assert "raise" == d.at(d.run())
        assert ("42", "42") == (d.locals()["doubled"], d.evaluate("err.n"))
        assert ("error", "always") == (info(d).exception_id, info(d).break_mode)
        assert d.line("resume") in [frame.line for frame in d.stack()]
        assert 0 == d.run_to_end()
        assert "false\t42\n" == d.output("stdout")


def test_the_stack_of_an_error_is_that_of_a_breakpoint_there(debug):
    """With the C functions between: how the coroutine was resumed, and who catches."""
    with debug("""
        local function fails()
          error("inside")  -- @raise
        end
        print((coroutine.resume(coroutine.create(fails))))
        print((pcall(coroutine.wrap(fails))))
        print((pcall(function() return (coroutine.wrap(fails)()) end)))
        print((pcall(coroutine.resume, coroutine.create(fails))))
    """) as d:
        d.stop_on("caught")
        d.break_at("raise")
        seen = []
        stop = d.client.run()
        while stop is not None:
            names = [frame.name for frame in d.stack()]
            seen.append((stop.reason, [each for each in names if each != "error"]))
            d.requests.continue_(thread_id=stop.thread)
            stop = d.wait_for_stop()
        assert ["breakpoint", "exception"] * 4 == [reason for reason, _ in seen]
        for at_breakpoint, at_error in zip(seen[::2], seen[1::2], strict=True):
            assert at_breakpoint[1] == at_error[1]
        assert "coroutine.resume" in seen[1][1]


def test_an_error_under_wrap(debug):
    """The stop is inside of the coroutine, whose locals live; below stands who resumed it."""
    with debug("""
        local function body(n)
          local doubled = n * 2
          error("inside")  -- @raise
        end
        local function outer()
          local next = coroutine.wrap(body)
          next(21)  -- @resume
        end
        outer()
    """) as d:
        stop = d.run()
        assert ("exception", "raise") == (stop.reason, d.at(stop))
        assert {"n": "21", "doubled": "42"} == d.locals()
        assert "44" == d.evaluate("doubled + 2")
        frames = d.stack()
        assert d.line("resume") in [frame.line for frame in frames]
        assert "main chunk" == frames[-1].name
        assert_ends_with_the_words_of_lua(d)


def test_an_error_in_a_coroutine_in_a_coroutine(debug):
    """It is told once, where it was raised, however many coroutines it ends."""
    with debug("""
        local function inner()
          local deepest = true
          local x = nil + 1  -- @raise
        end
        local function outer()
          local next = coroutine.wrap(inner)
          next()
        end
        coroutine.wrap(outer)()
    """) as d:
        assert "raise" == d.at(d.run())
        assert {"deepest": "true"} == d.locals()
        assert 1 == d.run_to_end()


PASSES = """
    local function fails() error({ "inside" }) end  -- @raise
    print((pcall(coroutine.wrap(fails))))
    print((pcall(function() coroutine.wrap(fails)() end)))
    print((pcall(coroutine.wrap(function() coroutine.wrap(fails)() end))))
    coroutine.wrap(function() print((pcall(coroutine.wrap(fails)))) end)()
    print((coroutine.resume(coroutine.create(function() coroutine.wrap(fails)() end))))
    print((xpcall(coroutine.wrap(fails), function(e) return e end)))
"""


def test_a_wrapped_error_under_pcall_is_caught(debug):
    """The pcall may stand in the same coroutine, in the one that resumed it, or further out."""
    with debug(PASSES) as d:
        assert 0 == d.run_to_end()
        assert "false\n" * 6 == d.output("stdout")


def test_each_caught_error_is_told_once(debug):
    """Through however many coroutines it goes, it stops once, where it is raised."""
    with debug(PASSES) as d:
        d.stop_on("caught")
        assert ["raise"] * 6 == stops(d)
        assert "false\n" * 6 == d.output("stdout")


def test_a_pcall_many_calls_out_catches(debug):
    """An error 500 calls below the pcall, through a coroutine, is caught by it."""
    with debug("""
        local function down(n)
          if n == 0 then
            coroutine.wrap(function() error("deep") end)()
          end
          down(n - 1)
          return n
        end
        print((pcall(down, 500)))
        print((pcall(coroutine.wrap(down), 150)))
    """) as d:
        assert 0 == d.run_to_end()
        assert "false\nfalse\n" == d.output("stdout")


def test_an_error_below_many_coroutines(debug):
    """Fifty coroutines deep, caught outside: that is known, and told once."""
    with debug("""
        local function nest(n)
          if n == 0 then error("bottom") end  -- @raise
          coroutine.wrap(nest)(n - 1)
        end
        print((pcall(nest, 50)))
        nest(50)
    """) as d:
        assert "raise" == d.at(d.run())
        assert "unhandled" == info(d).break_mode
        assert 1 == d.run_to_end()
        assert "false\n" == d.output("stdout")


def test_resuming_a_dead_coroutine(debug):
    """That is an error of the one who resumes, on its own line."""
    with debug("""
        local next = coroutine.wrap(function() error("once") end)
        print((pcall(next)))
        next()  -- @again
    """) as d:
        stop = d.run()
        assert ("again", "cannot resume dead coroutine") == (d.at(stop), stop.text.split(": ")[-1])
        assert_ends_with_the_words_of_lua(d)


def test_objects_keep_their_identity_through_coroutines(debug):
    """The very table that was raised arrives, whatever stops on the way."""
    with debug("""
        local object = setmetatable({}, { __tostring = function() return "shown" end })
        local function fails() error(object) end
        local function same(ok, problem) return not ok and rawequal(problem, object) end
        print(same(pcall(fails)), same(pcall(coroutine.wrap(fails))))
        print(same(coroutine.resume(coroutine.create(fails))))
        print(same(xpcall(fails, function(e) return e end)))
        print(same(pcall(coroutine.wrap(function() coroutine.wrap(fails)() end))))
    """) as d:
        d.stop_on("all")
        assert 5 == len(stops(d))
        assert "true\ttrue\ntrue\ntrue\ntrue\n" == d.output("stdout")
