"""Progress is shown on terminals, late, and leaves nothing behind."""

import io

from kernel.core.progress import Progress
from llmspell.cli.progress import PATIENCE, WIDTH, ProgressBar

HALF = Progress(1, 2, "steps")


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


class Watch:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_nothing_is_said_in_the_first_second() -> None:
    """What is quick needs no bar."""
    terminal, watch = Terminal(), Watch()
    bar = ProgressBar("Backing up", terminal, watch)
    watch.now = PATIENCE / 2
    bar.hear(HALF)
    bar.clear()
    assert "" == terminal.getvalue()


def test_it_shows_how_far_it_is() -> None:
    """A line over itself with a bar, a share and the seconds; taken away in the end."""
    terminal, watch = Terminal(), Watch()
    bar = ProgressBar("Backing up", terminal, watch)
    watch.now = 2.0
    bar.hear(HALF)
    half = f"[{'#' * (WIDTH // 2)}{' ' * (WIDTH // 2)}]"
    assert f"\rBacking up {half}  50% 1 of 2 steps 2 s\033[K" == terminal.getvalue()
    bar.clear()
    assert terminal.getvalue().endswith("\r\033[K")


def test_who_does_not_know_the_end_shows_that_it_goes_on() -> None:
    """Without a total a point moves."""
    terminal, watch = Terminal(), Watch()
    bar = ProgressBar("Replaying", terminal, watch)
    for watch.now in (2.0, 2.5):
        bar.draw()
    first, second = terminal.getvalue().split("\r")[1:]
    assert first.index("·") != second.index("·")


def test_a_pipe_hears_nothing() -> None:
    """Progress is for people."""
    stream, watch = io.StringIO(), Watch()
    bar = ProgressBar("Backing up", stream, watch)
    watch.now = 10.0
    bar.hear(HALF)
    bar.clear()
    assert "" == stream.getvalue()
