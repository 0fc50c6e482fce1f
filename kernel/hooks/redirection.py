"""Redirection: what else can do an operation, and what is said where nothing can."""

from kernel.core.errors import UserError
from kernel.hooks.base import Component, HookDetails
from kernel.hooks.points import Guarded, HookPoint
from kernel.hooks.results import MEANING, Fork, Redirect

_OF_OTHERS = frozenset({"agent", "tool", "workflow", "custom"})
"""Groups of points at which whoever asks the hooks may carry out a redirect himself."""

_NOBODY = "nothing else can do it."
_INSTEAD = ", ".join(word for word in MEANING if word != Redirect.word)


def refusal(point: HookPoint, result: Redirect | Fork, guarded: Guarded | None) -> str | None:
    """Why the targets of a result are none; None: they are, as far as can be said before.

    ``guarded``: the operation that the point belongs to; None where hooks are only asked.
    """
    if isinstance(result, Redirect):
        named = [result.target]
    else:
        named = [each.target for each in result.operations if each.target is not None]
    if guarded is None and (point.group in _OF_OTHERS or isinstance(result, Fork)):
        return None
    for target in named:
        why = _why_not(target, guarded)
        if why is not None:
            return f"It cannot be redirected to {target!r}: {why}"
    return None


def _why_not(target: str, guarded: Guarded | None) -> str | None:
    if guarded is None:
        return _NOBODY
    if guarded.targets is None:
        return f"{_NOBODY} A hook may say {_INSTEAD} here."
    try:
        guarded.targets.check(target)
    except UserError as error:
        return str(error)
    return None


def redirected(details: HookDetails, target: str, guarded: Guarded | None) -> HookDetails:
    """The details of the same operation when ``target`` does it."""
    details = details._replace(component=Component(details.component.type, target))
    key = guarded.targets.key if guarded is not None and guarded.targets is not None else ""
    if key and isinstance(details.data, dict):
        return details.with_data({**details.data, key: target})
    return details
