"""Where running kernels are known: a folder of the user's own that does not outlive the machine."""

import contextlib
import os
import socket
import warnings
from collections.abc import Iterator
from pathlib import Path

from platformdirs import user_runtime_path

from kernel.core.errors import UserError

LONGEST = 100
"""Bytes of a path that every system takes as the address of a Unix socket."""


def runtime_folder() -> Path:
    """The folder, which need not be there yet (XDG Base Directory Specification)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns where no session has made the folder
        return user_runtime_path("llmspell", appauthor=False)


def made(folder: Path) -> Path:
    """The folder, made so that only its owner can look into it; raises `UserError`."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if folder.stat().st_uid != os.getuid():
            raise UserError(f"{folder} belongs to another user; set XDG_RUNTIME_DIR.")
    except OSError as error:
        raise UserError(f"{folder} cannot be made: {error.strerror}") from error
    return folder


@contextlib.contextmanager
def socket_address(path: Path) -> Iterator[str]:
    """What to bind or connect a Unix socket to; addresses are shorter than paths can be."""
    if len(os.fsencode(path)) <= LONGEST:
        yield str(path)
        return
    descriptor = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{descriptor}/{path.name}"
    finally:
        os.close(descriptor)


def connected(path: Path, deadline: float) -> socket.socket:
    """A stream to whoever listens at a Unix socket; raises `OSError`."""
    peer = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    peer.settimeout(deadline)
    try:
        with socket_address(path) as address:
            peer.connect(address)
    except OSError:
        peer.close()
        raise
    return peer
