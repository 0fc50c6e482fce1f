"""Artifacts: contents of any size, by name and version, found, compared and collected."""

import io
import itertools

import pytest
from blake3 import blake3
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.core.errors import UserError
from kernel.events.sessions import ArtifactDeleted, ArtifactStored
from kernel.sessions.artifacts.blocks import BLOCK, cut, digest_of, is_compressed, pack, unpack
from kernel.sessions.artifacts.file_blocks import FileBlocks
from kernel.sessions.artifacts.memory_blocks import MemoryBlocks
from kernel.sessions.artifacts.model import ArtifactNotFound, ArtifactType, ContentDamaged
from kernel.sessions.artifacts.query import ArtifactQuery
from kernel.state.durability import Durability
from tests.support.sessions import GOVERNOR, OWNER, READER, WRITER, make_kit

BLOCKS = {
    "memory": lambda folder: MemoryBlocks(),
    "files": lambda folder: FileBlocks(folder / "blocks"),
    "files-power": lambda folder: FileBlocks(folder / "blocks", Durability.POWER),
}


@pytest.fixture(params=BLOCKS)
def kit(request, tmp_path):
    """Services over each kind of blocks."""
    return make_kit(blocks=BLOCKS[request.param](tmp_path))


def noise(size: int, seed: int = 0) -> bytes:
    """Bytes that do not compress."""
    return blake3(seed.to_bytes(8, "little")).digest(length=size)


def stored(kit, session, name, content, **given):
    """An artifact of the owner's."""
    return kit.services.artifacts.store(OWNER, session.id, name, content, **given)


# --- in and out ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "size", [0, 1, 10_239, 10_240, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 17]
)
@pytest.mark.parametrize("make", [noise, lambda size: b"all the same " * (size // 13 + 1)])
def test_what_comes_out_is_what_went_in(kit, size, make) -> None:
    """Of any size, in any form, whole and in part; named by the BLAKE3 of all of it."""
    content = make(size)[:size]
    session = kit.session()
    pieces = [content[at : at + 7777] for at in range(0, size, 7777)]
    made = [
        stored(kit, session, "as bytes", content),
        stored(kit, session, "as a file", io.BytesIO(content)),
        stored(kit, session, "as pieces", pieces),
    ]
    for each in made:
        assert blake3(content).hexdigest() == each.id.content_hash
        assert size == each.size
        assert content == kit.services.artifacts.read(OWNER, each.id)
        for start, end in ((0, 1), (1, size), (size - 1, size), (BLOCK - 1, BLOCK + 1), (size, 9)):
            got = kit.services.artifacts.stream(OWNER, each.id, max(start, 0), end)
            assert content[max(start, 0) : end] == b"".join(got)
    assert [1, 2, 3] == [each.id.sequence for each in made]


@given(data=st.data())
@settings(max_examples=60, deadline=None)
def test_blocks_are_cut_at_the_same_places_whatever_the_pieces(data) -> None:
    """How a content arrives makes no difference to its blocks."""
    content = data.draw(st.binary(max_size=300))
    size = data.draw(st.integers(1, 64))
    places = sorted(data.draw(st.lists(st.integers(0, len(content)), max_size=6)))
    edges = [0, *places, len(content)]
    pieces = [content[a:b] for a, b in itertools.pairwise(edges)]
    whole = [*cut(content, size)]
    assert whole == [*cut(pieces, size)] == [*cut(io.BytesIO(content), size)]
    assert content == b"".join(whole)
    assert all(len(block) == size for block in whole[:-1])


@given(st.binary(max_size=20_000) | st.integers(0, 300_000).map(lambda size: b"ab" * size))
@settings(max_examples=60, deadline=None)
def test_packing_loses_nothing(content) -> None:
    """Packed and unpacked a block is the same, and never takes more than a byte more."""
    packed = pack(content[:BLOCK])
    assert content[:BLOCK] == unpack(packed, digest_of(content[:BLOCK]))
    assert len(packed) <= len(content[:BLOCK]) + 1


def test_what_helps_is_compressed() -> None:
    """Small blocks and noise are kept as they are, large text is compressed."""
    assert not is_compressed(pack(b"a" * 10_239))
    assert is_compressed(pack(b"a" * 10_240))
    assert not is_compressed(pack(noise(100_000)))
    kit = make_kit()
    session = kit.session()
    made = stored(kit, session, "log", "line\n" * 100_000)
    assert made.is_compressed
    assert (500_000, "text/plain") == (made.size, made.mime_type)
    assert made.kept_size < 5_000


def test_the_same_content_is_kept_once(kit) -> None:
    """Whatever it is called and in which session it is, its blocks are shared."""
    one, two = kit.session(), kit.session()
    content = noise(2 * BLOCK + 5)
    for session in (one, two):
        for name in ("a", "b"):
            stored(kit, session, name, content)
    stored(kit, one, "longer", content[: 2 * BLOCK] + b"other end")
    with kit.blocks.clearing("acme") as clearing:
        assert 4 == len([*clearing.digests()])


def test_what_is_known_of_it_is_kept(kit, tmp_path) -> None:
    """Type, tags, times and whatever else was given, also of files."""
    session = kit.session()
    first = stored(kit, session, "a.json", b"{}")
    kit.events.clear()
    made = kit.services.artifacts.store(
        WRITER,
        session.id,
        "b.json",
        b"[]",
        type=ArtifactType.TOOL_RESULT,
        description="a list",
        tags=["y", "x", "x"],
        custom={"n": 1},
        parent=first.id,
    )
    assert made == kit.services.artifacts.describe(READER, made.id)
    assert ("walt", "application/json", ("x", "y"), {"n": 1}, first.id) == (
        made.created_by,
        made.mime_type,
        made.tags,
        made.custom,
        made.parent,
    )
    assert [ArtifactStored(session.id, made.id.content_hash, "b.json", 1, 2)] == kit.events
    path = tmp_path / "table.csv"
    path.write_bytes(b"1,2\n")
    filed = kit.services.artifacts.store_file(OWNER, session.id, str(path))
    assert ("table.csv", "text/csv", 4) == (filed.name, filed.mime_type, filed.size)
    with pytest.raises(UserError, match="cannot be stored: No such file"):
        kit.services.artifacts.store_file(OWNER, session.id, str(tmp_path / "none"))


@pytest.mark.parametrize("name", ["", " ", "x" * 1025])
def test_an_artifact_has_a_name(kit, name) -> None:
    """Nameless artifacts cannot be found."""
    session = kit.session()
    with pytest.raises(UserError, match="1 to 1024 characters"):
        stored(kit, session, name, b"")


@pytest.mark.parametrize("name", ["../../etc/passwd", "a/b", "ä" * 1024, "\x01\n", "n/x"])
def test_names_are_only_names(kit, name) -> None:
    """No name leads to a place: it is looked for among names, as it is."""
    session = kit.session()
    made = stored(kit, session, name, b"text")
    assert made == kit.services.artifacts.latest(OWNER, session.id, name)


# --- versions -----------------------------------------------------------------------------------


def test_one_name_has_versions(kit) -> None:
    """Each content under a name is the next version, and numbers are given once."""
    session = kit.session()
    made = [stored(kit, session, "note", text) for text in ("one", "two", "two")]
    artifacts = kit.services.artifacts
    assert made == artifacts.versions(OWNER, session.id, "note")
    assert [1, 2, 3] == [each.version for each in made]
    artifacts.delete_artifact(OWNER, made[2].id)
    assert ArtifactDeleted(session.id, made[2].id.content_hash) == kit.events[-1]
    assert made[1] == artifacts.latest(OWNER, session.id, "note")
    assert b"two" == artifacts.read(OWNER, made[1].id)
    assert 4 == stored(kit, session, "note", "four").version
    for gone in (made[2].id,):
        for method in (artifacts.read, artifacts.describe, artifacts.delete_artifact):
            with pytest.raises(ArtifactNotFound):
                method(OWNER, gone)
    with pytest.raises(ArtifactNotFound):
        artifacts.latest(OWNER, session.id, "nothing")


def test_texts_are_compared_by_lines(kit) -> None:
    """A unified diff, and how many lines came and went."""
    session = kit.session()
    old = stored(kit, session, "poem", "one\ntwo\n--three\n")
    new = stored(kit, session, "poem", "one\nTWO\n--three\nfour")
    difference = kit.services.artifacts.diff(OWNER, old.id, new.id)
    assert (
        "--- poem (version 1)\n+++ poem (version 2)\n@@ -1,3 +1,4 @@\n one\n-two\n+TWO\n"
        " --three\n+four\n\\ No newline at end of file\n"
    ) == difference.unified
    assert (2, 1, True, False) == (
        difference.added,
        difference.removed,
        difference.is_text,
        difference.is_identical,
    )
    same = kit.services.artifacts.diff(OWNER, old.id, old.id)
    assert (True, "", 0) == (same.is_identical, same.unified, same.added)


@pytest.mark.parametrize("place", [0, 5, BLOCK - 1, BLOCK, 2 * BLOCK + 3])
def test_bytes_are_compared_by_places(kit, place) -> None:
    """The first byte that differs, and how much is shared."""
    session = kit.session()
    content = noise(2 * BLOCK + 10)
    changed = bytearray(content)
    changed[place] ^= 1
    old, new = stored(kit, session, "x", content), stored(kit, session, "x", bytes(changed))
    difference = kit.services.artifacts.diff(OWNER, old.id, new.id)
    assert (False, False, place, 2) == (
        difference.is_text,
        difference.is_identical,
        difference.first_difference,
        difference.shared_blocks,
    )
    shorter = stored(kit, session, "x", content[: BLOCK + 1])
    difference = kit.services.artifacts.diff(OWNER, old.id, shorter.id)
    assert (BLOCK + 1, 1) == (difference.first_difference, difference.shared_blocks)
    assert kit.services.artifacts.diff(OWNER, old.id, old.id).is_identical


# --- finding and removing -----------------------------------------------------------------------


def test_artifacts_are_found_by_everything(kit) -> None:
    """Session, type, pattern of the name, tags, time, size, the latest only, and a limit."""
    session, other = kit.session(), kit.session()
    begun = kit.clock.now()
    for place, (name, tags) in enumerate(
        [("a.txt", ["x"]), ("b.txt", ["x", "y"]), ("b.log", []), ("a.txt", [])]
    ):
        kit.clock.advance(10)
        kind = ArtifactType.TOOL_RESULT if place == 1 else ArtifactType.CUSTOM
        stored(kit, session, name, b"z" * place, tags=tags, type=kind)
    stored(kit, other, "a.txt", b"other")

    def found(**wanted):
        made = kit.services.artifacts.query(OWNER, ArtifactQuery(session=session.id, **wanted))
        return [(each.name, each.version) for each in made]

    everything = [("a.txt", 1), ("b.txt", 1), ("b.log", 1), ("a.txt", 2)]
    assert everything == found()
    assert [("b.txt", 1)] == found(type=ArtifactType.TOOL_RESULT)
    assert [("b.txt", 1), ("b.log", 1)] == found(name_pattern="b.*")
    assert [("a.txt", 1), ("b.txt", 1)] == found(tags=("x",))
    assert [("b.txt", 1)] == found(created_after=begun + 10, created_before=begun + 30)
    assert [("b.txt", 1), ("b.log", 1)] == found(min_size=1, max_size=2)
    assert everything[1:] == found(is_latest=True)
    assert everything[:2] == found(limit=2)
    assert 5 == len(kit.services.artifacts.query(OWNER, ArtifactQuery()))
    assert 4 == len(kit.services.artifacts.list_artifacts(OWNER, session.id))


def test_only_what_nobody_needs_is_collected(kit) -> None:
    """Blocks go when the last artifact that has them is gone."""
    one, two = kit.session(), kit.session()
    content = noise(BLOCK + 5)
    first = stored(kit, one, "a", content)
    second = stored(kit, two, "b", content)
    third = stored(kit, one, "c", b"alone")
    artifacts = kit.services.artifacts
    artifacts.delete_artifact(OWNER, first.id)
    artifacts.delete_artifact(OWNER, third.id)
    collected = artifacts.collect(GOVERNOR)
    assert (1, 1, 6) == (collected.contents, collected.blocks, collected.bytes)
    assert content == artifacts.read(OWNER, second.id)
    kit.services.sessions.delete(OWNER, two.id)
    assert 2 == artifacts.collect(GOVERNOR).blocks
    assert 0 == artifacts.collect(GOVERNOR).blocks
    assert content == artifacts.read(OWNER, stored(kit, one, "again", content).id)


def test_nothing_is_collected_while_somebody_reads_or_writes(kit) -> None:
    """A content that is being read, or whose blocks wait for their index, stays."""
    session = kit.session()
    made = stored(kit, session, "a", noise(3 * BLOCK))
    stream = kit.services.artifacts.stream(OWNER, made.id)
    begun = next(stream)
    kit.services.artifacts.delete_artifact(OWNER, made.id)
    assert kit.services.artifacts.collect(GOVERNOR).is_postponed
    assert noise(3 * BLOCK) == begun + b"".join(stream)
    seen = []

    def slow():
        yield noise(BLOCK, 1)
        seen.append(kit.services.artifacts.collect(GOVERNOR).is_postponed)
        yield b"end"

    slowly = stored(kit, session, "b", slow())
    assert [True] == seen
    assert 3 == kit.services.artifacts.collect(GOVERNOR).blocks
    assert noise(BLOCK, 1) + b"end" == kit.services.artifacts.read(OWNER, slowly.id)


def test_a_content_that_fails_in_the_middle_leaves_nothing(kit) -> None:
    """What was written before is not to be seen, and is collected."""
    session = kit.session()

    def broken():
        yield noise(2 * BLOCK)
        raise OSError("unplugged")

    with pytest.raises(OSError, match="unplugged"):
        stored(kit, session, "x", broken())
    assert [] == kit.services.artifacts.list_artifacts(OWNER, session.id)
    assert 2 == kit.services.artifacts.collect(GOVERNOR).blocks


# --- damage -------------------------------------------------------------------------------------


@pytest.mark.parametrize("damage", ["flip", "cut", "empty", "gone"])
@pytest.mark.parametrize("content", [noise(50_000), b"text " * 10_000])
def test_damage_is_found_and_mended(tmp_path, damage, content) -> None:
    """A block that changed is never given out, and is right again when the content is stored."""
    kit = make_kit(blocks=FileBlocks(tmp_path))
    session = kit.session()
    made = stored(kit, session, "a", content)
    (place,) = [path for path in tmp_path.glob("*/??/*") if path.is_file()]
    whole = place.read_bytes()
    match damage:
        case "flip":
            half = len(whole) // 2
            place.write_bytes(whole[:half] + bytes([whole[half] ^ 1]) + whole[half + 1 :])
        case "cut":
            place.write_bytes(whole[:-1])
        case "empty":
            place.write_bytes(b"")
        case "gone":
            place.unlink()
    with pytest.raises(ContentDamaged, match=r"is (damaged|missing); restore"):
        kit.services.artifacts.read(OWNER, made.id)
    stored(kit, session, "b", content)
    assert content == kit.services.artifacts.read(OWNER, made.id)
