"""The reference of events, from the tables and classes that make them."""

import dataclasses
import inspect
import re

from kernel.events.log import LogSettings
from kernel.events.names import FAMILIES, FOR_CLIENTS, NAMES, UNTOLD
from kernel.events.nats import NatsSettings
from kernel.events.published import Published
from kernel.events.subscription import Overflow
from tools.pages.markdown import mark, table

INTRODUCTION = """
# Events

What happens in the kernel is published under dotted names, to whoever subscribed to them.
Scripts publish [events of their own](#events-of-scripts), under any dotted name but those of the kernel's events.

An event tells; it asks for nothing, and no subscriber can hold it up or make it fail.
Who wants a say in things registers a [hook](hooks.md).

## What is known of an event

"""

PATTERNS = """
## Patterns

A subscription has one or more patterns.

- `*` is any text of at least one character, dots included: `user.*` is `user.login` and `user.group.left`, `*.error` is `tool.error`, and `*` alone is every event.
- `?` is one word between dots: `user.?` is `user.login`, but not `user.group.left`.
- Everything else is itself; capital and small letters are different.

## Who is told

Scripts subscribe with `Event.subscribe`, and say there how many events may wait and what happens to one more.

A client of a kernel is told nothing before it asks: [`event_request`](kernel-protocol.md#events-for-clients) says which patterns it wants to hear of, by default {for_clients}.
In Jupyter they come on `iopub`, which all clients share: each hears what any of them has asked for, as children of the message whose id is the correlation id.
At the prompt, [`.events`](repl.md) asks for them and shows what was asked for there.

The log, and other kernels over NATS, are told what the configuration says.

## When a subscriber is slow

Each subscriber has a queue of its own with room for so many events.
What happens when it is full is the subscriber's choice, and others notice nothing of it.
What was lost is counted.

"""

CORRELATION = """
## What belongs together

The correlation id of an event is the id of the client's message that brought it about, and stays the same however long the chain is.
The causation id is that of the one thing it follows from.
A message `M` that runs a script which calls a tool:

```text
execution.started   e1   correlation M   causation M
tool.called         e2   correlation M   causation e1
hook.intervened     e3   correlation M   causation e2
debug.stopped       e4   correlation M   causation e1
debug.resumed       e5   correlation M   causation D   (the message that resumed it)
```

Tasks inherit both ids; a script's thread is handed them when it is given work.

## The log

Events are kept in a store, to be read again from any number on, by pattern, correlation id and time.
An event is durable once a flush has returned after it, and otherwise a moment later: they are written together, so that publishing one costs no transaction.
A process that is killed loses what came within the last interval.
A served kernel keeps one where [`[events.persistence]`](configuration.md#eventspersistence) says so.

"""

NATS = """
## Over NATS

With the extra `nats`, kernels hear each other over a NATS server.
The subject of an event is its name behind a prefix, its payload the JSON of what is known of it; a program that is no kernel takes part with `name`, `id` (unique), `time` (seconds since 1970) and `data`.
An event keeps its ids and its origin, and never comes back to where it was published.
NATS delivers at most once: what finds no room while the connection is away is lost, and counted.
A served kernel connects where [`[events.nats]`](configuration.md#eventsnats) names a server; while none answers there it says so in its log, tries again and goes on.

"""

SCRIPTS = """
## Events of scripts

`Event.publish(type, data, options)` tells an event called `type`: words with dots between them, without blanks, `*`, `?` and `>`.
A name that stands [below](#events-by-family) is refused, whether kernels of this release tell it or not: nobody is to take for the kernel's word what a script says.
Other names in the kernel's families are free; new kernels may use them.

Outside of scripts (on iopub, in the log, over NATS) the `data` of such an event have two parts, of which `Event.receive` makes its fields:

```json
{
  "name": "shop.sold",
  "source": "script:lua",
  "data": {"$event": {"language": "lua", "tags": ["till"]}, "data": {"pieces": 3}}
}
```

| part | what it has |
| --- | --- |
| `data` | What the script told, as JSON; null where that was nothing. |
| `$event` | What it said besides: `language`, and of `target`, `priority`, `tags` and `ttl` (seconds) those that it said. |

Its `correlation_id` is that of `options`, where the script says one.
"""

BY_FAMILY = """
## Events by family

The fields of an event are its `data` as JSON.
Under *told* stands whether kernels of this release tell it, or why not.
Those of the family `debug` are not told where [`events.emit_debug_events`](configuration.md#events) is false.
"""

_WRITES = (
    "where [`events.emit_state_events`](configuration.md#events) is true; by default it is not"
)
SWITCHED = dict.fromkeys(("state.changed", "state.deleted", "state.conflicted"), _WRITES)
"""What is not told unless the configuration says so."""


def events_page() -> str:
    """The whole page."""
    parts = [
        mark("kernel/events/"),
        INTRODUCTION,
        table(["field", "meaning"], _documented(Published)),
        PATTERNS.format(for_clients=" and ".join(f"`{each}`" for each in FOR_CLIENTS)),
        table(["policy", "meaning"], documented_enum(Overflow)),
        CORRELATION,
        table(["setting", "default", "meaning"], _settings(LogSettings)),
        NATS,
        table(["setting", "default", "meaning"], _settings(NatsSettings)),
        SCRIPTS,
        BY_FAMILY,
    ]
    for family, doc in FAMILIES.items():
        rows = [
            [
                f"`{name}`",
                UNTOLD.get(name, SWITCHED.get(name, "yes")),
                ", ".join(f"`{each.name}`" for each in dataclasses.fields(kind)),
                _doc(kind),
            ]
            for name, kind in NAMES.items()
            if name.startswith(f"{family}.")
        ]
        parts.append(f"\n### {family}: {doc[0].lower()}{doc[1:]}\n\n")
        parts.append(table(["name", "told", "fields", "when"], rows))
    return "".join(parts)


def _doc(kind: object) -> str:
    return plain(inspect.getdoc(kind) or "")


def plain(doc: str) -> str:
    """A docstring in one line, its code marked as Markdown has it."""
    return re.sub(r"``?([^`]+)``?", r"`\1`", " ".join(doc.split()))


def _documented(kind: type) -> list[list[str]]:
    """The fields of a class with the strings behind them; those that explain themselves bare."""
    source = inspect.getsource(kind)
    rows = []
    for each in dataclasses.fields(kind):
        found = re.search(rf'^    {each.name}:[^\n]*\n    """(.*?)"""', source, re.M | re.S)
        rows.append([f"`{each.name}`", plain(found[1]) if found else _OBVIOUS.get(each.name, "")])
    return rows


_OBVIOUS = {
    "name": "Its dotted name.",
    "event": "Its fields; as JSON under `data`.",
    "correlation_id": "The client's message it belongs to.",
    "causation_id": "The message or event it follows from.",
    "batch": "Events written in one transaction at most.",
    "interval": "How long an event may wait to be written.",
    "overflow": "What happens where more wait.",
    "url": "Where the server is.",
    "prefix": "The beginning of all subjects.",
}


def documented_enum(kind: type) -> list[list[str]]:
    """The values of an enumeration with the strings behind them."""
    source = inspect.getsource(kind)
    found = re.findall(r'^    [A-Z_]+ = "(\w+)"\n    """(.*?)"""', source, re.M | re.S)
    return [[f"`{value}`", plain(doc)] for value, doc in found]


def _settings(kind: type) -> list[list[str]]:
    defaults = {each.name: each.default for each in dataclasses.fields(kind)}
    return [
        [name, f"`{getattr(default := defaults[name.strip('`')], 'value', default)!r}`", doc]
        for name, doc in _documented(kind)
    ]
