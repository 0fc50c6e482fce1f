"""Settings of the user, as clients send them: what is wrong is told, and the rest is honoured."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from kernel.core.errors import UserError

SEVERITIES = ("error", "warning", "information", "hint", "off")

SECTION = "llmspell"
"""Under which editors keep the settings."""


@dataclass(frozen=True, slots=True)
class Settings:
    """All settings. Those that are missing have these values."""

    lua: str = "5.4"
    severities: Mapping[str, str] = field(default_factory=dict)
    """Rule name to one of `SEVERITIES`; rules have a default of their own."""
    globals: frozenset[str] = frozenset()
    stylua: str | None = None
    has_lenses: bool = False
    """Only where the client asks for them, for it needs commands of its own to run them."""
    has_script_api: bool = True
    """Whether the globals of the script API are spoken of."""
    has_later_api: bool = False
    """Whether those are, too, that only a later release has."""


def read_settings(
    given: Any, default_lua: str, full_name: Callable[[str], str], rules: Mapping[str, Any]
) -> tuple[Settings, list[str]]:
    """Settings, and a sentence for each that is wrong.

    ``given`` is what a client sent: the section, or an object that holds it. Keys may be nested or
    written with dots (``{"lua.version": …}``), with the section or without.
    """
    reader = _Reader(_flat(_section(given)), full_name, rules)
    settings = Settings(
        lua=reader.lua(default_lua),
        severities=reader.severities(),
        globals=reader.globals(),
        stylua=reader.text("stylua.path"),
        has_lenses=reader.truth("codeLens.enable", False),
        has_script_api=reader.truth("scriptApi.enable", True),
        has_later_api=reader.truth("scriptApi.later", False),
    )
    return settings, [*reader.problems, *reader.unknown()]


@dataclass(frozen=True, slots=True)
class Setting:
    """What a setting is, for the reference and for editors that show settings."""

    kind: str
    default: str
    meaning: str


KNOWN: Mapping[str, Setting] = {
    "lua.version": Setting(
        "string",
        "what `--lua` says, `engines.lua.version`, or `5.4`",
        "The Lua that files are written for: `5.1` to `5.5`, `luajit`, `luajit2.0`, `luajit2.1`.",
    ),
    "diagnostics": Setting(
        "object",
        "`{}`",
        "Rule name to severity: `error`, `warning`, `information`, `hint` or `off`.",
    ),
    "globals": Setting("list of strings", "`[]`", "Globals that scripts find besides the library."),
    "stylua.path": Setting(
        "string",
        "`node_modules/.bin/stylua` of the workspace, or `stylua` on the path",
        "The program that formats.",
    ),
    "codeLens.enable": Setting(
        "boolean",
        "`false`; Visual Studio Code's extension sends `true`",
        "Whether there are [lenses to run and debug](#commands-of-lenses).",
    ),
    "scriptApi.enable": Setting(
        "boolean",
        "`true`",
        "Whether globals of the [script API](script-api.md) are offered, explained and checked.",
    ),
    "scriptApi.later": Setting(
        "boolean",
        "`false`",
        "Whether globals are, too, that this release does not have yet; scripts that call them "
        "fail.",
    ),
}
"""All settings by their keys, below `SECTION`."""

OF_EDITORS = ("path", "languageServer", "trace")
"""Settings beside ours that the Visual Studio Code extension reads itself."""


T = TypeVar("T")


class _Reader:
    def __init__(
        self, values: dict[str, Any], full_name: Callable[[str], str], rules: Mapping[str, Any]
    ) -> None:
        self._values, self._full_name, self._rules = values, full_name, rules
        self.problems: list[str] = []

    def lua(self, default: str) -> str:
        name = self._values.get("lua.version")
        if name is None or name == "":
            return default
        try:
            return self._full_name(str(name))
        except UserError as error:
            return self._refuse(f"lua.version is {name!r}. {error}", default)

    def severities(self) -> dict[str, str]:
        given = self._values.get("diagnostics") or {}
        if not isinstance(given, Mapping):
            what = f"diagnostics is {given!r}; it must map names of rules to severities."
            return self._refuse(what, dict[str, str]())
        meant = {name: self._rules_called(str(name)) for name in given}
        if unknown := [repr(name) for name, rules in meant.items() if not rules]:
            there = f"there are {', '.join(self._rules)}."
            self.problems.append(f"diagnostics: there is no rule {', '.join(unknown)}; {there}")
        right = {name: each for name, each in given.items() if self._is_severity(name, each)}
        # What is said of a rule itself counts more than what is said of several by another name.
        found = {rule: each for name, each in right.items() for rule in meant[name]}
        return found | {name: each for name, each in right.items() if name in self._rules}

    def _rules_called(self, name: str) -> list[str]:
        """The rule of that name, or those that are also called so."""
        if name in self._rules:
            return [name]
        return [each.name for each in self._rules.values() if name in each.also]

    def _is_severity(self, rule: str, severity: Any) -> bool:
        if severity in SEVERITIES:
            return True
        choices = ", ".join(SEVERITIES)
        what = f"diagnostics.{rule} is {severity!r}; it must be one of {choices}."
        return self._refuse(what, False)

    def globals(self) -> frozenset[str]:
        given = self._values.get("globals") or []
        if isinstance(given, list) and all(isinstance(each, str) for each in given):
            return frozenset(given)
        return self._refuse(f"globals is {given!r}; it must be a list of names.", frozenset[str]())

    def text(self, key: str) -> str | None:
        given = self._values.get(key) or None
        if given is None or isinstance(given, str):
            return given
        return self._refuse(f"{key} is {given!r}; it must be a string.", None)

    def truth(self, key: str, default: bool) -> bool:
        given = self._values.get(key)
        if given is None or isinstance(given, bool):
            return default if given is None else given
        return self._refuse(f"{key} is {given!r}; it must be true or false.", default)

    def unknown(self) -> Iterator[str]:
        for key in self._values:
            if key not in KNOWN and key.partition(".")[0] not in OF_EDITORS:
                yield f"There is no setting {SECTION}.{key}; there are {', '.join(KNOWN)}."

    def _refuse(self, problem: str, instead: T) -> T:
        self.problems.append(problem)
        return instead


def _section(given: Any) -> Mapping[str, Any]:
    """Our settings, with their keys below `SECTION`."""
    if not isinstance(given, Mapping):
        return {}
    prefix = f"{SECTION}."
    dotted = {
        key.removeprefix(prefix): each for key, each in given.items() if key.startswith(prefix)
    }
    if SECTION in given or dotted:
        inner = given.get(SECTION)
        return {**inner, **dotted} if isinstance(inner, Mapping) else dotted
    return {key: each for key, each in given.items() if not _is_of_others(key, each)}


def _is_of_others(key: str, value: Any) -> bool:
    """Whether it is the section of another program, as of a client that sends all it has."""
    heads = {each.partition(".")[0] for each in KNOWN}
    return isinstance(value, Mapping) and key.partition(".")[0] not in heads


def _flat(section: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """Nested objects as keys with dots, down to the keys that there are."""
    found: dict[str, Any] = {}
    for name, value in section.items():
        key = f"{before}{name}"
        leads_on = any(known.startswith(f"{key}.") for known in KNOWN)
        if leads_on and isinstance(value, Mapping):
            found |= _flat(value, f"{key}.")
        else:
            found[key] = value
    return found
