"""What the log tells of requests at ``debug``: who asked for what, how long it took, how it ended.

One that may never end, since it runs code, is told of when it has come, too.

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
    began = time.monotonic()
    if call.turn is not None and _log.isEnabledFor(logging.DEBUG):
        _log.debug("%s: has come", _described(call))
    try:
        yield
    finally:
        if _log.isEnabledFor(logging.DEBUG):
            took = (time.monotonic() - began) * 1000
            _log.debug("%s: %s after %.1f ms", _described(call), call.outcome or "done", took)


def _described(call: Call) -> str:
    """A request and its client; of a debugger's, which of the protocol's it is."""
    message, words = call.message, [_word(call.message.type)]
    command = message.content.get("command")
    if message.type == "debug_request" and isinstance(command, str):
        words.append(_word(command))
    return f"{' '.join(words)} of client {_word(message.session[:8])} ({call.client.transport})"


def outcome_of(content: Content) -> str:
    """How a reply says that it went; a debugger's has another word for it."""
    status, name = content.get("status"), content.get("ename")
    if status is None and "success" in content:
        return "ok" if content["success"] else "failed"
    return f"error {name}" if status == "error" else str(status)


def _word(said: str) -> str:
    """What a client says of itself, in one word whatever it is."""
    return said if said.replace("-", "_").replace("_", "a").isalnum() else repr(said[:60])
