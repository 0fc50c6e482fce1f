"""Globs over names of events."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.core.errors import UserError
from kernel.events.patterns import matches

WORDS = st.sampled_from(["a", "b", "user", "error"])
NAMES = st.lists(WORDS, min_size=1, max_size=4).map(".".join)
PATTERNS = st.lists(st.sampled_from(["a", "b", ".", "*", "?", "user"]), min_size=1, max_size=6).map(
    "".join
)


def means(pattern: str, name: str) -> bool:
    """The same, by trying every way to read a pattern."""
    if not pattern:
        return not name
    first, rest = pattern[0], pattern[1:]
    if first == "*":
        rest = pattern.lstrip("*")
        return any(means(rest, name[end:]) for end in range(1, len(name) + 1))
    if first == "?":
        word = len(name.split(".")[0])
        return any(means(rest, name[end:]) for end in range(1, word + 1))
    return name[:1] == first and means(rest, name[1:])


@pytest.mark.parametrize(
    ("pattern", "names", "others"),
    [
        ("user.login", ["user.login"], ["user.logins", "user", "User.login"]),
        ("*", ["a", "a.b", "execution.started"], []),
        ("user.*", ["user.login", "user.group.left"], ["user", "users.login"]),
        ("*.error", ["tool.error", "a.b.error"], ["error", "tool.errors"]),
        ("a.*.c", ["a.b.c", "a.b.b.c"], ["a.c"]),
        ("user.?", ["user.login"], ["user.group.left", "user."]),
        ("a+(b)", ["a+(b)"], ["aab"]),
    ],
)
def test_what_patterns_mean(pattern: str, names: list[str], others: list[str]) -> None:
    """A star is any text, a question mark a word, the rest itself."""
    assert names == [each for each in [*names, *others] if matches(pattern, each)]


@given(PATTERNS, NAMES)
def test_every_reading_counts(pattern: str, name: str) -> None:
    """A pattern means what some way to read it means."""
    assert means(pattern, name) == matches(pattern, name)


@given(NAMES)
def test_two_stars_are_one(name: str) -> None:
    """Who is used to other globs is understood."""
    assert [matches("a.*", name), True] == [matches("a.**", name), matches("**", name)]


@pytest.mark.parametrize("pattern", ["", "  "])
def test_nothing_is_no_pattern(pattern: str) -> None:
    """An empty pattern is refused, with what to write instead."""
    with pytest.raises(UserError, match=r"write '\*'"):
        matches(pattern, "a")
