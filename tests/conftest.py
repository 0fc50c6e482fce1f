"""Options of the whole test suite."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from lua_debug.hook_choice import SWITCH
from lua_debug.native import why_unavailable
from lua_debug.versions import VERSIONS
from tests.support.scenario import TRANSPORTS

settings.register_profile(
    "busy machines", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("busy machines")  # how long something takes is no matter of tests

HOOKS = ("native", "pure")

SUMMARY = "summary"
"""The property of a test whose value is a line below the run's results."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--lua``, ``--hooks`` and ``--transport`` choose what stories run on, each several times."""
    parser.addoption("--lua", action="append", choices=[*VERSIONS], help="Lua versions of stories")
    parser.addoption(
        "--hooks",
        action="append",
        choices=HOOKS,
        help="what finds lines and steps: the accelerator, hooks in Lua; given once, in all tests",
    )
    parser.addoption(
        "--transport", action="append", choices=TRANSPORTS, help="how stories reach the adapter"
    )
    parser.addoption("--slow", action="store_true", help="run also what waits for minutes")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What waits for minutes runs where that is asked for; what is long begins first.

    A worker has a whole file: a long one that begins last keeps one of them while others rest.
    """
    items.sort(key=lambda item: item.get_closest_marker("long") is None)
    for item in items:
        if item.get_closest_marker("slow") and not config.getoption("--slow"):
            item.add_marker(pytest.mark.skip(reason="waits for minutes; --slow runs it"))


@pytest.fixture(scope="session", autouse=True)
def no_data_of_the_user(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What scripts keep is not mixed with what the user has kept, nor kernels with the user's."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("data")))
        environment.setenv("XDG_RUNTIME_DIR", str(tmp_path_factory.mktemp("run")))
        yield


def pytest_configure(config: pytest.Config) -> None:
    """Where one kind of hooks is asked for, all tests have it, here and in other processes."""
    asked = config.getoption("--hooks")
    if asked and len(asked) == 1:
        os.environ[SWITCH] = asked[0]


def pytest_report_header(config: pytest.Config) -> str:
    """Which hooks stories run on."""
    reason = why_unavailable()
    return f"hooks of stories: {', '.join(kinds_of_hooks(config))}" + (
        f" (no accelerator: {reason})" if reason else ""
    )


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """What tests have to say about the whole, wherever they ran."""
    for report in terminalreporter.stats.get("passed", ()):
        for name, value in report.user_properties:
            if name == SUMMARY:
                terminalreporter.write_line(value)


def kinds_of_hooks(config: pytest.Config) -> list[str]:
    """Those asked for, or those that programs have; of several only what was built."""
    built = HOOKS if why_unavailable() is None else ("pure",)
    asked = config.getoption("--hooks") or [os.environ.get(SWITCH, built[0])]
    if asked == ["auto"]:
        return [built[0]]
    return asked if len(asked) == 1 else [kind for kind in HOOKS if kind in asked and kind in built]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every story on all that was asked for: Lua versions (or those marked), hooks, transports."""
    if "lua" in metafunc.fixturenames:
        asked = metafunc.config.getoption("--lua") or [*VERSIONS]
        marker = metafunc.definition.get_closest_marker("lua")
        wanted = [name for name in asked if marker is None or name in marker.args]
        metafunc.parametrize("lua", wanted)
    if "transport" in metafunc.fixturenames:
        metafunc.parametrize("transport", metafunc.config.getoption("--transport") or ["memory"])
    if "hooks" in metafunc.fixturenames:
        metafunc.parametrize("hooks", kinds_of_hooks(metafunc.config))
