"""Several processes have a store open at once, in every store that allows it."""

import subprocess
import sys
from pathlib import Path

import pytest

from kernel.core.clock import SystemClock
from tests.contracts.test_state_kill import QUICK
from tests.support.stores import DURABLE

ROOT = Path(__file__).parents[2]
DEADLINE = 60

COUNTING = """
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from kernel.core.clock import SystemClock
from kernel.state.scopes import GLOBAL
from kernel.state.state import State
from tests.support.stores import DURABLE

store = DURABLE[sys.argv[1]](Path(sys.argv[2]), SystemClock())
state = State(store)

def count(_):
    state.increment(GLOBAL, "swapped")
    with state.transaction() as inside:
        inside.put(GLOBAL, "left", inside.get(GLOBAL, "left", 0) + 1)
        inside.put(GLOBAL, "right", inside.get(GLOBAL, "right", 0) + 1)
    with store.snapshot() as seen:
        inside = State(seen)
        assert inside.get(GLOBAL, "left") == inside.get(GLOBAL, "right")

with ThreadPoolExecutor(3) as pool:
    list(pool.map(count, range(int(sys.argv[3]))))
store.close()
"""


@pytest.mark.parametrize("durable", QUICK)
def test_processes_lose_nothing_to_each_other(durable: str, tmp_path: Path) -> None:
    """Three processes with three threads each make the store, count in it, and add up."""
    running = [
        subprocess.Popen([sys.executable, "-c", COUNTING, durable, tmp_path, "50"], cwd=ROOT)
        for _ in range(3)
    ]
    assert [0, 0, 0] == [each.wait(DEADLINE) for each in running]
    store = DURABLE[durable](tmp_path, SystemClock())
    found = {key: entry.value for key, entry in store.scan("global")}
    assert {"left": b"150", "right": b"150", "swapped": b"150"} == found
    store.close()
