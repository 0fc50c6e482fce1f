"""Sessions, asked for as data."""

from pathlib import Path
from typing import Any

import pytest

from kernel.core.actions import actions_of
from kernel.core.errors import UserError
from kernel.events.requests import EventRequests
from kernel.sessions.artifact_requests import MOST
from kernel.sessions.cells import Cell, Outcome, Output
from kernel.sessions.current import CurrentSession
from kernel.sessions.requests import SessionRequests
from kernel.state.requests import StateRequests
from tests.support.sessions import OWNER, READER, FakeCellRunner, SessionKit, make_kit, sums_only

pytestmark = pytest.mark.anyio

ROOT = Path(__file__).parents[4]

HEADINGS = {
    StateRequests: "## State requests",
    SessionRequests: "## Session requests",
    EventRequests: "## Event log requests",
}

SUM = Cell("a = 1 + 2\nprint a", "sums")


@pytest.fixture
def made() -> list[FakeCellRunner]:
    return []


@pytest.fixture
def kit(made: list[FakeCellRunner]) -> SessionKit:
    return make_kit(make_runner=sums_only(made))


@pytest.fixture
def current() -> CurrentSession:
    return CurrentSession()


@pytest.fixture
def requests(kit: SessionKit, current: CurrentSession) -> SessionRequests:
    return SessionRequests(kit.services, OWNER, current)


async def ask(requests: SessionRequests, action: str, **arguments: Any) -> Any:
    return await requests.serve({"action": action, **arguments})


async def create(requests: SessionRequests, name: str, **more: Any) -> str:
    made: str = (await ask(requests, "create", name=name, **more))["session"]["id"]
    return made


async def test_a_life(requests: SessionRequests) -> None:
    """A session begins, rests, goes on, ends and is put away; each answer says where it is."""
    id = await create(requests, "work", tags=["a"], metadata={"n": 1})
    steps = ["suspend", "resume", "complete", "archive"]
    said = [(await ask(requests, step, id=id))["session"]["status"] for step in steps]
    assert ["suspended", "active", "completed", "archived"] == said
    other = await create(requests, "doomed")
    failed = (await ask(requests, "fail", id=other, reason="no luck"))["session"]
    assert ("failed", "no luck") == (failed["status"], failed["ending"])


async def test_list(requests: SessionRequests, kit: SessionKit) -> None:
    """The sessions are found by status, tag and words, in brief or whole."""
    first = await create(requests, "one", tags=["x"])
    kit.clock.advance(1)
    second = await create(requests, "two")
    await ask(requests, "suspend", id=second)
    found = {
        name: [each["id"] for each in (await ask(requests, "list", **how))["sessions"]]
        for name, how in {
            "all": {},
            "active": {"status": "active"},
            "tagged": {"tag": "x"},
            "words": {"text": "tw"},
            "first": {"limit": 1},
        }.items()
    }
    expected = {
        "all": [first, second],
        "active": [first],
        "tagged": [first],
        "words": [second],
        "first": [first],
    }
    assert expected == found
    brief = (await ask(requests, "list"))["sessions"][0]
    whole = (await ask(requests, "list", detailed=True))["sessions"][0]
    assert {"id", "name", "status", "tags", "created", "updated", "last_activity"} == {*brief}
    assert 0 == whole["usage"]["cells"]


async def test_names(requests: SessionRequests) -> None:
    """An id, its beginning, or a name means the same session."""
    id = await create(requests, "work")
    for word in (id, id[:10], id[:10].upper(), "work"):
        assert id == (await ask(requests, "show", id=word))["session"]["id"]


async def test_names_that_several_have(requests: SessionRequests) -> None:
    """Of those with one name the active one is meant; of two active ones neither."""
    old, new = await create(requests, "work"), await create(requests, "work")
    with pytest.raises(UserError, match=r"may be one of 2 sessions.*Write more of the id"):
        await ask(requests, "show", id="work")
    await ask(requests, "complete", id=old)
    assert new == (await ask(requests, "show", id="work"))["session"]["id"]


async def test_the_current_session(requests: SessionRequests, current: CurrentSession) -> None:
    """It is set by use, meant where no id is said, and left when it is deleted."""
    assert {"session": None} == await ask(requests, "current")
    id = await create(requests, "work", use=True)
    assert (id, True) == (current.id, (await ask(requests, "show"))["session"]["is_current"])
    await ask(requests, "use")
    assert current.id is None
    await ask(requests, "use", id="work")
    assert id == (await ask(requests, "current"))["session"]["id"]
    await ask(requests, "delete", id=id)
    assert {"session": None} == await ask(requests, "current")


async def test_use_begins_what_is_not_there(requests: SessionRequests) -> None:
    """With create a name always leads to a session in which something can be run."""
    made = (await ask(requests, "use", id="work", create=True))["session"]["id"]
    assert made == (await ask(requests, "use", id="work", create=True))["session"]["id"]
    await ask(requests, "suspend", id=made)
    resumed = (await ask(requests, "use", id="work", create=True))["session"]
    assert (made, "active") == (resumed["id"], resumed["status"])
    await ask(requests, "complete", id=made)
    with pytest.raises(UserError, match="is completed: run is not possible"):
        await ask(requests, "use", id="work")
    assert made != (await ask(requests, "use", id="work", create=True))["session"]["id"]


async def test_delete_all(requests: SessionRequests) -> None:
    """All is said on purpose, and not together with one."""
    ids = [await create(requests, name) for name in ("one", "two")]
    with pytest.raises(UserError, match="needs the id of a session, or all"):
        await ask(requests, "delete")
    with pytest.raises(UserError, match="either an id or all"):
        await ask(requests, "delete", id="one", all=True)
    done = await ask(requests, "delete", all=True)
    assert (2, sorted(ids)) == (done["deleted"], sorted(done["ids"]))
    assert [] == (await ask(requests, "list"))["sessions"]


async def test_history_and_report(requests: SessionRequests, kit: SessionKit) -> None:
    """The log, from any place on, and what becomes of it."""
    id = await create(requests, "work")
    kit.services.runs.record(OWNER, id, SUM, Outcome("ok", 3, (Output("3\n"),), seconds=2.0))
    entries = (await ask(requests, "history", id=id))["entries"]
    assert ["create", "cell"] == [each["kind"] for each in entries]
    assert "3\n" == entries[1]["data"]["outcome"]["outputs"][0]["text"]
    assert entries[1:] == (await ask(requests, "history", id=id, after=1))["entries"]
    report = (await ask(requests, "report", id=id))["report"]
    assert (2.0, 1) == (report["durations"]["total"], report["usage"]["cells"])
    assert {"active": 1} == (await ask(requests, "report", all=True))["report"]["statuses"]


async def test_replay(requests: SessionRequests, kit: SessionKit) -> None:
    """A session is run again, as it was or changed, and compared with what was recorded."""
    id = await create(requests, "work", use=True)
    kit.services.runs.record(OWNER, id, SUM, Outcome("ok", 3, (Output("3\n"),)))
    exact = (await ask(requests, "replay"))["result"]
    assert (1, 1.0) == (exact["successful_replays"], exact["similarity_score"])
    change = {"path": "1.code", "value": "a = 2 + 2\nprint a"}
    modified = (await ask(requests, "replay", mode="modified", modifications=[change]))["result"]
    assert ("4\n", False) == (
        modified["steps"][0]["output"],
        modified["steps"][0]["comparison"]["identical"],
    )
    off = {**change, "enabled": False}
    same = (await ask(requests, "replay", mode="modified", modifications=[off]))["result"]
    assert "3\n" == same["steps"][0]["output"]


async def test_artifacts(requests: SessionRequests, kit: SessionKit) -> None:
    """Contents come by name, number and hash, as text or as base64, whole or in part."""
    id = await create(requests, "work", use=True)
    store = kit.services.artifacts.store
    store(OWNER, id, "a.txt", "old")
    kept = store(OWNER, id, "a.txt", "new text")
    store(OWNER, id, "b.bin", b"\xff\x00")
    listed = (await ask(requests, "artifacts"))["artifacts"]
    assert [(1, "a.txt", 1), (2, "a.txt", 2), (3, "b.bin", 1)] == [
        (each["id"], each["name"], each["version"]) for each in listed
    ]
    assert "new text" == (await ask(requests, "artifact", name="a.txt"))["text"]
    assert "old" == (await ask(requests, "artifact", session=id, id=1))["text"]
    assert "new text" == (await ask(requests, "artifact", id=kept.id.content_hash[:12]))["text"]
    assert "text" == (await ask(requests, "artifact", name="a.txt", start=4))["text"]
    assert "new" == (await ask(requests, "artifact", name="a.txt", end=3))["text"]
    assert "/wA=" == (await ask(requests, "artifact", name="b.bin"))["base64"]


async def test_artifacts_that_are_too_large(requests: SessionRequests, kit: SessionKit) -> None:
    """Come in pieces."""
    id = await create(requests, "work", use=True)
    kit.services.artifacts.store(OWNER, id, "big", b"x" * (MOST + 1))
    with pytest.raises(UserError, match="ask for pieces"):
        await ask(requests, "artifact", name="big")
    assert "x" == (await ask(requests, "artifact", name="big", start=MOST))["text"]


async def test_versions_are_compared(requests: SessionRequests, kit: SessionKit) -> None:
    """The last of a name with the one before it, or any two by their numbers and hashes."""
    await create(requests, "work", use=True)
    id = (await ask(requests, "current"))["session"]["id"]
    for text in ("a\nb\n", "a\nc\n", "a\nc\nd\n"):
        kit.services.artifacts.store(OWNER, id, "a.txt", text)
    other = kit.services.artifacts.store(OWNER, id, "b.bin", b"a\xff")
    last = await ask(requests, "diff", name="a.txt")
    assert (2, 3) == (last["old"]["version"], last["new"]["version"])
    assert last["difference"]["unified"].endswith("@@ -1,2 +1,3 @@\n a\n c\n+d\n")
    assert (1, 0) == (last["difference"]["added"], last["difference"]["removed"])
    second = await ask(requests, "diff", name="a.txt", new=2)
    assert (1, 2) == (second["old"]["id"], second["new"]["id"])
    whole = (await ask(requests, "diff", old=1, new=3))["difference"]
    assert (2, 1) == (whole["added"], whole["removed"])
    octets = (await ask(requests, "diff", old=1, new=other.id.content_hash[:12]))["difference"]
    assert (False, 1) == (octets["is_text"], octets["first_difference"])
    assert (await ask(requests, "diff", old=1, new=1))["difference"]["is_identical"]


async def test_the_trail(requests: SessionRequests, kit: SessionKit) -> None:
    """Who did what, and what was refused, by user, verb and number."""
    id = await create(requests, "work", use=True)
    await ask(requests, "suspend")
    with pytest.raises(UserError):
        kit.services.sessions.complete(READER, id)
    whole = (await ask(requests, "trail"))["records"]
    assert ["create", "suspend", "complete"] == [each["action"] for each in whole]
    (refused,) = (await ask(requests, "trail", refused=True))["records"]
    assert (READER.user, "complete", False) == tuple(
        refused[each] for each in ("actor", "action", "is_done")
    )
    for how in ({"user": READER.user}, {"verb": "complete"}):
        assert [refused] == (await ask(requests, "trail", **how))["records"]
    assert whole[:1] == (await ask(requests, "trail", limit=1))["records"]


async def test_schedules(requests: SessionRequests, kit: SessionKit) -> None:
    """A session runs again once, at intervals or by a cron expression, until that is taken back."""
    id = await create(requests, "work", use=True)
    kit.services.runs.record(OWNER, id, SUM, Outcome("ok", 3, (Output("3\n"),)))
    change = {"path": "1.code", "value": "a = 2 + 2\nprint a"}
    once = (await ask(requests, "schedule", after=5, mode="modified", modifications=[change]))[
        "schedule"
    ]
    every = (await ask(requests, "schedule", every=60, most=2))["schedule"]
    cron = (await ask(requests, "schedule", id="work", cron="0 3 * * *"))["schedule"]
    now = kit.clock.now()
    assert (now + 5, now + 60) == (once["next_run"], every["next_run"])
    listed = (await ask(requests, "schedules"))["schedules"]
    assert {each["id"]: each["type"] for each in (once, every, cron)} == {
        each["id"]: each["type"] for each in listed
    }
    kit.clock.advance(5)
    (result,) = await kit.services.schedules.run_due()
    assert "4\n" == result.as_plain()["steps"][0]["output"]
    moved = [
        (await ask(requests, f"{verb}_schedule", schedule=every["id"][:8]))["schedule"]["state"]
        for verb in ("pause", "resume", "cancel")
    ]
    assert ["paused", "scheduled", "cancelled"] == moved


async def test_snapshot_and_restore(requests: SessionRequests, tmp_path: Path) -> None:
    """A session goes to a file and comes back, in its place or beside it."""
    path = str(tmp_path / "work.snapshot")
    id = await create(requests, "work")
    taken = (await ask(requests, "snapshot", id=id, path=path))["snapshot"]
    assert (id, path) == (taken["session"], taken["path"])
    await ask(requests, "delete", id=id)
    assert id == (await ask(requests, "restore", path=path))["session"]["id"]
    assert id == (await ask(requests, "restore", path=path, new=True))["session"]["parent"]


@pytest.mark.parametrize(
    ("action", "arguments", "expected"),
    [
        ("shw", {}, "did you mean 'show'?"),
        ("show", {}, "The kernel is in no session"),
        ("show", {"id": "wrok"}, "There is no session 'wrok'; did you mean 'work'?"),
        ("show", {"id": "4c7f1a52-8f34-4a50-9f30-cbd9b4f6f0aa"}, "There is no session 4c7f1a52"),
        ("create", {}, "create needs 'name'."),
        ("create", {"name": "x", "policies": {"ttt": {}}}, "There is no policy 'ttt'"),
        ("list", {"status": "sleeping"}, "list: status is 'sleeping'; it must be 'active'"),
        ("replay", {"id": "work"}, "there is nothing to replay"),
        ("replay", {"id": "work", "modifications": [{"code": 1}]}, "is no modification; it is"),
        ("replay", {"id": "work", "from_step": 0}, "replay: from_step is 0"),
        ("artifact", {"session": "work"}, "artifact needs a name or an id."),
        ("artifact", {"session": "work", "name": "x"}, "There is no artifact 'x'"),
        ("diff", {"session": "work"}, "diff needs a name, or both old and new."),
        ("diff", {"session": "work", "old": 1}, "diff needs a name, or both old and new."),
        ("diff", {"session": "work", "name": "x"}, "There is no artifact 'x'"),
        ("diff", {"session": "one", "name": "a"}, "a has no version before 1"),
        ("trail", {"id": "work", "limit": 0}, "trail: limit is 0"),
        ("schedule", {"id": "work"}, "when is it to run?"),
        ("schedule", {"id": "work", "cron": "x"}, "'x' is no cron expression"),
        ("schedule", {"id": "work", "cron": "* * * * *", "every": 1}, "say one of them"),
        ("schedule", {"id": "work", "after": 1, "most": 1}, "say every, too"),
        ("schedule", {"id": "work", "every": 0}, "schedule: every is 0"),
        ("cancel_schedule", {"id": "work", "schedule": "a"}, "There is no schedule 'a'"),
        ("resume", {"id": "work"}, "is active: resume is not possible"),
        ("restore", {"path": "/nowhere/x"}, "/nowhere/x cannot be read"),
    ],
)
async def test_refusals(
    requests: SessionRequests,
    kit: SessionKit,
    action: str,
    arguments: dict[str, Any],
    expected: str,
) -> None:
    """What cannot be done is refused with what there is instead."""
    await create(requests, "work")
    kit.services.artifacts.store(OWNER, await create(requests, "one"), "a", "text")
    with pytest.raises(UserError) as refused:
        await ask(requests, action, **arguments)
    assert expected in str(refused.value)


@pytest.mark.parametrize(
    ("kind", "name"),
    [(kind, name) for kind in HEADINGS for name in actions_of(kind)],
)
async def test_the_reference_has_them(kind: type, name: str) -> None:
    """The protocol's page describes each action with all its arguments."""
    heading = HEADINGS[kind]
    text = (ROOT / "docs/reference/kernel-protocol.md").read_text().partition(heading)[2]
    rows = [line.split("|") for line in text.splitlines() if line.startswith("|")]
    row = next(row[2] for row in rows if f"`{name}`" in row[1])
    told = actions_of(kind)[name].parameters
    assert [] == [each for each in told if f"`{each}`" not in row]
