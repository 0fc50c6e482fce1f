"""Nobody gets at what is not theirs: every public method, every role, every tenant.

The methods are found by reflection: one that is new is tried, too, and fails these tests if it
does not ask who calls it.
"""

import asyncio
import inspect
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from kernel.core.errors import UserError
from kernel.sessions.access import GRANTS, NEEDED, AccessDenied, Actor, Permission
from kernel.sessions.artifacts.file_blocks import FileBlocks
from kernel.sessions.artifacts.memory_blocks import MemoryBlocks
from kernel.sessions.artifacts.query import ArtifactQuery
from kernel.sessions.cells import Cell, Outcome
from kernel.sessions.model import Role, Session, SessionNotFound
from kernel.sessions.replay.schedule import Once
from kernel.state.store import StateStore
from tests.support.sessions import (
    GOVERNOR,
    MEMBERS,
    OUTSIDER,
    OWNER,
    STRANGER,
    FakeCellRunner,
    make_kit,
    sums_only,
)

SERVICES = (
    "sessions",
    "runs",
    "artifacts",
    "snapshots",
    "replays",
    "schedules",
    "analytics",
    "audit",
)

INTERNAL = {"schedules.run_due", "schedules.keep_running"}
"""What the kernel itself calls: it acts in the name of those who asked for it."""


def methods() -> Iterator[str]:
    """Every public method of every service, by service and name."""
    services = make_kit().services
    for service in SERVICES:
        kind = type(getattr(services, service))
        for name, _ in inspect.getmembers(kind, inspect.isfunction):
            if not name.startswith("_") and f"{service}.{name}" not in INTERNAL:
                yield f"{service}.{name}"


METHODS = [*methods()]


class World:
    """A session with everything in it that a method could be asked for."""

    def __init__(self, folder: Path) -> None:
        self.kit = make_kit(make_runner=sums_only([]))
        kit = self.kit
        self.session: Session = kit.session()
        kit.record(self.session.id, (Cell("a = 1", "sums"), Outcome(value=1)))
        services = kit.services
        artifact = services.artifacts.store(OWNER, self.session.id, "note", "first").id
        newer = services.artifacts.store(OWNER, self.session.id, "note", "second").id
        planned = services.schedules.schedule(OWNER, self.session.id, Once(60))
        (folder / "file.txt").write_text("a file")
        services.snapshots.snapshot(OWNER, self.session.id, folder / "saved")
        self.folder = folder
        self.given: dict[str, Any] = {
            "session": self.session.id,
            "name": "note",
            "policies": {},
            "user": "new",
            "role": Role.READER,
            "reason": "broken",
            "cell": Cell("a = 2", "sums"),
            "outcome": Outcome(),
            "runner": FakeCellRunner(),
            "content": "text",
            "artifact": artifact,
            "old": artifact,
            "new": newer,
            "path": folder / "saved",
            "schedule": planned.id,
            "query": None,
            "size": 4,
        }

    def call(self, method: str, actor: Actor) -> Any:
        """Call a method with all it needs."""
        service, _, name = method.partition(".")
        function: Callable[..., Any] = getattr(getattr(self.kit.services, service), name)
        arguments = {
            each.name: self.argument(method, each.name)
            for each in inspect.signature(function).parameters.values()
            if each.default is inspect.Parameter.empty and each.name != "actor"
        }
        self._prepare(method)
        result = function(actor, **arguments)
        if inspect.iscoroutine(result):
            return asyncio.run(result)
        return [*result] if inspect.isgenerator(result) else result

    def argument(self, method: str, name: str) -> Any:
        """A value for a parameter; one nobody thought of needs a line here."""
        if method == "schedules.schedule" and name == "schedule":
            return Once(5)
        if method == "artifacts.query":
            return ArtifactQuery(session=self.session.id)
        if method == "artifacts.store_file":
            return {"session": self.session.id, "path": str(self.folder / "file.txt")}[name]
        if method == "snapshots.snapshot" and name == "path":
            return self.folder / "another"
        assert name in self.given, f"{method} has a new parameter {name}: say here what it gets"
        return self.given[name]

    def _prepare(self, method: str) -> None:
        """The status that the method needs."""
        services = self.kit.services
        if method == "sessions.resume":
            services.sessions.suspend(OWNER, self.session.id)
        if method == "sessions.archive":
            services.sessions.complete(OWNER, self.session.id)
        if method == "schedules.resume_schedule":
            services.schedules.pause_schedule(OWNER, self.session.id, self.given["schedule"])


def everything(store: StateStore, tenant: str) -> dict[tuple[str, str], bytes]:
    """All that a store keeps of a tenant but the audit records, which also tell of attempts."""
    return {
        (scope, key): entry.value
        for scope in store.scopes()
        for key, entry in store.scan(scope)
        if "audit" not in scope and (tenant in scope or scope.startswith("session:"))
    }


@pytest.fixture
def world(tmp_path) -> World:
    """A world of its own for each call."""
    return World(tmp_path)


def test_every_method_has_its_permission() -> None:
    """No method without a line in the table of permissions, and no line without its use."""
    names = {method.partition(".")[2] for method in METHODS}
    used_inside = {"expire", "warn"}
    assert names == set(NEEDED) - used_inside
    assert len(names) == len(METHODS), "two services have methods of one name"


@pytest.mark.parametrize("method", METHODS)
def test_every_method_asks_who_calls(method) -> None:
    """The actor is the first parameter of everything."""
    service, _, name = method.partition(".")
    function = getattr(getattr(make_kit().services, service), name)
    first = next(iter(inspect.signature(function).parameters.values()))
    assert ("actor", Actor) == (first.name, first.annotation)


CHECKED_INSIDE = {
    "snapshots.restore": Permission.OWN,
    "artifacts.query": Permission.READ,
}
"""Methods that need more than their line says, if there is a session of that id."""


def needed(method: str) -> Permission:
    """What a method on the world's session needs."""
    return CHECKED_INSIDE.get(method, NEEDED[method.partition(".")[2]])


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("method", METHODS)
def test_roles_may_what_the_table_says(world, method, role) -> None:
    """A member of the tenant may call exactly what the member's role has the permission for."""
    permission = needed(method)
    if permission in GRANTS[role] or permission is Permission.JOIN:
        world.call(method, MEMBERS[role])
    else:
        with pytest.raises(AccessDenied, match=rf"{MEMBERS[role].user} may not"):
            world.call(method, MEMBERS[role])


@pytest.mark.parametrize("method", METHODS)
def test_admins_of_the_tenant_may_everything(world, method) -> None:
    """Somebody has to be able to clean up."""
    world.call(method, GOVERNOR)


@pytest.mark.parametrize("method", METHODS)
def test_who_has_no_role_sees_nothing(world, method) -> None:
    """For a member of the tenant without a role the session is not there."""
    if needed(method) is Permission.JOIN:
        assert world.session.id not in str(world.call(method, STRANGER))
    else:
        with pytest.raises((SessionNotFound, AccessDenied)) as refused:
            world.call(method, STRANGER)
        if not isinstance(refused.value, SessionNotFound):
            assert needed(method) in (Permission.GOVERN, Permission.OWN)


@pytest.mark.parametrize("method", METHODS)
def test_nobody_crosses_tenants(world, method) -> None:
    """Not even an admin of another tenant gets anything of this one, or changes anything."""
    before = everything(world.kit.store, "acme")
    world._prepare = lambda _method: None
    permission = needed(method)
    if permission in (Permission.JOIN, Permission.GOVERN):
        assert world.session.id not in str(world.call(method, OUTSIDER))
    else:
        with pytest.raises(UserError) as refused:
            world.call(method, OUTSIDER)
        assert isinstance(refused.value, SessionNotFound) or "another tenant" in str(refused.value)
    assert before == everything(world.kit.store, "acme")


def test_what_is_not_there_and_what_is_not_yours_look_the_same(world) -> None:
    """A refusal does not tell whether the session exists."""
    texts = []
    for session in (world.session.id, "00000000-0000-0000-0000-000000000000"):
        with pytest.raises(SessionNotFound) as refused:
            world.kit.services.sessions.get(OUTSIDER, session)
        texts.append(str(refused.value).replace(session, "ID"))
    assert texts[0] == texts[1]


def test_lists_have_what_may_be_read(world) -> None:
    """Lists and reports leave out what the actor may not read."""
    services = world.kit.services
    for actor, count in ((OWNER, 1), (GOVERNOR, 1), (STRANGER, 0), (OUTSIDER, 0)):
        assert count == len(services.sessions.list(actor))
        assert count == services.analytics.tenant_report(actor).sessions
        assert count == len(services.replays.list_replayable(actor))
        assert 2 * count == len(services.artifacts.query(actor, ArtifactQuery()))


def test_diff_needs_both_sessions(world) -> None:
    """An artifact cannot be read by comparing it with one's own."""
    services = world.kit.services
    own = services.sessions.create(STRANGER, "own")
    mine = services.artifacts.store(STRANGER, own.id, "mine", "guess").id
    for pair in ((mine, world.given["old"]), (world.given["old"], mine)):
        with pytest.raises(SessionNotFound):
            services.artifacts.diff(STRANGER, *pair)


def test_a_known_hash_opens_nothing(world) -> None:
    """Who knows the hash of a content cannot have it through a session of their own."""
    services = world.kit.services
    for actor in (STRANGER, OUTSIDER):
        own = services.sessions.create(actor, "own")
        forged = replace(world.given["artifact"], session=own.id)
        with pytest.raises(UserError, match="There is no artifact"):
            services.artifacts.read(actor, forged)


@pytest.mark.parametrize("make", [lambda _folder: MemoryBlocks(), FileBlocks])
def test_tenants_share_no_blocks(tmp_path, make) -> None:
    """The same content in two tenants is kept twice: nobody learns what others have."""
    kit = make_kit(blocks=make(tmp_path))
    for actor in (OWNER, OUTSIDER):
        session = kit.services.sessions.create(actor, "work")
        kit.services.artifacts.store(actor, session.id, "same", b"x" * 100)
    for tenant in ("acme", "other"):
        with kit.blocks.clearing(tenant) as clearing:
            assert clearing is not None
            (digest,) = clearing.digests()
            clearing.remove(digest)


def test_refusals_are_in_the_trail_of_the_tenant_that_tried(world) -> None:
    """Who knocks at others' doors is seen by their own admins."""
    with pytest.raises(SessionNotFound):
        world.kit.services.sessions.get(OUTSIDER, world.session.id)
    trail = world.kit.services.audit.tenant_trail(OUTSIDER)
    assert [("olive", "get", False)] == [(each.actor, each.action, each.is_done) for each in trail]


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a:b", "a b", "é", "x" * 65, "a\n"])
def test_names_of_users_and_tenants_are_plain(name) -> None:
    """No name can reach into another's scope or folder."""
    with pytest.raises(UserError, match="cannot be the name of a tenant"):
        Actor("user", name)
    with pytest.raises(UserError, match="cannot be the name of a user"):
        Actor(name, "tenant")
