"""Results as scripts write them: a word, or a table with its parts."""

import json
from collections.abc import Callable, Mapping

from kernel.core.errors import UserError
from kernel.core.plain import PlainData
from kernel.hooks.results import (
    CONTINUE,
    Cache,
    Cancel,
    Fork,
    HookResult,
    Join,
    Modified,
    Operation,
    Redirect,
    Replace,
    Retry,
    Skip,
)


def result_of(said: PlainData) -> HookResult:
    """What a script's hook returned, as a result; nothing (nil) is Continue.

    ``"continue"``, ``"skip"`` and ``"cancel"`` stand alone; the others are tables: ``{type =
    "modified", data}``, ``{type = "cancel", reason}``, ``{type = "redirect", target}``, ``{type =
    "replace", data}``, ``{type = "retry", delay_ms, max_attempts}``, ``{type = "fork", operations
    = {{name, data, target}}, join}``, ``{type = "cache", key, ttl_seconds}``, ``{type = "skip",
    reason}``. Raises `UserError` for anything else.
    """
    if said is None:
        return CONTINUE
    table = {"type": said} if isinstance(said, str) else said
    if not isinstance(table, Mapping):
        raise UserError(f"A hook said {shown(said)}; it says a word, or a table with a type.")
    word = table.get("type", table.get("action"))
    made = _MAKERS.get(str(word).lower())
    if made is None:
        raise UserError(f"A hook said {shown(word)}; it may say {', '.join(_MAKERS)}.")
    return made(table)


def shown(value: PlainData) -> str:
    """What a script's hook said, for messages: as JSON, which reads alike in every language."""
    return "nothing" if value is None else json.dumps(value, ensure_ascii=False, default=str)


def _number(table: Mapping[str, PlainData], key: str, default: float) -> float:
    value = table.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise UserError(f"A hook said {key} = {shown(value)}; it must be a number from 0 on.")
    return value


def _text(table: Mapping[str, PlainData], key: str) -> str:
    value = table.get(key)
    if not isinstance(value, str) or not value:
        raise UserError(
            f"A hook said {key} = {shown(value)} with {shown(table.get('type'))}; say a text."
        )
    return value


def _data(table: Mapping[str, PlainData]) -> PlainData:
    return table.get("data", table.get("modified_data"))


def _retry(table: Mapping[str, PlainData]) -> HookResult:
    attempts = int(_number(table, "max_attempts", 3))
    return Retry(_number(table, "delay_ms", 0) / 1000, attempts)


def _fork(table: Mapping[str, PlainData]) -> HookResult:
    told, join = table.get("operations"), table.get("join", Join.ALL.value)
    told = [] if told == {} else told  # an empty table of a script is either
    if not isinstance(told, list) or not all(isinstance(each, Mapping) for each in told):
        parts = "it is a list of {name, data, target}."
        raise UserError(f"A hook said operations = {shown(told)} with fork; {parts}")
    if join not in [*Join]:
        raise UserError(f"A hook said join = {shown(join)}; it may say {', '.join(Join)}.")
    operations = tuple(_operation(each) for each in told)
    if len({each.name for each in operations}) < len(operations):
        raise UserError("A hook forks into operations of the same name; their results need others.")
    return Fork(operations, Join(join))


def _operation(told: Mapping[str, PlainData]) -> Operation:
    target = _text(told, "target") if "target" in told else None
    return Operation(_text(told, "name"), told.get("data"), target, "data" in told)


_MAKERS: Mapping[str, Callable[[Mapping[str, PlainData]], HookResult]] = {
    "continue": lambda _: CONTINUE,
    "modified": lambda table: Modified(_data(table)),
    "cancel": lambda table: Cancel(str(table.get("reason", Cancel().reason))),
    "redirect": lambda table: Redirect(_text(table, "target")),
    "replace": lambda table: Replace(_data(table)),
    "retry": _retry,
    "fork": _fork,
    "cache": lambda table: Cache(_text(table, "key"), _number(table, "ttl_seconds", 300)),
    "skip": lambda table: Skip(str(table.get("reason", ""))),
    "skipped": lambda table: Skip(str(table.get("reason", ""))),
}
