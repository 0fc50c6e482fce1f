"""What was recorded of a session, as its log has it."""

from collections.abc import Iterator
from dataclasses import dataclass

from kernel.sessions.cells import Cell, Outcome, cell_from_json, outcome_from_json
from kernel.sessions.log import CELL
from kernel.sessions.model import SessionId
from kernel.sessions.records import Records


@dataclass(frozen=True, slots=True)
class RecordedStep:
    """One executed cell; ``step`` counts them from 1."""

    step: int
    cell: Cell
    outcome: Outcome
    ended: float
    """When it was recorded, in seconds since 1970."""


@dataclass(frozen=True, slots=True)
class ReplayMetadata:
    """What there is to be replayed of a session."""

    session: SessionId
    steps: int
    languages: tuple[str, ...]
    first: float | None
    """When the first cell was recorded, in seconds since 1970; None without any."""
    last: float | None
    seconds: float
    """How long all cells ran."""
    inputs: int
    """Lines of input the cells were given."""
    failed: int
    """Cells that did not end well."""
    is_reproducible: bool
    """Whether each cell says which time it was told, and the first where random numbers begin."""


def recorded_steps(records: Records, session: SessionId) -> Iterator[RecordedStep]:
    """The cells of a session, oldest first."""
    step = 0
    for entry in records.log(session):
        if entry.kind == CELL:
            step += 1
            cell = cell_from_json(entry.data["cell"])
            yield RecordedStep(step, cell, outcome_from_json(entry.data["outcome"]), entry.time)


def has_steps(records: Records, session: SessionId) -> bool:
    """Whether there is anything to replay."""
    return next(recorded_steps(records, session), None) is not None


def describe(records: Records, session: SessionId) -> ReplayMetadata:
    """What there is to be replayed."""
    steps = [*recorded_steps(records, session)]
    return ReplayMetadata(
        session=session,
        steps=len(steps),
        languages=tuple(sorted({each.cell.language for each in steps})),
        first=steps[0].ended if steps else None,
        last=steps[-1].ended if steps else None,
        seconds=sum(each.outcome.seconds for each in steps),
        inputs=sum(len(each.cell.inputs) for each in steps),
        failed=sum(each.outcome.status != "ok" for each in steps),
        is_reproducible=all(each.cell.clock is not None for each in steps)
        and (not steps or steps[0].cell.seed is not None),
    )
