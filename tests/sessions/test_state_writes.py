"""How often scripts in a session may write state is up to the session's policies."""

import pytest

from tests.sessions.conftest import Start

pytestmark = pytest.mark.anyio

ONE_A_MINUTE = """
[runtime.sessions]
policies.rate_limit = { operations = { state_update = 1 }, burst = 1 }
"""

MANY = """
done, said = 0, nil
for i = 1, 20 do
  local ok, err = pcall(State.set, "k" .. i, i)
  if ok then done = done + 1 else said = said or tostring(err) end
end
print(done, said)
"""

WRITES = (
    "State.save('custom:x', 'k', 1)",
    "State.delete('k')",
    "State.clear()",
    "State.increment('n')",
    "State.append('list', 1)",
    "State.compare_and_swap('c', nil, 1)",
    "State.agent_set('a', 'k', 1)",
)


async def test_writes_that_come_too_early_are_refused(start: Start) -> None:
    """Twenty in one cell where one a minute is allowed: the first is made, the rest are errors."""
    kept = await start(configuration=ONE_A_MINUTE)
    entered, tried, read, failed = await kept.run(
        "Session.set_current(Session.create{name = 'work'})",
        MANY,
        "print(State.get('k1'), State.get('k2'), State.exists('k3'))",
        "State.set('k', 1)",
    )
    assert (None, None) == (entered.error, tried.error)
    done, said = tried.stdout.strip().split("\t")
    assert "1" == done
    assert "state_update in the session is limited to 1 a minute; try again in" in said
    assert "(Policy rate_limit.)" in said
    assert "1\tnil\tfalse\n" == read.stdout
    assert failed.error is not None
    assert "In[4]:1:" in failed.error.message
    assert "limited to 1 a minute" in failed.error.message


@pytest.mark.parametrize("write", WRITES)
async def test_whatever_writes_is_a_write(start: Start, write: str) -> None:
    """Each way to write counts, and reading does not."""
    kept = await start(configuration=ONE_A_MINUTE)
    done = await kept.run(
        "Session.set_current(Session.create{name = 'work'})",
        "State.get('k') State.keys() State.all()",
        write,
        "State.set('after', 1)",
    )
    assert [None, None, None] == [each.error for each in done[:3]]
    assert done[3].error is not None
    assert "limited to 1 a minute" in done[3].error.message


async def test_outside_of_sessions_nothing_is_counted(start: Start) -> None:
    """Before a session is entered, and when it is left, writes are free."""
    kept = await start(configuration=ONE_A_MINUTE)
    free, _entered, _held, again = await kept.run(
        MANY,
        "id = Session.create{name = 'work'} Session.set_current(id)",
        MANY,
        "Session.set_current(nil) for i = 1, 20 do State.set('k', i) end",
    )
    assert "20\tnil\n" == free.stdout
    assert again.error is None


async def test_a_session_that_ends_in_a_cell_holds_back_nothing(start: Start) -> None:
    """What its last cell has found out can be kept."""
    kept = await start(configuration=ONE_A_MINUTE)
    _entered, done = await kept.run(
        "id = Session.create{name = 'work'} Session.set_current(id)",
        "Session.complete(id) for i = 1, 20 do State.set('k', i) end print(State.get('k'))",
    )
    assert (None, "20\n") == (done.error, done.stdout)


async def test_writes_leave_the_quota_of_operations_alone(start: Start) -> None:
    """It is for cells and artifacts."""
    quota = "[runtime.sessions]\npolicies.quota.operations = 4\n"
    kept = await start(configuration=quota)
    _entered, written, _cell = await kept.run(
        "id = Session.create{name = 'work'} Session.set_current(id)",
        "for i = 1, 20 do State.set('k', i) end",
        "print(1)",
    )
    assert written.error is None
    assert 2 == (await kept.handle.sessions("show"))["session"]["usage"]["operations"]


async def test_a_replay_writes_as_often_as_it_likes(start: Start) -> None:
    """What was spread over minutes comes at once there."""
    kept = await start(configuration=ONE_A_MINUTE)
    await kept.run("id = Session.create{name = 'work'} Session.set_current(id)", "x = 1", "x = 2")
    more = [{"path": "1.code", "value": MANY}]
    result = await kept.replay(mode="modified", modifications=more)
    assert "20\tnil\n" == result["steps"][0]["output"]


async def test_a_loop_that_writes_is_nothing_unusual(start: Start) -> None:
    """By default a cell in a session may write thousands, and the next cells are run as well."""
    kept = await start()
    _, wrote, after = await kept.run(
        "Session.set_current(Session.create{name = 'work'})",
        "for i = 1, 2000 do State.set('k' .. i, i) end",
        "print(State.get('k2000'))",
    )
    assert (None, "2000\n") == (wrote.error, after.stdout)
