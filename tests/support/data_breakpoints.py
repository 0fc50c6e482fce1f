"""Setting data breakpoints where a story stands, and where they stop."""

from collections.abc import Callable
from contextlib import AbstractContextManager

from dap_server.client import ProgramEnded
from dap_server.protocol import generated as dap
from tests.support.scenario import Scenario


def watch(d: Scenario, *names: str, **conditions: str) -> list[dap.Breakpoint]:
    """Data breakpoints on what expressions name where the program stands, and no others."""
    wanted = []
    for name in names:
        frame = d.client.stop.frame.id
        info = d.requests.data_breakpoint_info(name=name, frame_id=frame)
        assert info.data_id is not None, info.description
        wanted.append(dap.DataBreakpoint(data_id=info.data_id, **conditions))
    d.client.set_breakpoints(d.path)
    answers: list[dap.Breakpoint] = d.requests.set_data_breakpoints(breakpoints=wanted).breakpoints
    return answers


def stops(d: Scenario) -> list[tuple[int | str, str]]:
    """Where the program stops from here on, and why."""
    found = []
    try:
        while True:
            stop = d.continue_()
            found.append((d.at(stop), stop.description))
    except ProgramEnded:
        return found


def stops_of(
    debug: Callable[[str], AbstractContextManager[Scenario]],
    text: str,
    *names: str,
    **conditions: str,
) -> list[tuple[int | str, str]]:
    """Run a program to its mark ``start``, watch, and run it to its end."""
    with debug(text) as d:
        d.break_at("start")
        d.run()
        watch(d, *names, **conditions)
        return stops(d)
