"""Registry: which kernels there are; one file each, locked by the process it speaks of.

The lock is what says that a kernel runs: the system takes it back however the process ends, and no
other process can have it, whatever its id. A record without its lock tells of a kernel that ended
without a word; it is kept, with the reason, until somebody starts or stops a kernel of that name,
for `KEPT` at most. Not so of a kernel that another program began with a connection file of its own,
as Jupyter's do, nbconvert for each notebook: they end it as they like, and know it.

Order of things: whoever replaces a record holds the lock of the one that is there; nobody sees a
record that is half written; a record is there before the ports are bound, and gone after them.
"""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from kernel.core.errors import UserError
from kernel.service.records import (
    RUNNING,
    UNSAID,
    AlreadyRunning,
    KernelRecord,
    KernelState,
    UnknownKernel,
    check_id,
    read_record,
)
from kernel.service.runtime import made, runtime_folder

SUCCESSOR = "LLMSPELL_KERNEL_RECORD"
"""``device:inode:descriptor`` of the record's file, for a process that replaces its program."""

KEPT = 7 * 24 * 3600.0
"""Seconds the record of a kernel that died is kept."""


class Registry:
    """The records in one folder."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or runtime_folder() / "kernels"

    # --- looking --------------------------------------------------------------------------------

    def find(self, kernel_id: str) -> KernelState:
        """A kernel by its id or the beginning of it; raises `UnknownKernel`, or `UserError`."""
        check_id(kernel_id)
        exact = self._look(self._path(kernel_id))
        if exact is not None:
            return exact
        found = [each for each in self.all() if each.record.id.startswith(kernel_id)]
        if len(found) == 1:
            return found[0]
        if found:
            names = ", ".join(each.record.id for each in found)
            raise UserError(f"Several kernels begin with {kernel_id!r}: {names}.")
        raise UnknownKernel(
            f"There is no kernel {kernel_id!r}; `llmspell kernel list` says which there are."
        )

    def all(self) -> list[KernelState]:
        """All kernels, the oldest first, also those that died."""
        states = (self._look(path) for path in self.folder.glob("*.json"))
        found = [each for each in states if each is not None]
        return sorted(found, key=lambda each: (each.record.started, each.record.id))

    def _look(self, path: Path) -> KernelState | None:
        state = _read(path)
        if state is None or state.is_running:
            return state
        if state.record.is_of_others:
            self.forget(state.record.id)
            return None
        if not state.record.ended:
            return self.bury(state.record.id) or _read(path)
        if time.time() - state.record.started > KEPT:
            self.forget(state.record.id)
        return state

    # --- those that died ------------------------------------------------------------------------

    def bury(self, kernel_id: str, how: str = UNSAID) -> KernelState | None:
        """Take away what a kernel that died left behind, but for its record; None if it lives.

        Found dead it is buried at once; who knows better how it ended may say so.
        """
        path = self._path(kernel_id)
        with _dead(path) as record:
            if record is None:
                return None
            _clear(record)
            if how != record.ended and record.ended in ("", UNSAID):
                record = replace(record, ended=how)
                fresh, descriptor = _written(path, record)
                fresh.replace(path)
                os.close(descriptor)
            return KernelState(record, is_running=False)

    def forget(self, kernel_id: str) -> bool:
        """Take away the record of a kernel that died as well; whether there was one."""
        path = self._path(kernel_id)
        with _dead(path) as record:
            if record is None:
                return False
            _clear(record)
            path.unlink(missing_ok=True)
            return True

    # --- being there ----------------------------------------------------------------------------

    def hold(self, record: KernelRecord) -> "Hold":
        """Write a record down as ours; raises `AlreadyRunning`, or `UserError`.

        What a dead kernel of the same name has left is taken away first.
        """
        path = self._path(check_id(record.id))
        _sweep(made(self.folder))
        inherited = _inherited(path)
        if inherited is not None:
            before = read_record(_content(inherited))
            kept = replace(record, owns_connection_file=before.owns_connection_file, dap=before.dap)
            hold = Hold(path, kept, inherited, is_successor=True)
            hold.update(started=before.started)
            return hold
        try:
            return self._taken(path, record)
        except OSError as error:
            raise UserError(f"{path} cannot be written: {error.strerror}") from error

    def _taken(self, path: Path, record: KernelRecord) -> "Hold":
        fresh, descriptor = _written(path, record)
        try:
            while True:
                with contextlib.suppress(FileExistsError):
                    os.link(fresh, path)  # fails if there is one
                    fresh.unlink()
                    return Hold(path, record, descriptor)
                with contextlib.ExitStack() as stack:
                    try:
                        dead = _locked(path, stack)
                    except FileNotFoundError:
                        continue  # gone meanwhile
                    with contextlib.suppress(ValueError):
                        _clear(read_record(_content(dead)))
                    fresh.replace(path)
                    return Hold(path, record, descriptor)
        except BaseException:
            fresh.unlink(missing_ok=True)
            os.close(descriptor)
            raise

    def _path(self, kernel_id: str) -> Path:
        return self.folder / f"{kernel_id}.json"


class Hold:
    """The record of this process, for as long as it lives."""

    def __init__(
        self, path: Path, record: KernelRecord, descriptor: int, *, is_successor: bool = False
    ) -> None:
        self.record = record
        self.is_successor = is_successor
        """Whether this process has replaced its program, and goes on with what it had."""
        self._path, self._descriptor = path, descriptor

    def update(self, **changes: Any) -> None:  # noqa: ANN401 - fields of the record
        """Write down what has changed."""
        self.record = replace(self.record, **changes)
        fresh, descriptor = _written(self._path, self.record)
        fresh.replace(self._path)
        os.close(self._descriptor)
        self._descriptor = descriptor

    def release(self) -> None:
        """The kernel has ended, and everybody may know; harmless when done twice."""
        if self._descriptor >= 0:
            _clear(self.record)
            self._path.unlink(missing_ok=True)
            os.close(self._descriptor)
            self._descriptor = -1

    def leave_to_successor(self) -> None:
        """Let the program go on that is about to replace this one (`os.execv`)."""
        status = os.fstat(self._descriptor)
        os.environ[SUCCESSOR] = f"{status.st_dev}:{status.st_ino}:{self._descriptor}"
        os.set_inheritable(self._descriptor, True)


def _inherited(path: Path) -> int | None:
    """The locked file that our own program before us has left."""
    said = os.environ.pop(SUCCESSOR, "")
    try:
        device, inode, descriptor = (int(part) for part in said.split(":"))
        here, there = os.fstat(descriptor), path.stat()
    except (ValueError, OSError):
        return None
    if {(here.st_dev, here.st_ino), (there.st_dev, there.st_ino)} != {(device, inode)}:
        return None
    os.set_inheritable(descriptor, False)
    return descriptor


def _written(path: Path, record: KernelRecord) -> tuple[Path, int]:
    """A file beside ``path``, whole and locked, under a name nobody looks for."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}.new")
    descriptor = os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    os.write(descriptor, record.text().encode())
    return fresh, descriptor


def _sweep(folder: Path) -> None:
    """Take away what processes were writing when they were killed."""
    for path in folder.glob(".*.new"):
        pid = path.name.split(".")[-2]
        if pid.isdigit() and not _is_alive(int(pid)):
            path.unlink(missing_ok=True)


@contextlib.contextmanager
def _dead(path: Path) -> Iterator[KernelRecord | None]:
    """The record of a kernel that does not run, locked; None where it runs or there is none."""
    with contextlib.ExitStack() as stack:
        record = None
        with contextlib.suppress(OSError, ValueError, AlreadyRunning):
            record = read_record(_content(_locked(path, stack)))
        yield record


def _read(path: Path) -> KernelState | None:
    """What a record says, and its lock; None where there is none of ours."""
    with contextlib.suppress(OSError, ValueError), path.open("rb") as file:
        if os.fstat(file.fileno()).st_uid != os.getuid():
            return None  # where everybody may write, somebody else's word is not taken
        record = read_record(file.read().decode())
        if record.id != path.stem:
            return None
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return KernelState(record, is_running=_is_alive(record.pid))
        if os.fstat(file.fileno()).st_ino != path.stat().st_ino:
            return _read(path)  # it was replaced meanwhile, and the lock is on the new one
        return KernelState(record, is_running=False)
    return None


def _locked(path: Path, stack: contextlib.ExitStack) -> int:
    """The file at ``path``, locked by us; raises `AlreadyRunning`, or `FileNotFoundError`."""
    while True:
        descriptor = os.open(path, os.O_RDWR)
        stack.callback(os.close, descriptor)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            _refuse_if_alive(descriptor)
            fcntl.flock(descriptor, fcntl.LOCK_EX)  # somebody only looks at it
        if os.fstat(descriptor).st_ino == os.stat(path).st_ino:
            return descriptor


def _refuse_if_alive(descriptor: int) -> None:
    record = read_record(_content(descriptor))
    if _is_alive(record.pid):
        verb = "runs already" if record.state == RUNNING else f"is {record.state}"
        raise AlreadyRunning(
            f"Kernel {record.id!r} {verb}, as process {record.pid}; "
            f"`llmspell kernel stop {record.id}` ends it."
        )


def _content(descriptor: int) -> str:
    return os.pread(descriptor, 1 << 20, 0).decode()


def _clear(record: KernelRecord) -> None:
    """Remove the files that a kernel leaves when it cannot do that itself."""
    files = [record.pid_file, record.connection_file if record.owns_connection_file else ""]
    for file in files:
        if file:
            with contextlib.suppress(OSError):
                Path(file).unlink(missing_ok=True)
    if record.owns_connection_file and record.connection_file:
        with contextlib.suppress(OSError):
            for socket in socket_prefix(Path(record.connection_file)).parent.glob(
                f"{socket_prefix(Path(record.connection_file)).name}-[1-5]"
            ):
                socket.unlink(missing_ok=True)


def socket_prefix(connection_file: Path) -> Path:
    """What the sockets of a kernel are called that listens at no ports, before ``-1`` … ``-5``."""
    return connection_file.with_name(f"{connection_file.stem}-ipc")


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # it is somebody else's
        return True
    return True
