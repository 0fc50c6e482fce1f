"""Waits between attempts."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.hooks.backoff import (
    BackOff,
    Custom,
    Exponential,
    Fibonacci,
    Fixed,
    Jitter,
    Linear,
    RetryPolicy,
)

ALL: list[BackOff] = [Fixed(), Linear(), Exponential(), Fibonacci(), Custom((1.0, 2.0))]


@pytest.mark.parametrize(
    ("back_off", "wanted"),
    [
        (Fixed(2), [2, 2, 2, 2, 2]),
        (Linear(1, 2, most=6), [1, 3, 5, 6, 6]),
        (Exponential(1, 3, most=20), [1, 3, 9, 20, 20]),
        (Fibonacci(1, most=4), [1, 1, 2, 3, 4]),
        (Custom((5, 7)), [5, 7, 7, 7, 7]),
        (Custom(lambda attempt: attempt * 10), [10, 20, 30, 40, 50]),
        (Custom(()), [0, 0, 0, 0, 0]),
    ],
)
def test_back_offs(back_off: BackOff, wanted: list[float]) -> None:
    """Each grows in its own way, and not above its bound."""
    assert wanted == [back_off.delay(attempt) for attempt in range(1, 6)]


@given(st.sampled_from(ALL), st.integers(1, 10_000))
def test_no_wait_is_without_end(back_off: BackOff, attempt: int) -> None:
    """After any number of attempts a wait is a number between nothing and a minute."""
    assert 0 <= back_off.delay(attempt) <= 60


@pytest.mark.parametrize(
    ("jitter", "ranges"),
    [
        (Jitter.NONE, [(1, 1), (2, 2), (4, 4)]),
        (Jitter.FULL, [(0, 1), (0, 2), (0, 4)]),
        (Jitter.EQUAL, [(0.5, 1), (1, 2), (2, 4)]),
        (Jitter.DECORRELATED, [(1, 3), (1, 9), (1, 27)]),
    ],
)
def test_jitters(jitter: Jitter, ranges: list[tuple[float, float]]) -> None:
    """The least and the greatest wait that chance can make of each."""
    policy = RetryPolicy(back_off=Exponential(1, 2), jitter=jitter)
    last: float | None = None
    found = []
    for attempt in range(1, 4):
        least = policy.delay(attempt, last, min)
        last = policy.delay(attempt, last, max)
        found.append((least, last))
    assert ranges == found


@given(st.sampled_from(ALL), st.sampled_from(Jitter), st.integers(1, 50))
def test_chance_stays_in_its_bounds(back_off: BackOff, jitter: Jitter, attempts: int) -> None:
    """However often it is tried, no wait is negative or longer than a minute."""
    policy = RetryPolicy(back_off=back_off, jitter=jitter)
    last: float | None = None
    for attempt in range(1, attempts + 1):
        last = policy.delay(attempt, last)
        assert 0 <= last <= 60
