"""What goes wrong, in three families, and the answer each gets: the only place that decides it.

- `ProtocolError`: the client's fault; it is told what it did wrong.
- `kernel.core.errors.UserError` (and `DebuggeeGone`): shown to the user as it is.
- anything else is a bug: the log has the trace under a correlation id, the client a short sentence.

Every answer carries one of the stable numbers of `ErrorId`.
"""

import logging
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from pydantic import ValidationError

from dap_server.launch_errors import BadConfiguration
from dap_server.protocol import generated as dap
from kernel.core import errors as kernel

_log = logging.getLogger(__name__)


class ErrorId(IntEnum):
    """Numbers that stay what they are; documentation and clients may refer to them."""

    BAD_MESSAGE = 1001
    NO_SUCH_REQUEST = 1002
    NOT_SUPPORTED = 1003
    BAD_ARGUMENTS = 1004
    WRONG_STATE = 1005
    REFUSED = 2000
    NOT_STOPPED = 2001
    STALE_REFERENCE = 2002
    EVALUATION_FAILED = 2003
    CANCELLED = 2004
    PROGRAM_NOT_FOUND = 2005
    BAD_CONFIGURATION = 2006
    DEBUGGEE_GONE = 2007
    INTERNAL = 3000


class ProtocolError(Exception):
    """The client sent what the protocol does not allow, or not now."""

    def __init__(self, id_: ErrorId, message: str) -> None:
        super().__init__(message)
        self.id = id_


class ConnectionLost(Exception):
    """The client is gone and will not answer what it was asked."""


@dataclass(frozen=True, slots=True)
class Failure:
    """An error as a response shows it: ``short`` for machines, ``text`` for people."""

    id: ErrorId
    short: str
    text: str
    is_shown: bool = False
    """Whether the client should show it at once, in a window of its own."""

    def body(self) -> dap.ErrorResponseBody:
        """The body of an error response."""
        return dap.ErrorResponseBody(
            error=dap.Message(id=self.id, format=self.text, show_user=self.is_shown)
        )


_USER: Sequence[tuple[type[Exception], ErrorId]] = (
    (kernel.NotStopped, ErrorId.NOT_STOPPED),
    (kernel.StaleReference, ErrorId.STALE_REFERENCE),
    (kernel.EvaluationFailed, ErrorId.EVALUATION_FAILED),
    (kernel.Cancelled, ErrorId.CANCELLED),
    (kernel.ProgramNotFound, ErrorId.PROGRAM_NOT_FOUND),
    (BadConfiguration, ErrorId.BAD_CONFIGURATION),
    (kernel.DebuggeeGone, ErrorId.DEBUGGEE_GONE),
    (kernel.UserError, ErrorId.REFUSED),
)

_SHORT = {ErrorId.NOT_STOPPED: "notStopped", ErrorId.CANCELLED: "cancelled"}
"""The two short forms that the specification knows (Response.message)."""

_LIFECYCLE = ("launch", "attach", "restart")


def failure(command: str, error: Exception) -> Failure:
    """The answer to a request that raised ``error``; a bug is logged here."""
    if isinstance(error, ProtocolError):
        return Failure(error.id, str(error), str(error))
    for kind, number in _USER:
        if isinstance(error, kind):
            return Failure(
                number, _SHORT.get(number, str(error)), str(error), command in _LIFECYCLE
            )
    return _bug(command, error)


def _bug(command: str, error: Exception) -> Failure:
    correlation = secrets.token_hex(4)
    _log.error("%s failed [%s]", command, correlation, exc_info=error)
    text = (
        f"{command} failed because of an error in the debugger itself "
        f"({type(error).__name__}); the log has more under {correlation}."
    )
    return Failure(ErrorId.INTERNAL, text, text)


def bad_arguments(command: str, error: ValidationError) -> ProtocolError:
    """Names the place of every wrong field: ``setBreakpoints: arguments.lines[0]: …``."""
    wrong = [
        f"arguments{_path(each['loc'])}: {each['msg'][0].lower()}{each['msg'][1:]}"
        for each in error.errors(include_url=False, include_input=False)
    ]
    return ProtocolError(ErrorId.BAD_ARGUMENTS, f"{command}: {'; '.join(wrong)}.")


def _path(place: Sequence[str | int]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in place)
