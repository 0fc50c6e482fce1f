"""The globals of scripts, used from Lua of every version."""

import asyncio
import threading
from collections.abc import Iterator

import pytest

from kernel.core.errors import ScriptFailed
from kernel.events.names import Announced
from kernel.hooks.base import Component, HookDetails
from kernel.hooks.points import find_point
from kernel.hooks.results import (
    CONTINUE,
    RESULTS,
    Cache,
    Cancel,
    Fork,
    Modified,
    Operation,
    Redirect,
    Replace,
    Retry,
    Skip,
)
from kernel.hooks.runner import HookRunner
from llmspell.script_api.arguments_table import read_arguments
from tests.support.told_script import Told


@pytest.fixture
def script(lua, tmp_path) -> Iterator[Told]:
    """A script, closed behind the test."""
    with Told(lua, tmp_path, ("one", "--max-cost", "5", "--loud", "--k=v", "two")) as told:
        yield told


def test_json_reads_and_writes(script):
    """Values become JSON and back; nulls, empty arrays, order and lines are as asked for."""
    assert ['{"a":[1,2.5,true],"b":{}}', "[]", "{}", '["é"]', '["\\u00e9"]'] == script.run("""
        note(JSON.stringify(JSON.parse('{"a": [1, 2.5, true], "b": {}}'), {sort_keys = true}))
        note(JSON.stringify(JSON.parse("[]")), JSON.stringify({}))
        note(JSON.encode({"é"}), JSON.stringify({"é"}, {ascii = true}))
    """)
    assert [True, "null", "[1,null,null]", '{\n  "a": 1\n}'] == script.run("""
        local v = JSON.decode('[1, null, 3]', {nulls = true})
        note(JSON.parse('[1, null, 3]')[2] == nil, tostring(v[2]))
        note(JSON.stringify({1, JSON.null, 0/0}), JSON.stringify({a = 1}, {pretty = true}))
    """)
    assert "s.lua:2: JSON parse error: a value is missing at line 1, column 2" == script.error(
        "JSON.parse('[')"
    )
    assert "valid UTF-8" in script.error("JSON.stringify('\\255')")
    assert "a function cannot be passed" in script.error("JSON.stringify(print)")


def test_large_json_documents(script):
    """A document of a megabyte is read and written, whole."""
    assert [30000, True] == script.run("""
        local rows = {}
        for i = 1, 30000 do rows[i] = {id = i, name = "name " .. i, tags = {"a", "b"}} end
        local text = JSON.stringify(rows)
        local back = JSON.parse(text)
        note(#back, #text > 1000000 and back[30000].name == "name 30000")
    """)


def test_arguments(script):
    """Words, keys with values, flags, and the script's name."""
    assert ["s.lua", "one", "two", None, "5", "true", "v"] == script.run(
        'note(ARGS[0], ARGS[1], ARGS[2], ARGS[3], ARGS["max-cost"], ARGS.loud, ARGS.k)'
    )
    assert {0: "s", "a": "true", "b": "1", 1: "x", 2: "--c"} == read_arguments(
        "s", ["--a", "--b", "1", "x", "--", "--c"]
    )


def test_state_keeps_values(script):
    """What is saved is loaded as it was: bytes, numbers as keys, and nil for what is not there."""
    assert [{1: "a", 5: b"\xff", "x": {}}, None, ["k"], True, False] == script.run("""
        State.save("user:me", "k", {[1] = "a", [5] = "\\255", x = {}})
        note(State.load("user:me", "k"), State.load("user:me", "z"), State.list_keys("user:me"))
        note(State.delete("user:me", "k"), State.delete("user:me", "k"))
    """)
    assert [1, 3.5, 2, ["a", "b"], "d", True, False] == script.run("""
        note(State.increment("n"), State.increment("n", 2.5), (State.append("l", "a") + 1))
        State.append("l", "b")
        note(State.get("l"), State.get("nothing", "d"), State.exists("n"), State.exists("nothing"))
    """)
    assert [False, True, "new", 7, 9, {"s": 1}] == script.run("""
        State.set("c", {a = 1})
        note(State.compare_and_swap("c", {a = 2}, "new"), State.compare_and_swap("c", {a = 1}, "new"))
        State.agent_set("a", "k", 7) State.tool_set("t", "k", 9) State.save("workflow:w", "s", 1)
        note(State.get("c"), State.agent_get("a", "k"), State.tool_get("t", "k"), State.workflow_list("w"))
    """)
    assert ["9", "10", "10.5"] == script.run("""
        State.set("m", 7)
        note(tostring(State.increment("m", 2)), tostring(State.increment("m")))
        note(tostring(State.increment("m", 0.5)))
    """)
    assert "s.lua:2: State.save: options.ttl should be greater than 0, got -1" == script.error(
        "State.save('global', 'k', 1, {ttl = -1})"
    )
    assert "'nonsense' is no scope" in script.error("State.save('nonsense', 'k', 1)")
    assert "is no number" in script.error("State.set('t', 'x') State.increment('t')")


def test_state_is_backed_up(script):
    """A backup brings back what was there; one that is not there is told, not raised."""
    assert [True, True, 1, False, True] == script.run("""
        State.set("k", "before")
        local made = State.create_backup("for the test")
        State.set("k", "after")
        note(made.success, State.validate_backup(made.id).success, #State.list_backups())
        note(State.restore_backup("none").success, State.restore_backup(made.id).success)
    """)
    assert ["before", True] == script.run(
        'note(State.get("k"), State.get_storage_usage().total_bytes > 0)'
    )


def test_sessions_live(script):
    """A session is made, found, rests, goes on and ends; wrong ids are named."""
    assert ["trip", ["a", "b"], "suspended", "completed", True] == script.run("""
        local b = Session.builder()
        local id = b:name("trip"):description("far"):tag("b"):tags{"a"}:build()
        local info = Session.get(id)
        note(info.name, info.tags)
        Session.suspend(id) note(Session.get(id).status)
        Session.resume(id) Session.complete(id) note(Session.get(id).status)
        note(Session.list{tags = {"a"}}[1].id == id)
    """)
    assert "Invalid session ID: 'x'" in script.error("Session.get('x')")
    assert [None, True, False, 0] == script.run("""
        note(Session.get_current())
        local id = Session.create{name = "n", created_by = "me", metadata = {k = {1}}}
        Session.set_current(id)
        note(Session.get_current() == id, Session.can_replay(id), #Session.list_replayable())
    """)


def test_artifacts_are_kept(script):
    """Contents come back as they were, with versions and notes, and are found by filters."""
    assert [{"a": [1, 2]}, "text", b"\xff\x00", {"foo": 1}, ["q"], 2] == script.run("""
        Session.set_current(Session.create{name = "n"})
        local one = Artifact.store("", "custom", "one", {a = {1, 2}}, {tags = {"q"}, foo = 1})
        local two = Artifact.store("", "tool_result", "two", "text")
        local three = Artifact.store("", "tool_result", "two", "\\255\\0")
        local got = Artifact.get("", one)
        note(got.content, Artifact.get("", two).content, Artifact.get("", three).content)
        note(got.metadata.custom, got.metadata.tags, Artifact.get("", three).metadata.version)
    """)
    assert [2, 1, 3, 2] == script.run("""
        note(#Artifact.query{type = "tool_result"}, #Artifact.query{tags = {"q"}}, #Artifact.list(""))
        Artifact.delete("", Artifact.query{name_pattern = "one"}[1].id)
        note(#Artifact.list(""))
    """)
    assert "s.lua:2: bad argument #2 to 'Artifact.store'" in script.error(
        "Artifact.store('', 'nonsense', 'n', 'c')"
    )


def test_events_are_heard(script):
    """Events reach subscriptions whose pattern fits, in their order, with all that was said."""
    assert ["user.login", {"n": 1}, "lua", "c1", None, True, False] == script.run("""
        local sub = Event.subscribe("user.*")
        Event.publish("other.thing")
        Event.publish("user.login", {n = 1}, {correlation_id = "c1"})
        local event = Event.receive(sub, 1000)
        note(event.event_type, event.data, event.language, event.metadata.correlation_id)
        note(Event.receive(sub, 1), Event.unsubscribe(sub), Event.unsubscribe(sub))
    """)
    assert "Unknown subscription" in script.error("Event.receive('none', 1)")


def test_events_of_the_kernel_are_its_own(script):
    """A script tells none of them, not by way of a hook either; others in a family are free."""
    for type in ("execution.started", "debug.stopped", "tool.called"):
        said = script.error(f"Event.publish('{type}', {{code = 'mine'}})")
        assert f"'{type}' is an event of the kernel, which alone tells it" in said
    assert [True] == script.run("note(Event.publish('execution.mine'))")
    script.run("""Hook.register("BeforeEventEmit", function()
        return {type = "modified", data = {type = "state.changed"}}
    end)""")
    assert "such as my.state.changed" in script.error("Event.publish('a.b')")


def test_events_of_the_kernel_are_heard(script):
    """A script hears what others publish while it waits."""
    broker = script.services.broker

    def tell() -> None:
        while not broker.subscriptions():
            threading.Event().wait(0.005)
        broker.publish(Announced("app.ready", {"port": 1}))

    teller = threading.Thread(target=tell, daemon=True)
    teller.start()
    assert ["app.ready", 1, "kernel"] == script.run("""
        local event = Event.receive(Event.subscribe("app.*"), 10000)
        note(event.event_type, event.data.port, event.language)
    """)
    teller.join()


def details(data, point: str = "BeforeToolExecution") -> HookDetails:
    """What hooks are told of a tool."""
    return HookDetails(find_point(point), Component("tool", "echo"), data)


def test_hooks_are_called_and_change_things(script):
    """A function that was registered is asked with all details, and its answer is carried out."""
    script.run("""
        seen = {}
        handle = Hook.register("BeforeToolExecution", function(context)
            seen = {context.point, context.component_id.name, context.data.text}
            return {type = "modified", data = {text = context.data.text .. "!"}}
        end, "high")
    """)
    runner = HookRunner(script.services.hooks)
    outcome = runner.ask_in_thread(details({"text": "hi"}))
    assert {"text": "hi!"} == outcome.details.data
    assert [["BeforeToolExecution", "echo", "hi"], "high", True, False, 0] == script.run("""
        note(seen, Hook.list("BeforeToolExecution")[1].priority)
        note(handle:unregister(), Hook.unregister(handle), #Hook.list())
    """)


def test_hooks_are_asked_by_tasks_while_the_script_waits(script):
    """A task on the loop gets the script's answer although the script waits for that loop."""
    script.run("""
        all = Event.subscribe("all.*")
        Hook.register("BeforeToolExecution", function(context)
            local _ = Event.receive(Event.subscribe("never.*"), 1)
            return {type = "replace", data = context.data + 1}
        end)
    """)
    outcomes = []

    async def ask() -> None:
        outcomes.append(await HookRunner(script.services.hooks).ask(details(41)))
        script.services.broker.publish(Announced("all.done"))

    timer = threading.Timer(0.05, lambda: script.loop.submit(ask()))
    timer.start()
    assert ["all.done"] == script.run("note(Event.receive(all, 20000).event_type)")
    timer.join()
    assert Replace(42) == outcomes[0].result


def test_hooks_of_a_script_that_has_ended(lua, tmp_path):
    """Who asks a hook whose script is gone is not kept waiting."""
    with Told(lua, tmp_path) as script:
        script.run("Hook.register('BeforeToolExecution', function() return 'cancel' end)")
        [registration] = script.services.hooks.find()
    with pytest.raises(ScriptFailed, match="the script has ended"):
        asyncio.run(_asked(registration.hook, details(1)))
    assert [] == script.services.hooks.find()


async def _asked(hook, told):
    return await hook(told)


def test_hooks_that_go_wrong_stop_nothing(script):
    """An error in a hook, and an answer that means nothing, are passed over."""
    script.run("""
        Hook.register("BeforeToolExecution", function() error("oops") end)
        Hook.register("BeforeToolExecution", function() return "nonsense" end)
        Hook.register("BeforeToolExecution", function() return {type = "cancel", reason = "no"} end)
    """)
    outcome = HookRunner(script.services.hooks).ask_in_thread(details(1))
    assert isinstance(outcome.result, Cancel)
    assert "no" == outcome.result.reason


def test_scripts_can_answer_everything(script):
    """Every result that the kernel knows can be what a function of a script gives."""
    answers = {
        "'continue'": CONTINUE,
        "nil": CONTINUE,
        "{type = 'modified', data = {a = 1}}": Modified({"a": 1}),
        "'cancel', 'more'": Cancel(),
        "{type = 'cancel', reason = 'no'}": Cancel("no"),
        "{type = 'redirect', target = 'abacus'}": Redirect("abacus"),
        "{type = 'replace', data = {1}}": Replace([1]),
        "{type = 'retry', delay_ms = 500, max_attempts = 2}": Retry(0.5, 2),
        "{type = 'fork', operations = {{name = 'a', data = 1}, {name = 'b', target = 'abacus'}}}": (
            Fork((Operation("a", 1), Operation("b", None, "abacus", changes_data=False)))
        ),
        "{type = 'cache', key = 'k', ttl_seconds = 9}": Cache("k", 9),
        "'skipped'": Skip(),
        "{type = 'skip', reason = 'done'}": Skip("done"),
    }
    script.run("""
        answers = {}
        Hook.register("BeforeToolExecution", function() return answers.now() end)
    """)
    [registration] = script.services.hooks.find()
    said = {}
    for written in answers:
        script.run(f"function answers.now() return {written} end")
        said[written] = registration.hook(details(1))
    assert answers == said
    assert set(RESULTS) == {type(each) for each in said.values()}


def test_a_hook_of_a_script_forks(script):
    """What a script does is done several times at once, and its result has theirs by name."""
    assert [True, 2, 3, None] == script.run("""
        Hook.register("BeforeStateWrite", function(context)
            local function of(key, value) return {scope = "global", key = key, value = value} end
            return {type = "fork", operations = {
                {name = "one", data = of("a", 2)}, {name = "two", data = of("b", 3)}}}
        end)
        note((pcall(State.save, "global", "x", 1)))
        note(State.get("a"), State.get("b"), State.get("x"))
    """)


def test_versions_of_artifacts(script):
    """They are listed and compared, texts by lines and all else by bytes."""
    assert [2, 1, 2, 1, 1, False, "-old", "+new"] == script.run("""
        id = Session.create()
        local first = Artifact.store(id, "custom", "a.txt", "same\\nold\\n")
        local last = Artifact.store(id, "custom", "a.txt", "same\\nnew\\n")
        Artifact.store(id, "custom", "b.txt", "other")
        local versions = Artifact.versions(id, "a.txt")
        local found = Artifact.diff(first, last)
        note(#versions, versions[1].version, versions[2].version, found.added, found.removed)
        note(found.identical, found.unified:match("\\n(%-old)\\n(%+new)\\n"))
    """)
    assert [False, 1, True] == script.run("""
        local one = Artifact.store(id, "custom", "c.bin", "a\\0")
        local other = Artifact.store(id, "custom", "c.bin", "ab")
        local found = Artifact.diff(one, other)
        note(found.is_text, found.first_difference, Artifact.diff(one, one).identical)
    """)


@pytest.mark.parametrize(("threshold", "is_compressed"), [(100, True), (1000, False)])
def test_artifacts_are_compressed_from_a_size_on(lua, tmp_path, threshold, is_compressed):
    """The size is that of the configuration."""
    setting = f"[runtime.sessions]\nartifact_compression_threshold = {threshold}\n"
    with Told(lua, tmp_path, configuration=setting) as script:
        assert [500, is_compressed] == script.run("""
            local id = Session.create()
            Artifact.store(id, "custom", "a.txt", ("x"):rep(500))
            local found = Artifact.list(id)[1]
            note(found.size, found.is_compressed)
        """)


def test_schedules_of_replays(script):
    """A schedule is given to a session, listed, rests, goes on and ends; nonsense is refused."""
    assert ["interval", "paused", "scheduled", "cancelled", 1] == script.run("""
        local id = Session.create()
        local made = Replay.schedule(id, Replay.schedules.interval(60, 60, 2))
        note(made.type, Replay.pause_schedule(id, made.id).state)
        note(Replay.resume_schedule(id, made.id).state, Replay.cancel_schedule(id, made.id).state)
        note(#Replay.list_schedules(id))
    """)
    assert [True, True, True] == script.run("""
        local id = Session.create()
        local function refused(words, ...)
            local good, said = pcall(...)
            note(not good and said:find(words, 1, true) ~= nil)
        end
        local once = Replay.schedules.once(1)
        refused("mode debug", Replay.schedule, id, once, Replay.create_config("debug"))
        refused("Invalid session ID", Replay.schedule, "x", once)
        refused("no schedule", Replay.cancel_schedule, id, "x")
    """)


def test_replay_settings(script):
    """Settings, changes, schedules and comparisons are objects with methods."""
    assert ["modified", True, None, 1, "cells[1].code", False, "cron", "exact"] == script.run("""
        local config = Replay.create_config(Replay.modes.modified)
        note(config:get_mode(), config:should_compare_results(), config:get_timeout_seconds())
        config:add_modification("cells[1].code", "return 2", false)
        local change = config:get_modifications()[1]
        note(#config:get_modifications(), change:get_path(), change:is_enabled())
        note(Replay.schedules.cron("0 3 * * *"):type_name(), Replay.modes.exact:name())
    """)
    assert [True, 1, False, "b"] == script.run("""
        local comparator = Replay.create_comparator()
        local same, other = comparator:compare_json({a = 1}, {a = 1}), comparator:compare_json({b = 1}, {b = 2})
        note(same.identical, same.similarity_score, other.identical, other.differences[1].path)
    """)
