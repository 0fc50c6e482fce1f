"""Groups: the traceback of an error that ends the program folds below its message."""

import pytest

from tests.support.errors import assert_ends_as_lua, short

START, END = "startCollapsed", "end"

FAILS = """
    local function fail()
      error("boom")  -- @boom
    end
    io.stderr:write("before\\n")
    fail()
"""


def pieces(d):
    """The output events of standard error: group and text."""
    bodies = [each for each in d.frames.received("output") if each["category"] == "stderr"]
    return [(each.get("group"), each["output"]) for each in bodies]


def fall(d):
    """Let the program end of its error."""
    d.start()
    d.requests.set_exception_breakpoints(filters=[])
    assert 1 == d.run_to_end()


@pytest.mark.every_transport
def test_a_traceback_folds_below_its_message(debug):
    """The message is what is seen at first, and the traceback what it hides; an end says nothing."""
    with debug(FAILS) as d:
        fall(d)
        before, head, *inside, end = pieces(d)
        assert (None, "before\n") == before
        assert (START, f"llmspell: {short(d)}:{d.line('boom')}: boom\n") == head
        text = "".join(text for _, text in inside)
        assert ({None}, True) == ({group for group, _ in inside}, text.endswith("\n"))
        assert text.startswith("stack traceback:\n\t")
        assert (END, "") == end


def test_who_knows_no_groups_sees_all_of_it(debug):
    """All texts together are what Lua says without a debugger, also from a stop on the error."""
    with debug(FAILS.replace("io.stderr", "-- io.stderr")) as d:
        assert "boom" == d.at(d.run())
        assert_ends_as_lua(d)
        assert [START, END] == [group for group, _ in pieces(d) if group]


def test_a_message_of_several_lines(debug):
    """Its first line is what is seen at first."""
    with debug('error("one\\ntwo")') as d:
        fall(d)
        (_, head), *inside, end = pieces(d)
        assert head.endswith(":1: one\n")
        assert "".join(text for _, text in inside).startswith("two\nstack traceback:\n")
        assert (END, "") == end


@pytest.mark.lua("5.1", "5.2", "luajit2.0", "luajit2.1")
def test_an_error_without_a_traceback(debug):
    """There is nothing to fold."""
    with debug("error({})") as d:
        fall(d)
        assert {None} == {group for group, _ in pieces(d)}


def test_a_message_that_is_no_label(debug):
    """A very long line stands alone, and its traceback behind it."""
    with debug('error(("x"):rep(5000))') as d:
        fall(d)
        assert {None} == {group for group, _ in pieces(d)}
        assert "x" * 5000 + "\nstack traceback:\n" in d.output("stderr")


def test_a_traceback_that_the_program_writes(debug):
    """It is the program's own output, and no group."""
    with debug("""
        local _, text = xpcall(function() error("boom") end, debug.traceback)
        io.stderr:write("mine: ", text, "\\n")
    """) as d:
        assert 0 == d.run_to_end()
        assert {None} == {group for group, _ in pieces(d)}
        assert "boom\nstack traceback:\n" in d.output("stderr")


def test_what_is_written_behind_a_group(debug):
    """The group has ended when finalizers run, so what they write stands outside."""
    with debug("""
        local function finalize() io.stderr:write("last words\\n") end
        if newproxy then
          keep = newproxy(true)
          getmetatable(keep).__gc = finalize
        else
          keep = setmetatable({}, { __gc = finalize })
        end
        error("boom")
    """) as d:
        fall(d)
        assert [(END, ""), (None, "last words\n")] == pieces(d)[-2:]
