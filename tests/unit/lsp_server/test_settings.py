"""Settings: every form that clients send, and what is said of wrong ones."""

import json
from pathlib import Path
from typing import Any

import pytest

from lsp_server.rules import RULES
from lsp_server.settings import KNOWN, Settings, read_settings
from lua_debug.checker import SyntaxChecker

ROOT = Path(__file__).parents[3]


def read(given: Any) -> tuple[Settings, list[str]]:
    """Settings and problems, 5.4 being the default."""
    return read_settings(given, "5.4", SyntaxChecker().full_name, RULES)


@pytest.mark.parametrize(
    "given",
    [
        {"llmspell": {"lua": {"version": "5.1"}}},
        {"lua": {"version": "lua5.1"}},
        {"lua.version": "5.1"},
        {"llmspell": {"lua.version": 5.1}},
        {"llmspell.lua.version": "5.1"},
        {"llmspell.lua": {"version": "5.1"}, "llmspell": None},
        {"llmspell": {"lua": {"version": "5.1"}}, "Lua": {"runtime": {"version": "5.3"}}},
        {"lua": {"version": "5.1"}, "Lua": {"runtime": {"version": "5.3"}}},
    ],
)
def test_forms_of_a_setting(given: Any) -> None:
    """With the section or without, nested or with dots: it is the same setting."""
    settings, problems = read(given)
    assert ("5.1", []) == (settings.lua, problems)


def test_the_extension_turns_lenses_on() -> None:
    """It has their commands; a client that says nothing gets no lenses that it cannot run."""
    package = json.loads((ROOT / "vscode-extension" / "package.json").read_text("utf-8"))
    setting = package["contributes"]["configuration"]["properties"]["llmspell.codeLens.enable"]
    assert (True, False) == (setting["default"], Settings().has_lenses)


@pytest.mark.parametrize("given", [None, {}, [], "text", 7, {"llmspell": None}, {"Lua": {"a": 1}}])
def test_nothing_is_no_problem(given: Any) -> None:
    """A client without settings gets those that hold for everybody."""
    assert (Settings(), []) == read(given)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"lua": {"version": "6"}}, "lua.version is '6'. There is no Lua '6'"),
        ({"diagnostics": {"no-rule": "off"}}, "there is no rule 'no-rule'"),
        ({"diagnostics": {"shadowing": "loud"}}, "diagnostics.shadowing is 'loud'; it must be one"),
        ({"diagnostics": []}, None),
        ({"diagnostics": 3}, "diagnostics is 3; it must map"),
        ({"globals": "love"}, "globals is 'love'; it must be a list"),
        ({"globals": [1]}, "globals is [1]; it must be a list"),
        ({"stylua": {"path": 1}}, "stylua.path is 1; it must be a string"),
        ({"codeLens": {"enable": 1}}, "codeLens.enable is 1; it must be true or false"),
        ({"speed": "high"}, "There is no setting llmspell.speed"),
    ],
)
def test_wrong_settings_are_named(given: dict[str, Any], says: str | None) -> None:
    """The message has the name, the value and what is right; other settings hold."""
    settings, problems = read({**given, "globals": given.get("globals", ["mine"])})
    assert (says is None) == (problems == [])
    assert says is None or says in problems[0]
    assert "globals" in given or {"mine"} == settings.globals


def test_severities_and_globals() -> None:
    """What is right is taken over, whatever stands beside it."""
    settings, problems = read({"diagnostics": {"shadowing": "error", "x": "off"}, "globals": ["g"]})
    assert {"shadowing": "error"} == settings.severities
    assert {"g"} == settings.globals
    assert 1 == len(problems)


def test_rules_by_their_other_names() -> None:
    """They are those that count in comments; the rule's own name says it better."""
    settings, problems = read(
        {"diagnostics": {"code-after-break": "off", "redefined-local": "hint"}}
    )
    assert {"unreachable-code": "off", "shadowing": "hint"} == settings.severities
    assert [] == problems
    settings, _ = read({"diagnostics": {"shadowing": "error", "redefined-local": "off"}})
    assert {"shadowing": "error"} == settings.severities


def test_rules_that_are_not_there_are_named_at_once() -> None:
    """One sentence has all of them, and what there is."""
    _, problems = read({"diagnostics": {"x": "off", "y": "off"}})
    assert 1 == len(problems)
    assert problems[0].startswith("diagnostics: there is no rule 'x', 'y'; there are ")


def test_every_setting_is_in_the_table() -> None:
    """What the reference says of settings has a type, a default and a meaning."""
    assert [] == [key for key, each in KNOWN.items() if not (each.kind and each.default)]
    assert [] == [key for key, each in KNOWN.items() if not each.meaning.endswith(".")]
