"""Messages as they come: headers, an empty line, and the content in JSON."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import AsyncIterator
from typing import Any

from cattrs import transform_error
from pygls.exceptions import (
    JsonRpcException,
    JsonRpcInvalidParams,
    JsonRpcInvalidRequest,
    JsonRpcParseError,
)

_LENGTH = re.compile(rb"content-length[ \t]*:[ \t]*(\d+)", re.IGNORECASE)

_log = logging.getLogger(__name__)


async def contents(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """The content of each message until the client goes.

    Headers may be written as HTTP allows. Raises `asyncio.IncompleteReadError` and `ValueError`.
    """
    length, has_headers = -1, False
    while line := await reader.readline():
        header = line.strip()
        if header:
            found = _LENGTH.fullmatch(header)
            length = length if found is None else int(found[1])
            has_headers = True
        elif length >= 0:
            yield await reader.readexactly(length)
            length, has_headers = -1, False
        elif has_headers:
            _log.warning("A message without Content-Length was passed over")
            has_headers = False


def message_of(content: bytes) -> dict[str, Any]:
    """The request, notification or response; raises `JsonRpcException` if it is none."""
    try:
        found = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise JsonRpcParseError(f"The message cannot be read: {error}.") from error
    if not isinstance(found, dict):
        raise JsonRpcInvalidRequest("The message is no object; batches are not taken.")
    is_called = isinstance(found.get("method"), str)
    is_answer = "method" not in found and ("result" in found or "error" in found)
    if found.get("jsonrpc") != "2.0" or not (is_called or is_answer):
        raise JsonRpcInvalidRequest("The message is no request, notification or response of 2.0.")
    if is_called and "id" in found and not _is_id(found["id"]):
        raise JsonRpcInvalidRequest("The id is no number and no string.")
    return found


def told_of(error: JsonRpcException) -> JsonRpcException:
    """The error of a message that could not be understood, saying which parameters are wrong."""
    reason = error.__cause__
    if reason is None:
        return error
    return JsonRpcInvalidParams(f"{error}: {'; '.join(transform_error(reason))}.")


def _is_id(value: object) -> bool:
    return isinstance(value, int | str) and not isinstance(value, bool)
