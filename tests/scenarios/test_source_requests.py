"""Sources: texts that are in no file, the list of what was loaded, modules, pages of them."""

import pytest

from dap_server.client import RequestFailed
from dap_server.protocol import generated as dap

CHUNKS = """
    local load = loadstring or load
    local text = "local x = ...\\nlocal y = x + 1\\nreturn y, error('stop')"
    local plain = load(text)
    local named = load("local n = 1\\nerror('named')", "=a name")
    local as_file = load("local f = 1\\nerror('file')", "@virtual/file.lua")
    print(pcall(plain, 1))
    print(pcall(named))
    print(pcall(as_file))
"""


def frame_with_source(d):
    """The innermost frame that shows a text."""
    return next(each for each in d.stack() if each.source is not None)


def test_the_text_of_a_chunk_from_a_string(debug):
    """``load`` of a plain string is shown with its text, asked for by its reference."""
    with debug(CHUNKS) as d:
        d.stop_on("all")
        d.run()
        source = frame_with_source(d).source
        assert None is source.path
        answer = d.requests.source(source_reference=source.source_reference, source=source)
        assert "local x = ...\nlocal y = x + 1\nreturn y, error('stop')" == answer.content
        assert "text/x-lua" == answer.mime_type
        again = d.requests.source(source_reference=source.source_reference)
        assert answer == again


def test_the_text_of_a_chunk_with_a_name(debug):
    """A chunk that was given a name of its own is listed under it, and has its text."""
    with debug(CHUNKS) as d:
        d.stop_on("all")
        d.run()
        d.continue_()
        source = frame_with_source(d).source
        assert "a name" == source.name
        answer = d.requests.source(source_reference=source.source_reference)
        assert "local n = 1\nerror('named')" == answer.content


def test_the_text_of_a_chunk_that_calls_itself_a_file(debug):
    """A chunk named ``@path`` for a file that is not there still has its text."""
    with debug(CHUNKS) as d:
        d.stop_on("all")
        d.run()
        d.continue_()
        d.continue_()
        source = frame_with_source(d).source
        assert "file.lua" == source.name
        answer = d.requests.source(source=source, source_reference=source.source_reference or 0)
        assert "local f = 1\nerror('file')" == answer.content


def test_breakpoints_in_chunks_without_a_file(debug):
    """A breakpoint can be set in a text that only has a reference, and is hit."""
    with debug("""
        local load = loadstring or load
        local f = load("local a = 1\\nlocal b = a + 1\\nreturn b", "=made")
        print(f)  -- @made
        print(f())
    """) as d:
        d.break_at("made")
        d.run()
        sources = d.requests.loaded_sources().sources
        (made,) = [each for each in sources if each.name == "made"]
        (answer,) = d.requests.set_breakpoints(
            source=made, breakpoints=[dap.SourceBreakpoint(line=2)]
        ).breakpoints
        assert answer.verified
        stop = d.continue_()
        assert ("breakpoint", 2) == (stop.reason, stop.line)
        assert {"a": "1"} == d.locals()


def test_a_file_by_its_path(debug):
    """A client may ask for a file's text by path, as a path or as a URI."""
    with debug('print("héllo")  -- @here\n') as d:
        d.break_at("here")
        d.run()
        for path in (str(d.path), d.path.as_uri()):
            answer = d.requests.source(source=dap.Source(path=path), source_reference=0)
            assert d.path.read_text("utf-8") == answer.content
        with pytest.raises(RequestFailed, match="cannot be read"):
            d.requests.source(source=dap.Source(path="/no/such/file.lua"), source_reference=0)


def test_a_mapped_file_by_its_path(debug):
    """Where path mappings hold, the path the editor knows leads to the file that runs."""
    with debug('print("here")  -- @here\n') as d:
        mapping = {"local": "/editor/project", "remote": str(d.folder)}
        d.start(pathMappings=[mapping])
        d.client.break_at("/editor/project/main.lua", d.line("here"))
        stop = d.client.run()
        assert "/editor/project/main.lua" == stop.path
        answer = d.requests.source(
            source=dap.Source(path="/editor/project/main.lua"), source_reference=0
        )
        assert d.path.read_text() == answer.content


def test_references_that_never_were(debug):
    """An unknown reference is refused with the reason, and so is a source with neither."""
    with debug('print("here")  -- @here\n') as d:
        d.break_at("here")
        d.run()
        with pytest.raises(RequestFailed):
            d.requests.source(source_reference=987654)
        with pytest.raises(RequestFailed, match="path or a sourceReference"):
            d.requests.source(source_reference=0)


MODULES = {
    "one.lua": "local one = {}\nfunction one.f() return 1 end\nreturn one\n",
    "two.lua": "return { g = 2 }\n",
    "deep/init.lua": "return { name = ... }\n",
    "deep/part.lua": "return { h = 3 }  -- @part\n",
    "run.lua": "return 'dofile'\n",
}

PROGRAM = """
    local one = require("one")
    local two = require("two")
    local deep = require("deep")
    local part = require("deep.part")
    local ran = dofile(arg[1])
    require("one")
    print(ran)  -- @here
"""


def test_all_loaded_sources(debug):
    """Everything that was loaded is listed once, in the order it came, and told as it comes."""
    with debug(PROGRAM, MODULES) as d:
        d.break_at("here")
        run = d.folder / "run.lua"
        d.run(luaPath=[f"{d.folder}/?.lua", f"{d.folder}/?/init.lua"], args=[str(run)])
        listed = [each.path for each in d.requests.loaded_sources().sources]
        names = ("main.lua", "one.lua", "two.lua", "deep/init.lua", "deep/part.lua", "run.lua")
        assert [str(d.folder / name) for name in names] == listed
        told = [each["source"]["path"] for each in d.frames.received("loadedSource")]
        assert listed == told


def test_modules_and_pages_of_them(debug):
    """What ``require`` loaded is listed with name and path, whole or in pages."""
    with debug(PROGRAM, MODULES) as d:
        d.break_at("here")
        run = d.folder / "run.lua"
        d.run(luaPath=[f"{d.folder}/?.lua", f"{d.folder}/?/init.lua"], args=[str(run)])
        everything = d.requests.modules()
        assert ["one", "two", "deep", "deep.part"] == [each.name for each in everything.modules]
        assert 4 == everything.total_modules
        assert str(d.folder / "deep" / "part.lua") == everything.modules[3].path
        assert [True] * 4 == [each.is_user_code for each in everything.modules]

        def page(start=None, count=None):
            found = d.requests.modules(start_module=start, module_count=count)
            assert 4 == found.total_modules
            return [each.name for each in found.modules]

        assert ["one", "two"] == page(0, 2)
        assert ["deep", "deep.part"] == page(2, 2)
        assert ["deep.part"] == page(3, 10)
        assert [] == page(4, 10)
        assert ["one", "two", "deep", "deep.part"] == page(0, 0)
        told = [each["module"]["name"] for each in d.frames.received("module")]
        assert ["one", "two", "deep", "deep.part"] == told


def test_skipped_modules_are_no_user_code(debug):
    """Modules in skipFiles say that they are not the user's, and their sources are dimmed."""
    with debug(PROGRAM, MODULES) as d:
        d.break_at("here")
        run = d.folder / "run.lua"
        d.run(
            luaPath=[f"{d.folder}/?.lua", f"{d.folder}/?/init.lua"],
            args=[str(run)],
            skipFiles=["**/deep/**"],
        )
        assert {"one": True, "two": True, "deep": False, "deep.part": False} == {
            each.name: each.is_user_code for each in d.requests.modules().modules
        }
        hints = {each.name: each.presentation_hint for each in d.requests.loaded_sources().sources}
        assert (None, "deemphasize") == (hints["one.lua"], hints["part.lua"])


def test_what_is_loaded_again(debug):
    """A source with another text and a module that is required anew have changed, not come."""
    program = """
        local function write(text)
          local file = io.open(arg[1], "w") file:write(text) file:close()
        end
        write("return 1")
        require("part")
        package.loaded.part = nil
        require("part")
        write("return 2")
        package.loaded.part = nil
        print(require("part"))
    """
    with debug(program) as d:
        part = d.folder / "part.lua"
        assert 0 == d.run_to_end(args=[str(part)], luaPath=[f"{d.folder}/?.lua"])
        sources = [
            body["reason"]
            for body in d.frames.received("loadedSource")
            if body["source"]["name"] == "part.lua"
        ]
        modules = [body["reason"] for body in d.frames.received("module")]
        assert ["new", "changed"] == sources
        assert ["new", "changed", "changed"] == modules


@pytest.mark.parametrize("path", ["/a\0b.lua", "file:///a%00b.lua"])
def test_a_path_with_a_nul(debug, path):
    """No file has one in its name: the request is refused and says so, before and at a stop."""
    with debug("local x = 1  -- @here\n") as d:
        d.break_at("here")
        d.run()
        source = dap.Source(path=path)
        for ask in (d.requests.set_breakpoints, d.requests.breakpoint_locations):
            with pytest.raises(
                RequestFailed, match=r"source\.path is .*; it must be a text without"
            ):
                ask(
                    source=source, **({"line": 1} if ask == d.requests.breakpoint_locations else {})
                )
