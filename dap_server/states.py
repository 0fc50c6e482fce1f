"""Which requests are legal when: a table, and nothing else decides it."""

from enum import StrEnum

from dap_server.errors import ErrorId, ProtocolError


class State(StrEnum):
    """Where a client session stands."""

    CREATED = "created"
    INITIALIZED = "initialized"
    CONFIGURING = "configuring"
    RUNNING = "running"
    STOPPED = "stopped"
    TERMINATED = "terminated"

    @property
    def is_live(self) -> bool:
        """Whether there is a program that has begun and not ended."""
        return self in (State.RUNNING, State.STOPPED)


ALWAYS = frozenset({"cancel", "disconnect"})
BREAKPOINTS = frozenset(
    {
        "setBreakpoints",
        "setFunctionBreakpoints",
        "setDataBreakpoints",
        "setExceptionBreakpoints",
    }
)
SETTING_UP = ALWAYS | BREAKPOINTS | {"configurationDone", "threads"}
LISTING = frozenset(
    {"breakpointLocations", "dataBreakpointInfo", "loadedSources", "modules", "source"}
)
LIVE = (
    SETTING_UP
    | LISTING
    | {
        "restart", "terminate", "terminateThreads",
        "continue", "next", "stepIn", "stepInTargets", "stepOut", "pause",
        "stackTrace", "scopes", "variables", "exceptionInfo", "readMemory", "locations",
        "evaluate", "completions", "setVariable", "setExpression",
    }
)  # fmt: skip

LEGAL: dict[State, frozenset[str]] = {
    State.CREATED: ALWAYS | {"initialize"},
    State.INITIALIZED: SETTING_UP | {"launch", "attach"},
    State.CONFIGURING: SETTING_UP | LISTING | {"terminate"},
    State.RUNNING: LIVE,
    # What needs a stop is refused by whoever would have to look, with "notStopped".
    State.STOPPED: LIVE,
    # A program may end while its client is still setting up.
    State.TERMINATED: SETTING_UP | {"terminate"},
}

_ADVICE = {
    State.CREATED: "initialize has to come first",
    State.INITIALIZED: "it needs a launch or attach first, and both come once",
    State.CONFIGURING: "the program starts after configurationDone",
    State.RUNNING: "the session has been set up already",
    State.STOPPED: "the session has been set up already",
    State.TERMINATED: "the program has ended",
}


def check(command: str, state: State) -> None:
    """Raise `ProtocolError` when ``command`` is not legal in ``state``."""
    if command not in LEGAL[state]:
        raise ProtocolError(
            ErrorId.WRONG_STATE,
            f"{command} is not possible while the session is {state}: {_ADVICE[state]}.",
        )
