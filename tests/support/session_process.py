"""A process of its own over a folder of sessions, for tests of what survives it.

Usage: python -m tests.support.session_process FOLDER STORE VERB [ARGUMENT …]
"""

import os
import resource
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

from blake3 import blake3

from kernel.core.clock import SystemClock
from kernel.sessions.artifacts.file_blocks import FileBlocks
from kernel.sessions.services import SessionServices, open_sessions
from tests.support.sessions import NO_POLICY, OWNER
from tests.support.stores import DURABLE

MIB = 1024 * 1024


def open_folder(folder: Path, store: str = "sqlite") -> SessionServices:
    """Services over what lies in a folder."""
    clock = SystemClock()
    opened = DURABLE[store](folder, clock)
    blocks = FileBlocks(folder / "blocks")
    return open_sessions(opened, blocks, clock, lambda _event: None, policy=NO_POLICY)


def noise(mebibytes: int, seed: int = 0) -> Iterator[bytes]:
    """Bytes that do not compress, and are all different, in pieces of odd sizes."""
    for place in range(mebibytes):
        block = blake3(f"{seed}/{place}".encode()).digest(length=MIB)
        yield block[:333_333]
        yield block[333_333:]


def peak_memory() -> int:
    """Bytes this process has had at most."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def store_for_ever(services: SessionServices, session: str) -> None:
    """Store one artifact after the other, and say of each that it is there."""
    for number in range(1_000_000):
        made = services.artifacts.store(OWNER, session, f"{number % 7}", noise(2, number // 2))
        print(f"{made.id.sequence} {made.id.content_hash}", flush=True)  # noqa: T201


def die_before_the_name(services: SessionServices, session: str) -> None:
    """Be killed when a block is written and has not got its name."""
    kill = os.kill, os.getpid(), signal.SIGKILL

    def replace(_self: Path, _target: Path) -> Path:
        kill[0](*kill[1:])
        raise AssertionError("nobody survives that")

    Path.replace = replace  # type: ignore[assignment,method-assign]
    services.artifacts.store(OWNER, session, "last", noise(2, 99))


def update_often(services: SessionServices, session: str, word: str, count: int) -> None:
    """Change a session, give it artifacts, and write to its log."""
    for number in range(count):
        services.sessions.update(OWNER, session, metadata={f"{word}.{number}": number})
        services.artifacts.store(OWNER, session, "shared", f"{word} {number}")


def stream_much(services: SessionServices, session: str, mebibytes: int) -> None:
    """Store and read a large artifact; how many bytes of memory that took."""
    small = services.artifacts.store(OWNER, session, "small", noise(3, 1))
    assert 3 * MIB == sum(map(len, services.artifacts.stream(OWNER, small.id)))
    before = peak_memory()
    large = services.artifacts.store(OWNER, session, "large", noise(mebibytes))
    whole = blake3()
    for piece in services.artifacts.stream(OWNER, large.id):
        whole.update(piece)
    assert large.id.content_hash == whole.hexdigest()
    print(peak_memory() - before)  # noqa: T201


def main() -> None:
    """Do what the command line asks for."""
    folder, store, verb, session, *rest = sys.argv[1:]
    services = open_folder(Path(folder), store)
    match verb:
        case "store":
            store_for_ever(services, session)
        case "die":
            die_before_the_name(services, session)
        case "update":
            update_often(services, session, rest[0], int(rest[1]))
        case "stream":
            stream_much(services, session, int(rest[0]))


if __name__ == "__main__":
    main()
