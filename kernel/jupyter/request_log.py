"""What the log tells of requests at ``debug``: who asked for what, how long it took, how it ended.

Never what was asked with: code, arguments and answers may hold secrets.
"""

import contextlib
import logging
import time
from collections.abc import Iterator

from kernel.jupyter.calls import Call
from kernel.jupyter.messages import Content

_log = logging.getLogger(__name__)


@contextlib.contextmanager
def logged(call: Call) -> Iterator[None]:
    """Around the serving of a request, from its arrival on."""
    began, message = time.monotonic(), call.message
    try:
        yield
    finally:
        if _log.isEnabledFor(logging.DEBUG):
            _log.debug(
                "%s of client %s (%s): %s after %.1f ms",
                _word(message.type),
                _word(message.session[:8]),
                call.client.transport,
                call.outcome or "done",
                (time.monotonic() - began) * 1000,
            )


def outcome_of(content: Content) -> str:
    """How a reply says that it went."""
    status, name = content.get("status"), content.get("ename")
    return f"error {name}" if status == "error" else str(status)


def _word(said: str) -> str:
    """What a client says of itself, in one word whatever it is."""
    return said if said.replace("-", "_").replace("_", "a").isalnum() else repr(said[:60])
