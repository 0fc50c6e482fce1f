"""A process that writes to a store and says what was acknowledged, until it is killed.

Run as a program: ``python -m tests.support.store_writer KIND FOLDER NAME``.
"""

import sys
from pathlib import Path

from kernel.core.clock import SystemClock
from kernel.state.store import StateStore
from tests.support.stores import DURABLE

KEYS = 50


def write(store: StateStore, name: str) -> None:
    """Write numbers: each one alone under a key, and each tenth under two keys at once.

    A line is said after each write, when the store has acknowledged it.
    """
    number = last(store, name)
    while True:
        number += 1
        if number % 10:
            store.put(name, f"{number % KEYS:02}", f"{number:200}".encode())
        else:
            with store.transaction() as inside:
                inside.put(name, "left", str(number).encode())
                inside.put(name, "right", str(number).encode())
        sys.stdout.write(f"{number}\n")
        sys.stdout.flush()


def last(store: StateStore, name: str) -> int:
    """The highest number that the store holds."""
    return max((int(entry.value) for _, entry in store.scan(name)), default=0)


def check(store: StateStore, name: str, acknowledged: int) -> None:
    """Nothing that was acknowledged is missing, and nothing is half there."""
    found = {key: entry.value for key, entry in store.scan(name)}
    assert found.get("left") == found.get("right")
    for number in range(1, acknowledged + 1):
        key = "left" if number % 10 == 0 else f"{number % KEYS:02}"
        assert int(found[key]) >= number, f"{key} has lost {number}"


if __name__ == "__main__":
    kind, folder, name = sys.argv[1:]
    write(DURABLE[kind](Path(folder), SystemClock()), name)
