"""What a kernel loads that is in no session."""

import subprocess
import sys
from pathlib import Path

PROGRAM = """
import asyncio, sys
from kernel.api import start_embedded_kernel
from llmspell.kernels import lua_kernel

async def main():
    async with await start_embedded_kernel(lua_kernel("5.4")) as kernel:
        assert (await kernel.execute("return 1")).status == "ok"
    heavy = ("pydantic", "kernel.state", "sqlalchemy", "kernel.sessions.services")
    print([each for each in sys.modules if each.startswith(heavy)])

asyncio.run(main())
"""


def test_without_a_session_nothing_of_it_is_loaded(tmp_path: Path) -> None:
    """Cells of a kernel without a session do not make it load stores, models or services."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=tmp_path,
        env={"HOME": str(tmp_path), "PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert ("[]\n", "") == (done.stdout, done.stderr)
