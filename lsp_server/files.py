"""Reading what is on disk: regular files only, for the one thread there is must not wait."""

from __future__ import annotations

import errno
import os
import stat


def read_file(path: str, most: int = -1) -> bytes:
    """The bytes of a file, or the first ``most`` of them; raises `OSError`.

    A pipe or a device is refused: it may be without an end, or have nobody who writes.
    """
    if not stat.S_ISREG(os.stat(path).st_mode):
        raise OSError(errno.EINVAL, "it is no regular file")
    with open(path, "rb") as file:
        return file.read(most)
