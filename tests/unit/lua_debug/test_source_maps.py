"""Source maps read: mappings, documents, and where they are found."""

import base64
import contextlib
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lua_debug.source_maps.document import OriginalText, read_source_map
from lua_debug.source_maps.errors import BadSourceMap
from lua_debug.source_maps.globs import file_for
from lua_debug.source_maps.mappings import Segment, decode_mappings
from lua_debug.source_maps.search import find_source_map, mapping_url, original_path
from tests.support.source_maps import encode, line_map

# --- mappings -------------------------------------------------------------------------------------


def test_mappings_by_hand() -> None:
    """Fields are relative to those before; columns begin anew on each line, the others do not."""
    # In base 64, A is 0, C is 1, D is -1 and gB is 16.
    assert [
        [Segment(0, 0, 0, 0), Segment(1, 0, 1, 0)],
        [],
        [Segment(0, 0, 2, 16), Segment(16, -1, 0, 0)],
        [Segment(0, 1, 1, 17)],
    ] == decode_mappings("AAAA,CACA;;AACgB,gB;ACDCA", sources=2)


@pytest.mark.parametrize(
    ("mappings", "said"),
    [
        ("AAA", "'AAA' has 3 fields"),
        ("AAAA;ACAA", "line 2 has a mapping to where nothing is"),
        ("AADA", "line 1 has a mapping to where nothing is"),
        ("AA!A", "'!' is no digit of a mapping"),
        ("AAAg", "'AAAg' ends in the middle of a number"),
        ("ggggggggB", "'ggggggggB' holds a number that is too large"),
    ],
)
def test_mappings_that_are_wrong(mappings: str, said: str) -> None:
    """What is wrong with them is said."""
    with pytest.raises(BadSourceMap, match=said):
        decode_mappings(mappings, sources=1)


_places = st.tuples(*[st.integers(0, 2**20)] * 1, st.integers(0, 2), *[st.integers(0, 2**20)] * 2)


@given(st.lists(st.lists(_places, max_size=5).map(sorted), max_size=8))
def test_any_mappings_come_back(lines: list[list[tuple[int, int, int, int]]]) -> None:
    """What was encoded is decoded."""
    wanted = [[Segment(*place) for place in line] for line in lines] or [[]]
    assert wanted == decode_mappings(encode(lines), sources=3)


@given(st.text("ABgx;,+/ !", max_size=30))
def test_no_mappings_break_the_decoder(mappings: str) -> None:
    """Any text is decoded or refused: what is decoded leads to where something is."""
    lines: list[list[Segment]] = []
    with contextlib.suppress(BadSourceMap):
        lines = decode_mappings(mappings, sources=1)
    assert all(each.source in (-1, 0) and min(each[2:]) >= 0 for line in lines for each in line)


# --- documents ------------------------------------------------------------------------------------


def read(**fields: Any) -> Any:
    """The map of a document with one line, which comes from the first line of its first source."""
    whole = {"version": 3, "sources": ["a.ts"], "mappings": "AAAA", **fields}
    return read_source_map(json.dumps(whole).encode())


def test_sources_and_what_is_known_of_them() -> None:
    """Their root stands before them; contents and the list of ignored ones belong to them."""
    found = read(
        sources=["a.ts", "/abs/b.ts", "sub/c.ts"],
        sourceRoot="src",
        sourcesContent=["let a", None],
        ignoreList=[2],
    )
    assert (
        OriginalText("src/a.ts", "let a"),
        OriginalText("/abs/b.ts"),
        OriginalText("src/sub/c.ts", is_ignored=True),
    ) == found.texts


def test_a_source_without_a_name_is_nowhere() -> None:
    """Lines made from it count as made from nothing."""
    found = read(sources=[None, "b.ts"], mappings="AAAA;ACAA")
    assert [-1, 1] == [line[0].source for line in found.segments]


def test_sections() -> None:
    """Each map of an index map begins at its offset, with sources of its own."""
    first = {"version": 3, "sources": ["a.ts"], "mappings": "AAAA;AACA"}
    second = {"version": 3, "sources": ["b.ts"], "mappings": "CAAA;CACA"}
    document = {
        "version": 3,
        "sections": [
            {"offset": {"line": 0, "column": 0}, "map": first},
            {"offset": {"line": 1, "column": 10}, "map": second},
        ],
    }
    found = read_source_map(json.dumps(document).encode())
    assert ["a.ts", "b.ts"] == [each.url for each in found.texts]
    assert [
        [Segment(0, 0, 0, 0)],
        [Segment(0, 0, 1, 0), Segment(11, 1, 0, 0)],
        [Segment(1, 1, 1, 0)],
    ] == list(found.segments)


def test_a_guard_before_the_document() -> None:
    """The line that keeps browsers from running a map is passed over."""
    assert 1 == len(read_source_map(b")]}'\n" + line_map({1: 1}, sources=["a"]).encode()).texts)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"version": 2}, "its version is 2; 3 can be read"),
        ({"mappings": None}, "its mappings is missing"),
        ({"mappings": 3}, "its mappings is of the wrong type"),
        ({"sources": "a.ts"}, "its sources is of the wrong type"),
        ({"sources": [3]}, "its source 3 is no text"),
        ({"sections": [{"offset": {"line": 0, "column": 0}, "url": "x"}]}, "no map of its own"),
        ({"sections": [{"map": {}}]}, "its offset is missing"),
        ({"sections": [3]}, "it is no JSON object"),
    ],
)
def test_documents_that_are_wrong(fields: dict[str, Any], said: str) -> None:
    """What is wrong with them is said."""
    with pytest.raises(BadSourceMap, match=said):
        read(**fields)


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"\xff", b"[" * 100_000])
def test_what_is_no_document(text: bytes) -> None:
    """It is refused, whatever it is."""
    with pytest.raises(BadSourceMap, match="it is n"):
        read_source_map(text)


# --- where they are -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("end", "url"),
    [
        ("--# sourceMappingURL=a.lua.map", "a.lua.map"),
        ("--# sourceMappingURL=a.lua.map\r\n\r\n-- the end\r\n", "a.lua.map"),
        ("--//# sourceMappingURL=sub/a.map\n", "sub/a.map"),
        ("--[[\n//# sourceMappingURL=a.map\n]]\n", "a.map"),
        ("--[[ //@ sourceMappingURL=a.map ]]", "a.map"),
        ("--# sourceMappingURL=old.map\n--# sourceMappingURL=new.map\n", "new.map"),
        ("--# sourceMappingURL=a.lua.map\nprint(1)\n", None),
        ('local s = "--# sourceMappingURL=a.map"\n', None),
        ("-- nothing\n", None),
    ],
)
def test_the_comment_at_the_end(end: str, url: str | None) -> None:
    """The last one counts, and only where no code follows it."""
    assert url == mapping_url(f"local a = 1\n{end}".encode())


def test_a_comment_wins_over_a_file_beside(tmp_path: Path) -> None:
    """Both are relative to the file; its sources are relative to where the map is."""
    (tmp_path / "maps").mkdir()
    (tmp_path / "a.lua.map").write_text(line_map({1: 1}, sources=["beside.ts"]))
    (tmp_path / "maps" / "a.map").write_text(line_map({1: 1}, sources=["named.ts"]))
    path = str(tmp_path / "a.lua")
    beside = find_source_map(b"local a\n", path)
    named = find_source_map(b"local a\n--# sourceMappingURL=maps/a.map\n", path)
    assert beside is not None
    assert named is not None
    assert ["beside.ts", "named.ts"] == [each.map.texts[0].url for each in (beside, named)]
    assert [str(tmp_path), str(tmp_path / "maps")] == [beside.folder, named.folder]


@pytest.mark.parametrize("head", ["data:application/json;base64,", "data:;charset=utf-8;base64,"])
def test_a_map_in_the_comment(head: str) -> None:
    """A ``data:`` URI holds the whole map."""
    body = base64.b64encode(line_map({1: 1}, sources=["a.ts"]).encode()).decode()
    found = find_source_map(f"local a\n--# sourceMappingURL={head}{body}".encode(), "/x/a.lua")
    assert found is not None
    assert ("a.ts", "/x") == (found.map.texts[0].url, found.folder)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("nowhere.map", "/x/nowhere.map cannot be read: No such file"),
        ("data:application/json;base64,!!", "The source map in /x/a.lua: it is no base64"),
        ("data:application/json,{", "The source map in /x/a.lua: it is no JSON"),
        ("https://host/a.map", "https://host/a.map is not followed"),
    ],
)
def test_maps_that_cannot_be_read(url: str, said: str) -> None:
    """The message names the map."""
    with pytest.raises(BadSourceMap, match=said):
        find_source_map(f"local a\n--# sourceMappingURL={url}\n".encode(), "/x/a.lua")


def test_where_originals_are(tmp_path: Path) -> None:
    """Paths are relative to the map or URLs, and taken as they are where that is a file."""
    (tmp_path / "a b.ts").touch()
    (tmp_path / "50%20.ts").touch()

    def path_of(url: str) -> str:
        return original_path(OriginalText(url), str(tmp_path))

    assert str(tmp_path / "a b.ts") == path_of("a%20b.ts")
    assert str(tmp_path / "50%20.ts") == path_of("50%20.ts")
    assert str(tmp_path.parent / "c.ts") == path_of("../c.ts")
    assert "/abs/d e.ts" == path_of("file:///abs/d%20e.ts")
    assert str(tmp_path / "src/e.ts") == path_of("webpack:///./src/e.ts")


# --- globs ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "glob", "file", "found"),
    [
        ("=game/main", "=game/*", "/src/*.lua", "/src/main.lua"),
        ("=game/ui/menu", "game/*", "/src/*.lua", "/src/ui/menu.lua"),
        ("@gen/a.lua", "@gen/*", "/src/*", "/src/a.lua"),
        ("@/p/build/x/a.lua", "build/*.lua", "src/*.lua", "/p/src/x/a.lua"),
        ("@/p/build/a.out", "/p/**/*.out", "/q/**/*.lua", "/q/build/a.lua"),
        ("@/p/a.out", "/p/**/*.out", "/q/**/*.lua", "/q/a.lua"),
        ("=v1.main", "=v?.main", "/src/main.lua", "/src/main.lua"),
        ("=game", "=game/*", "/src/*", None),
        ("@/p/other/a.lua", "build/*", "src/*", None),
        ("return 1", "*", "/src/*", None),
    ],
)
def test_globs(raw: str, glob: str, file: str, found: str | None) -> None:
    """What ``*`` stands for goes into the file's name; relative ones are below the folder."""
    assert found == file_for(raw, [(glob, file)], "/p")


def test_the_first_glob_that_matches() -> None:
    """Others do not matter."""
    assert "/a/x" == file_for("=x", [("=y", "/0"), ("=*", "/a/*"), ("=x", "/b")], "/p")
