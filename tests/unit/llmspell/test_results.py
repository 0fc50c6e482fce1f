"""How results are told to people."""

import pytest

from llmspell.cli.results import elapsed


@pytest.mark.parametrize(
    ("seconds", "told"),
    [
        (0.4, "0s"),
        (119.9, "119s"),
        (120, "2m"),
        (7199, "119m"),
        (7200, "2h"),
        (172_799, "47h"),
        (172_800, "2d"),
    ],
)
def test_a_length_of_time_is_told_in_its_unit(seconds: float, told: str) -> None:
    """Whole units that have gone by, as others tell it (`kubectl get`)."""
    assert told == elapsed(seconds)
