"""Contents that come in pieces: how many at once, and what becomes of those that nobody ends."""

import pytest

from kernel.core.errors import UserError
from kernel.sessions.artifacts.uploads import IDLE, MOST_AT_ONCE, Uploads
from tests.support.sessions import OWNER, READER


class Time:
    """A clock that is set."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_what_is_left_behind_is_given_up() -> None:
    """There is room for so many; one without a piece for long makes room for another."""
    time = Time()
    uploads = Uploads(time)
    first, *others = [uploads.begin(OWNER, 2) for _ in range(MOST_AT_ONCE)]
    with pytest.raises(UserError, match="the most there may be"):
        uploads.begin(READER, 2)
    time.now = IDLE - 1
    assert 1 == uploads.add(OWNER, first, 0, b"a")
    time.now = IDLE + 1
    uploads.begin(READER, 2)
    with pytest.raises(UserError, match="There is no upload"):
        uploads.add(OWNER, others[0], 0, b"a")
    assert 2 == uploads.add(OWNER, first, 1, b"b")
    with uploads.taken(OWNER, first) as file:
        assert b"ab" == file.read()


def test_too_much_is_refused() -> None:
    """No upload gets longer than was said, and what was refused has left nothing."""
    uploads = Uploads(Time())
    name = uploads.begin(OWNER, 3)
    uploads.add(OWNER, name, 0, b"ab")
    with pytest.raises(UserError, match="and would have more"):
        uploads.add(OWNER, name, 2, b"cd")
    uploads.add(OWNER, name, 2, b"c")
    with uploads.taken(OWNER, name) as file:
        assert b"abc" == file.read()
