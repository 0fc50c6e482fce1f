"""How long a program has run, and what it has written meanwhile."""

import pytest

from kernel.core.ids import ThreadId
from kernel.core.model import StopReason
from kernel.events.model import Display, Displayed, OutputWritten, Resumed, Stopped
from kernel.execution.run_time import RunTime
from kernel.sessions.capture import MOST, OutputCapture, as_kept
from kernel.sessions.cells import Output
from tests.support.clocks import ManualClock

MAIN = ThreadId(1)
STOPPED, RESUMED = Stopped(MAIN, StopReason.PAUSE), Resumed(MAIN)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


def test_what_it_stands_does_not_count(clock: ManualClock) -> None:
    """From a stop to the resume the time stands, too; being told twice makes no difference."""
    time = RunTime(clock.monotonic)
    clock.advance(2)
    time.hear(STOPPED)
    clock.advance(100)
    time.hear(STOPPED)
    clock.advance(100)
    assert 2 == time.seconds()
    time.hear(RESUMED)
    clock.advance(1)
    time.hear(RESUMED)
    clock.advance(1)
    assert 4 == time.seconds()


def test_a_program_that_stands_already(clock: ManualClock) -> None:
    """Its time begins when it goes on."""
    time = RunTime(clock.monotonic, is_standing=True)
    clock.advance(100)
    time.hear(RESUMED)
    clock.advance(1)
    assert 1 == time.seconds()


def test_output(clock: ManualClock) -> None:
    """What is written at once to one stream is one piece, with the time of its beginning."""
    capture = OutputCapture(clock.monotonic)
    capture.hear(OutputWritten("a"))
    capture.hear(OutputWritten("b"))
    capture.hear(OutputWritten("oops", "stderr"))
    capture.hear(OutputWritten("not the program's", "console"))
    clock.advance(1)
    capture.hear(OutputWritten("c", "stderr"))
    capture.hear(Displayed(Display({"text/plain": "one"})))
    capture.hear(Displayed(Display({"text/plain": "two"})))
    expected = (
        Output("ab"),
        Output("oops", "stderr"),
        Output("c", "stderr", 1.0),
        Output("one", "display", 1.0),
        Output("two", "display", 1.0),
    )
    assert expected == capture.outputs()


def test_too_much_output(clock: ManualClock) -> None:
    """What is beyond the bound is left out, once and for all, and that is said."""
    capture = OutputCapture(clock.monotonic)
    capture.hear(OutputWritten("x" * (MOST - 1)))
    capture.hear(OutputWritten("yz"))
    capture.hear(OutputWritten("never"))
    (whole,) = capture.outputs()
    assert whole.text.endswith("xxy\n[what follows was not recorded]\n")


def test_halves_of_characters() -> None:
    """What no store can keep is kept as an escape; all else stays as it is."""
    assert r"a\ud800b" == as_kept("a\ud800b")
    assert "é€😀" == as_kept("é€😀")
