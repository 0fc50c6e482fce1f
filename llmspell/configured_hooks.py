"""The registry of hooks, as the configuration has it, with the hooks that it names."""

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from kernel.core.errors import UserError
from kernel.events.patterns import compile_pattern
from kernel.hooks.base import HIGHEST, LOWEST, NORMAL, PRIORITIES
from kernel.hooks.breaker import BreakerSettings
from kernel.hooks.builtin.catalogue import BUILT_IN, HookCatalogue, Tell
from kernel.hooks.builtin.metrics import MetricsHook
from kernel.hooks.points import POINTS, HookPoint, Kind
from kernel.hooks.registry import HookRegistry, SilentRegistry
from llmspell.config.sections.hooks import HooksConfig, UsedHook


def make_registry(
    chosen: HooksConfig, tell: Tell, catalogue: HookCatalogue | None = None
) -> HookRegistry:
    """One in which nobody is asked, or with breakers that open as often as is said.

    Raises `UserError` for a hook, a setting or a point that there is not: a hook that guards
    something must not be missing because of a slip of the pen.
    """
    usual = BreakerSettings()
    settings = BreakerSettings(
        chosen.circuit_breaker_threshold or usual.failures, usual.window, usual.slow, usual.rest
    )
    registry = HookRegistry(settings) if chosen.enabled else SilentRegistry(settings)
    known = catalogue or HookCatalogue()
    for each in chosen.use:
        _register(registry, each, known, tell)
    return registry


def figures_of(registry: HookRegistry) -> Mapping[str, Any]:
    """What the metrics that the configuration named have counted; empty if it named none."""
    found = next(
        (each.hook for each in registry.find() if isinstance(each.hook, MetricsHook)), None
    )
    if found is None:
        return {}
    points: Counter[str] = Counter()
    for (point, _, _), count in found.counts().items():
        points[point] += count
    operations = {
        ":".join(filter(None, key)): {
            "count": each.count,
            "seconds": each.total,
            "median": _bound(each.quantile(0.5)),
            "p95": _bound(each.quantile(0.95)),
        }
        for key, each in found.durations().items()
    }
    return {"hooks": {"points": dict(points), "operations": operations}}


def _bound(seconds: float) -> float | None:
    """JSON has no infinity, which stands for longer than the last bound."""
    return seconds if math.isfinite(seconds) else None


def _register(registry: HookRegistry, used: UsedHook, catalogue: HookCatalogue, tell: Tell) -> None:
    hook = catalogue.make(used.hook, used.settings, tell)
    built_in = BUILT_IN.get(used.hook)
    patterns = used.points or (list(built_in.points) if built_in else [])
    if not patterns:
        raise UserError(f"Hook {used.hook}: say the points at which it is asked, in `points`.")
    is_required = (
        bool(built_in and built_in.is_required) if used.required is None else used.required
    )
    for point in _points(used.hook, patterns):
        registry.register(
            point,
            hook,
            priority=_priority(used, point),
            name=used.hook,
            description="named in the configuration",
            tags=("configuration",),
            is_required=is_required,
        )


def _points(name: str, patterns: list[str]) -> Iterator[HookPoint]:
    for pattern in patterns:
        fits = compile_pattern(pattern)
        if not any(fits(each) for each in POINTS):
            raise UserError(f"Hook {name}: no hook point is called {pattern!r}; see Hook.register.")
    tests = [compile_pattern(each) for each in patterns]
    return (point for point in POINTS.values() if any(fits(point.name) for fits in tests))


def _priority(used: UsedHook, point: HookPoint) -> int:
    if used.priority is not None:
        return PRIORITIES[used.priority]
    built_in = BUILT_IN.get(used.hook)
    if built_in is None or not built_in.is_outermost:
        return NORMAL
    # At errors those behind a hook that has it done again, or gives a result, are not asked.
    return HIGHEST if point.kind in (Kind.BEFORE, Kind.ERROR) else LOWEST
