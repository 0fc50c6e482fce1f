"""What takes long says how far it is, and a kernel tells its clients, not too often."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from kernel.core.progress import Progress, report_progress, reporting, watched
from kernel.jupyter.progress import ProgressNews

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    """The loop is asyncio's."""
    return "asyncio"


def test_who_watches_hears_of_work_inside_only() -> None:
    """Reports reach the nearest watcher, and nobody where there is none."""
    heard: list[Progress] = []
    report_progress(1, 9)
    with watched(heard.append):
        assert ["a", "b"] == [*reporting(["a", "b"], "letters")]
    report_progress(2, 9)
    assert [Progress(done, 2, "letters") for done in (0, 1, 2)] == heard


async def test_threads_of_the_work_are_heard() -> None:
    """A watcher hears what `asyncio.to_thread` runs."""
    heard: list[Progress] = []
    with watched(heard.append):
        await asyncio.to_thread(report_progress, 1, 2, "steps")
    assert [Progress(1, 2, "steps")] == heard


async def test_the_latest_is_told_and_only_that() -> None:
    """Of many reports before the first look one is told; the last of all is never lost."""
    told: list[Mapping[str, Any]] = []
    seen = asyncio.Event()

    def tell(content: Mapping[str, Any]) -> None:
        told.append(content)
        seen.set()

    news = ProgressNews(tell, patience=0.0, period=0.0)
    for done in range(100):
        news.hear(Progress(done, 100, "steps"))
    await asyncio.wait_for(seen.wait(), 60)
    assert [{"done": 99, "total": 100, "unit": "steps"}] == told
    seen.clear()
    await asyncio.to_thread(news.hear, Progress(100, 100, "steps"))
    await asyncio.wait_for(seen.wait(), 60)
    assert {"done": 100, "total": 100, "unit": "steps"} == told[-1]


async def test_nothing_is_told_of_what_is_quick_or_over() -> None:
    """Before the patience is at its end, and behind the end, nobody hears anything."""
    told: list[Mapping[str, Any]] = []
    news = ProgressNews(told.append, patience=3600.0)
    news.hear(Progress(1, 2))
    await asyncio.sleep(0)
    news.end()
    after = ProgressNews(told.append, patience=0.0)
    after.end()
    after.hear(Progress(1, 2))
    for _ in range(3):
        await asyncio.sleep(0)
    assert [] == told
