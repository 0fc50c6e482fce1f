"""Where the source map of a text is: named by a comment at its end, or beside its file."""

import base64
import os
import re
from dataclasses import dataclass
from urllib.parse import unquote, unquote_to_bytes, urlsplit

from lua_debug.source_maps.document import OriginalText, SourceMap, read_source_map
from lua_debug.source_maps.errors import BadSourceMap

_MARK = b"sourceMappingURL="
_COMMENT = re.compile(rb"[ \t]*(?:--|//)[-/ \t\[]*[#@][ \t]*sourceMappingURL=([^\s\]]+)[ \t\]]*")
_NO_CODE = re.compile(rb"(?:[ \t\r]*(?:--[^\n]*|\]=*\])?(?:\n|\Z))*")


@dataclass(frozen=True, slots=True)
class FoundMap:
    """A map, what messages call it, and the folder that its sources are relative to."""

    map: SourceMap
    name: str
    folder: str


def find_source_map(text: bytes, path: str | None) -> FoundMap | None:
    """The map of a text; ``path`` is its file, absolute, if it has one. Raises `BadSourceMap`.

    A comment wins over a file beside; without a path, it is relative to the working directory.
    """
    url = mapping_url(text)
    folder = os.path.dirname(path) if path else os.getcwd()
    if url is None:
        beside = f"{path}.map"
        if path is None or not os.path.isfile(beside):
            return None
        return _read(beside)
    if url.startswith("data:"):
        try:
            return FoundMap(read_source_map(_data(url)), "The source map", folder)
        except BadSourceMap as error:
            raise BadSourceMap(f"The source map in {path or 'a chunk'}: {error}.") from error
    return _read(os.path.normpath(os.path.join(folder, local_file(url))))


def mapping_url(text: bytes) -> str | None:
    """What the comment at the end of a text says; only comments may follow it."""
    at = text.rfind(_MARK)
    if at < 0:
        return None
    begin, end = text.rfind(b"\n", 0, at) + 1, text.find(b"\n", at)
    line = (text[begin:] if end < 0 else text[begin:end]).rstrip(b"\r")
    found = _COMMENT.fullmatch(line)
    if found is None or not (end < 0 or _NO_CODE.fullmatch(text, end)):
        return None
    return found[1].decode("utf-8", "replace")


def local_file(url: str) -> str:
    """A path for a URL that leads to a file; raises `BadSourceMap` for any other."""
    if url.startswith("file://"):
        return unquote(urlsplit(url).path)
    if "://" in url:
        raise BadSourceMap(f"The source map {url} is not followed: only files are read.")
    return url


def original_path(text: OriginalText, folder: str) -> str:
    """Where an original should be; a URL of another kind is taken for a path below ``folder``."""
    if text.url.startswith("file://"):
        return unquote(urlsplit(text.url).path)
    _, scheme, rest = text.url.partition("://")
    name = rest.lstrip("/") if scheme else text.url
    for each in (name, unquote(name)):
        path = os.path.normpath(os.path.join(folder, each))
        if os.path.exists(path):
            return path
    return os.path.normpath(os.path.join(folder, name))


def _read(path: str) -> FoundMap:
    try:
        with open(path, "rb") as file:
            return FoundMap(read_source_map(file.read()), path, os.path.dirname(path))
    except OSError as error:
        raise BadSourceMap(f"The source map {path} cannot be read: {error.strerror}.") from error
    except BadSourceMap as error:
        raise BadSourceMap(f"The source map {path}: {error}.") from error


def _data(url: str) -> bytes:
    head, _, body = url.partition(",")
    if not head.endswith(";base64"):
        return unquote_to_bytes(body)
    try:
        return base64.b64decode(body, validate=True)
    except ValueError as error:
        raise BadSourceMap(f"it is no base64 ({error})") from error
