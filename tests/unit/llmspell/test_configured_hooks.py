"""What the configuration says of hooks."""

import json
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from kernel.core.errors import UserError
from kernel.events.patterns import compile_pattern
from kernel.hooks.base import HIGHEST, LOW, LOWEST, Component, HookDetails
from kernel.hooks.builtin.caching import MemoryResults
from kernel.hooks.builtin.catalogue import BUILT_IN, HookCatalogue
from kernel.hooks.points import CODE_EXECUTION, POINTS
from kernel.hooks.registry import HookRegistry
from kernel.hooks.results import CONTINUE, Cancel, Retry
from kernel.hooks.runner import HookRunner
from llmspell.config.sections.hooks import HooksConfig, UsedHook
from llmspell.configured_hooks import figures_of, make_registry
from llmspell.script_api.script_hooks import HookLimits, ScriptHook
from llmspell.script_api.services import LocalServices
from tests.support.clocks import ManualClock
from tests.support.told_script import Told

REGISTER = """
    asked = 0
    Hook.register("BeforeStateWrite", function() asked = asked + 1 return "cancel" end)
"""


def test_hooks_that_are_switched_off_are_not_asked(tmp_path: Path) -> None:
    """They are registered and listed, and what they would refuse is done."""
    with Told("5.4", tmp_path, configuration="[hooks]\nenabled = false\n") as script:
        script.run(REGISTER)
        assert [True, 0, 1, 7] == script.run("""
            note((pcall(State.save, "global", "a", 7)), asked, #Hook.list(), State.get("a"))
        """)


def test_the_environment_switches_hooks_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where there is no file."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("LLMSPELL_HOOKS_ENABLED", "false")
    services = LocalServices()
    services.hooks.register(POINTS["BeforeStateWrite"], lambda _: Cancel("no"))
    outcome = services.runner.ask_in_thread(HookDetails(POINTS["BeforeStateWrite"]))
    assert CONTINUE == outcome.result


def test_a_hook_rests_after_as_many_failures_as_are_said(tmp_path: Path) -> None:
    """One that failed so often is not asked again."""
    with Told("5.4", tmp_path, configuration="[hooks]\ncircuit_breaker_threshold = 2\n") as script:
        script.run("""
            asked = 0
            Hook.register("BeforeStateWrite", function() asked = asked + 1 error("no") end)
            for turn = 1, 5 do State.save("global", "a", turn) end
        """)
        assert [2, 5] == script.run("note(asked, State.get('a'))")


def test_a_hook_is_asked_as_often_as_is_said(tmp_path: Path) -> None:
    """Above that it is passed over."""
    with Told("5.4", tmp_path, configuration="[hooks]\nrate_limit_per_minute = 2\n") as script:
        script.run(REGISTER)
        assert [False, False, True, 2] == script.run("""
            for turn = 1, 3 do note((pcall(State.save, "global", "a", turn))) end
            note(asked)
        """)


class Saying:
    """Implements `Callback` for a script that says no."""

    def call(self, *_arguments):
        """At once."""
        return "cancel"

    def call_soon(self, *_arguments, done=None):
        """Is not asked from elsewhere."""
        raise AssertionError


def test_a_minute_later_there_is_room_again() -> None:
    """The minute is one that moves: each time counts for as long."""
    clock = ManualClock()
    hook = ScriptHook(Saying(), "lua", HookLimits(per_minute=2), clock.monotonic)
    told = HookDetails(POINTS["BeforeStateWrite"])
    said = []
    for seconds in (0, 30, 29, 1, 1, 29):
        clock.advance(seconds)
        said.append(hook(told) != CONTINUE)
    assert [True, True, False, True, False, True] == said


def test_others_wait_for_hooks_as_long_as_is_said(tmp_path: Path) -> None:
    """The time is that of the configuration; without one it is half a minute."""
    with Told("5.4", tmp_path, configuration="[hooks]\ntimeout_ms = 1500\n") as script:
        script.run(REGISTER)
        [registration] = script.services.hooks.find()
        assert (1.5, 1.5) == (script.services.hook_limits.patience, registration.breaker.slow)
    (tmp_path / "llmspell.toml").unlink()
    assert 30.0 == LocalServices(tmp_path / "none.toml").hook_limits.patience


def test_a_configuration_that_cannot_be_read_leaves_hooks_as_they_are(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A kernel starts all the same, and says so."""
    file = tmp_path / "llmspell.toml"
    file.write_text('[hooks]\ntimeout_ms = "soon"\n')
    services = LocalServices(file)
    services.hooks.register(POINTS["BeforeStateWrite"], lambda _: Cancel("no"))
    outcome = services.runner.ask_in_thread(HookDetails(POINTS["BeforeStateWrite"]))
    assert Cancel("no") == outcome.result
    assert any("hooks.timeout_ms" in each.getMessage() for each in caplog.records)


# --- hooks by name ------------------------------------------------------------------------------


def registered(*used: dict, told: list | None = None, **more) -> HookRegistry:
    """What a configuration makes of these."""
    chosen = HooksConfig(use=[UsedHook(**each) for each in used], **more)
    entries = [
        EntryPoint(name, f"tests.support.sample_hook:{value}", "llmspell.hooks")
        for name, value in (
            ("no_word", "NoWord"),
            ("silent", "Silent"),
            ("nothing", "NOTHING"),
            ("gone", "Gone"),
        )
    ]
    tell = (told if told is not None else []).append
    return make_registry(chosen, tell, HookCatalogue(entries))


SETTINGS = {"rate_limit": {"limits": {"cell": "1/minute"}}}


@pytest.mark.parametrize("name", BUILT_IN)
def test_each_hook_of_the_kernel_can_be_named(name: str) -> None:
    """It is asked at the points that it is made for, or at those that are said."""
    found = registered({"hook": name, "settings": SETTINGS.get(name, {})}).find()
    fits = [compile_pattern(each) for each in BUILT_IN[name].points]
    assert {each for each in POINTS if any(fit(each) for fit in fits)} == {
        each.point.name for each in found
    }
    assert {name} == {each.name for each in found}
    said = {"hook": name, "points": ["*StateWrite"], "settings": SETTINGS.get(name, {})}
    assert {"BeforeStateWrite", "AfterStateWrite"} == {
        each.point.name for each in registered(said, {**said, "priority": "low"}).find()
    }
    assert {LOW} <= {each.priority for each in registered({**said, "priority": "low"}).find()}


def test_what_guards_is_asked_first_and_must_be_asked() -> None:
    """Security stands outside of all others, and its failure opens nothing, unless that is said."""
    found = {each.point.name: each for each in registered({"hook": "security"}).find()}
    before, after = found["PreCodeExecution"], found["PostCodeExecution"]
    assert (HIGHEST, True) == (before.priority, before.is_required)
    assert (LOWEST, True) == (after.priority, after.is_required)
    assert not registered({"hook": "security", "required": False}).find()[0].is_required


def cell(code: str, registry: HookRegistry):
    """What becomes of a cell."""
    point = POINTS["PreCodeExecution"]
    told = HookDetails(point, Component("cell", "1"), {"code": code})
    return HookRunner(registry).ask_in_thread(told).result


def test_settings_reach_the_hook() -> None:
    """A rate, a budget, patterns and waits are those that were said."""
    rated = registered({"hook": "rate_limit", "settings": {"limits": {"cell": "1/minute"}}})
    assert CONTINUE == cell("x", rated)
    assert isinstance(cell("x", rated), Cancel)
    guarded = registered({"hook": "security", "settings": {"hosts": ["*.example.org"]}})
    assert isinstance(cell("get 'http://a.example.org/'", guarded), Cancel)
    assert CONTINUE == cell("get 'http://169.254.169.254/'", guarded)
    (first, *_) = registered(
        {"hook": "retry", "settings": {"back_off": "fixed", "first": 2, "max_attempts": 5}}
    ).find()
    failed = HookDetails(first.point).failed(first.point, ValueError("x"))
    assert Retry(2.0, 5) == first.hook(failed)


def test_budgets_are_told() -> None:
    """Whoever hears the events of the kernel hears that a budget is spent."""
    told: list = []
    registry = registered({"hook": "cost", "settings": {"budgets": {"*": 1}}}, told=told)
    point = POINTS["AfterAgentExecution"]
    spent = {"usage": {"input_tokens": 1_000_000}}
    metadata = {"provider": "anthropic", "model": "claude-sonnet-4"}
    details = HookDetails(point, data=spent, metadata=metadata)
    HookRunner(registry).ask_in_thread(details)
    assert [0.5, 0.75, 0.9, 1.0] == [each.share for each in told]


def test_metrics_are_told() -> None:
    """Points are counted and operations measured by their types, and JSON can say it."""
    registry = registered({"hook": "metrics"})
    for number in range(3):
        told = HookDetails(CODE_EXECUTION.before, Component("cell", str(number)), {"code": ""})
        HookRunner(registry).guard_in_thread(CODE_EXECUTION, told, lambda _: None)
    figures = json.loads(json.dumps(figures_of(registry)))["hooks"]
    assert {"PreCodeExecution": 3, "PostCodeExecution": 3} == figures["points"]
    assert ["cell"] == [*figures["operations"]]
    assert 3 == figures["operations"]["cell"]["count"]
    assert {} == figures_of(registered())


def test_metrics_count_errors_that_are_tried_again() -> None:
    """What has a cell run again, or gives its result, keeps no error from being counted."""
    registry = registered({"hook": "metrics"})
    registry.register(POINTS["ExecutionError"], lambda _: Retry(0, 3))
    told = HookDetails(CODE_EXECUTION.before, Component("cell", "1"), {"code": ""})
    with pytest.raises(UserError):
        HookRunner(registry).guard_in_thread(CODE_EXECUTION, told, fail)
    figures = figures_of(registry)["hooks"]
    assert {"PreCodeExecution": 3, "ExecutionError": 3} == figures["points"]
    assert 3 == figures["operations"]["cell"]["count"]


def fail(_: HookDetails) -> None:
    """As code does."""
    raise UserError("no")


def test_cells_are_cached_by_their_code() -> None:
    """Whatever their numbers are."""
    registry = registered({"hook": "caching", "points": ["PreCodeExecution"]})
    runner, run = HookRunner(registry, MemoryResults()), []
    for number, code in enumerate(["a", "b", "a"]):
        told = HookDetails(CODE_EXECUTION.before, Component("cell", str(number)), {"code": code})
        runner.guard_in_thread(CODE_EXECUTION, told, lambda it: run.append(it.data["code"]))
    assert ["a", "b"] == run


def test_hooks_of_other_packages_can_be_named() -> None:
    """With their settings, at the points that are said."""
    registry = registered(
        {"hook": "no_word", "points": ["PreCodeExecution"], "settings": {"word": "os"}}
    )
    assert Cancel("No os.") == cell("os.exit()", registry)
    assert CONTINUE == cell("1", registry)


@pytest.mark.parametrize(
    ("used", "said"),
    [
        ({"hook": "loging"}, "There is no hook 'loging'; did you mean 'logging'?"),
        ({"hook": "logging", "settings": {"lvl": 1}}, "Hook logging: There is no setting 'lvl'"),
        ({"hook": "logging", "settings": {"level": "loud"}}, "Hook logging: level: Input should"),
        ({"hook": "rate_limit"}, "Hook rate_limit: limits: Field required"),
        ({"hook": "rate_limit", "settings": {"limits": {"*": "often"}}}, "write 60/minute"),
        ({"hook": "logging", "points": ["Never*"]}, "no hook point is called 'Never*'"),
        ({"hook": "no_word", "settings": {"word": "x"}}, "say the points at which it is asked"),
        ({"hook": "silent", "points": ["*"]}, "is no hook: it has to be a dataclass"),
        ({"hook": "nothing", "points": ["*"]}, "is no hook: it has to be a dataclass"),
        ({"hook": "gone", "points": ["*"]}, "The hook gone (tests.support.sample_hook:Gone) can"),
    ],
)
def test_hooks_that_cannot_be_had_are_refused(used: dict, said: str) -> None:
    """A hook that guards something is not left out because of a slip of the pen."""
    with pytest.raises(UserError) as refused:
        registered(used)
    assert said in str(refused.value)


def test_hooks_of_a_file_are_asked(tmp_path: Path) -> None:
    """From the first line of a script on, and those that are switched off are not."""
    use = '[[hooks.use]]\nhook = "rate_limit"\npoints = ["BeforeStateWrite"]\n'
    use += 'settings = { limits = { state = "1/minute" } }\n'
    write = 'note((pcall(State.set, "a", 1)), (pcall(State.set, "a", 2)))'
    with Told("5.4", tmp_path, configuration=use) as script:
        assert [True, False] == script.run(write)
    with Told("5.4", tmp_path, configuration=f"[hooks]\nenabled = false\n{use}") as script:
        assert [True, True] == script.run(write)
