"""Writing a hook once that may have to wait or not: `settle` runs a generator of awaitables.

A hook made of others must answer at once where they do, and with an awaitable where one of them
is ``async``. So it is a generator that yields what others said; `settle` sends in each answer, and
only where one has to be awaited does the rest become a coroutine.
"""

import asyncio
import inspect
from collections.abc import Awaitable, Generator, Sequence
from typing import TypeAlias

from kernel.core.plain import PlainData
from kernel.hooks.base import Hook, HookDetails
from kernel.hooks.results import CONTINUE, RESULTS, HookResult

Answering: TypeAlias = Generator[object, PlainData, HookResult]
Answer: TypeAlias = "HookResult | Awaitable[HookResult]"


def settle(answering: Answering) -> Answer:
    """The generator's result, or an awaitable of it."""
    said: PlainData = None
    while True:
        try:
            asked = answering.send(said)
        except StopIteration as end:
            result: HookResult = end.value
            return result
        if inspect.isawaitable(asked):
            return _settle_later(answering, asked)
        said = asked


async def _settle_later(answering: Answering, asked: Awaitable[object]) -> HookResult:
    pending: object = asked
    while True:
        try:
            said = await pending if inspect.isawaitable(pending) else pending
        except Exception as error:
            step, argument = answering.throw, error
        else:
            step, argument = answering.send, said  # type: ignore[assignment]
        try:
            pending = step(argument)
        except StopIteration as end:
            result: HookResult = end.value
            return result


def asked(hook: Hook, details: HookDetails) -> Answering:
    """To be yielded from: what a hook says; None is Continue. Raises what it raises."""
    said = yield hook(details)
    return as_result(said)


def asked_together(
    hooks: Sequence[Hook], details: HookDetails
) -> Generator[object, PlainData, list[HookResult]]:
    """To be yielded from: what each says of the same details; those that wait do so together."""
    said = [hook(details) for hook in hooks]
    if any(inspect.isawaitable(each) for each in said):
        said = yield _gathered(said)
    return [as_result(each) for each in said]


async def _gathered(said: Sequence[object]) -> list[object]:
    async def value(each: object) -> object:
        return await each if inspect.isawaitable(each) else each

    return list(await asyncio.gather(*map(value, said)))


def as_result(said: object) -> HookResult:
    """What a hook said, if it is a result; None is Continue. Raises `TypeError` otherwise."""
    if said is None:
        return CONTINUE
    if not isinstance(said, RESULTS):
        raise TypeError(f"A hook said {said!r}, which is no result; see kernel.hooks.results.")
    return said
