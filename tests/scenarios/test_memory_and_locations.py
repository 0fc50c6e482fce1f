"""The bytes behind a string, and the places where functions and variables come from."""

import base64

import pytest

from dap_server.client import RequestFailed

STRINGS = """
    local plain = "hello world"
    local bytes = "a\\0b\\255\\128z"
    local empty = ""
    local large = string.rep("0123456789", 100000)
    print(#plain, #bytes, #empty, #large)  -- @here
"""


def read(d, reference, count, offset=None):
    """The address, the bytes, and how many could not be read."""
    answer = d.requests.read_memory(memory_reference=reference, offset=offset, count=count)
    data = base64.b64decode(answer.data) if answer.data else b""
    return data, answer.unreadable_bytes or 0


def test_the_bytes_of_strings(debug):
    """A string's memory is its bytes: NUL and what is no UTF-8 included."""
    with debug(STRINGS) as d:
        d.break_at("here")
        d.run()
        assert (b"hello world", 0) == read(d, d.variable("plain").memory_reference, 11)
        assert (b"a\0b\xff\x80z", 0) == read(d, d.variable("bytes").memory_reference, 6)
        assert None is d.variable("empty").memory_reference or (b"", 4) == read(
            d, d.variable("empty").memory_reference, 4
        )


def test_offsets_and_the_end(debug):
    """Reading may begin anywhere; what lies past the end is counted as unreadable."""
    with debug(STRINGS) as d:
        d.break_at("here")
        d.run()
        plain = d.variable("plain").memory_reference
        assert (b"world", 0) == read(d, plain, 5, 6)
        assert (b"world", 15) == read(d, plain, 20, 6)
        assert (b"", 10) == read(d, plain, 10, 11)
        assert (b"", 10) == read(d, plain, 10, 5000)
        assert (b"", 0) == read(d, plain, 0)
        assert (b"", 4) == read(d, plain, 8, -4)


def test_a_large_string_in_pieces(debug):
    """A megabyte is read piece by piece, as a memory view does."""
    with debug(STRINGS) as d:
        d.break_at("here")
        d.run()
        large = d.variable("large").memory_reference
        assert b"0123456789" * 100 == read(d, large, 1000, 500000)[0]
        assert 1000000 == len(read(d, large, 1000000)[0])


def test_results_have_memory_too(debug):
    """Values of expressions and of assignments lead to their bytes."""
    with debug(STRINGS) as d:
        d.break_at("here")
        d.run()
        here = d.stop.frame.id
        answer = d.requests.evaluate(expression="plain:upper()", frame_id=here)
        assert (b"HELLO", 0) == read(d, answer.memory_reference, 5)
        answer = d.requests.set_expression(expression="plain", value="'new'", frame_id=here)
        assert (b"new", 0) == read(d, answer.memory_reference, 3)
        assert None is d.requests.evaluate(expression="5", frame_id=here).memory_reference


def test_memory_ends_with_the_stop(debug):
    """A reference of an earlier stop, and one that never was, are refused."""
    with debug("""
        local s = "text"
        print(s)  -- @one
        print(s)  -- @two
    """) as d:
        d.break_at("one")
        d.break_at("two")
        d.run()
        reference = d.variable("s").memory_reference
        d.continue_()
        with pytest.raises(RequestFailed, match="not of this stop"):
            read(d, reference, 4)
        for nonsense in ("no reference", "", "0x12", "999999"):
            with pytest.raises(RequestFailed):
                read(d, nonsense, 4)


def test_clients_without_memory_views_get_no_references(debug):
    """Who did not say ``supportsMemoryReferences`` is not bothered with them."""
    with debug(STRINGS) as d:
        d.initialize(supports_memory_references=False)
        d.break_at("here")
        d.run()
        assert None is d.variable("plain").memory_reference


def place(d, reference):
    """File name, line and column behind a location reference."""
    found = d.requests.locations(location_reference=reference)
    return found.source.name, found.line, found.column


def test_where_functions_are_defined(debug):
    """The value of a variable that is a function leads to the line of its definition."""
    with debug(
        """
        local helper = require("helper")
        local function named(a)  -- @named
          return a
        end
        local anonymous = named and function() end  -- @anonymous
        print(helper, named, anonymous)  -- @here
    """,
        {"helper.lua": "\n\nreturn function(x)  -- @helper\n  return x\nend\n"},
    ) as d:
        d.break_at("here")
        d.run(luaPath=[f"{d.folder}/?.lua"])
        for name, file in (("named", "main"), ("anonymous", "main"), ("helper", "helper")):
            reference = d.variable(name).value_location_reference
            assert (f"{file}.lua", d.line(name)) == place(d, reference)[:2]
        answer = d.requests.evaluate(expression="named", frame_id=d.stop.frame.id)
        assert d.line("named") == place(d, answer.value_location_reference)[1]
        assert None is d.requests.evaluate(expression="print").value_location_reference
        assert None is d.requests.evaluate(expression="5").value_location_reference


def test_columns_of_functions_count_utf_16(debug):
    """The column is where the function begins, counted as editors count."""
    with debug("""
        local s, f = "👋é", function() end  -- @defined
        print(s, f)  -- @here
    """) as d:
        d.break_at("here")
        d.run()
        reference = d.variable("f").value_location_reference
        line = d.path.read_text("utf-8").split("\n")[d.line("defined") - 1]
        units = len(line[: line.index("function")].encode("utf-16-le")) // 2
        assert ("main.lua", d.line("defined"), units + 1) == place(d, reference)


def test_where_variables_are_declared(debug):
    """A local, a parameter and an upvalue lead to their declaration."""
    with debug("""
        local up = 1  -- @up
        local function work(parameter)  -- @work
          local a, b = 1, 2  -- @ab
          for i = 1, 1 do  -- @loop
            print(a, b, i, parameter, up)  -- @here
          end
        end
        work(5)
    """) as d:
        d.break_at("here")
        d.run()
        found = {}
        for scope in ("Locals", "Upvalues"):
            for each in d.variables(d.scopes()[scope].variables_reference):
                reference = each.declaration_location_reference
                found[each.name] = place(d, reference)[1:] if reference else None
        lines = d.path.read_text().split("\n")

        def at(mark, text):
            return d.line(mark), lines[d.line(mark) - 1].index(text) + 1

        assert {
            "a": at("ab", "a, b"),
            "b": at("ab", "b = "),
            "i": at("loop", "i = "),
            "parameter": at("work", "parameter"),
            "up": at("up", "up"),
        } == found


def test_locations_end_with_the_stop(debug):
    """A location reference of an earlier stop is refused, not answered wrongly."""
    with debug("""
        local function f() end
        print(f)  -- @one
        print(f)  -- @two
    """) as d:
        d.break_at("one")
        d.break_at("two")
        d.run()
        reference = d.variable("f").value_location_reference
        d.continue_()
        with pytest.raises(RequestFailed, match="not of this stop"):
            place(d, reference)


@pytest.mark.parametrize("reference", ["zzz", "", "0x10", "-1", "1_0", "9" * 5000])
def test_what_is_no_memory(debug, reference):
    """A reference that nobody gave is refused by name."""
    with debug(STRINGS) as d:
        d.break_at("here")
        d.run()
        with pytest.raises(RequestFailed, match="There is no memory '"):
            read(d, reference, 1)
