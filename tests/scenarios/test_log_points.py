"""Log points: messages instead of stops."""

import pytest

from dap_server.protocol import generated as dap

LOOP = """
    local t = { name = "box", size = 3 }
    for i = 1, 2 do
      local double = i * 2
      print(double)  -- @x
    end
"""


def logged(d, message, **more):
    """What a log point at the mark ``x`` writes."""
    d.break_at("x", log_message=message, **more)
    assert 0 == d.run_to_end()
    return d.output("console")


def test_expressions(debug):
    """Any expression may stand in braces; values look as ``print`` shows them."""
    with debug(LOOP) as d:
        expected = "box 1: 2 true nil\nbox 2: 4 true nil\n"
        assert expected == logged(d, "{t.name} {i}: {i + i} {double == 2 * i} {nobody}")


def test_braces(debug):
    """Doubled braces are braces; tables and strings in an expression keep theirs."""
    with debug(LOOP) as d:
        expected = "{i} 2 }\n{i} 2 }\n"
        assert expected == logged(d, "{{i}} {#{1, 2}} {'}'}")


def test_text_without_expressions(debug):
    """A message may be just a text, of any letters."""
    with debug(LOOP) as d:
        assert "hier: 100 % 😀\n" * 2 == logged(d, "hier: 100 % 😀")


def test_an_expression_that_fails_shows_its_error(debug):
    """The rest of the message is written, and the program goes on."""
    with debug(LOOP) as d:
        text = logged(d, "{i}: {nobody.home} {double}")
        first = text.splitlines()[0]
        assert first.startswith("1: {nobody.home: ")
        assert "nobody" in first
        assert first.endswith("} 2")
        assert "2\n4\n" == d.output("stdout")


def test_an_expression_that_does_not_compile_is_refused(debug):
    """The answer says which one, and why."""
    with debug(LOOP) as d:
        d.start()
        (answer,) = d.break_at("x", log_message="{i} {i +}")
        assert not answer.verified
        assert answer.message.startswith("{i +} in the log message does not compile: ")
        assert 0 == d.run_to_end()
        assert "" == d.output("console")


def test_several_expressions_in_one_pair_of_braces_are_refused(debug):
    """Rather than that all but the first are left out in silence."""
    with debug(LOOP) as d:
        d.start()
        (answer,) = d.break_at("x", log_message="{i, i}")
        assert not answer.verified
        told = "{i, i} in the log message does not compile: a single expression is expected"
        assert told == answer.message
        assert 0 == d.run_to_end()


def test_an_unclosed_brace_is_refused(debug):
    """The answer says where it opens."""
    with debug(LOOP) as d:
        d.start()
        (answer,) = d.break_at("x", log_message="i = {i")
        assert (False, True) == (answer.verified, "never closed" in answer.message)
        assert 0 == d.run_to_end()


@pytest.mark.every_transport
def test_messages_and_prints_keep_their_order(debug):
    """What is logged before a print arrives before it."""
    with debug(LOOP) as d:
        d.break_at("x", log_message="before {double}")
        assert 0 == d.run_to_end()
        assert "before 2\n2\nbefore 4\n4\n" == d.output()


def test_a_message_knows_its_place(debug):
    """The output event holds file and line, so that editors can link it."""
    with debug(LOOP) as d:
        d.break_at("x", log_message="here")
        assert 0 == d.run_to_end()
        body = next(each for each in d.frames.received("output") if "here" in each["output"])
        assert (str(d.path), d.line("x")) == (body["source"]["path"], body["line"])


def test_a_log_point_set_late(debug):
    """Code that runs already is logged, too."""
    with debug("""
        local start = 0  -- @start
        for i = 1, 3 do
          start = i  -- @x
        end
    """) as d:
        d.break_at("start")
        d.run()
        d.break_at("x", log_message="{i} after {start}")
        assert 0 == d.run_to_end()
        assert "1 after 0\n2 after 1\n3 after 2\n" == d.output("console")


def test_a_log_point_beside_a_breakpoint(debug):
    """On one line, one logs and the other stops."""
    with debug(LOOP) as d:
        d.start()
        line = d.line("x")
        _, stopping = d.client.set_breakpoints(
            d.path,
            dap.SourceBreakpoint(line=line, log_message="at {i}"),
            dap.SourceBreakpoint(line=line, condition="i == 2"),
        )
        stop = d.client.run()
        assert (stopping.id,) == stop.breakpoints
        assert 0 == d.run_to_end()
        assert "at 1\nat 2\n" == d.output("console")


def test_a_hundred_thousand_messages(debug):
    """None is lost, and the program does not crawl."""
    with debug("""
        for i = 1, 100000 do
          local x = i  -- @x
        end
    """) as d:
        d.break_at("x", log_message="{i}")
        assert 0 == d.run_to_end()
        assert [str(each) for each in range(1, 100001)] == d.output("console").splitlines()


def test_the_last_message_of_a_program_that_exits_at_once(debug):
    """os.exit right behind a log point loses nothing."""
    with debug("""
        local n = 7
        n = n + 1  -- @x
        os.exit(3)
    """) as d:
        d.break_at("x", log_message="n was {n}")
        assert 3 == d.run_to_end()
        assert "n was 7\n" == d.output("console")
