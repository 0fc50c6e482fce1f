"""What sessions can is there for clients of kernels and for scripts: users, contents, filters."""

import base64
from typing import Any

import pytest

from kernel.core.errors import UserError
from tests.sessions.conftest import Keeping, Start

pytestmark = pytest.mark.anyio

ANN = '[runtime.sessions]\nuser = "ann"\ntenant = "lab"\n'
ADMIN = f"{ANN}admin = true\n"


async def lua(it: Keeping, code: str) -> str:
    """What a cell has printed; its error must be none."""
    done = await it.handle.execute(code)
    assert done.error is None, done.error
    return done.stdout


# --- who asks -------------------------------------------------------------------------------------


async def test_scripts_and_clients_act_as_configured(start: Start) -> None:
    """Owner and audit trail name the user of the configuration, whichever door was used."""
    it = await start(configuration=ANN)
    made = (await it.handle.sessions("create", name="work"))["session"]
    assert ("ann", "lab") == (made["owner"], made["tenant"])
    await lua(it, f"Session.add_tag('{made['id']}', 'x')")
    trail = (await it.handle.sessions("trail", id="work"))["records"]
    assert [("ann", "create"), ("ann", "update")] == [
        (each["actor"], each["action"]) for each in trail
    ]


async def test_a_client_says_who_it_is(start: Start) -> None:
    """A request names its actor: roles hold for that one, and tenants are apart."""
    it = await start()
    await it.handle.sessions("create", name="work", use=True)
    ann = {"user": "ann"}
    with pytest.raises(UserError, match="There is no session 'work'"):
        await it.handle.sessions("show", id="work", actor=ann)
    await it.handle.sessions("grant", id="work", user="ann", role="reader")
    seen = (await it.handle.sessions("show", id="work", actor=ann))["session"]
    assert {"ann": "reader"} == seen["roles"]
    with pytest.raises(UserError, match="ann may not update"):
        await it.handle.sessions("update", id="work", name="mine", actor=ann)
    records = (await it.handle.sessions("trail", id="work", refused=True))["records"]
    assert [("ann", "update", False)] == [
        (each["actor"], each["action"], each["is_done"]) for each in records
    ]
    other = {"user": "local", "tenant": "other", "admin": True}
    listed = await it.handle.sessions("list", actor=other)
    assert ([], None) == (listed["sessions"], listed["current"])
    await it.handle.sessions("transfer", id="work", user="ann")
    assert "ann" == (await it.handle.sessions("show", id="work"))["session"]["owner"]
    await it.handle.sessions("revoke", id="work", user="local", actor=ann)
    with pytest.raises(UserError, match="There is no session 'work'"):
        await it.handle.sessions("show", id="work")


@pytest.mark.parametrize(
    ("actor", "said"),
    [
        ("ann", "it must be an object"),
        ({"usr": "ann"}, "did you mean 'user'"),
        ({"admin": 1}, "admin is 1"),
        ({"user": "a b"}, "cannot be the name of a user"),
    ],
)
async def test_an_actor_that_is_none_is_refused(start: Start, actor: Any, said: str) -> None:
    """With what is wrong with it."""
    it = await start()
    with pytest.raises(UserError, match=said):
        await it.handle.sessions("list", actor=actor)


async def test_a_kernel_enters_only_where_its_cells_may_be_run(start: Start) -> None:
    """A session in which the kernel's user may not write is refused, with the way out."""
    it = await start()
    ann = {"user": "ann"}
    await it.handle.sessions("create", name="hers", actor=ann)
    for request in (("use", {"id": "hers"}), ("create", {"name": "more", "use": True})):
        with pytest.raises(UserError, match="are run as local of tenant default"):
            await it.handle.sessions(request[0], **request[1], actor=ann)
    await it.handle.sessions("grant", id="hers", user="local", role="writer", actor=ann)
    await it.handle.sessions("use", id="hers", actor=ann)
    await it.run("print(1)")
    assert 1 == len(await it.log("hers"))


async def test_the_trail_of_the_tenant_is_for_its_admins(start: Start) -> None:
    """It has what was done in deleted sessions, too; and admins collect what nothing needs."""
    it = await start()
    await it.handle.sessions("create", name="work")
    await it.handle.sessions("store", session="work", name="a", text="x" * 20_000)
    await it.handle.sessions("delete", id="work")
    for request, more in (("trail", {"all": True}), ("collect", {})):
        with pytest.raises(UserError, match="for admins of the tenant"):
            await it.handle.sessions(request, **more)
    admin = {"admin": True}
    trail = (await it.handle.sessions("trail", all=True, actor=admin))["records"]
    assert ["create", "store", "delete"] == [each["action"] for each in trail if each["is_done"]]
    done = (await it.handle.sessions("collect", actor=admin))["collected"]
    assert (1, 1, False) == (done["contents"], done["blocks"], done["is_postponed"])


async def test_scripts_share_sessions(start: Start) -> None:
    """Scripts grant, revoke, transfer, set policies, change and look back."""
    it = await start(configuration=ADMIN)
    said = await lua(
        it,
        """
        local id = Session.create{name = "work", metadata = {n = 1}}
        Session.grant(id, "bob", "reader")
        Session.grant(id, "eve", "writer")
        Session.revoke(id, "eve")
        for user, role in pairs(Session.get_roles(id)) do print(user .. " " .. role) end
        Session.update(id, {name = "play", tags = {"a", "b"}, metadata = {m = 2},
                            policies = {timeout = {cell_seconds = 60}}})
        Session.remove_tag(id, "a")
        local it = Session.get(id)
        print(it.name, it.tags[1], #it.tags, it.custom_metadata.n, it.custom_metadata.m)
        print(Session.get_policies(id).own.timeout.cell_seconds)
        Session.set_policies(id, {})
        print(Session.get_policies(id).own.timeout, Session.get_policies(id).kernel.ttl.seconds)
        Session.transfer(id, "bob")
        print(#Session.trail(id, {verb = "grant"}), Session.trail(id, {limit = 1})[1].user)
        Session.delete(id)
        local all = Session.tenant_trail()
        print(all[#all].verb, all[#all].session_id == id)
        print(Artifact.collect().postponed)
        """,
    )
    lines = said.splitlines()
    assert ["ann owner", "bob reader"] == sorted(lines[:2])
    assert [
        "play\tb\t1\t1\t2",
        "60.0",
        "nil\t86400.0",
        "2\tann",
        "delete\ttrue",
        "false",
    ] == lines[2:]


# --- finding and changing -------------------------------------------------------------------------


async def test_sessions_are_found_by_all_that_is_known(start: Start) -> None:
    """Metadata, owner, parent and times, by requests and from scripts."""
    it = await start()
    first = (await it.handle.sessions("create", name="one", metadata={"model": {"name": "s"}}))[
        "session"
    ]
    await it.handle.sessions("create", name="two", parent="one", metadata={"a.b": 1})
    now = first["created"]
    for how, expected in (
        ({"metadata": {"model.name": "s"}}, ["one"]),
        ({"metadata": {"a.b": 1}}, ["two"]),
        ({"parent": "one"}, ["two"]),
        ({"owner": "local"}, ["one", "two"]),
        ({"owner": "ann"}, []),
        ({"created_since": now + 3600}, []),
        ({"created_before": now + 3600, "updated_since": now}, ["one", "two"]),
        ({"updated_before": now}, []),
    ):
        found = (await it.handle.sessions("list", **how))["sessions"]
        assert expected == [each["name"] for each in found], how
    said = await lua(
        it,
        f"""
        local function names(filter)
            local found = {{}}
            for _, each in ipairs(Session.list(filter)) do found[#found + 1] = each.name end
            print(table.concat(found, " "))
        end
        names{{metadata = {{["model.name"] = "s"}}}}
        names{{parent_session_id = "{first["id"]}"}}
        names{{owner = "local", created_since = {now}}}
        names{{created_before = {now}}}
        """,
    )
    assert ["one", "two", "one two", ""] == said.splitlines()


async def test_a_change_is_one(start: Start) -> None:
    """Tags are added and taken away, metadata and policies laid over; null takes one away."""
    it = await start()
    made = await it.handle.sessions("create", name="work", tags=["a"], metadata={"n": 1, "m": 1})
    version = made["session"]["version"]
    changed = (
        await it.handle.sessions(
            "update",
            id="work",
            description="so",
            add_tags=["b"],
            remove_tags=["a"],
            metadata={"n": None, "k": [1]},
            policies={"timeout": {"cell_seconds": 5}, "idle": {"seconds": 9}},
            expected=version,
        )
    )["session"]
    assert (["b"], {"m": 1, "k": [1]}, "so") == (
        changed["tags"],
        changed["metadata"],
        changed["description"],
    )
    told = {"timeout": {"seconds": 7}, "idle": None}
    changed = (await it.handle.sessions("update", id="work", policies=told))["session"]
    assert {"timeout": {"cell_seconds": 5, "seconds": 7}} == changed["policies"]
    with pytest.raises(UserError):
        await it.handle.sessions("update", id="work", name="x", expected=version)
    await it.handle.sessions("grant", id="work", user="ann", role="writer")
    told = {"policies": {"idle": {}}, "name": "hers"}
    with pytest.raises(UserError, match="ann may not set policies"):
        await it.handle.sessions("update", id="work", **told, actor={"user": "ann"})
    assert "work" == (await it.handle.sessions("show", id="work"))["session"]["name"]


# --- contents -------------------------------------------------------------------------------------


async def test_contents_are_stored(start: Start) -> None:
    """As text, as bytes, from a file, and in pieces of whatever size."""
    it = await start()
    await it.handle.sessions("create", name="work")
    whole = bytes(range(256)) * 1000
    upload = (await it.handle.sessions("begin_upload", session="work", size=len(whole)))["upload"]
    for begin in range(0, len(whole), 100_000):
        piece = base64.b64encode(whole[begin : begin + 100_000]).decode()
        received = await it.handle.sessions("upload", upload=upload, start=begin, base64=piece)
    assert len(whole) == received["received"]
    notes = {"type": "tool_result", "description": "d", "tags": ["t"], "metadata": {"n": 1}}
    kept = await it.handle.sessions("store", session="work", name="big", upload=upload, **notes)
    assert ("big", len(whole), "tool_result", "d", ["t"], {"n": 1}) == tuple(
        kept["artifact"][each] for each in ("name", "size", "type", "description", "tags", "custom")
    )
    got = await it.handle.sessions("artifact", session="work", name="big")
    assert whole == base64.b64decode(got["base64"])
    await it.handle.sessions("store", session="work", name="note", text="hé")
    assert "hé" == (await it.handle.sessions("artifact", session="work", name="note"))["text"]
    with pytest.raises(UserError, match="There is no upload"):
        await it.handle.sessions("store", session="work", name="big", upload=upload)


async def test_an_upload_that_is_refused(start: Start) -> None:
    """The audit trail calls it what it was for, as people do."""
    it = await start()
    await it.handle.sessions("create", name="work")
    await it.handle.sessions("grant", id="work", user="ann", role="reader")
    with pytest.raises(UserError, match="ann may not store artifacts"):
        await it.handle.sessions("begin_upload", session="work", size=1, actor={"user": "ann"})
    records = (await it.handle.sessions("trail", id="work", refused=True))["records"]
    assert ["store"] == [each["action"] for each in records]


async def test_uploads_are_whole_or_refused(start: Start) -> None:
    """Pieces come in their order and no more than was said; nobody else gets at them."""
    it = await start()
    await it.handle.sessions("create", name="work", policies={"quota": {"artifact_bytes": 10}})
    with pytest.raises(UserError, match="quota"):
        await it.handle.sessions("begin_upload", session="work", size=11)
    upload = (await it.handle.sessions("begin_upload", session="work", size=4))["upload"]
    two = base64.b64encode(b"ab").decode()
    for arguments, said in (
        ({"upload": upload, "start": 1, "base64": two}, "its next piece begins there"),
        ({"upload": upload, "start": 0, "base64": two * 3}, "base64: "),
        ({"upload": upload, "start": 0, "base64": "?"}, "base64: "),
        ({"upload": "none", "start": 0, "base64": two}, "There is no upload 'none'"),
    ):
        with pytest.raises(UserError, match=said):
            await it.handle.sessions("upload", **arguments)
    await it.handle.sessions("upload", upload=upload, start=0, base64=two)
    with pytest.raises(UserError, match="has 2 of 4 bytes"):
        await it.handle.sessions("store", session="work", name="a", upload=upload)
    told = {"upload": upload, "start": 2, "base64": two}
    with pytest.raises(UserError, match="There is no upload"):
        await it.handle.sessions("upload", **told, actor={"user": "ann"})
    for content in ({}, {"text": "a", "base64": two}):
        with pytest.raises(UserError, match="store takes one content"):
            await it.handle.sessions("store", session="work", name="a", **content)


# --- replays --------------------------------------------------------------------------------------


async def test_scripts_say_how_a_simulation_goes(start: Start) -> None:
    """Speed and pauses, in options and in settings; a result says whether it is the same."""
    it = await start()
    made = await it.handle.sessions("create", name="work", use=True)
    await it.run("print(1)", "print(2)")
    await it.handle.sessions("use")
    said = await lua(
        it,
        f"""
        local id = "{made["session"]["id"]}"
        local one = Session.replay(id, {{mode = "simulate", speed = 10, with_pauses = true}})
        local settings = Replay.create_config("simulate"):set_speed(10):set_pauses(true)
        print(settings:get_speed(), settings:has_pauses())
        local two = Session.replay(id, settings)
        print(one.hooks_replayed, two.hooks_replayed, one.identical)
        local again = Session.replay(id)
        print(again.identical, again.different_steps, again.failure == "")
        local change = Replay.create_config("modified"):add_modification("1.code", "print(9)")
        local other = Session.replay(id, change)
        print(other.identical, other.different_steps, other.failure)
        print(pcall(function() settings:set_speed(11) end))
        """,
    )
    lines = said.splitlines()
    assert [
        "10.0\ttrue",
        "2\t2\tnil",
        "true\t0\ttrue",
        "false\t1\t1 of 2 steps gave something else.",
    ] == lines[:4]
    assert lines[4].startswith("false\t")
    told = await it.replay(id="work", mode="simulate", speed=10.0, with_pauses=True)
    assert (2, "") == (told["hooks_replayed"], told["failure"])


# --- what scripts may do with the configuration ---------------------------------------------------


async def test_the_configuration_says_what_scripts_may_change(start: Start) -> None:
    """What is granted works; what is not is refused as by default."""
    granted = "[runtime.config_permissions]\nmodify_providers = true\nmodify_security = true\n"
    code = """
        print(pcall(Config.setProvider, "new", {model = "b"}))
        print(pcall(Config.setSecurity, {allow_file_access = true}))
        print(Config.isFileAccessAllowed(), Config.getProvider("new") ~= nil)
        print(pcall(Config.addAllowedPath, "/srv"))
        print((pcall(Config.restoreSnapshot, Config.snapshot())))
    """
    assert ["true", "true", "true\ttrue", "true", "false"] == (
        await lua(await start(configuration=granted), code)
    ).splitlines()
    every = f"{granted}modify_tools = true\nmodify_runtime = true\n"
    assert "true" == (await lua(await start(configuration=every), code)).splitlines()[-1]
    lines = (await lua(await start(), code)).splitlines()
    assert "false\tfalse" == lines[2]
    assert "may not modify providers" in lines[0]


# --- schemas --------------------------------------------------------------------------------------


async def test_inspecting_a_function_gives_its_schema(start: Start) -> None:
    """At detail level 1 the bundle has the JSON Schema of the arguments, for programs."""
    it = await start()
    found = await it.handle.inspect("Session.grant", detail=1)
    assert found is not None
    schema = found.data["application/schema+json"]
    assert (["id", "user", "role"], ["reader", "writer", "admin"]) == (
        schema["required"],
        schema["properties"]["role"]["enum"],
    )
    for code, detail in (("Session.grant", 0), ("string.rep", 1), ("Session", 1)):
        other = await it.handle.inspect(code, detail=detail)
        assert other is not None
        assert "application/schema+json" not in other.data
