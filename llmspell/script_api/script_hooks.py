"""Hooks that are functions of a script, asked on its thread.

To have another thread call a function costs a tenth of a millisecond, nearly all of it for waking
that thread. So those that follow each other at a point are asked together.
"""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Annotated, Any

from kernel.core.errors import UserError
from kernel.core.script_values import Callback
from kernel.hooks.base import HookDetails, Said
from kernel.hooks.results import CONTINUE, HookResult
from kernel.hooks.script_results import result_of
from llmspell.script_api.kept_values import from_json, to_json

PATIENCE = 30.0
"""Seconds that a function of a script may take."""

MINUTE = 60.0

STOPS = frozenset({"debug", "breakpoint", "step"})
"""Groups of points that are asked while a debugger has stopped the script, which stands there."""


@dataclass(frozen=True, slots=True)
class HookLimits:
    """What a hook of a script is held to."""

    patience: float = PATIENCE
    """Seconds that others wait for a script that stands or does not come to it."""
    per_minute: int | None = None
    """How often it is asked within a minute; above that it is passed over."""


UNLIMITED = HookLimits()

Behind = Callable[[Callable[[], object]], object]
"""Has something done when all is told that the script has written; called on its thread."""


def at_once(do: Callable[[], object]) -> object:
    """`Behind` for a script whose output is told as it writes it."""
    return do()


@dataclass(frozen=True)
class HookContext:
    """What a hook is told."""

    point: Annotated[str, "The point it is called at."]
    component_id: Annotated[dict[str, str], "Who does something: type and name."]
    correlation_id: Annotated[str, "What ties this to other events."]
    language: Annotated[str, "The language of its function."]
    metadata: Annotated[dict[str, Any], "Facts about it."]
    data: Annotated[Any, "What is done, and with what."]
    input: Annotated[Any, "Behind it: what it was done with."] = None
    error: Annotated[str | None, "Where it failed: how."] = None
    attempt: Annotated[int, "How often it was begun."] = 1


class ScriptHook:
    """Implements `Hook` with a function of a script."""

    def __init__(
        self,
        function: Callback,
        language: str,
        limits: HookLimits = UNLIMITED,
        clock: Callable[[], float] = time.monotonic,
        companions: "HooksOfScript | None" = None,
    ) -> None:
        """Made on the script's thread. ``companions``: those of the same script."""
        self.function = function
        self.language = language
        self.companions = companions
        self._alone = companions or HooksOfScript(limits, clock)
        self._clock = clock
        self._asked: deque[float] = deque(maxlen=limits.per_minute or 0)

    def __call__(self, details: HookDetails) -> HookResult | Awaitable[HookResult]:
        """Ask the script: at once on its thread; for others, when the script comes to it."""
        said = self._alone.ask([self], details)
        return self._awaited(said) if isinstance(said, Awaitable) else _given(said[0])

    async def _awaited(self, asked: Awaitable[Sequence[Said]]) -> HookResult:
        return _given((await asked)[0])

    def is_asked_too_often(self) -> bool:
        """Whether it was asked as often as it may within a minute; otherwise this time counts."""
        asked = self._asked
        if not asked.maxlen:
            return False
        now = self._clock()
        if len(asked) == asked.maxlen and now - asked[0] < MINUTE:
            return True
        asked.append(now)
        return False


class HooksOfScript:
    """Implements `Companions`: functions of one script."""

    def __init__(
        self,
        limits: HookLimits = UNLIMITED,
        clock: Callable[[], float] = time.monotonic,
        behind_output: Behind = at_once,
    ) -> None:
        """Made on the script's thread. ``behind_output``: the way of answers to tasks."""
        self._thread = threading.get_ident()
        self._patience = limits.patience
        self._clock = clock
        self._behind_output = behind_output

    def ask(
        self, hooks: Sequence[ScriptHook], details: HookDetails
    ) -> Sequence[Said] | Awaitable[Sequence[Said]]:
        """What the first ones say, up to one that does not say Continue or fails."""
        passed = 0
        while passed < len(hooks) and hooks[passed].is_asked_too_often():
            passed += 1
        said = [Said(CONTINUE)] * passed
        if passed == len(hooks):
            return said
        round_ = _Round(hooks[passed:], context_of(details, hooks[0].language), said, self._clock)
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            if threading.get_ident() == self._thread:
                return round_.run()
            return self._waited_for(round_)
        if details.point.group in STOPS:
            return round_.run_at_stop(self._patience)
        return self._later(round_, loop)

    def _waited_for(self, round_: "_Round") -> Sequence[Said]:
        future: Future[Sequence[Said]] = Future()
        round_.start(future.set_result)
        try:
            return future.result(self._patience * round_.size)
        except TimeoutError:
            return [Said(CONTINUE, self._too_late())]

    async def _later(self, round_: "_Round", loop: asyncio.AbstractEventLoop) -> Sequence[Said]:
        future: asyncio.Future[Sequence[Said]] = loop.create_future()

        def settle(said: Sequence[Said]) -> None:
            if not future.done():
                future.set_result(said)

        def answer(said: Sequence[Said]) -> None:
            def bring() -> None:
                loop.call_soon_threadsafe(settle, said)

            # What hooks have written belongs to what they were asked about: it is told before that
            # goes on. A script that has ended answers elsewhere, and writes nothing.
            is_here = threading.get_ident() == self._thread
            self._behind_output(bring) if is_here else bring()

        round_.start(answer)
        try:
            async with asyncio.timeout(self._patience * round_.size):
                return await future
        except TimeoutError:
            return [Said(CONTINUE, self._too_late())]

    def _too_late(self) -> UserError:
        return UserError(f"The script did not come to its hook within {self._patience:g} s.")


class _Round:
    """Hooks that are asked the same thing one after the other, on the script's thread."""

    def __init__(
        self,
        hooks: Sequence[ScriptHook],
        told: HookContext,
        said: list[Said],
        clock: Callable[[], float],
    ) -> None:
        self._hooks = hooks
        self._told = told
        self._said = said
        self._clock = clock
        self.size = len(hooks)

    def start(self, done: Callable[[Sequence[Said]], object]) -> None:
        """Begin as soon as the script comes to it; ``done`` is told there what was said."""
        first = self._hooks[0].function
        begun = self._clock()
        first.call_soon(self._told, done=lambda answer: done(self._go_on(answer, begun)))

    def run(self) -> Sequence[Said]:
        """Ask them here and now: this is the script's thread."""
        self._ask(self._hooks)
        return self._said

    async def run_at_stop(self, patience: float) -> Sequence[Said]:
        """Ask them where a debugger has stopped the script, each at most so many seconds."""
        for hook in self._hooks:
            if hook is not self._hooks[0] and hook.is_asked_too_often():
                self._said.append(Said(CONTINUE))
                continue
            begun = self._clock()
            try:
                async with asyncio.timeout(patience):
                    answer = await hook.function.call_at_stop(self._told)
            except UserError as error:
                answer = error
            except TimeoutError:
                answer = UserError(f"It took more than {patience:g} s.")
            self._said.append(said := _said(answer, self._clock() - begun))
            if not said.says_continue:
                break
        return self._said

    def _go_on(self, answer: Any, begun: float) -> Sequence[Said]:
        said = _said(answer, self._clock() - begun)
        self._said.append(said)
        if said.says_continue:
            self._ask(self._hooks[1:])
        return self._said

    def _ask(self, hooks: Sequence[ScriptHook]) -> None:
        for hook in hooks:
            if hook is not self._hooks[0] and hook.is_asked_too_often():
                self._said.append(Said(CONTINUE))
                continue
            begun = self._clock()
            try:
                answer = hook.function.call(self._told)
            except UserError as error:
                answer = error
            said = _said(answer, self._clock() - begun)
            self._said.append(said)
            if not said.says_continue:
                return


def context_of(details: HookDetails, language: str) -> HookContext:
    """What a script is told of it."""
    plain = details.as_plain()
    return HookContext(
        point=plain["point"],
        component_id=plain["component_id"],
        correlation_id=plain["correlation_id"],
        language=language,
        metadata=plain["metadata"],
        data=from_json(plain["data"]),
        input=from_json(plain["input"]),
        error=plain["error"],
        attempt=plain["attempt"],
    )


def _said(answer: Any, seconds: float) -> Said:
    if isinstance(answer, Exception):
        return Said(CONTINUE, answer, seconds)
    try:
        return Said(answer_of(answer), None, seconds)
    except UserError as error:
        return Said(CONTINUE, error, seconds)


def _given(said: Said) -> HookResult:
    if said.error is not None:
        raise said.error
    return said.result


def answer_of(said: Any) -> HookResult:
    """What a script's function gave, as the kernel knows it; raises `UserError` for nonsense."""
    first = said[0] if isinstance(said, tuple) else said
    return result_of(to_json(first))
