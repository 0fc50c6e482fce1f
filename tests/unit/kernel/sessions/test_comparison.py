"""Two pieces of data are compared: how alike they are, and where they differ."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.sessions.cells import Outcome, Output
from kernel.sessions.replay.comparison import compare
from kernel.sessions.replay.outcomes import compare_outcomes


@pytest.mark.parametrize(
    ("old", "new", "similarity", "differences"),
    [
        ({"a": 1, "b": [1, 2]}, {"a": 1, "b": [1, 2]}, 1.0, []),
        ({}, {}, 1.0, []),
        ({"a": 1}, {"a": 2}, 0.0, [("a", "1 became 2")]),
        ({"a": 1}, {}, 0.0, [("a", "1 is gone")]),
        ({}, {"a": 1}, 0.0, [("a", "1 was added")]),
        ([1, 2], [1, 2, 3], 2 / 3, [("[2]", "3 was added")]),
        (
            {"a": [{"b": "xxxx"}]},
            {"a": [{"b": "xxxy"}]},
            0.75,
            [("a[0].b", '"xxxx" became "xxxy"')],
        ),
        (1, "1", 0.0, [("", '1 (number) became "1" (string)')]),
        (True, 1, 0.0, [("", "true (boolean) became 1 (number)")]),
        (None, [], 0.0, [("", "null became [] (array)")]),
        ([], {}, 0.0, [("", "[] (array) became {} (object)")]),
        (1, 1.0, 1.0, []),
    ],
)
def test_differences_are_named_by_their_places(old, new, similarity, differences) -> None:
    """The score is the mean over all leaves, and each difference has its path."""
    found = compare(old, new)
    assert similarity == pytest.approx(found.similarity)
    assert differences == [(each.path, each.description) for each in found.differences]
    assert (not differences) == found.is_identical


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(JSON, JSON)
def test_a_score_is_a_score(old, new) -> None:
    """From 0 to 1, 1 for oneself, the same both ways as far as it matters, and sure of identity."""
    found = compare(old, new)
    assert 0.0 <= found.similarity <= 1.0
    assert compare(old, old).is_identical
    assert 1.0 == compare(new, new).similarity
    assert found.is_identical == compare(new, old).is_identical
    assert found.is_identical == (found.similarity == 1.0)


def test_long_lists_of_differences_are_cut() -> None:
    """All of them count, a hundred are named."""
    found = compare([*range(1000)], [*range(1, 1001)])
    assert (0.0, 100) == (found.similarity, len(found.differences))
    assert "0.0% alike, different in 100 or more places" == found.summary


@pytest.mark.parametrize(
    ("old", "new", "is_same"),
    [
        ("table: 0x55d0c8a1", "table: 0x7f0012345678", True),
        ("function: builtin: 0x55d0c8a1", "function: builtin: 0x55d0c8a2", True),
        ("file (0x55d0c8a1)", "file (0x55d0c8ff)", True),
        ("table: 0x55d0c8a1", "thread: 0x55d0c8a1", False),
        ("crc 0x55d0c8a1", "crc 0x55d0c8a2", False),
        ("My: 0x55d0c8a1f2b0", "My: 0x7f0012345678", True),
        ("My: 0x55d0c8a1f2b0", "Your: 0x55d0c8a1f2b0", False),
        ("crc: 0x55d0c8a1", "crc: 0x55d0c8a2", False),
    ],
)
def test_addresses_are_ignored(old: str, new: str, is_same: bool) -> None:
    """Where a table lies is no difference; other numbers are."""
    before, after = (Outcome(outputs=(Output(each),), value=[each]) for each in (old, new))
    assert is_same == compare_outcomes(before, after).is_identical


ANN, BOB = "c552fede-d0e6-4bad-9f5a-27c089740648", "480e88de-e8d4-4b56-9549-8146633b08df"


@pytest.mark.parametrize(
    ("old", "new", "is_same"),
    [
        (f"in {ANN}", f"in {BOB}", True),
        (f"{ANN} {BOB}", f"{BOB} {ANN}", True),
        (f"{ANN} {ANN}", f"{ANN} {BOB}", False),
        (f"in {ANN}", "in none", False),
        (ANN.replace("-4", "-1"), BOB.replace("-4", "-1"), False),
    ],
)
def test_which_ids_there_are_is_ignored(old: str, new: str, is_same: bool) -> None:
    """Sessions have another one in every run; whether two are the same one does count."""
    before, after = (Outcome(value=each, outputs=(Output(each),)) for each in (old, new))
    assert is_same == compare_outcomes(before, after).is_identical


CELL = "/lua_ipykernel_{}/3026284577.lua:1: y"


@pytest.mark.parametrize(
    ("old", "new", "is_same"),
    [
        ("/tmp" + CELL.format("1_4jjysi7_"), "/tmp" + CELL.format("23851_42o2y3id"), True),
        ("/tmp" + CELL.format("1_4jjysi7_"), "/a/b.c" + CELL.format("23851_42o2y3id"), True),
        ("...8_4jjysi7_/3026284577.lua:1: y", "...kernel_7_42o2y3id/3026284577.lua:1: y", True),
        ("/tmp" + CELL.format("1_4jjysi7_"), "/tmp/3026284577.lua:1: y", False),
        ("/tmp" + CELL.format("1_4jjysi7_"), "/tmp" + CELL.format("1_4jjysi7_") + "z", False),
        ("/tmp/a/1.lua:1: y", "/tmp/b/1.lua:1: y", False),
    ],
)
def test_the_folder_of_cells_is_ignored(old: str, new: str, is_same: bool) -> None:
    """Each process has another one; messages and tracebacks name it, cut where it is long."""
    before, after = (Outcome(outputs=(Output(each),), error=each) for each in (old, new))
    assert is_same == compare_outcomes(before, after).is_identical
