"""A replay says how far it is, and can be ended while it is under way."""

import asyncio

import pytest

from kernel.core.errors import UserError
from kernel.core.progress import Progress, watched
from kernel.sessions.access import Actor
from kernel.sessions.replay.model import Mode, ReplayResult, ReplaySettings
from kernel.sessions.replay.replays import CANCELLED, Replays
from tests.support.sessions import OWNER, READER, sums_only
from tests.unit.kernel.sessions.test_replay import CELLS, Recorded

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    """The loop is asyncio's."""
    return "asyncio"


@pytest.fixture
def recorded() -> Recorded:
    """A session of the language of sums."""
    return Recorded()


async def test_it_reports_its_steps(recorded) -> None:
    """Who watches hears before each step how many are done of how many, in every mode."""
    await recorded.run(*CELLS[:3])
    heard: list[Progress] = []
    with watched(heard.append):
        await recorded.replay()
    assert [Progress(done, 3, "steps") for done in (0, 1, 2)] == heard
    heard.clear()
    with watched(heard.append):
        await recorded.simulate()
    assert [Progress(done, 3, "steps") for done in (0, 1, 2, 3)] == heard


class _Standing:
    """A simulation that waits where it should sleep, until it is ended."""

    def __init__(self, recorded: Recorded) -> None:
        services = recorded.kit.services
        gate, admission = services.replays._gate, services.replays._admission
        self.replays = Replays(gate, admission, sums_only(recorded.runners), sleep=self._stand)
        self.stands = asyncio.Event()
        self.session = recorded.session.id

    async def _stand(self, _seconds: float) -> None:
        self.stands.set()
        await asyncio.Event().wait()

    async def begin(self, actor: Actor, correlation: str) -> asyncio.Task[ReplayResult]:
        """A replay that stands."""
        self.stands.clear()
        settings = ReplaySettings(mode=Mode.SIMULATE)
        replay = self.replays.replay(actor, self.session, settings, correlation)
        task = asyncio.ensure_future(replay)
        await asyncio.wait_for(self.stands.wait(), 60)
        return task


async def test_a_replay_is_cancelled(recorded) -> None:
    """The one that was named ends with what it came to, which is kept; others go on."""
    await recorded.run(*CELLS)
    standing = _Standing(recorded)
    first = await standing.begin(READER, "one")
    second = await standing.begin(READER, "two")
    cancel, session = standing.replays.cancel_replay, standing.session
    assert [] == cancel(READER, session, "three")
    assert ["one"] == cancel(READER, session, "one")
    result = await asyncio.wait_for(first, 60)
    assert (CANCELLED, ()) == (result.error, result.steps)
    assert ["two"] == [
        each["correlation_id"] for each in standing.replays.under_way(READER, session)
    ]
    assert ["two"] == cancel(READER, session)
    await asyncio.wait_for(second, 60)
    kept = standing.replays.replay_results(READER, session)
    assert [CANCELLED] * 2 == [each.error for each in kept]


async def test_readers_cancel_their_own(recorded) -> None:
    """Replays of others are ended by those who may write."""
    await recorded.run(*CELLS)
    standing = _Standing(recorded)
    task = await standing.begin(OWNER, "hers")
    assert [] == standing.replays.cancel_replay(READER, standing.session)
    assert ["hers"] == standing.replays.cancel_replay(OWNER, standing.session)
    assert CANCELLED == (await asyncio.wait_for(task, 60)).error


async def test_a_name_is_taken_once(recorded) -> None:
    """A second replay of a name that is under way is refused."""
    await recorded.run(*CELLS)
    standing = _Standing(recorded)
    task = await standing.begin(OWNER, "one")
    with pytest.raises(UserError, match="'one' is under way already"):
        await standing.replays.replay(OWNER, standing.session, None, "one")
    standing.replays.cancel_replay(OWNER, standing.session)
    await task
