"""StoredVectors: vectors are kept and found by likeness, by comparing with all and by a graph."""

import math
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from kernel.core.errors import UserError
from kernel.core.extras import ExtraMissing
from kernel.state.backup import Backups
from kernel.state.memory import MemoryStore
from kernel.state.sqlite import SqliteStore
from kernel.state.state import State
from kernel.state.store import StoreClosed
from kernel.state.stored_vectors import StoredVectors
from kernel.state.values import NotStorable
from kernel.state.vector_index import UsearchIndex
from kernel.state.vectors import BadVector, Match, Metric, Vector, VectorStore

BOUNDS = {"all": 10_000, "graph": 0}
"""How many vectors are compared one by one: always all, or none."""

DEADLINE = 60.0


class Settled(StoredVectors):
    """Vectors that are searched when their graph is there."""

    def search(self, values, limit=10, where=None) -> list[Match]:
        """Wait for it."""
        self.count()
        assert self.settle(DEADLINE)
        return super().search(values, limit, where)


Make = Callable[..., StoredVectors]


@pytest.fixture(params=BOUNDS)
def make(request, store: MemoryStore, tmp_path: Path) -> Iterator[Make]:
    """Opens vectors of a store; given twice, the same ones."""
    opened = []

    def open_(name="v", dimensions=2, metric=Metric.COSINE, **more) -> StoredVectors:
        more = {"bound": BOUNDS[request.param], "folder": tmp_path, **more}
        opened.append(Settled(store, name, dimensions, metric, **more))
        return opened[-1]

    yield open_
    for vectors in opened:
        vectors.close()


SIX = [
    Vector("east", [1, 0], {"kind": "side", "far": False}),
    Vector("north", [0, 2], {"kind": "side", "far": True}),
    Vector("west", [-1, 0], {"kind": "side", "far": False}),
    Vector("south", [0, -1], {"kind": "side"}),
    Vector("between", [3, 3], {"kind": "corner", "far": True}),
    Vector("nearly", [1, 0.1], {"kind": "other", "far": 1}),
]


def found(matches: list[Match]) -> list[tuple[str, float]]:
    return [(match.id, pytest.approx(match.score)) for match in matches]


@pytest.mark.parametrize(
    ("metric", "wanted"),
    [
        (
            Metric.COSINE,
            [("east", 1), ("nearly", 1 / 1.01**0.5), ("between", math.sqrt(0.5))],
        ),
        (Metric.DOT, [("between", 6), ("east", 2), ("nearly", 2)]),
        (Metric.EUCLID, [("east", 1), ("nearly", 1.01**0.5), ("south", 5**0.5)]),
    ],
)
def test_the_most_alike_come_first(make: Make, metric: Metric, wanted) -> None:
    """Scores are what the metric says, ties in the order in which vectors came."""
    vectors = make(metric=metric)
    assert 6 == vectors.add(SIX)
    assert wanted == [(name, score) for name, score in found(vectors.search([2, 0], 3))]
    (east,) = [each for each in vectors.search([2, 0], 6) if each.id == "east"]
    assert {"kind": "side", "far": False} == east.metadata


def test_filters(make: Make) -> None:
    """Fields must have the values, of the same kind; a function decides all the rest."""
    vectors = make()
    vectors.add(SIX)

    def ids(where, limit=10) -> list[str]:
        return [match.id for match in vectors.search([1, 0.001], limit, where)]

    assert ["east", "north", "south", "west"] == ids({"kind": "side"})
    assert ["between", "north"] == ids({"far": True})
    assert ["nearly"] == ids({"far": 1.0})
    assert ["north"] == ids({"far": True, "kind": "side"})
    assert ["nearly", "between"] == ids(lambda metadata: metadata["kind"] in ("corner", "other"))
    assert ["east"] == ids({"kind": "side"}, 1)
    assert [] == ids({"kind": "none"})
    assert 6 == len(ids({}))


def test_vectors_change(make: Make) -> None:
    """An id has one vector, the last that was added; what was deleted is not found."""
    vectors = make()
    vectors.add(SIX)
    vectors.add([Vector("east", [-1, 0.01], {"new": True}), Vector("up", [1, 0.01])])
    assert 2 == vectors.delete(["nearly", "nothing", "west", "west"])
    assert 5 == vectors.count()
    order = [match.id for match in vectors.search([1, 0], 10)]
    assert ["up", "between", "north", "south", "east"] == order
    assert Vector("east", [-1, pytest.approx(0.01)], {"new": True}) == vectors.get("east")
    assert vectors.get("west") is None
    assert 5 == vectors.delete([match.id for match in vectors.search([1, 0], 10)])
    assert [] == vectors.search([1, 0])
    vectors.add(SIX[:1])
    assert [("east", 1)] == found(vectors.search([1, 0]))


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([1], "have 2 numbers"),
        ([1, 2, 3], "have 2 numbers"),
        ([[1, 2]], "have 2 numbers"),
        (["a", "b"], "list of numbers"),
        ([1, None], "finite|numbers"),
        ([1, math.nan], "not finite"),
        ([1, 1e300], "not finite in 32 bits"),
        ([0, 0], "no direction"),
    ],
)
def test_bad_vectors(make: Make, values, said: str) -> None:
    """They are neither kept nor searched for, and with them nothing of what came along."""
    vectors = make()
    with pytest.raises(BadVector, match=said):
        vectors.add([SIX[0], Vector("bad", values)])
    with pytest.raises(BadVector, match=said):
        vectors.search(values)
    assert 0 == vectors.count()


def test_bad_metadata(make: Make) -> None:
    """What cannot be kept is an error, and nothing is kept."""
    vectors = make()
    with pytest.raises(NotStorable):
        vectors.add([SIX[0], Vector("bad", [1, 1], {"a": math.inf})])
    assert (0, []) == (vectors.count(), vectors.search([1, 0]))


def test_zeros_have_a_place_in_other_metrics(make: Make) -> None:
    """Only directions need one."""
    vectors = make(metric=Metric.EUCLID)
    vectors.add([Vector("zero", [0, 0]), Vector("one", [1, 0])])
    assert [("zero", 0), ("one", 1)] == found(vectors.search([0, 0]))


def test_they_are_there_after_opening_again(make: Make, store: MemoryStore) -> None:
    """With another metric or length they are not mistaken; scripts do not see them as state."""
    first = make()
    first.add(SIX)
    first.delete(["west"])
    wanted = first.search([1, 0.5], 10)
    first.close()
    assert wanted == make().search([1, 0.5], 10)
    for wrong in ({"dimensions": 3}, {"metric": Metric.DOT}):
        with pytest.raises(UserError, match="2 dimensions and the metric cosine"):
            make(**wrong)
    assert [] == make("other").search([1, 0])
    assert [] == State(store).scopes()
    with pytest.raises(StoreClosed):
        first.search([1, 0])


def test_two_that_share_them(make: Make) -> None:
    """What one changes, the other finds."""
    one, other = make(), make()
    one.add(SIX)
    assert "east" == other.search([1, 0], 1)[0].id
    other.delete(["east"])
    other.add([Vector("far east", [9, 0])])
    assert "far east" == one.search([1, 0], 1)[0].id
    one.add([Vector("x", [5, 5])])
    other.add([Vector("y", [5, 5])])
    assert one.search([1, 1], 8) == other.search([1, 1], 8)
    assert [8, 8] == [one.count(), other.count()]


def test_a_backup_brings_them_back(make: Make, store: MemoryStore, tmp_path: Path) -> None:
    """They are part of the store, and an index of later is not mistaken for theirs."""
    vectors = make()
    vectors.add(SIX[:2])
    backups = Backups(tmp_path / "backups")
    made = backups.create(store)
    vectors.add(SIX[2:])
    vectors.close()
    backups.restore(made.name, store)
    again = make()
    again.add([Vector("new", [1, 1])])
    assert ["east", "new", "north"] == [match.id for match in again.search([1, 0])]


@pytest.fixture
def many() -> list[Vector]:
    """Vectors around some centres, as embeddings are."""
    chance = np.random.default_rng(7)
    centres = chance.normal(size=(20, 32))
    rows = centres[chance.integers(0, 20, 1000)] + 0.3 * chance.normal(size=(1000, 32))
    return [Vector(f"{n}", row.tolist(), {"n": n % 10}) for n, row in enumerate(rows)]


@pytest.mark.parametrize("metric", Metric)
@pytest.mark.parametrize("where", [None, {"n": 3}, lambda metadata: metadata["n"] < 8])
def test_graph_and_comparison_agree(store: MemoryStore, many, metric: Metric, where) -> None:
    """The graph finds nearly all of the best, with the same scores, and nothing deleted."""
    exact = StoredVectors(store, "v", 32, metric)
    exact.add(many)
    graph = StoredVectors(store, "v", 32, metric, bound=500)
    assert graph.settle(DEADLINE)
    assert isinstance(graph._index, UsearchIndex)
    exact.delete([str(number) for number in range(100)])
    assert 900 == graph.count()
    assert graph.settle(DEADLINE)
    shared = 0
    for query in many[::50]:
        wanted = {each.id: each.score for each in exact.search(query.values, 10, where)}
        seen = {each.id: each.score for each in graph.search(query.values, 10, where)}
        assert len(wanted) == len(seen)
        shared += len(wanted.keys() & seen.keys())
        for id_ in wanted.keys() & seen.keys():
            assert wanted[id_] == pytest.approx(seen[id_], rel=1e-6)
    assert shared >= 0.95 * 10 * len(many[::50])


def test_growing_beyond_the_bound(store: MemoryStore, many) -> None:
    """The graph takes over what was there, and finds old and new."""
    vectors = StoredVectors(store, "v", 32, bound=500)
    vectors.add(many[:400])
    assert not isinstance(vectors._index, UsearchIndex)
    vectors.add(many[400:800])
    assert vectors.settle(DEADLINE)
    assert isinstance(vectors._index, UsearchIndex)
    vectors.add(many[800:900])
    for query in (many[0], many[450], many[850]):
        assert query.id == vectors.search(query.values, 1)[0].id


def test_what_changes_while_the_graph_is_made(store: MemoryStore, many) -> None:
    """Searches are exact meanwhile, and the graph has what came and has not what went."""
    vectors = StoredVectors(store, "v", 32, bound=100)
    with vectors._lock:  # nobody can take the graph over before this ends
        vectors.add(many[:600])
        assert many[3].id == vectors.search(many[3].values, 1)[0].id
        vectors.delete([many[3].id])
        vectors.add([*many[600:700], Vector("5", (-np.array(many[5].values)).tolist())])
        assert not isinstance(vectors._index, UsearchIndex)
    assert vectors.settle(DEADLINE)
    assert isinstance(vectors._index, UsearchIndex)
    assert 699 == vectors.count()
    assert many[3].id != vectors.search(many[3].values, 1)[0].id
    assert many[650].id == vectors.search(many[650].values, 1)[0].id
    assert "5" == vectors.search((-np.array(many[5].values)).tolist(), 1)[0].id
    assert "5" not in {each.id for each in vectors.search(many[5].values, 20)}


def test_closing_gives_a_graph_up(store: MemoryStore, many, tmp_path: Path) -> None:
    """A graph that is being made keeps nobody waiting, and its half is not saved."""
    vectors = StoredVectors(store, "v", 32, bound=100, folder=tmp_path)
    vectors.add(many)
    vectors.close()
    assert vectors.settle(0)
    again = Settled(store, "v", 32, bound=100, folder=tmp_path)
    found = [again.search(each.values, 1)[0].id for each in many[::100]]
    assert [each.id for each in many[::100]] == found
    again.close()
    assert 1 == len(list(tmp_path.glob("*.usearch")))


def test_the_graph_is_saved(store: MemoryStore, many, tmp_path: Path) -> None:
    """A saved graph is taken when it is of these vectors, and made anew otherwise."""

    def open_() -> StoredVectors:
        return Settled(store, "v", 32, bound=500, folder=tmp_path)

    def of(vectors: StoredVectors) -> list[Match]:
        return vectors.search(many[5].values, 5)

    first = open_()
    first.add(many)
    first.delete(["7"])
    wanted = of(first)
    first.close()
    (graph,) = tmp_path.glob("*.usearch")
    second = open_()
    assert (wanted, 999) == (of(second), second.count())
    assert 999 == max(second._ids)
    second.add([many[7]])
    second.close()
    (newer,) = tmp_path.glob("*.usearch")
    assert newer != graph
    newer.write_bytes(b"no graph")
    third = open_()
    assert ("7", 1000) == (third.search(many[7].values, 1)[0].id, third.count())


def test_they_are_durable(tmp_path: Path) -> None:
    """Kept in a file, they are there for the next process."""
    store = SqliteStore(tmp_path / "state.db")
    vectors: VectorStore = StoredVectors(store, "v", 2)
    vectors.add(SIX)
    store.close()
    again = SqliteStore(tmp_path / "state.db")
    assert "east" == StoredVectors(again, "v", 2).search([1, 0], 1)[0].id
    again.close()


@pytest.mark.parametrize("module", ["numpy", "usearch.index"])
def test_a_missing_extra_is_named(store, module: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has not installed it learns what to install."""
    monkeypatch.setitem(sys.modules, module, None)

    def use() -> None:
        StoredVectors(store, "v", 2, bound=0).add(SIX)

    with pytest.raises(ExtraMissing, match=r"llmspell\[vectors\]"):
        use()
