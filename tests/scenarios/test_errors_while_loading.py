"""Errors in files that are loaded: what they raise, and that they do not compile."""

from tests.support.errors import assert_ends_as_lua, info


def test_an_error_in_a_required_file(debug):
    """The stop is in the other file."""
    with debug(
        """
        local m = require("other")
        m.work()
        """,
        files={
            "other.lua": """
                local m = {}
                function m.work()
                  local here = true
                  error("from the module")  -- @raise
                end
                return m
            """
        },
    ) as d:
        stop = d.run(luaPath=[f"{d.folder}/?.lua"])
        assert ("raise", str(d.folder / "other.lua")) == (d.at(stop), stop.path)
        assert {"here": "true"} == {
            name: value for name, value in d.locals().items() if name != "m"
        }


def test_an_error_while_a_file_is_required(debug):
    """The stop is in the file that is loaded, called by the one that requires it."""
    with debug(
        """
        require("other")  -- @require
        """,
        files={"other.lua": 'local x = 1\nerror("while loading")  -- @raise\n'},
    ) as d:
        stop = d.run(luaPath=[f"{d.folder}/?.lua"])
        assert ("raise", str(d.folder / "other.lua")) == (d.at(stop), stop.path)
        assert d.line("require") == d.stack()[-1].line
        assert 1 == d.run_to_end()


def test_a_syntax_error_in_a_required_file(debug):
    """The stop is at the ``require``, and the text names file and line of the mistake."""
    with debug(
        """
        local before = 1
        require("broken")  -- @require
        """,
        files={"broken.lua": "local x = 1\nlocal y = = 2\n"},
    ) as d:
        stop = d.run(luaPath=[f"{d.folder}/?.lua"])
        assert ("exception", "require") == (stop.reason, d.at(stop))
        assert {"before": "1"} == d.locals()
        assert "error loading module 'broken'" in stop.text
        assert stop.text.endswith("/broken.lua:2: unexpected symbol near '='")
        assert "syntax error" == info(d).exception_id
        assert 1 == d.run_to_end()


def test_a_syntax_error_in_a_file_that_dofile_runs(debug):
    """The stop is at the ``dofile``."""
    with debug("dofile((...))  -- @dofile\n", files={"broken.lua": "x = = 1\n"}) as d:
        stop = d.run(args=[str(d.folder / "broken.lua")])
        assert "dofile" == d.at(stop)
        assert stop.text.endswith("/broken.lua:1: unexpected symbol near '='")
        assert 1 == d.run_to_end()


def test_a_file_that_is_not_there(debug):
    """``require`` says where it looked, and stops at its call."""
    with debug('require("nowhere")  -- @require\n') as d:
        stop = d.run()
        assert "require" == d.at(stop)
        assert "module 'nowhere' not found:" in stop.text
        assert "no file" in stop.text
        assert "runtime error" == info(d).exception_id
        assert_ends_as_lua(d)


def test_a_syntax_error_in_the_program(debug):
    """Nothing runs that could stop: the message arrives, and the status is 1."""
    with debug("print('never')\nlocal x = = 2\n") as d:
        assert_ends_as_lua(d)
        assert d.output("stderr").endswith("/main.lua:2: unexpected symbol near '='\n")
        assert "" == d.output("stdout")


def test_a_syntax_error_that_load_reports_is_no_error(debug):
    """``load`` answers nil and a message; nothing is raised."""
    with debug("""
        local chunk, message = (loadstring or load)("x = = 1", "=text")
        print(chunk, message)
        print((loadfile("nowhere.lua")))
    """) as d:
        d.stop_on("all")
        assert 0 == d.run_to_end()
        assert "nil\ttext:1: unexpected symbol near '='\nnil\n" == d.output("stdout")


def test_an_error_in_a_reader_of_load_is_caught_by_it(debug):
    """A function that ``load`` reads from may fail: that is caught, and not told as uncaught."""
    with debug("""
        print(load(function() error("no text", 0) end))  -- @reader
    """) as d:
        assert 0 == d.run_to_end()
        assert "nil\tno text\n" == d.output("stdout")
    with debug('print(load(function() error("no text", 0) end))  -- @reader\n') as d:
        d.stop_on("caught")
        stop = d.run()
        assert ("reader", "always") == (d.at(stop), info(d).break_mode)
        assert 0 == d.run_to_end()
