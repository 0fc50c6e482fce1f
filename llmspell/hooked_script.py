"""A script that runs alone, with hooks asked about it as a kernel asks them about a cell.

Those of the configuration are asked before it as well. What it registers itself is there behind it.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from kernel.core.plain import PlainData
from kernel.core.script_values import as_json
from kernel.hooks.base import Component, HookCancelled, HookDetails
from kernel.hooks.points import CODE_EXECUTION, POINTS
from llmspell.script_api.services import LocalServices

Values = list[Any]


@dataclass(frozen=True, slots=True)
class Script:
    """What is run, and how that is done."""

    path: str
    """Of its file; empty: it has none."""
    args: Sequence[str]
    text: bytes
    run: Callable[[bytes, Sequence[str]], str | None]
    """Gives what went wrong, if anything did."""
    values: list[Values] = field(default_factory=list)
    """What it returned, as often as that was heard; the last counts."""


class _Failed(Exception):
    """What hooks are told of a script that failed: the error without its traceback."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem.partition("\nstack traceback:")[0])
        self.problem = problem


def run_hooked(
    services: LocalServices, script: Script, *, has_run: bool, problem: str | None = None
) -> str | None:
    """What went wrong.

    ``has_run``: nobody was to be asked before, and this came of it.
    """
    code = script.text.decode("utf-8", "backslashreplace")
    first, args = [problem] if has_run else [], script.args

    def operation(details: HookDetails) -> PlainData:
        wanted = details.data.get("code", code) if isinstance(details.data, dict) else code
        text = script.text if wanted == code else str(wanted).encode()
        failed = first.pop() if first else script.run(text, args)
        if failed is not None:
            raise _Failed(failed)
        return _told(script.values)

    about = {"client": "", "session_type": "script" if script.path else "exec", "silent": False}
    cell, hooks = Component("cell", "1"), services.thread_hooks
    try:
        if not has_run:
            args = _asked_before(services, script)
        answer = hooks.guard(
            CODE_EXECUTION, cell, {"code": code}, operation, about, has_begun=has_run
        )
    except _Failed as failed:
        return failed.problem
    except HookCancelled as error:
        return str(error)
    _take(answer, script.values)
    return None


def _asked_before(services: LocalServices, script: Script) -> Sequence[str]:
    """The script's words as hooks at ``PreScriptLoad`` leave them."""
    if not script.path:
        return script.args
    told: PlainData = {"path": script.path, "args": list(script.args), "stops": []}
    about = Component("program", script.path)
    said = services.thread_hooks.before(POINTS["PreScriptLoad"], about, told)
    args = said.get("args") if isinstance(said, dict) else None
    return script.args if args is None else [str(each) for each in args]


def _told(values: Sequence[Values]) -> dict[str, PlainData]:
    """As `kernel.execution.hooked_cells` tells of a cell; ``text``: where somebody hears of it."""
    shown = map(_shown, values[-1] if values else ())
    return {"status": "ok", "count": 1, "text": ", ".join(shown) or None}


def _shown(value: Any) -> str:  # noqa: ANN401 - plain data
    return value if isinstance(value, str) else json.dumps(as_json(value), ensure_ascii=False)


def _take(answer: PlainData, values: list[Values]) -> None:
    """Where hooks have another result, that is what was returned."""
    if answer == _told(values):
        return
    text = answer.get("text") if isinstance(answer, dict) else answer
    values.append([] if text is None else [text])
