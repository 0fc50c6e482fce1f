"""What is made when somebody first asks for it."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from kernel.core.lazily import made_once
from kernel.core.suggestions import unknown


class Shop:
    """Counts what it makes."""

    def __init__(self) -> None:
        self.made = 0
        self.all_are_here = threading.Barrier(8)

    @made_once
    def thing(self) -> list[int]:
        """A thing."""
        self.made += 1
        return [self.made]

    @made_once
    def other(self) -> int:
        """What is made of the thing."""
        return len(self.thing)

    @made_once
    def broken(self) -> int:
        """Cannot be made the first time."""
        self.made += 1
        if self.made == 1:
            raise ValueError
        return self.made


def test_one_thread_makes_it() -> None:
    """However many ask at once, it is made once, and everybody has the same."""
    shop = Shop()

    def ask(_number: int) -> list[int]:
        shop.all_are_here.wait(30)
        return shop.thing

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(ask, range(8)))
    assert 1 == shop.made
    assert all(each is shop.thing for each in found)


def test_one_is_made_of_another() -> None:
    """Nobody waits for itself."""
    assert 1 == Shop().other


def test_what_failed_is_tried_again() -> None:
    """An error is nobody's value."""
    shop = Shop()
    with pytest.raises(ValueError):  # noqa: PT011 - it has no words
        _ = shop.broken
    assert 2 == shop.broken


def test_it_can_be_set_and_seen() -> None:
    """It lies among the attributes of the instance, as a cached property does."""
    shop = Shop()
    assert "thing" not in vars(shop)
    vars(shop)["thing"] = [7]
    assert [7] == shop.thing
    assert "A thing." == Shop.thing.__doc__


@pytest.mark.parametrize(
    ("name", "known", "expected"),
    [
        ("shwo", ["show", "clear"], "There is no verb 'shwo'; did you mean 'show'?"),
        ("x", ["show", "clear"], "There is no verb 'x'; there are show, clear."),
        ("x", [], "There is no verb 'x', nor any other."),
        ("x", ["aa", "bb", "cc"], "There is no verb 'x'; there are aa, bb, …"),
    ],
)
def test_what_may_be_meant(name: str, known: list[str], expected: str) -> None:
    """The text has what is close, or what there is, or that there is nothing."""
    assert expected == unknown("verb", name, known, most=2)
