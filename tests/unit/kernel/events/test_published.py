"""Events with their names, ids and JSON."""

import dataclasses
import typing
from enum import Enum
from types import UnionType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.core.errors import UserError
from kernel.core.model import Source
from kernel.events import execution, hooks, lifecycle, model, sessions, state, work
from kernel.events.broker import Broker
from kernel.events.model import KernelEvent
from kernel.events.names import FAMILIES, NAMES, Announced, checked_name, name_of
from kernel.events.published import Published

MODULES = (execution, hooks, lifecycle, model, sessions, state, work)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def sample(kind: Any) -> Any:
    """A value of a type of a field, the richest there is of it."""
    origin, parts = typing.get_origin(kind), typing.get_args(kind)
    if hasattr(kind, "__supertype__"):
        return sample(kind.__supertype__)
    if origin in (UnionType, typing.Union):
        return sample(next(each for each in parts if each is not type(None)))
    if origin is tuple:
        return () if parts[0] is Source else (sample(parts[0]),)  # sources are made of sources
    if origin is not None:
        return {"text/plain": "1", "n": 2}
    if isinstance(kind, type) and issubclass(kind, Enum):
        return next(iter(kind))
    if dataclasses.is_dataclass(kind):
        return made(kind)
    return {str: "tëxt", int: 7, float: 1.5, bool: True}.get(kind)


def made(kind: Any) -> Any:
    """An instance with a value in every field."""
    hints = typing.get_type_hints(kind)
    return kind(**{each.name: sample(hints[each.name]) for each in dataclasses.fields(kind)})


def test_every_event_has_a_name() -> None:
    """A new kind of event cannot be forgotten in the table of names."""
    bases = {KernelEvent, sessions.SessionEvent}
    there = {
        each
        for module in MODULES
        for each in vars(module).values()
        if isinstance(each, type) and issubclass(each, KernelEvent)
    }
    assert there - bases == set(NAMES.values())
    assert len(NAMES) == len(set(NAMES.values()))


@pytest.mark.parametrize("name", NAMES)
def test_names_have_a_family(name: str) -> None:
    """A name is well-formed, and the part before its dot is a family."""
    family, _, rest = checked_name(name).partition(".")
    assert family in FAMILIES
    assert rest.replace("_", "").isalpha()


@pytest.mark.parametrize("kind", NAMES.values(), ids=NAMES.keys())
def test_what_is_written_can_be_read(kind: type[KernelEvent]) -> None:
    """Every kind of event comes back from JSON as it went."""
    published = Broker().publish(made(kind))
    assert published == Published.decode(published.encode())


@given(JSON)
def test_data_of_scripts_come_back(data: Any) -> None:
    """What a script publishes is told with the data it gave."""
    published = Broker().publish(Announced("user.event", data))
    assert published == Published.decode(published.encode())


def test_what_is_not_known_is_kept() -> None:
    """An event of a later kernel, or with other fields, is an announced one."""
    text = b'{"name":"%s","id":"x-1","time":1.0,"data":{"more":1}}'
    for name in ("lifecycle.kernel_upgraded", "tool.called"):
        read = Published.decode(text % name.encode())
        assert Announced(name, {"more": 1}) == read.event


@pytest.mark.parametrize("text", [b"[]", b"{}", b"no", b'{"name":"a","id":"b"}'])
def test_what_is_no_event_is_refused(text: bytes) -> None:
    """Garbage is a `ValueError`, not an event."""
    with pytest.raises(ValueError, match=r"missing|Expecting"):
        Published.decode(text)


@pytest.mark.parametrize("name", ["", "a b", ".a", "a.", "a..b", "a.*", "a.>", "user.?"])
def test_names_that_are_none(name: str) -> None:
    """A type of event that could not be subscribed to is refused."""
    with pytest.raises(UserError, match="no type of event"):
        name_of(Announced(name))
