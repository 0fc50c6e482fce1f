"""Files as editors of this world leave them: line ends, first lines, strings over many lines."""

import pytest

from dap_server.protocol import generated as dap
from tests.support.places import place, placed, rest, stops

NEWLINES = pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"], ids=["lf", "crlf", "cr"])


@NEWLINES
def test_a_shebang_with_any_line_end(debug, newline):
    """Lua skips a first line up to a line feed only; what it makes of the rest is what counts."""
    with debug("") as d:
        text = ["#!/usr/bin/env lua", "local a = 1", "local b = 2", ""]
        d.path.write_bytes(newline.join(text).encode())
        answers = place(d, 1, 3)
        if newline == "\r":  # the whole file is one first line
            assert 1 == len(stops(d))
        else:
            assert [(True, 2), (True, 3)] == [(each.verified, each.line) for each in answers]
            assert [2, 3] == stops(d)


@NEWLINES
def test_line_ends_set_late(debug, newline):
    """Breakpoints that come while the program stands count the lines as those known before."""
    with debug("") as d:
        text = ["local a = 1", "", "local b = [[", "one", "]]", "local c = b", "print(c)", ""]
        d.path.write_bytes(newline.join(text).encode())
        place(d, 1)
        d.client.run()
        wanted = [dap.SourceBreakpoint(line=line) for line in (6, 7)]
        answers = d.client.set_breakpoints(d.path, *wanted)
        assert [(True, 6, None), (True, 7, None)] == placed(answers)
        assert [6, 7] == rest(d)
        assert "one\n\n" == d.output("stdout")


def test_mixed_line_ends(debug):
    """CR LF and LF CR are one line end each, and a lone CR is one, too."""
    with debug("") as d:
        d.path.write_bytes(b"local a = 1\r\nlocal b = 2\n\rlocal c = 3\rlocal e = 4\nprint(e)")
        place(d, 1, 2, 3, 4, 5)
        assert [1, 2, 3, 4, 5] == stops(d)


def test_a_last_line_of_any_kind(debug):
    """A file that ends in the middle of a line, in a comment or after a CR ends well."""
    for ending in ("", "\r", "-- the end", " --[[ the\nend ]]", "\n\n\n--"):
        with debug("") as d:
            d.path.write_bytes(f"local a = 1\nlocal b = 2{ending}".encode())
            place(d, 2)
            assert [2] == stops(d)


@pytest.mark.lua("5.2", "5.3", "5.4", "5.5", "luajit2.0", "luajit2.1")
@pytest.mark.parametrize("first", ["", "#!/usr/bin/lua\n"], ids=["code", "shebang"])
def test_a_byte_order_mark_before(debug, first):
    """A byte order mark moves no line, whether code or a shebang stands behind it."""
    with debug("") as d:
        d.path.write_bytes(b"\xef\xbb\xbf" + f"{first}local a = 1\nlocal b = 2\n".encode())
        begin = 1 + first.count("\n")
        answers = place(d, begin, begin + 1)
        assert [True, True] == [each.verified for each in answers]
        assert [begin, begin + 1] == stops(d)


@pytest.mark.lua("5.1")
def test_a_byte_order_mark_lua_51_cannot_read(debug):
    """Lua 5.1 takes the mark for a wrong symbol: the answer says so, and so does the program."""
    with debug("") as d:
        d.path.write_bytes(b"\xef\xbb\xbflocal a = 1\n")
        (answer,) = place(d, 1)
        assert not answer.verified
        assert "does not compile: 1: " in answer.message
        assert 1 == d.run_to_end()
        assert "main.lua:1:" in d.output("stderr")
