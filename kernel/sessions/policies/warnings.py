"""When to warn of an end that comes."""

from collections.abc import Sequence

from kernel.sessions.policies.base import Due


def next_warning(
    left: float, thresholds: Sequence[float], text: str, since: float = 0.0
) -> Due | None:
    """A warning if fewer seconds are left than one of the thresholds.

    ``text`` has ``{}`` where the seconds belong. ``since``: the time the seconds are counted from;
    when it is another one, the warning is another one.
    """
    reached = [each for each in thresholds if left <= each]
    if not reached:
        return None
    return Due(text.format(f"{max(left, 0.0):.0f}"), mark=f"{min(reached):g}@{since:f}")
