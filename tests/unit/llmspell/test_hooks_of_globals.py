"""Functions of scripts that are asked about what scripts do with the globals."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from kernel.core.errors import UserError
from kernel.hooks.base import HookDetails
from kernel.hooks.points import POINTS
from kernel.hooks.results import Cancel, Modified, Redirect
from kernel.sessions.current import CurrentSession
from kernel.state.migrations import Migration, Migrations
from kernel.state.requests import StateRequests
from kernel.state.schemas import Schemas
from llmspell.hooked_state_requests import HookedStateRequests
from llmspell.script_api.config_table import ConfigPermissions
from llmspell.script_api.script_hooks import HookLimits, ScriptHook
from llmspell.script_api.state_table import StateTable
from tests.support.told_script import Told


@pytest.fixture
def script(lua, tmp_path) -> Iterator[Told]:
    """A script, closed behind the test."""
    with Told(lua, tmp_path) as told:
        yield told


def test_a_hook_refuses_a_session(script):
    """A session that a script's hook cancels is not begun; the others are."""
    assert [1, "work"] == script.run("""
        Hook.register("SessionStart", function(it)
            if it.data.name == "secret" then return {type = "cancel", reason = "not here"} end
        end)
        pcall(Session.create, {name = "secret"})
        Session.create{name = "work"}
        note(#Session.list(), Session.list()[1].name)
    """)
    assert "not here" in script.error("Session.create{name = 'secret'}")


def test_a_hook_of_sessions_may_begin_one(script):
    """It is not asked about the session it begins itself."""
    assert [2, 1] == script.run("""
        local asked = 0
        Hook.register("SessionStart", function() asked = asked + 1 Session.create{name = "log"} end)
        Session.create{name = "work"}
        note(#Session.list(), asked)
    """)


def test_hooks_hear_that_a_session_has_ended(script):
    """The end is told with the status it ended with."""
    assert ["completed"] == script.run("""
        Hook.register("SessionEnd", function(it) note(it.data.status) end)
        Session.complete(Session.create{name = "work"})
    """)


def test_a_hook_changes_and_refuses_what_is_kept(script):
    """A script's hook changes one value on its way into state, and keeps another one out."""
    assert [{"v": 1, "by": "hook"}, "by the hook", None] == script.run("""
        Hook.register("BeforeStateWrite", function(it)
            if it.data.key == "locked" then return {type = "cancel", reason = "by the hook"} end
            if it.data.operation == "put" then
                it.data.value.by = "hook"
                return {type = "modified", data = it.data}
            end
        end)
        State.set("k", {v = 1})
        local ok, err = pcall(State.save, "global", "locked", {})
        note(State.get("k"), tostring(err):match("by the hook"), State.get("locked"))
    """)


def test_a_hook_keeps_something_for_somebody_else(script):
    """A redirect of a write names another scope; one that names none is the write's error."""
    assert [None, 1, True] == script.run("""
        local hook = Hook.register("BeforeStateWrite", function(it)
            return {type = "redirect", target = it.data.key == "mine" and "user:ann" or "ann"}
        end)
        State.set("mine", 1)
        note(State.get("mine"), State.load("user:ann", "mine"))
        local ok, err = pcall(State.set, "other", 1)
        note(err:match("'ann' is no scope.*custom:ann.*at BeforeStateWrite") ~= nil)
    """)


def test_a_hook_changes_what_scripts_read(script):
    """The value a hook hands out is what every way of reading gives; sums are of what is kept."""
    assert ["***", "***", {"n": "***", "t": "***"}, 2] == script.run("""
        State.set("t", "secret") State.set("n", 1)
        Hook.register("AfterStateRead", function(it) return {type = "modified", data = "***"} end)
        note(State.get("t"), State.load("global", "t"), State.all(), State.increment("n"))
    """)


def test_a_read_is_served_from_what_was_read(script):
    """A hook that says cache spares the store: what is put behind its back is not seen."""
    assert [1, 1, 2] == script.run("""
        State.set("k", 1)
        local hook = Hook.register("BeforeStateRead", function(it)
            return {type = "cache", key = it.data.key, ttl_seconds = 60}
        end)
        note(State.get("k")) State.set("k", 2) note(State.get("k"))
        hook:unregister()
        note(State.get("k"))
    """)


def test_a_hook_of_state_may_use_state(script):
    """It is not asked about what it reads and writes itself, nor by way of another hook."""
    assert [3, 1] == script.run("""
        Hook.register("BeforeStateWrite", function(it)
            State.set("writes", State.get("writes", 0) + 1)
        end)
        local reads = 0
        Hook.register("AfterStateRead", function(it) reads = reads + 1 State.set("r", 1) end)
        State.set("a", 1)
        State.set("b", 2)
        State.set("c", 3)
        local before = reads
        note(State.get("writes"), reads - before)
    """)


def test_a_hook_refuses_a_migration(script):
    """It is told the schema and the version; cancelled, everything stays in its form."""
    asked = []

    def refuse(details):
        asked.append(details.data)
        return Cancel("not on Mondays")

    services = script.services
    services.hooks.register(POINTS["StateMigration"], refuse)
    steps = {"shop": Migrations("shop", [Migration(1, "nothing", lambda store: None)])}
    table = StateTable(
        services.script_state(CurrentSession()), None, Schemas(lambda: steps), services.thread_hooks
    )
    with pytest.raises(UserError, match="not on Mondays"):
        table.migrate(1)
    assert [{"schema": "shop", "version": 1}] == asked
    assert {} == table.get_schema_versions()


def test_a_hook_has_a_say_in_migrations_of_clients(script):
    """It may choose another version, and refuse."""
    services = script.services
    steps = [Migration(number, f"step {number}", lambda store: None) for number in (1, 2)]
    schemas = Schemas(lambda: {"shop": Migrations("shop", steps)})
    requests = HookedStateRequests(StateRequests(services.state, schemas=schemas), services.runner)

    def migrate(**more):
        return asyncio.run(requests.serve({"action": "migrate", "name": "shop", **more}))

    answers = [Modified({"schema": "shop", "version": 1}), Cancel("not on Mondays")]
    services.hooks.register(POINTS["StateMigration"], lambda details: answers.pop(0))
    assert ["step 1"] == migrate()["done"]
    with pytest.raises(UserError, match="not on Mondays"):
        migrate(version=2)
    assert {"shop": 1} == {
        each["schema"]: each["current"]
        for each in asyncio.run(requests.serve({"action": "schemas"}))["schemas"]
    }


def test_a_hook_redirects_what_clients_want_of_state(script):
    """To another scope, whatever hooks behind it make of the data; an import names its own."""
    services = script.services
    requests = HookedStateRequests(StateRequests(services.state), services.runner)

    def ask(**request):
        return asyncio.run(requests.serve(request))

    script.run("State.set('k', 1) State.save('user:ann', 'k', 2)")
    for point in ("BeforeStateRead", "BeforeStateWrite"):
        services.hooks.register(POINTS[point], lambda details: Redirect("user:ann"))
    services.hooks.register(POINTS["BeforeStateRead"], lambda details: Modified({"secrets": True}))
    assert [("user:ann", 2)] == [
        (each["scope"], each["value"]) for each in ask(action="show")["entries"]
    ]
    assert {"cleared": 1} == ask(action="clear", scope="global")
    assert ["global"] == [str(each) for each in services.state.scopes()]
    with pytest.raises(UserError, match="cannot be redirected to 'user:ann': nothing else"):
        ask(action="import", text="{}")


def test_a_hook_changes_and_keeps_back_events(script):
    """The type and the data are those that the hook leaves; what it skips nobody hears."""
    assert [False, True, "shop.sold", 2, "shop.sold", True] == script.run("""
        local sub = Event.subscribe("shop.*")
        Hook.register("BeforeEventEmit", function(it)
            if it.data.type == "shop.secret" then return "skip" end
            return {type = "modified", data = {type = "shop.sold", data = it.data.data + 1}}
        end)
        local told
        Hook.register("AfterEventEmit", function(it) told = it end)
        note(Event.publish("shop.secret", 0), Event.publish("shop.bought", 1))
        local event = Event.receive(sub, 1000)
        note(event.event_type, event.data, told.input.type, told.data)
    """)


def test_a_hook_refuses_an_event_and_a_subscription(script):
    """Both fail with the reason of the hook and its point."""
    script.run("""
        Hook.register("BeforeEventEmit", function() return {type = "cancel", reason = "quiet"} end)
        Hook.register("EventSubscription", function(it)
            if it.data.pattern == "*" then return {type = "cancel", reason = "too much"} end
            return {type = "modified", data = {pattern = "mine." .. it.data.pattern}}
        end)
    """)
    assert "quiet (said by the hook" in script.error("Event.publish('a.b')")
    assert "at EventSubscription" in script.error("Event.subscribe('*')")
    assert ["mine.x", 1] == script.run("""
        Event.subscribe("x")
        note(Event.list_subscriptions()[1].pattern, #Event.list_subscriptions())
    """)


def test_a_hook_of_events_may_publish(script):
    """It is not asked about its own event, which is told."""
    assert ["log.seen", "shop.sold"] == script.run("""
        local sub = Event.subscribe("*")
        Hook.register("BeforeEventEmit", function(it) Event.publish("log.seen", it.data.type) end)
        Event.publish("shop.sold")
        local names = {}
        repeat
            local event = Event.receive(sub, 1000)
            if event.event_type ~= "hook.intervened" then names[#names + 1] = event.event_type end
        until #names == 2
        note(names[1], names[2])
    """)


def test_a_hook_changes_and_refuses_settings(script):
    """It is told the section and the settings, and may leave others or say no."""
    script.services.permissions = ConfigPermissions(modify_providers=True, modify_security=True)
    assert ["big", True, True] == script.run("""
        Hook.register("ConfigurationChange", function(it)
            if it.data.section == "runtime.security" then
                return {type = "cancel", reason = "not by scripts"}
            end
            if it.data.section == "providers.echo" then
                it.data.settings.model = "big"
                return {type = "modified", data = it.data}
            end
        end)
        local before = Config.getSecurity().allow_network_access
        Config.setProvider("echo", {model = "small"})
        local ok, err = pcall(Config.setSecurity, {allow_network_access = not before})
        note(Config.getProvider("echo").default_model, tostring(err):match("not by scripts") ~= nil)
        note(Config.getSecurity().allow_network_access == before)
    """)


def test_a_hook_hears_of_what_is_not_allowed(script):
    """A setting that a script may not change, and who wanted what."""
    assert ["modify_security", True] == script.run("""
        Hook.register("SecurityViolation", function(it)
            note(it.data.operation, it.data.reason:match("^Permission denied") ~= nil)
        end)
        pcall(Config.setSecurity, {})
    """)


class Standing:
    """Implements `Callback` for a script that stands: it does not come to anything."""

    def call(self, *_arguments):
        """Would wait for ever elsewhere than on the script's thread."""
        raise AssertionError

    def call_soon(self, *_arguments, done=None):
        """Is never done."""


def test_nobody_waits_for_ever_for_a_script_that_stands():
    """Another thread, and a task, get an error instead of the hook's answer."""
    hook = ScriptHook(Standing(), "lua", HookLimits(patience=0.01))
    told = HookDetails(POINTS["SessionStart"])

    async def as_task():
        return await hook(told)

    with ThreadPoolExecutor(1) as elsewhere:
        for ask in (lambda: hook(told), lambda: asyncio.run(as_task())):
            with pytest.raises(UserError, match=r"did not come to its hook within 0\.01 s"):
                elsewhere.submit(ask).result()


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        ('{point = "AgentError"}', 'filter has no field "point"'),
        ('{priority = "most"}', "filter.priority must be"),
        ("true", "string or table expected, got boolean"),
    ],
)
def test_a_filter_that_is_none_is_explained(script, given, problem):
    """A table is taken for what it is, though a text would do as well."""
    assert problem in script.error(f"Hook.list({given})")
