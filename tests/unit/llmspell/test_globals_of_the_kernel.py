"""Debug, Config and display, used from Lua of every version; and the configuration's file."""

import json
from collections.abc import Iterator

import pytest

from kernel.core.errors import UserError
from kernel.events.model import DisplayCleared, Displayed
from llmspell.config.load import load_configuration
from llmspell.script_api.config_table import ConfigPermissions
from tests.support.told_script import Told


@pytest.fixture
def script(lua, tmp_path) -> Iterator[Told]:
    """A script, closed behind the test."""
    with Told(lua, tmp_path, ("one", "--max-cost", "5", "--loud", "--k=v", "two")) as told:
        yield told


def test_values_are_logged_as_lua_writes_them(script, caplog):
    """Behind the message."""
    script.run('Debug.logWithData("error", "m", {a = 1, b = {true, nil, "x"}, c = 0.5})')
    assert ['m {a = 1, b = {[1] = true, [3] = "x"}, c = 0.5}'] == caplog.messages


def test_what_is_no_data_is_logged_as_it_is_shown(script, caplog):
    """A log call ends no script; what is kept of it holds no function."""
    assert ["x", "function"] == script.run("""
        local data = {f = print, a = "x"}
        data.again = data
        Debug.logWithData("error", "m", data)
        local kept = Debug.getCapturedEntries()[1].metadata
        note(kept.a, kept.f:match("^function"))
    """)
    assert 'm {a = "x", again = <' in caplog.text


def test_debug_logs(script):
    """Messages are kept by level and module; the last rule that fits holds."""
    assert ["info", ["one", "three"], ["m", None]] == script.run("""
        note(Debug.getLevel())
        Debug.info("one", "m") Debug.debug("two") Debug.warn("three")
        local texts, modules = {}, {}
        for i, entry in ipairs(Debug.getCapturedEntries()) do texts[i] = entry.message end
        note(texts, {Debug.getCapturedEntries()[1].module, JSON.null})
    """)
    assert [["a.b"], 2, False, 0] == script.run("""
        Debug.clearCaptured()
        Debug.addModuleFilter("a.*", false) Debug.addAdvancedFilter("a.b", "exact", true)
        Debug.error("x", "a.c") Debug.error("y", "a.b")
        note({Debug.getCapturedEntries()[1].module}, Debug.getFilterSummary().total_rules)
        Debug.setEnabled(false) Debug.error("z") note(Debug.isEnabled())
        Debug.clearModuleFilters() note(Debug.getFilterSummary().total_rules)
    """)
    assert "is no regular expression" in script.error("Debug.addAdvancedFilter('(', 'regex', true)")


def test_debug_measures(script):
    """Timers, laps and events are in the reports; memory is told."""
    assert [True, True, True, "db", "query", "read"] == script.run("""
        local timer = Debug.timer("db")
        timer:lap("query") Debug.recordEvent(timer.id, "read", {rows = 2})
        local total = timer:stop()
        note(total >= 0, timer:elapsed() == total, Debug.performanceReport():find("db") ~= nil)
        local report = JSON.parse(Debug.jsonReport()).timers[1]
        note(report.name, report.laps[1].name, report.events[1].name)
    """)
    assert [True, True, True] == script.run("""
        local stats = Debug.memoryStats()
        note(stats.used_bytes > 10000, stats.resident_bytes > 0)
        note(Debug.flameGraph():match("^db;query %d+\\ndb %d+$") ~= nil)
    """)


def test_debug_shows(script):
    """Dumps take anything, also what holds itself; the stack names functions and lines."""
    told = script.run("""
        local t = {1, {x = "a\\"b"}} t.me = t
        note(Debug.dumpCompact({1, {x = true}}, "label"), Debug.dump({a = {b = 1}}))
        note(Debug.dumpCompact(t), Debug.dumpCompact(print), Debug.dumpVerbose("s"))
        local function inner() local text = Debug.stackTrace() return text end
        note(inner())
    """)
    assert ["label: {1, {x = true}}", "{\n  a = {\n    b = 1\n  }\n}"] == told[:2]
    assert told[2].startswith('{[1] = 1, [2] = {x = "a\\"b"}, me = <table: ')
    assert told[3].startswith("<function: ")
    assert '"s" (string)' == told[4]
    assert "s.lua:5: in inner" in told[5]


def test_the_configuration(script):
    """Scripts see what is configured, but no secrets, and change nothing without permission."""
    assert ["lua", ["echo"], "[hidden]", None, False, True] == script.run("""
        note(Config.getDefaultEngine(), Config.listProviders(), Config.getProvider("echo").api_key)
        note(Config.getSection("nothing"), Config.isFileAccessAllowed(), Config.getPermissions().read)
    """)
    message = script.error("Config.setSecurity{allow_file_access = true}")
    assert "Permission denied: this script may not modify security" in message
    assert (
        "small"
        == json.loads(script.run("note(Config.toJson())")[0])["providers"]["providers"]["echo"][
            "default_model"
        ]
    )


def test_the_configuration_with_permissions(lua, tmp_path):
    """With permissions a script changes its own configuration, and takes changes back."""
    with Told(lua, tmp_path) as script:
        allowed = ConfigPermissions(True, True, True, True, True, True)
        script.services.permissions = allowed
        assert ["hush", True, "b", False, 1] == script.run("""
            note(Config.getProvider("echo").api_key)
            local before = Config.snapshot()
            Config.setSecurity{allow_file_access = true} Config.setProvider("new", {model = "b"})
            note(Config.isFileAccessAllowed(), Config.getProvider("new").default_model)
            Config.restoreSnapshot(before)
            note(Config.isFileAccessAllowed(), #Config.listProviders())
        """)
        message = "security: allow_file_access should be a valid boolean"
        assert message in script.error("Config.setSecurity{allow_file_access = 'x'}")
        assert not script.services.configuration.runtime.security.allow_file_access


def test_display(script):
    """Values are shown in forms by media type, anew by their id, and taken away."""
    assert ["x", True] == script.run("""
        local shown = display({1, 2}, {id = "x"})
        shown:update("again")
        display{["text/html"] = "<b>", ["image/png"] = "\\137PNG"}
        display.json({a = 1}) display.markdown("# hi", {alt = "hi"}) display.clear(true)
        note(shown.id, display.update("x", 5) == nil)
    """)
    shown = script.shown
    assert {"text/plain": "{\n  1,\n  2\n}"} == shown[0].display.data
    assert ("x", True, {"text/plain": "again"}) == (
        shown[1].display_id,
        shown[1].is_update,
        shown[1].display.data,
    )
    assert {"text/html": "<b>", "image/png": "iVBORw=="} == shown[2].display.data
    assert {"a": 1} == shown[3].display.data["application/json"]
    assert {"text/markdown": "# hi", "text/plain": "hi"} == shown[4].display.data
    assert DisplayCleared(waits=True) == shown[5]
    assert isinstance(shown[6], Displayed)
    assert "The content of image/png must be a string" in script.error(
        'display{["image/png"] = {}}'
    )


def test_a_configuration_file(tmp_path):
    """The environment stands above the file; unknown keys are told with what may be meant."""
    file = tmp_path / "c.toml"
    file.write_text(
        '[runtime]\nmax_concurent_scripts = 3\n[tools]\ntext = {enabled = true}\n[debug]\nlevel = "warn"\n'
    )
    loaded = load_configuration(file, {"LLMSPELL_DEBUG_LEVEL": "error"})
    assert "error" == loaded.configuration.debug.level
    warning = "runtime.max_concurent_scripts is not known; did you mean max_concurrent_scripts?"
    assert (warning,) == loaded.warnings
    file.write_text("[runtime]\nscript_timeout_seconds = -1\n")
    with pytest.raises(UserError, match=r"runtime.script_timeout_seconds should be greater than 0"):
        load_configuration(file, {})
    file.write_text("[")
    with pytest.raises(UserError, match="is no TOML"):
        load_configuration(file, {})
