"""What is on disk: reading it, and the addresses that clients have for it.

Only regular files are read, for the one thread there is must not wait.
"""

from __future__ import annotations

import errno
import os
import stat
from urllib.parse import quote, unquote_to_bytes, urlsplit

from pygls.uris import from_fs_path, to_fs_path


def read_file(path: str, most: int = -1) -> bytes:
    """The bytes of a file, or the first ``most`` of them; raises `OSError`.

    A pipe or a device is refused: it may be without an end, or have nobody who writes.
    """
    if not stat.S_ISREG(os.stat(path).st_mode):
        raise OSError(errno.EINVAL, "it is no regular file")
    with open(path, "rb") as file:
        return file.read(most)


def uri_of(path: str) -> str:
    """The address of a file, whatever its name is made of."""
    try:
        return from_fs_path(path) or ""
    except UnicodeEncodeError:  # bytes that are no UTF-8
        return f"file://{quote(os.fsencode(path))}"


def path_of(uri: str) -> str | None:
    """The file at an address, in the one form that the server has of it; None if it is none."""
    path = to_fs_path(uri)
    if path is None:
        return None
    if "\ufffd" in path and os.sep == "/":  # it stands for bytes that are no UTF-8
        path = os.fsdecode(unquote_to_bytes(urlsplit(uri).path))
    return os.path.normpath(path)
