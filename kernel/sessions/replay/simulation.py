"""Simulation: what was recorded is told again, in its time; nothing is run."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from kernel.events.sessions import CellReplayed, OutputReplayed
from kernel.sessions.gate import Publish
from kernel.sessions.model import SessionId
from kernel.sessions.replay.model import ReplaySettings, StepResult
from kernel.sessions.replay.recording import RecordedStep


async def simulate(
    session: SessionId,
    correlation: str,
    steps: Sequence[RecordedStep],
    settings: ReplaySettings,
    publish: Publish,
    sleep: Callable[[float], Awaitable[None]],
) -> AsyncIterator[StepResult]:
    """Publish `OutputReplayed` and `CellReplayed`, waiting between them as the recording did."""
    last_end: float | None = None
    for recorded in steps:
        outcome = recorded.outcome
        if settings.with_pauses and last_end is not None:
            await sleep(max(recorded.ended - outcome.seconds - last_end, 0.0) / settings.speed)
        last_end = recorded.ended
        passed = 0.0
        for each in outcome.outputs:
            await sleep(max(each.at - passed, 0.0) / settings.speed)
            passed = max(each.at, passed)
            publish(OutputReplayed(session, correlation, recorded.step, each.stream, each.text))
        await sleep(max(outcome.seconds - passed, 0.0) / settings.speed)
        publish(CellReplayed(session, correlation, recorded.step, outcome.status))
        is_success = outcome.status == "ok"
        yield StepResult(recorded.step, outcome, is_success)
        if settings.stop_on_error and not is_success:
            return
