"""Breakpoints on ``break`` and ``goto``, and what comes after them."""

import pytest

from dap_server.protocol import generated as dap
from tests.support.places import place, placed, rest, stops

JUMPS = """
    local n = 0
    for x = 0, 1, 0.25 do
      n = n + 1
      if x > 0.6 then
        n = -n
        break             -- @for
      end
    end
    while true do
      n = n + 1
      do
        break             -- @while
      end
    end
    repeat
      if n then n = 2
        break end         -- @repeat
    until false
    print(n)              -- @print
"""


def test_break_of_every_loop(debug):
    """A breakpoint on ``break`` is hit when the loop is left there, and is where it was set.

    (Lua 5.2 and 5.3 count the jump to the line before; a probe on the line makes up for it.)
    """
    with debug(JUMPS) as d:
        lines = [d.line(mark) for mark in ("for", "while", "repeat", "print")]
        assert [(True, line, None) for line in lines] == placed(place(d, *lines))
        assert lines == stops(d)
        assert 0 == d.exit_code


LONE = """
    local n = 0
    for i = 1, 3 do
      n = i                 -- @body
      if i == 2 then
        break               -- @alone
      end
    end
    while true do
      if n == 3 then
        break;              -- @and_semicolon
      end
      n = n + 1
    end
    for i = 1, 3 do
      if i == 4 then
        break               -- @never
      end
    end
    print(n)                -- @print
"""


def test_a_break_that_is_all_of_an_if(debug):
    """A breakpoint on it is hit when the loop is left there, and not where the loop ends else."""
    with debug(LONE) as d:
        lines = [d.line(mark) for mark in ("alone", "and_semicolon", "never", "print")]
        assert [(True, line, None) for line in lines] == placed(place(d, *lines))
        assert [lines[0], lines[1], lines[3]] == stops(d)
        assert "3\n" == d.output("stdout")


@pytest.mark.lua("5.2", "5.3", "5.4")
def test_a_break_that_is_all_of_an_if_set_late(debug):
    """Without a probe there is no code to stop at; the answer says where it stands instead."""
    with debug(LONE) as d:
        place(d, d.line("body"))
        d.client.run()
        line = d.line("alone")
        (answer,) = d.client.set_breakpoints(d.path, dap.SourceBreakpoint(line=line))
        moved = f"Line {line} holds no code; moved to line {answer.line}."
        assert (True, moved) == (answer.verified, answer.message)


@pytest.mark.lua("5.2", "5.3")
def test_break_set_late(debug):
    """Without a probe there is no code to stop at in Lua 5.2 and 5.3: the answer says so."""
    with debug(JUMPS) as d:
        place(d, 1)
        d.client.run()
        line = d.line("for")
        (answer,) = d.client.set_breakpoints(d.path, dap.SourceBreakpoint(line=line))
        moved = f"Line {line} holds no code; moved to line {answer.line}."
        assert (True, moved) == (answer.verified, answer.message)
        assert [answer.line] == rest(d)


@pytest.mark.lua("5.1", "5.4", "5.5", "luajit2.0", "luajit2.1")
def test_break_set_late_where_it_has_code(debug):
    """Elsewhere a breakpoint set on a ``break`` that runs already is hit like any other."""
    with debug(JUMPS) as d:
        place(d, 1)
        d.client.run()
        wanted = [d.line(mark) for mark in ("for", "while")]
        d.client.set_breakpoints(d.path, *(dap.SourceBreakpoint(line=line) for line in wanted))
        assert wanted == rest(d)


@pytest.mark.lua("5.2", "5.3", "5.4", "5.5", "luajit2.0", "luajit2.1")
def test_goto_and_labels(debug):
    """A breakpoint on a ``goto`` is hit; one on a label before ``end`` moves to what follows."""
    with debug("""
        local n = 0
        for i = 1, 4 do
          if i % 2 == 0 then
            n = n + 0
            goto continue     -- @goto
          end
          n = n + i
          ::continue::        -- @label
        end
        do
          goto done           -- @away
        end
        print("never")
        ::done::              -- @done
        print(n)              -- @print
    """) as d:
        marks = ("goto", "away", "done")
        answers = place(d, *(d.line(mark) for mark in marks))
        assert [d.line(mark) for mark in ("goto", "away", "print")] == [a.line for a in answers]
        gone, away, end = (each.line for each in answers)
        assert [gone, gone, away, end] == stops(d)
        assert "4\n" == d.output("stdout")


@pytest.mark.lua("5.2", "5.3", "5.4", "5.5", "luajit2.0", "luajit2.1")
def test_a_label_at_the_end_of_a_loop(debug):
    """``::continue::`` before ``end`` has no code of its own; the breakpoint says where it went."""
    with debug("""
        for i = 1, 3 do
          if i == 2 then goto continue end
          print(i)
          ::continue::        -- @label
        end
        print("end")
    """) as d:
        (answer,) = place(d, d.line("label"))
        assert answer.verified
        assert f"moved to line {answer.line}" in answer.message
        assert {answer.line} == set(stops(d))


@pytest.mark.parametrize("step", ["0.1", "-0.25", "0.5"])
def test_loops_with_fractional_steps(debug, step):
    """Every turn is a visit, with the value of that turn, however the steps add up."""
    first, last = ("1", "0") if step.startswith("-") else ("0", "1")
    with debug(f"""
        local seen = {{}}
        for x = {first}, {last}, {step} do
          seen[#seen + 1] = x   -- @body
        end
        print(#seen)            -- @print
    """) as d:
        d.break_at("body")
        d.break_at("print")
        d.run()
        values = []
        while "body" == d.at(d.client.stop):
            values.append(float(d.locals()["x"]))
            d.continue_()
        assert str(len(values)) == d.evaluate("#seen")
        assert [f"{each:.9g}" for each in values] == [
            f"{float(d.evaluate(f'seen[{at}]')):.9g}" for at in range(1, len(values) + 1)
        ]
        assert 0 == d.run_to_end()
