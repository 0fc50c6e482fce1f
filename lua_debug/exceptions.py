"""The errors a script can be stopped on, and which of them a client has chosen."""

from collections.abc import Callable, Sequence
from typing import Any

from kernel.core import model as m
from kernel.core.ids import BreakpointId

EXCEPTION_FILTERS = (
    m.ExceptionFilter("all", "All Errors", "Stops wherever an error is raised, caught or not."),
    m.ExceptionFilter("uncaught", "Uncaught Errors", "Stops on errors that nobody catches.", True),
    m.ExceptionFilter(
        "caught", "Caught Errors", "Stops on errors that pcall, xpcall or resume catch."
    ),
)


def chosen_filters(
    specs: Sequence[m.ExceptionBreakpointSpec], problem_of: Callable[[str], str | None]
) -> tuple[list[m.Breakpoint], list[dict[str, Any]]]:
    """The answers to the client, and the filters as the probe takes them.

    A condition that has a problem (``problem_of``) leaves its filter out.
    """
    answers, chosen = [], []
    for each in specs:
        problem = problem_of(each.condition) if each.condition else None
        number = each.id or BreakpointId(0)
        answers.append(m.Breakpoint(number, verified=problem is None, message=problem))
        if problem is None:
            chosen.append({"filter": each.filter, "id": number, "condition": each.condition})
    return answers, chosen
