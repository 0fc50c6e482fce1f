"""Files and chunks: whatever they are called, breakpoints and frames mean the right one."""

import os
from pathlib import Path

import pytest

from dap_server.protocol import generated as dap

HERE = 'local here = arg[0]:match("^(.*)/")\n'


def sources_of(d):
    """The sources of the stack, innermost first."""
    return [frame.source for frame in d.client.stack()]


def break_in(d, path, *lines):
    """Breakpoints in a file, by a path as it is."""
    source = dap.Source(path=str(path))
    wanted = [dap.SourceBreakpoint(line=line) for line in lines]
    return d.requests.set_breakpoints(source=source, breakpoints=wanted).breakpoints


# --- paths ----------------------------------------------------------------------------------------


def test_a_file_is_verified_when_it_loads(debug):
    """Until then the breakpoint is pending, on the line where it will be; an event tells."""
    with debug(
        HERE
        + """
    dofile(here .. "/lib.lua")
    """,
        {"lib.lua": "-- a comment\nlocal a = 1\nreturn a\n"},
    ) as d:
        d.start()
        (answer,) = break_in(d, d.folder / "lib.lua", 1)
        assert (False, "pending", 2) == (answer.verified, answer.reason, answer.line)
        assert "Not loaded yet" in answer.message
        stop = d.client.run()
        assert (2, str(d.folder / "lib.lua")) == (stop.line, stop.path)
        event = d.wait_for("breakpoint")
        assert "changed" == event["reason"]
        changed = event["breakpoint"]
        assert (answer.id, True, 2) == (changed["id"], changed["verified"], changed["line"])
        assert "moved to line 2" in changed["message"]


def test_a_file_that_does_not_exist(debug):
    """The answer says so, and nothing else breaks."""
    with debug("local a = 1\n") as d:
        d.start()
        (answer,) = break_in(d, d.folder / "nowhere.lua", 1)
        assert (False, "failed") == (answer.verified, answer.reason)
        assert "There is no file" in answer.message
        assert 0 == d.run_to_end()


def test_a_file_that_does_not_compile(debug):
    """The answer holds Lua's message with its line."""
    with debug("local a = 1\n", {"bad.lua": "local a = 1\nlocal b = = 2\n"}) as d:
        d.start()
        (answer,) = break_in(d, d.folder / "bad.lua", 1)
        assert (False, "failed") == (answer.verified, answer.reason)
        assert answer.message.startswith("The file does not compile: 2: ")
        assert 0 == d.run_to_end()


def test_two_files_of_one_name(debug):
    """``a/init.lua`` and ``b/init.lua`` are two files."""
    with debug(
        HERE
        + """
    dofile(here .. "/a/init.lua")
    dofile(here .. "/b/init.lua")
    """,
        {"a/init.lua": "local a = 1\nreturn a\n", "b/init.lua": "local b = 1\nreturn b\n"},
    ) as d:
        d.start()
        break_in(d, d.folder / "b" / "init.lua", 2)
        stop = d.client.run()
        assert (str(d.folder / "b" / "init.lua"), {"b": "1"}) == (stop.path, d.locals())
        assert 0 == d.run_to_end()


def test_a_name_that_ends_another(debug):
    """``b.lua`` is not ``ab.lua``."""
    with debug(
        HERE
        + """
    dofile(here .. "/ab.lua")
    dofile(here .. "/b.lua")
    """,
        {"ab.lua": "local ab = 1\nreturn ab\n", "b.lua": "local b = 1\nreturn b\n"},
    ) as d:
        d.start()
        break_in(d, d.folder / "b.lua", 2)
        d.client.run()
        assert {"b": "1"} == d.locals()
        assert 0 == d.run_to_end()


def test_the_client_goes_through_a_link(debug):
    """A breakpoint set through a linked folder stops, and frames show the client's path."""
    with debug(HERE + 'dofile(here .. "/real/m.lua")\n', {"real/m.lua": "local m = 1\n"}) as d:
        (d.folder / "link").symlink_to(d.folder / "real")
        d.start()
        break_in(d, d.folder / "link" / "m.lua", 1)
        assert str(d.folder / "link" / "m.lua") == d.client.run().path
        assert 0 == d.run_to_end()


def test_the_program_goes_through_a_link(debug):
    """The script loads a linked file; the breakpoint is in the real one."""
    with debug(HERE + 'dofile(here .. "/link.lua")\n', {"real.lua": "local m = 1\n"}) as d:
        (d.folder / "link.lua").symlink_to(d.folder / "real.lua")
        d.start()
        break_in(d, d.folder / "real.lua", 1)
        assert str(d.folder / "real.lua") == d.client.run().path
        assert 0 == d.run_to_end()


def test_dots_in_paths(debug):
    """``./a/../a/m.lua`` is ``a/m.lua``, on both sides."""
    with debug(HERE + 'dofile(here .. "/./a/../a/m.lua")\n', {"a/m.lua": "local m = 1\n"}) as d:
        d.start()
        break_in(d, f"{d.folder}/a/../a/./m.lua", 1)
        stop = d.client.run()
        assert os.path.samefile(stop.path, d.folder / "a" / "m.lua")
        assert 0 == d.run_to_end()


@pytest.mark.parametrize(
    "name", ["with space.lua", "50%[a]-b.lua", "ünïcode-名前.lua", "a'b\"c.lua", "x.y.z.lua"]
)
def test_odd_names(debug, name):
    """Spaces, magic characters of patterns and letters of the world are just names."""
    with debug(HERE + "dofile(here .. '/' .. name)\n", {name: "local m = 1\n"}) as d:
        quoted = name.replace("\\", "\\\\").replace('"', '\\"')
        d.write("main.lua", f'name = "{quoted}"\n{HERE}dofile(here .. "/" .. name)\n')
        d.start()
        break_in(d, d.folder / name, 1)
        stop = d.client.run()
        assert (str(d.folder / name), name) == (stop.path, stop.frame.source.name)
        assert 0 == d.run_to_end()


def test_a_client_that_folds_case(debug):
    """Where only one file differs in case alone, it is meant."""
    with debug(HERE + 'dofile(here .. "/Lib/Mod.lua")\n', {"Lib/Mod.lua": "local m = 1\n"}) as d:
        d.start()
        break_in(d, d.folder / "lib" / "mod.lua", 1)
        assert 1 == d.client.run().line
        assert 0 == d.run_to_end()


def test_letters_composed_and_taken_apart(debug):
    """``ü`` in one character or in two: where only one such file exists, it is meant."""
    apart, composed = "u\u0308ber.lua", "\u00fcber.lua"
    with debug(HERE + f'dofile(here .. "/{apart}")\n', {apart: "local m = 1\n"}) as d:
        d.start()
        break_in(d, d.folder / composed, 1)
        assert 1 == d.client.run().line
        assert 0 == d.run_to_end()


def test_two_files_that_look_alike(debug):
    """Where both spellings of a letter exist, they are two files."""
    apart, composed = "u\u0308ber.lua", "\u00fcber.lua"
    with debug(
        HERE + f'dofile(here .. "/{apart}")\ndofile(here .. "/{composed}")\n',
        {apart: "local apart = 1\nreturn apart\n", composed: "local one = 1\nreturn one\n"},
    ) as d:
        d.start()
        break_in(d, d.folder / composed, 2)
        d.client.run()
        assert {"one": "1"} == d.locals()
        assert 0 == d.run_to_end()


@pytest.mark.parametrize(
    ("folder", "path"),
    [
        ("C:\\code", "C:\\code\\m.lua"),
        ("C:\\code", "c:\\code\\m.lua"),
        ("\\\\host\\share", "\\\\host\\share\\m.lua"),
        ("C:\\code", "file:///c%3A/code/m.lua"),
    ],
    ids=["drive", "case", "unc", "uri"],
)
def test_a_client_on_windows(debug, folder, path):
    """Its folders, on drives or on hosts, are mapped onto the program's in both directions."""
    with debug(HERE + 'dofile(here .. "/m.lua")\n', {"m.lua": "local m = 1\n"}) as d:
        d.start(pathMappings=[{"local": folder, "remote": str(d.folder)}])
        break_in(d, path, 1)
        assert f"{folder}\\m.lua" == d.client.run().path
        assert 0 == d.run_to_end()


def test_a_file_uri(debug):
    """Editors may write ``file://`` URIs where a path is expected."""
    with debug(HERE + 'dofile(here .. "/a b.lua")\n', {"a b.lua": "local m = 1\n"}) as d:
        d.start()
        break_in(d, (d.folder / "a b.lua").as_uri(), 1)
        assert str(d.folder / "a b.lua") == d.client.run().path
        assert 0 == d.run_to_end()


def test_relative_names(debug, monkeypatch, tmp_path):
    """A script that loads files by relative paths."""
    monkeypatch.chdir(tmp_path)
    with debug('dofile("lib/m.lua")\n', {"lib/m.lua": "local m = 1\n"}) as d:
        d.start()
        break_in(d, d.folder / "lib" / "m.lua", 1)
        assert str(d.folder / "lib" / "m.lua") == d.client.run().path
        assert 0 == d.run_to_end()


def test_the_working_directory_changes(debug, monkeypatch, tmp_path, transport):
    """One relative name means two files, each when it is loaded."""
    if transport != "memory":
        pytest.skip("Lua changes no directory: only in memory can somebody else do it")
    monkeypatch.chdir(tmp_path)
    with debug(
        """
        dofile("m.lua")
        local x = 0  -- @here
        dofile("m.lua")
        """,
        {"m.lua": "local one = 1\n", "sub/m.lua": "local two = 2\nreturn two\n"},
    ) as d:
        d.break_at("here")
        d.start()
        break_in(d, d.folder / "sub" / "m.lua", 2)
        assert "here" == d.at(d.client.run())
        monkeypatch.chdir(tmp_path / "sub")
        stop = d.continue_()
        assert (str(d.folder / "sub" / "m.lua"), {"two": "2"}) == (stop.path, d.locals())
        assert 0 == d.run_to_end()


# --- loaded more than once ------------------------------------------------------------------------


def test_a_file_loaded_twice(debug):
    """Functions of both loadings stop, under the same id, each time once."""
    with debug(
        HERE
        + """
    local one = dofile(here .. "/lib.lua")
    local two = dofile(here .. "/lib.lua")
    one()
    two()
    one()
    """,
        {"lib.lua": "return function()\n  local a = 1\n  return a\nend\n"},
    ) as d:
        d.start()
        (answer,) = break_in(d, d.folder / "lib.lua", 2)
        stops = [d.client.run(), d.continue_(), d.continue_()]
        assert [(2, (answer.id,))] * 3 == [(stop.line, stop.breakpoints) for stop in stops]
        assert 0 == d.run_to_end()
        assert 1 == len(d.frames.received("breakpoint"))


def test_a_breakpoint_between_two_loadings(debug):
    """Set after the first and before the second loading, it counts in both."""
    with debug(
        HERE
        + """
    local one = dofile(here .. "/lib.lua")
    local x = 0  -- @here
    local two = dofile(here .. "/lib.lua")
    one()
    two()
    """,
        {"lib.lua": "return function()\n  local a = 1\n  return a\nend\n"},
    ) as d:
        d.break_at("here")
        d.run()
        (answer,) = break_in(d, d.folder / "lib.lua", 3)
        assert answer.verified
        assert [3, 3] == [d.continue_().line, d.continue_().line]
        assert 0 == d.run_to_end()


def test_an_edited_file_loaded_again(debug):
    """After an edit the lines are those of the new text, and the breakpoint moves with them."""
    with debug(
        HERE
        + """
    local path = here .. "/lib.lua"
    local old = dofile(path)
    local file = io.open(path, "w")
    file:write("-- new\\n-- text\\nreturn function()\\n\\n  return 2\\nend\\n")
    file:close()
    local new = dofile(path)
    old()
    new()
    """,
        {"lib.lua": "return function()\n  local a = 1\n  local b = 2\n  return a\nend\n"},
    ) as d:
        d.start()
        (answer,) = break_in(d, d.folder / "lib.lua", 4)
        assert 4 == d.client.run().line
        assert 5 == d.continue_().line
        assert 0 == d.run_to_end()
        events = [each["breakpoint"] for each in d.frames.received("breakpoint")]
        assert [(answer.id, 4), (answer.id, 5)] == [(each["id"], each["line"]) for each in events]


def test_text_loaded_under_the_name_of_a_file(debug):
    """``load(text, "@path")`` is that file, as far as anybody can tell."""
    with debug(
        HERE
        + """
    local text = "local a = 1\\nlocal b = 2\\nreturn a + b\\n"
    print((loadstring or load)(text, "@" .. here .. "/lib.lua")())
    """,
        {"lib.lua": "-- on disk it looks otherwise\n"},
    ) as d:
        d.start()
        break_in(d, d.folder / "lib.lua", 2)
        stop = d.client.run()
        assert (2, str(d.folder / "lib.lua")) == (stop.line, stop.path)
        assert {"a": "1"} == d.locals()
        assert 0 == d.run_to_end()


# --- lists ----------------------------------------------------------------------------------------


def test_what_was_loaded(debug):
    """Files and named chunks are announced, and listed by ``loadedSources``."""
    with debug(
        HERE
        + """
    dofile(here .. "/lib.lua")
    local f = (loadstring or load)("return 1", "=named")
    local x = f()  -- @here
    """,
        {"lib.lua": "return 1\n"},
    ) as d:
        d.break_at("here")
        d.run()
        expected = ["main.lua", "lib.lua", "named"]
        events = d.frames.received("loadedSource")
        assert expected == [event["source"]["name"] for event in events]
        assert {"new"} == {event["reason"] for event in events}
        assert expected == [each.name for each in d.requests.loaded_sources().sources]
        assert 0 == d.run_to_end()


def test_modules(debug):
    """What ``require`` loads is announced, and listed by ``modules``."""
    with debug(
        HERE
        + """
    package.path = here .. "/?.lua;" .. package.path
    local inner = require("pkg.inner")
    local x = inner  -- @here
    """,
        {"pkg/inner.lua": "return { 1 }\n"},
    ) as d:
        d.break_at("here")
        d.run()
        event = d.wait_for("module")
        assert ("new", "pkg.inner") == (event["reason"], event["module"]["name"])
        (module,) = d.requests.modules().modules
        assert ("pkg.inner", str(d.folder / "pkg" / "inner.lua")) == (module.name, module.path)
        assert 0 == d.run_to_end()


def test_path_mappings(debug):
    """The client's folder stands for the program's."""
    with debug(HERE + 'dofile(here .. "/m.lua")\n', {"m.lua": "local m = 1\n"}) as d:
        mapping = [{"local": "/elsewhere/project", "remote": str(d.folder)}]
        d.start(pathMappings=mapping)
        break_in(d, "/elsewhere/project/m.lua", 1)
        assert "/elsewhere/project/m.lua" == d.client.run().path
        assert 0 == d.run_to_end()


def test_places_in_a_file_never_seen(debug):
    """``breakpointLocations`` reads files from disk before they are loaded."""
    with debug("local a = 1\n", {"lib.lua": "-- x\nlocal a = 1; local b = 2\n"}) as d:
        d.start()
        source = dap.Source(path=str(Path(d.folder) / "lib.lua"))
        found = d.requests.breakpoint_locations(source=source, line=1, end_line=2).breakpoints
        assert [(2, 1), (2, 14)] == [(each.line, each.column) for each in found]
        assert 0 == d.run_to_end()
