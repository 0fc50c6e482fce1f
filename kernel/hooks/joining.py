"""Doing the operations of a fork at the same time, and joining what comes of them."""

import asyncio
import contextvars
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TypeAlias

from kernel.core.plain import PlainData
from kernel.hooks.base import HookDetails
from kernel.hooks.outcome import ForkFailed
from kernel.hooks.results import Join

Forked: TypeAlias = tuple[tuple[str, HookDetails], ...]
"""The operations by name, each with its details."""


async def join_tasks(
    operations: Forked, join: Join, perform: Callable[[HookDetails], Awaitable[PlainData]]
) -> PlainData:
    """Do each in a task; those that are not needed any more are cancelled.

    Raises `ForkFailed`: with `Join.ALL` when one fails, with `Join.FIRST` when all have.
    """

    async def run(details: HookDetails) -> PlainData:
        return await perform(details)

    tasks = {name: asyncio.ensure_future(run(each)) for name, each in operations}
    pending = set(tasks.values())
    ended: dict[str, asyncio.Future[PlainData]] = {}
    try:
        while pending and not _is_decided(ended, join):
            _, pending = await asyncio.wait(pending, return_when=asyncio.FIRST_COMPLETED)
            ended = {name: task for name, task in tasks.items() if task.done()}
        return _joined(ended, join)
    finally:
        for task in pending:
            task.cancel()
        await asyncio.gather(*tasks.values(), return_exceptions=True)


def join_threads(
    operations: Forked, join: Join, perform: Callable[[HookDetails], PlainData]
) -> PlainData:
    """The same with threads. One that is not needed any more goes on, and nobody looks at it."""
    pool = ThreadPoolExecutor(max_workers=max(1, len(operations)), thread_name_prefix="fork")
    ended: dict[str, Future[PlainData]] = {}
    try:
        futures = {
            name: pool.submit(contextvars.copy_context().run, perform, each)
            for name, each in operations
        }
        pending = set(futures.values())
        while pending and not _is_decided(ended, join):
            _, pending = wait(pending, return_when=FIRST_COMPLETED)
            ended = {name: future for name, future in futures.items() if future.done()}
        return _joined(ended, join)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


Ended: TypeAlias = "Mapping[str, asyncio.Future[PlainData]] | Mapping[str, Future[PlainData]]"


def _is_decided(ended: Ended, join: Join) -> bool:
    """Whether what has not ended can make no difference."""
    has_failed = [each.exception() is not None for each in ended.values()]
    return any(has_failed) if join is Join.ALL else not all(has_failed)


def _joined(ended: Ended, join: Join) -> PlainData:
    errors: dict[str, BaseException] = {}
    results: dict[str, PlainData] = {}
    for name, each in ended.items():
        error = each.exception()
        if error is None:
            results[name] = each.result()
        else:
            errors[name] = error
    if errors and (join is Join.ALL or not results):
        raise ForkFailed(errors)
    return results if join is Join.ALL else next(iter(results.values()), None)
