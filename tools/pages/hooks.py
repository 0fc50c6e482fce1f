"""The reference of hooks, from the tables and classes that make them."""

import inspect
import json
from collections.abc import Iterator, Sequence
from dataclasses import MISSING, fields
from typing import get_type_hints

from kernel.debug import stop_hooks
from kernel.hooks import backoff, conditions, points
from kernel.hooks.base import PRIORITIES
from kernel.hooks.breaker import BreakerSettings
from kernel.hooks.builtin import catalogue
from kernel.hooks.builtin.caching import CachingHook
from kernel.hooks.builtin.cost import PRICES, CostHook
from kernel.hooks.builtin.logging import LoggingHook
from kernel.hooks.builtin.metrics import MetricsHook
from kernel.hooks.builtin.rate_limit import RateLimitHook
from kernel.hooks.builtin.security import SecurityHook
from kernel.hooks.patterns import (
    CompositeHook,
    ConditionalHook,
    ForkHook,
    Mode,
    RetriedHook,
    RetryHook,
)
from kernel.hooks.points import FROM_LUA, LATER, POINTS, Guarded, Kind
from kernel.hooks.results import MEANING
from kernel.jupyter.kernel_hooks import PATIENCE, UNASKED
from llmspell.script_api import script_hooks
from tools.pages.events import documented_enum, plain
from tools.pages.markdown import mark, table

INTRODUCTION = """
# Hooks

A hook is a function that is asked at a point in the course of things, and says how they go on.
It is told frozen details (the point, the component, the data, metadata, ids) and answers with a result; it changes nothing itself.

```python
registry.register(find_point("BeforeToolExecution"), no_shell, priority=HIGH)


def no_shell(details: HookDetails) -> HookResult:
    if details.component.name == "process_executor":
        return Cancel("Processes are not allowed here.")
    return CONTINUE
```

Hooks are asked in the order of their priorities, the lowest number first: {priorities}.
They may be `async`; a script's thread waits for those.

## What hooks may answer

| result | before an operation | after it | when it failed |
| --- | --- | --- | --- |
"""

FAILING = """
A hook that raises, or answers something else, is logged and passed over, and `hook.failed` is [told](events.md).
One that was registered with `is_required` is not passed over: the operation is cancelled; but at a stop, where to cancel is to go on, the program stops.

A hook that fails {failures} times within {window:.0f} seconds, or takes longer than {slow:.0f} ms as often, rests for {rest:.0f} seconds; then it is tried once, and rests again or is back.
A hook that waits for a network is registered with a `slow` of its own.

## Points

"""

GUARDED = """
## What is guarded

Around these operations the results above hold; at other points hooks are only asked.
What *redirect* may name, there and as the `target` of an operation of *fork*, stands in the last column.
Where nothing stands, nothing else could do it, as nothing else runs a cell: the operation is refused with an error that names the hook, its point and the target, as it is for a target that is none.
So is a session that is about to begin, and whatever else is refused at the points at which hooks are only asked.
At points of the debugger, and where nothing can be refused, a hook that says *redirect* has failed, and is passed over.

A write to state that somebody else came between is asked about at `StateConflict`, not at `StateError`; so is one of `State.compare_and_swap` where another value is there than the expected one.

"""

PATTERNS = """
## Hooks made of hooks

"""

DEBUGGING = """
## Changing the course of debugging

At a stop, hooks are told where the program stands: `reason`, `thread`, `path`, `line`, `function`, `locals` (as they are shown), `text`.
Clients are told of the stop when the hooks have answered, and see the program running until then.
A hook that takes longer than {patience:.0f} seconds, or fails, leaves the stop as it is.

A hook that wants a change answers `modified` with the data it was told and these keys in them:

- `set`: a table of expressions and of the expressions of their values, in the program's language;
- `stops`: a list of tables with a `path`, a `line` and perhaps a `condition`, at which the program shall stop, too; the debug console says which of them cannot be;
- `stop`: false to go on.

Before a script is begun (`PreDebugSession`, `PreScriptLoad`) they are told its `path` and `args`, and may change those and add `stops`; it is not begun where one says *cancel* or *skip*.
Where the client has read the script already, as the prompt has, another `path` is an error.

"""

BUILT_IN = """
Where the program goes on in the middle of a step, the step is made again from there.
A stop that is added before the launch, or while the program stands, holds from then on; one that is added when a module has been loaded (`PostScriptLoad`) comes too late for lines that the module has passed by then.

## Built in

"""

TOLD = """
## What hooks are told

What `data` and `metadata` hold is said where hooks are asked:

| about | where |
| --- | --- |
| cells | `kernel.execution.hooked_cells` |
| stops, launches, steps | `kernel.debug.stop_hooks` |
| sessions, their limits, and what somebody may not do there | `kernel.sessions.hooked` |
| reading and writing state | `kernel.hooks.hooked_state`, and for clients `llmspell.hooked_state_requests` |
| a kernel's start and end, and messages | `kernel.jupyter.kernel_hooks` |

A hook may use state, sessions, events and the configuration itself.
It is not asked about what it does there itself, so that it does not come to itself again.

**Cells.**
What hooks of scripts write at the points of a cell is output of that cell, and comes before the cell is over.
At other points it belongs, as all that is written between two cells, to the cell that runs or ran last.

Hooks are asked about every cell of every client, also about those that its client calls silent (`metadata.silent` says so): nobody else can tell what they are for.
`llmspell run`, `exec` and `debug` run one cell each; what the prompt does for `.set`, `.unset`, `.reset` and `.load` are silent cells.
A hook that a cell registers is asked from then on, so also behind that cell itself.
Expressions that a client wants evaluated behind a cell (`user_expressions`) are in `data.expressions`, by name.
What a debugger evaluates hooks are not asked about.

**Scripts.**
`PreScriptLoad` is asked about scripts that clients run: those that editors launch, `.run` and `.start` at the prompt, `llmspell debug` and `llmspell run`; not about what they load themselves.
`PreDebugSession` and `PostDebugSession` are asked about those of them that run under the debugger from their first line: launches of editors (but for those with `noDebug`), `llmspell debug` and `.start`.
A debugger that attaches to a kernel begins no session, as the kernel's program runs already.
What an editor launches is not there before and after, so only hooks of the configuration are asked then.

**State.**
A hook at `AfterStateRead` has a say in what scripts and clients read; what is kept stays as it is.
Increments, appends and comparisons begin with what is really kept; hooks are asked about what is written, and where they have it written to another place, it is done again with what is kept there.
A *redirect* names a scope, such as `user:ann`, and what was to be read or written is read or written there; `data.scope` says so to the hooks behind it.
What clients import names its scopes itself, and is not redirected.
Hooks are asked about scripts and clients, not about what the kernel keeps for itself.

**Messages.**
A message that a hook cancels is answered with an error that names the hook.
Nobody is asked about {unasked}: they are the way out where a script stands, and its hooks with it.
Hooks are not asked about what is published on IOPub: it is told in its order and at once, and a hook that waits, as those of scripts do, would hold up all clients.

**The end of a kernel.**
Hooks hear of it and cannot prevent it; each of its points takes {patience:g} seconds at most.

**Limits and refusals.**
`ResourceLimitExceeded` is told of what policies refuse, and of cells that were ended because they used too much.
`SecurityViolation` is told of what somebody may not do to a session, and of settings that a script may not change.
What closed libraries keep from a cell is not there for it, and not told.
"""

SCRIPTS = """
## From scripts

Scripts register hooks at all points with `Hook.register`, with a priority by its word; {count} of them are meant for scripts: {named}.
What is asked before a script has registered anything (`PreKernelStartup`, `SystemStartup`, the launch of a program by an editor, the beginning of `llmspell run`) only hooks of the application hear.
Others wait at most {wait:g} seconds for a hook of a script that stands or is busy, and go on as if it had not been asked.
At the points of debugging (`PreBreakpoint`, `PostStepExecution`, `DebugError`, `PreStepExecution`, …) the script stands itself: its function is called there as an evaluation is, so nothing stops in it, and a stop is told after {stop:g} seconds whatever the hooks do.
They are asked so at the prompt, in notebooks, and in programs that editors launch or attach to.
About a script that runs alone (`llmspell run` and `exec` without a kernel) hooks are asked as about a cell, at `PreScriptLoad`, and about what it does with state, sessions, events and the configuration; its own are not there before it.
What it returns they are told where somebody hears of it (`--output json`).
`SystemShutdown` is asked when the script has run, also under the debugger of an editor, unless it ends the process itself (`os.exit`); at the prompt when somebody leaves, and what hooks write then is not shown any more.
They answer with a word (`"continue"`, `"skip"`, `"cancel"`) or a table: `{type = "modified", data}`, `{type = "cancel", reason}`, `{type = "redirect", target}`, `{type = "replace", data}`, `{type = "retry", delay_ms, max_attempts}`, `{type = "fork", operations = {{name, data, target}}, join}`, `{type = "cache", key, ttl_seconds}`, `{type = "skip", reason}`.

## In the configuration

What [`[hooks]`](configuration.md#hooks) says:

| key | meaning |
| --- | --- |
| `enabled` | false: hooks can be registered, and none is asked |
| `rate_limit_per_minute` | how often a minute each hook of a script is asked; above that it is passed over |
| `timeout_ms` | how long others wait for a hook of a script, in place of the time above |
| `circuit_breaker_threshold` | after how many failures within 30 seconds a hook rests |
| `use` | hooks that are asked from the start |

```toml
[[hooks.use]]
hook = "rate_limit"
points = ["PreCodeExecution"]
settings = { limits = { cell = "60/minute" } }

[[hooks.use]]
hook = "security"
```

| key of `use` | meaning |
| --- | --- |
| `hook` | its name: one of those below, or one that a package brings through the entry point group `{group}` |
| `points` | names and patterns of the points at which it is asked, in place of those below |
| `priority` | a word, as scripts say it |
| `required` | whether what it is asked about is cancelled where it fails; so it is for `security` |
| `settings` | see below |

A hook, a setting or a point that there is not is an error: no kernel starts, no program is launched under the debugger, and scripts cannot use what hooks are asked about.

{by_name}
`metrics` and `security` are asked first before an operation and on its errors, and last after it.
`caching` knows a component by its type, its name and its data, but a cell by its code alone, as each has a number of its own; what a cell prints or changes is not kept.

`security` is a last line behind [closed libraries](closed-libraries.md), not in place of them.
Of what tools and agents are given it looks at all data: at paths, hosts and commands by the names of arguments, and at URLs and texts that begin like a path everywhere.
Of cells it looks at the text of the code: at URLs, at texts in quotes or long brackets that name a path, and at those that are handed to `os.execute`, `io.popen` and the like as a command.
It cannot see what code does: a path that is put together (`"/etc/" .. name`), written with escapes, read from somewhere or reached by way of another command is not found, nor is what a module does that the code requires, or a debugger evaluates.
Behind a cell it takes secrets out of its result, not out of what the cell prints.

What `metrics` has found is in [the health of a kernel](service.md#health), under `parts.hooks`.

## What they cost

A hook in Python that says *continue* costs a fraction of a microsecond, and a point without hooks less than that.
Functions of a script take more, since they are called on the script's thread, which has to be woken for them: those that follow each other at a point are asked in one go.
`python -m bench --only hooks` says what ten of them cost an execute on your machine; [ours](measurements.md).
"""

KINDS = {
    Kind.BEFORE: "before",
    Kind.AFTER: "after",
    Kind.ERROR: "error",
    Kind.NOTICE: "notice",
}


def hooks_page() -> str:
    """The whole page."""
    breaker = BreakerSettings()
    words = ", ".join(f"`{word}` {number}" for word, number in PRIORITIES.items())
    parts = [
        mark("kernel/hooks/ and kernel/debug/stop_hooks.py"),
        INTRODUCTION.format(priorities=words),
        *(f"| `{word}` | {' | '.join(meanings)} |\n" for word, meanings in MEANING.items()),
        FAILING.format(
            failures=breaker.failures,
            window=breaker.window,
            slow=1000 * breaker.slow,
            rest=breaker.rest,
        ),
        table(["kind", "hooks there"], documented_enum(Kind)),
    ]
    for group in points.groups():
        rows = [
            [f"`{name}`", KINDS[point.kind], LATER.get(name, "yes"), plain(point.doc)]
            for name, point in POINTS.items()
            if point.group == group
        ]
        parts.append(f"\n### {group}\n\n{table(['point', 'kind', 'asked', 'when'], rows)}")
    parts += [
        GUARDED,
        table(["operation", "before", "after", "on errors", "redirect to"], _guarded()),
        PATTERNS,
        table(
            ["hook", "what it does"],
            _classes(CompositeHook, ConditionalHook, RetryHook, RetriedHook, ForkHook),
        ),
        "\nHow a `CompositeHook` makes one answer of several:\n\n",
        table(["mode", "meaning"], documented_enum(Mode)),
        "\nConditions, put together with `&`, `|` and `~`:\n\n",
        table(["condition", "holds when"], _classes(*_conditions())),
        "\nWaits between attempts:\n\n",
        table(
            ["back-off", "waits"],
            _classes(
                backoff.Fixed,
                backoff.Linear,
                backoff.Exponential,
                backoff.Fibonacci,
                backoff.Custom,
            ),
        ),
        "\n",
        table(["jitter", "what chance makes of them"], documented_enum(backoff.Jitter)),
        DEBUGGING.format(patience=stop_hooks.PATIENCE),
        table(["result at a stop", "what becomes of it"], _decisions()),
        BUILT_IN,
        table(["hook", "what it does"], _built_in()),
        "\nList prices, in dollars for a million tokens, as of the middle of 2025; ",
        "they can be replaced:\n\n",
        table(["provider", "model", "input", "output"], _prices()),
        TOLD.format(unasked=_listed(sorted(UNASKED)), patience=PATIENCE),
        SCRIPTS.replace("{count}", str(len(FROM_LUA)))
        .replace("{named}", "those of agents, tools and workflows, and two of the system")
        .replace("{wait:g}", f"{script_hooks.PATIENCE:g}")
        .replace("{stop:g}", f"{stop_hooks.PATIENCE:g}")
        .replace("{group}", catalogue.GROUP)
        .replace("{by_name}", table(["hook", "asked at", "settings"], _named())),
    ]
    return "".join(parts)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _guarded() -> list[list[str]]:
    return [
        [
            name.lower().replace("_", " "),
            f"`{each.before}`",
            f"`{each.after}`",
            f"`{each.error}`" if each.error else "",
            each.targets.doc if each.targets else "",
        ]
        for name, each in vars(points).items()
        if isinstance(each, Guarded) and each.before.name not in LATER
    ]


def _conditions() -> list[type]:
    return [
        each
        for each in vars(conditions).values()
        if isinstance(each, type)
        and issubclass(each, conditions.Condition)
        and each is not conditions.Condition
    ]


def _classes(*kinds: type) -> list[list[str]]:
    return [[f"`{each.__name__}`", _first(each)] for each in kinds]


def _first(kind: type) -> str:
    """The first paragraph of what a class says of itself."""
    return plain((inspect.getdoc(kind) or "").split("\n\n")[0])


def _decisions() -> Sequence[Sequence[str]]:
    rows = [[f"`{kind.word}`", meaning] for kind, meaning in stop_hooks.DECISIONS.items()]
    asked_again = "the hook is asked again; if it says so to the last, the program stops"
    return [
        *rows,
        ["`retry`, but at `DebugError`", asked_again],
        ["any other", "the program stops, with the changes made"],
    ]


def _built_in() -> list[list[str]]:
    made = (LoggingHook, MetricsHook, RateLimitHook, CostHook, SecurityHook, CachingHook, RetryHook)
    return _classes(*made)


def _named() -> list[list[str]]:
    return [
        [f"`{name}`", ", ".join(f"`{each}`" for each in it.points), "; ".join(_settings(it))]
        for name, it in catalogue.BUILT_IN.items()
    ]


def _settings(built_in: catalogue.BuiltIn) -> Iterator[str]:
    hints = get_type_hints(built_in.settings, include_extras=True)
    for each in fields(built_in.settings):
        if each.default is MISSING and each.default_factory is MISSING:
            default = ", must be said"
        else:
            value = each.default if each.default is not MISSING else {}
            shown = json.dumps(value)
            default = f" ({shown})" if value not in ((), {}) and len(shown) < 20 else ""
        yield f"`{each.name}`{default}: {hints[each.name].__metadata__[-1]}"


def _prices() -> list[list[str]]:
    return [
        [provider, f"`{model}…`" if model else "all", f"{price.input:g}", f"{price.output:g}"]
        for (provider, model), price in PRICES.items()
    ]
