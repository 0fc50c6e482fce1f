"""Where source maps are found, what they name, and what else is shown of the originals."""

import base64
import shutil

import pytest

from tests.support.source_maps import (
    HERE,
    LINES,
    MADE,
    ORIGINAL,
    break_in,
    line_map,
    make,
    place,
    places,
)

# --- what else is shown ---------------------------------------------------------------------------


def test_loaded_sources(debug):
    """The generated file, which names what it was made of, and the original are listed."""
    with debug("") as d:
        make(d)
        d.run(stopOnEntry=True)
        expected = ["main.lua", "main.mini"]
        events = d.frames.received("loadedSource")
        assert expected == [event["source"]["name"] for event in events]
        listed = d.requests.loaded_sources().sources
        assert expected == [each.name for each in listed]
        assert ["main.mini"] == [each.name for each in listed[0].sources]
        assert 0 == d.run_to_end()


def test_names_and_places_of_functions(debug):
    """Functions without a name are called by their original line, and defined there."""
    with debug("") as d:
        text = """
        local t = {
          function(a)
            error("no " .. a)
          end,
        }
        t[1]("way")
        """
        make(d, text, {1: 1, 2: 2, 3: 3, 4: 2, 6: 4})
        d.stop_on("all")
        d.run()
        assert ("anonymous <main.mini:2>", 3) == (d.names()[0], d.client.stack()[0].line)
        info = d.requests.exception_info(thread_id=d.client.stop.thread)
        assert "main.lua:3: in " in info.details.stack_trace
        frame = d.client.stack()[1]
        t = d.variable("t", frame=frame.id)
        (item,) = [each for each in d.client.variables(t.variables_reference) if each.name == "[1]"]
        where = d.requests.locations(location_reference=item.value_location_reference)
        assert ("main.mini", 2) == (where.source.name, where.line)


def test_lines_made_of_nothing_are_shown_as_they_are(debug):
    """A stop there is one in the generated file."""
    with debug("") as d:
        make(d)
        d.start()
        break_in(d, d.path, 4)
        assert ("main.lua", 4) == place(d.client.run())
        assert [("main.mini", 3)] == places(d, "step_over", 1)
        assert 0 == d.run_to_end()


# --- where maps are -------------------------------------------------------------------------------


def test_a_map_in_a_comment_with_its_contents(debug):
    """What is not on disk is served from the map, and takes breakpoints by its reference."""
    with debug("") as d:
        whole = line_map(LINES, sources=["gone.mini"], sourcesContent=[ORIGINAL])
        url = "data:application/json;base64," + base64.b64encode(whole.encode()).decode()
        d.write("main.lua", f"{MADE}--# sourceMappingURL={url}\n")
        stop = d.run(stopOnEntry=True)
        source = stop.frame.source
        assert ("gone.mini", None, 1) == (source.name, source.path, stop.line)
        found = d.requests.source(source=source, source_reference=source.source_reference)
        assert ORIGINAL == found.content
        (answer,) = break_in(d, source, 3)
        assert answer.verified
        assert ("gone.mini", 3) == place(d.continue_())
        assert 0 == d.run_to_end()


def test_several_sources_in_another_folder(debug):
    """A bundle comes from all of them; ``sourceRoot`` stands before their names."""
    with debug("", {"src/a.mini": "one\n", "src/b.mini": "\ntwo\n"}) as d:
        whole = line_map({1: (0, 1), 2: (1, 2)}, sources=["a.mini", "b.mini"], sourceRoot="../src/")
        d.write("maps/main.map", whole)
        d.write("main.lua", "local a = 1\nlocal b = 2\n--# sourceMappingURL=maps/main.map\n")
        d.start()
        (answer,) = break_in(d, d.folder / "src" / "b.mini", 1)
        assert (True, 2) == (answer.verified, answer.line)
        stop = d.client.run()
        assert str(d.folder / "src" / "b.mini") == stop.path
        assert {"a": "1"} == d.locals()
        assert 0 == d.run_to_end()


def test_a_map_with_sections(debug):
    """Index maps are followed."""
    with debug("", {"a.mini": "one\n", "b.mini": "two\n"}) as d:
        sections = [
            f'{{"offset": {{"line": {line}, "column": 0}}, "map": {inner}}}'
            for line, inner in enumerate(
                line_map({1: 1}, sources=[f"{name}.mini"]) for name in "ab"
            )
        ]
        d.write("main.lua", "local a = 1\nlocal b = 2\n")
        d.write("main.lua.map", f'{{"version": 3, "sections": [{", ".join(sections)}]}}')
        assert ("a.mini", 1) == place(d.run(stopOnEntry=True))
        assert [("b.mini", 1)] == places(d, "step_over", 1)
        assert 0 == d.run_to_end()


def test_maps_under_path_mappings(debug):
    """Originals are where the client has them."""
    with debug("") as d:
        d.write("main.lua", MADE)
        d.write("main.lua.map", line_map(LINES, sources=["src/main.mini"]))
        d.start(pathMappings=[{"local": "/elsewhere", "remote": str(d.folder)}])
        (answer,) = break_in(d, "/elsewhere/src/main.mini", 2)
        assert answer.verified
        assert "/elsewhere/src/main.mini" == d.client.run().path
        assert 0 == d.run_to_end()


@pytest.mark.parametrize(
    ("whole", "said"),
    [
        ("{", "main.lua.map: it is no JSON"),
        (line_map(LINES, sources=[]), "main.lua.map: line 1 has a mapping to where nothing is"),
        (line_map(LINES, sources=["x.mini"]), "x.mini, which cannot be found."),
    ],
)
def test_a_broken_map(debug, whole, said):
    """It costs one warning, and the generated file is shown."""
    with debug("") as d:
        d.write("main.lua", MADE)
        d.write("main.lua.map", whole)
        d.start()
        (answer,) = break_in(d, d.path, 5)
        assert answer.verified
        assert ("main.lua", 5) == place(d.client.run())
        assert 0 == d.run_to_end()
        told = [e["output"] for e in d.frames.received("output") if e["category"] == "important"]
        assert (1, True) == (len(told), said in told[0])
        assert told[0].endswith("The generated file is shown.\n")


def test_a_map_of_nothing(debug):
    """A file of declarations only makes Lua without code; nobody is warned of its map."""
    with debug("local a = 1\n") as d:
        d.write("main.lua.map", line_map({}, sources=[]))
        assert ("main.lua", 1) == place(d.run(stopOnEntry=True))
        assert 0 == d.run_to_end()
        assert [] == [e for e in d.frames.received("output") if e["category"] == "important"]


def test_maps_switched_off(debug):
    """``sourceMaps: false`` shows Lua."""
    with debug("") as d:
        make(d)
        assert ("main.lua", 1) == place(d.run(stopOnEntry=True, sourceMaps=False))
        assert [("main.lua", 2), ("main.lua", 3)] == places(d, "step_over", 2)
        assert 0 == d.run_to_end()


# --- globs ----------------------------------------------------------------------------------------


def test_a_glob_of_chunk_names(debug):
    """Chunks under names of the host's choice are files, for frames and for breakpoints."""
    with debug(
        """
        local chunk = (loadstring or load)("local a = 1\\nreturn a\\n", "=game/start")
        chunk()
        """,
        {"src/start.lua": "local a = 1\nreturn a\n"},
    ) as d:
        d.start(sourceMaps={"=game/*": str(d.folder / "src" / "*.lua")})
        (answer,) = break_in(d, d.folder / "src" / "start.lua", 2)
        assert "pending" == answer.reason
        stop = d.client.run()
        assert (2, str(d.folder / "src" / "start.lua")) == (stop.line, stop.path)
        assert (answer.id,) == stop.breakpoints
        assert 0 == d.run_to_end()


def test_a_glob_of_files(debug):
    """Copies in a folder that was built are shown as what they are copies of."""
    with debug(
        HERE + 'dofile(here .. "/build/sub/lib.lua")\n',
        {"build/sub/lib.lua": "local a = 1\n", "src/sub/lib.lua": "local a = 1\n"},
    ) as d:
        d.start(sourceMaps={"build/*": "src/*"})
        break_in(d, d.folder / "src" / "sub" / "lib.lua", 1)
        assert str(d.folder / "src" / "sub" / "lib.lua") == d.client.run().path
        assert 0 == d.run_to_end()


def test_a_compiler_that_keeps_the_lines(debug):
    """Its files are no Lua; a glob says which they are, of the main program at once."""
    with debug("", {"src/lib.tl": "local a: number = 1\n\nreturn a\n"}) as d:
        d.write("src/main.tl", "local b: number = 2\nprint(b)\n")
        d.write("build/lib.lua", "local a = 1\n\nreturn a\n")
        text = 'local b = 2\nprint(b, dofile(arg[0]:match("^(.*)/") .. "/lib.lua"))\n'
        d.path = d.write("build/main.lua", text)
        d.start(sourceMaps={"build/*.lua": "src/*.tl"})
        (later,) = break_in(d, d.folder / "src" / "lib.tl", 3)
        (now,) = break_in(d, d.folder / "src" / "main.tl", 2)
        assert [("pending", False), (None, True)] == [(b.reason, b.verified) for b in (later, now)]
        assert ("main.tl", 2) == place(d.client.run())
        assert ("lib.tl", 3) == place(d.continue_())
        assert 0 == d.run_to_end()


def test_a_glob_and_a_map(debug):
    """The glob says which file an embedded chunk is, and that has a map beside it."""
    with debug("") as d:
        make(d)
        shutil.move(d.folder / "main.lua", d.folder / "made.lua")
        shutil.move(d.folder / "main.lua.map", d.folder / "made.lua.map")
        d.write(
            "main.lua",
            HERE
            + """
        local file = io.open(here .. "/made.lua")
        local text = file:read("*a")
        file:close()
        local chunk = (loadstring or load)(text, "=embedded")
        chunk()
        """,
        )
        d.start(sourceMaps={"=embedded": "made.lua"})
        break_in(d, d.folder / "main.mini", 3)
        assert ("main.mini", 3) == place(d.client.run())
        assert 0 == d.run_to_end()
