"""Completions: what may come next, at any place of any text, without running the program."""

PROGRAM = """
    local up = { alpha = 1, alphabet = 2, beta = function() end }
    global_value = 5
    local class = { method = function(self) end, field = 1 }
    class.__index = class
    local log = {}
    local proxy = setmetatable({}, { __index = function() log[1] = "read"; return {} end })
    local function work(parameter)
      local object = setmetatable({ own = 1, ["two words"] = 2 }, class)
      local text = "abc"
      print(parameter, object, text, up)  -- @here
    end
    work(1)
    print(proxy, log)
"""


def complete(d, text, column=None, line=None, frame=True):
    """The items offered at a column (the end of the text if None)."""
    return d.requests.completions(
        text=text,
        column=len(text) + 1 if column is None else column,
        line=line,
        frame_id=d.stop.frame.id if frame else None,
    ).targets


def labels(items):
    """What a user reads."""
    return [each.label for each in items]


def test_names_of_every_scope(debug):
    """Locals, upvalues, globals, the library and keywords, the nearest first."""
    with debug(PROGRAM) as d:
        d.break_at("here")
        d.run()
        found = labels(complete(d, ""))
        for name in ("object", "parameter", "up", "global_value", "print", "while"):
            assert name in found
        order = [found.index(each) for each in ("object", "up", "global_value", "while")]
        assert sorted(order) == order


def test_a_name_that_has_begun(debug):
    """Only what begins so is offered, whatever its case, and it replaces what was typed."""
    with debug(PROGRAM) as d:
        d.break_at("here")
        d.run()
        assert ["parameter"] == labels(complete(d, "param"))
        assert ["parameter"] == labels(complete(d, "PARAM"))
        (item,) = complete(d, "1 + glob")
        assert ("global_value", 5, 4) == (item.label, item.start, item.length)
        assert [] == labels(complete(d, "zzz"))


def test_fields_along_a_chain(debug):
    """Behind a dot come the fields, also those that a metatable's __index table adds."""
    with debug(PROGRAM) as d:
        d.break_at("here")
        d.run()
        found = labels(complete(d, "object."))
        assert {"own", "method", "field"} <= set(found)
        assert found.index("own") < found.index("method")
        assert ["alpha", "alphabet"] == labels(complete(d, "up.alph"))
        assert "upper" in labels(complete(d, "string.up"))
        assert "upper" in labels(complete(d, 'print(string["upper"], string.'))


def test_methods_behind_a_colon(debug):
    """Behind a colon come functions only; strings have their library."""
    with debug(PROGRAM) as d:
        d.break_at("here")
        d.run()
        found = complete(d, "object:")
        assert ["method"] == [each.label for each in found if not each.label.startswith("__")]
        assert "method" == found[0].type
        assert "upper" in labels(complete(d, "text:"))
        assert ["upper"] == labels(complete(d, "('x'):upp"))


def test_keys_that_are_no_names(debug):
    """A key with a space is offered as what has to be written, in place of the dot."""
    with debug(PROGRAM) as d:
        d.break_at("here")
        d.run()
        (item,) = complete(d, "object.two")
        assert ("two words", '["two words"]') == (item.label, item.text)
        assert (7, 4) == (item.start, item.length)


def test_in_the_middle_of_a_text(debug):
    """The caret says what counts; what stands behind it does not matter."""
    with debug(PROGRAM) as d:
        d.break_at("here")
        d.run()
        text = "print(up.al, object)"
        (one, two) = complete(d, text, column=text.index(",") + 1)
        assert (["alpha", "alphabet"], 10, 2) == ([one.label, two.label], one.start, one.length)
        assert "object" in labels(complete(d, text, column=1))


def test_lines_and_columns(debug):
    """``line`` chooses a line of a longer text; columns count UTF-16 units there."""
    with debug(PROGRAM) as d:
        d.break_at("here")
        d.run()
        text = "local x = 1\nprint('👋', up.al)\nreturn 5"
        column = "print('👋', up.al".index("al") + 2 + 1 + 1  # the emoji is two units
        items = complete(d, text, column=column, line=2)
        assert ["alpha", "alphabet"] == labels(items)
        assert (column - 2, 2) == (items[0].start, items[0].length)


def test_unfinished_and_nested_expressions(debug):
    """Whatever stands before, the expression at the caret is understood."""
    with debug(PROGRAM) as d:
        d.break_at("here")
        d.run()
        for text in (
            "if up.",
            "print(1, { x = up.",
            "for k, v in pairs(up.",
            "local y = #up.",
            "(up).",
            "up['alpha'] + up.",
        ):
            assert "alphabet" in labels(complete(d, text)), text


def test_nothing_inside_strings_comments_and_numbers(debug):
    """Where no name can stand, none is offered."""
    with debug(PROGRAM) as d:
        d.break_at("here")
        d.run()
        for text in ("'up.", '"abc', "-- up.", "1.", "[[ up."):
            assert [] == complete(d, text), text


def test_nothing_is_run(debug):
    """Neither __index functions nor calls are run to find out what may come."""
    with debug(PROGRAM) as d:
        d.break_at("here")
        d.run()
        main = d.stack()[1].id
        for text in ("proxy.", "proxy.x.", "work().", "error('x')."):
            d.requests.completions(text=text, column=len(text) + 1, frame_id=main)
        assert "{}" == d.evaluate("log", main)


def test_without_a_frame(debug):
    """Without a frame the globals are offered, and no locals."""
    with debug(PROGRAM) as d:
        d.break_at("here")
        d.run()
        found = labels(complete(d, "", frame=False))
        assert "global_value" in found
        assert "parameter" not in found


def test_types_and_details(debug):
    """Items say what they are and show their value."""
    with debug(PROGRAM) as d:
        d.break_at("here")
        d.run()
        items = {each.label: each for each in complete(d, "")}
        assert ("variable", "1") == (items["parameter"].type, items["parameter"].detail)
        assert "function" == items["print"].type
        assert "keyword" == items["while"].type
        assert "field" == complete(d, "up.alphab")[0].type


def test_functions_of_the_library_show_their_signatures(debug):
    """Under whatever name they are found; what the script has put in their place is its own."""
    with debug("""
        local mine = { join = table.concat }
        string.rep = function() end
        local x = 1  -- @here
    """) as d:
        d.break_at("here")
        d.run()
        details = {each.label: each.detail for each in complete(d, "string.")}
        assert "format(fmt: string, ...: any): string" == details["format"]
        assert details["rep"].startswith("function")
        (join,) = complete(d, "mine.")
        assert join.detail.startswith("concat(list: table")
        (found,) = [each for each in complete(d, "tost") if each.label == "tostring"]
        assert "tostring(v: any): string" == found.detail


def test_for_clients_that_count_from_0(debug):
    """Lines and columns come and go as the client counts them."""
    with debug(PROGRAM) as d:
        d.initialize(lines_start_at1=False, columns_start_at1=False)
        path, line = str(d.path), d.line("here")
        d.start()
        d.client.break_at(path, line - 1)
        d.client.run()
        items = complete(d, "x\nup.al", column=5, line=1)
        assert (["alpha", "alphabet"], 3) == (labels(items), items[0].start)


def test_while_the_program_runs(debug):
    """A running program is asked for its globals, too."""
    with debug("""
        print("go")
        while not done do end
    """) as d:
        d.start()
        d.result("configurationDone", d.send("configurationDone"))
        d.wait_for("output", lambda body: body["output"] == "go\n")
        items = d.requests.completions(text="string.upp", column=11).targets
        assert ["upper"] == labels(items)
        d.evaluate("done = true", context="repl")
        d.wait_for_stop()
