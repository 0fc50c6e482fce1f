"""What the steps of schema files do: to entries of a scope, or to fields of the objects in them."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from kernel.core.errors import UserError
from kernel.state.store import Entry, StateStore
from kernel.state.values import Json, decode, encode

Conversion = Literal["string", "integer", "number", "boolean", "list"]


class StepFailed(UserError):
    """A value that a step cannot change; the text says where it is."""


@dataclass(frozen=True, slots=True)
class Place:
    """What a step is about; ``key`` may end with ``*``, ``field`` has dots between its names."""

    store: StateStore
    scope: str
    key: str
    field: str | None = None

    @property
    def prefix(self) -> str | None:
        """What keys begin with; None: it is one key."""
        return self.key[:-1] if self.key.endswith("*") else None

    def entries(self) -> list[tuple[str, Entry]]:
        """What is there; read before anything is changed."""
        if self.prefix is not None:
            return list(self.store.scan(self.scope, self.prefix))
        entry = self.store.get(self.scope, self.key)
        return [] if entry is None else [(self.key, entry)]

    def put(self, key: str, value: Json, entry: Entry) -> None:
        """Put a value in place of what an entry had; its life stays as it is."""
        data = encode(value)
        if data != entry.value:
            self.store.put(self.scope, key, data, expires=entry.expires, expected=entry.version)

    def change_fields(self, change: Callable[[dict[str, Any], str, str], None]) -> None:
        """Have each object that may have the field changed, with its last name and its place.

        What has no such objects in it is passed over; but where there is something else than an
        object in the place of one, nothing can be meant: raises `StepFailed`.
        """
        assert self.field is not None
        *outer, name = self.field.split(".")
        for key, entry in self.entries():
            value: Any = decode(entry.value)
            where = f"{self.scope}/{key}"
            holder = _holder(value, outer, where)
            if holder is not None:
                change(holder, name, f"{where}, field {self.field}")
                self.put(key, value, entry)


def _holder(value: Any, outer: list[str], where: str) -> dict[str, Any] | None:  # noqa: ANN401
    for passed, name in enumerate([*outer, ""]):
        if not isinstance(value, dict):
            inside = f", field {'.'.join(outer[:passed])}" if passed else ""
            raise StepFailed(f"{where}{inside} is no object, so it has no fields.")
        if passed == len(outer):
            return value
        if name not in value:
            return None
        value = value[name]
    return None


def rename(place: Place, to: Any) -> None:  # noqa: ANN401 - what a file says
    """Give entries another key, or fields another name; raises `StepFailed` if that is taken."""
    if place.field is None:
        _rename_entries(place, str(to))
        return

    def change(holder: dict[str, Any], name: str, where: str) -> None:
        if name not in holder or name == to:
            return
        if to in holder:
            raise StepFailed(f"{where} cannot be called {to}: that is there already.")
        # Its place among the others stays.
        renamed = {to if each == name else each: value for each, value in holder.items()}
        holder.clear()
        holder.update(renamed)

    place.change_fields(change)


def _rename_entries(place: Place, to: str) -> None:
    for key, entry in place.entries():
        new = to if place.prefix is None else to[:-1] + key.removeprefix(place.prefix)
        if new == key:
            continue
        if place.store.get(place.scope, new) is not None:
            raise StepFailed(f"{place.scope}/{key} cannot be called {new}: that is there already.")
        place.store.put(place.scope, new, entry.value, expires=entry.expires)
        place.store.delete(place.scope, key)


def remove(place: Place, _nothing: Any) -> None:  # noqa: ANN401 - as the others
    """Forget entries, or fields."""
    if place.field is not None:
        place.change_fields(lambda holder, name, _where: holder.pop(name, None))
        return
    for key, _entry in place.entries():
        place.store.delete(place.scope, key)


def default(place: Place, value: Any) -> None:  # noqa: ANN401 - what JSON can say
    """Put a value where there is none."""
    if place.field is not None:
        place.change_fields(lambda holder, name, _where: holder.setdefault(name, value))
    elif not place.entries():
        place.store.put(place.scope, place.key, encode(value))


def convert(place: Place, kind: Any) -> None:  # noqa: ANN401 - a `Conversion`
    """Make values be of a type; raises `StepFailed` for one that cannot be."""
    if place.field is None:
        for key, entry in place.entries():
            value = decode(entry.value)
            place.put(key, _converted(value, kind, f"{place.scope}/{key}"), entry)
        return

    def change(holder: dict[str, Any], name: str, where: str) -> None:
        if name in holder:
            holder[name] = _converted(holder[name], kind, where)

    place.change_fields(change)


STEPS: Mapping[str, Callable[[Place, Any], None]] = {
    "rename": rename,
    "remove": remove,
    "default": default,
    "convert": convert,
}


def _converted(value: Json, kind: Conversion, where: str) -> Json:
    for made in _CONVERSIONS[kind](value):
        return made
    raise StepFailed(f"{where} is {value!r:.80}, which cannot become {_ARTICLE[kind]} {kind}.")


_ARTICLE = {"integer": "an", "string": "a", "number": "a", "boolean": "a", "list": "a"}


def _string(value: Json) -> Iterator[Json]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, int | float):
        yield encode(value).decode()


def _number(value: Json) -> Iterator[Json]:
    if isinstance(value, bool):
        yield int(value)
    elif isinstance(value, int | float):
        yield value
    elif isinstance(value, str):
        try:
            yield int(value)
        except ValueError:
            yield from _float(value)


def _float(text: str) -> Iterator[Json]:
    try:
        made = float(text)
    except ValueError:
        return
    if made - made == 0:  # neither infinite nor no number
        yield made


def _integer(value: Json) -> Iterator[Json]:
    for number in _number(value):
        if isinstance(number, int):
            yield number
        elif isinstance(number, float) and number.is_integer():
            yield int(number)


_TRUTHS: Mapping[str, bool] = {"true": True, "false": False, "1": True, "0": False}


def _boolean(value: Json) -> Iterator[Json]:
    text = str(value).lower() if isinstance(value, bool | int | str) else ""
    if text in _TRUTHS:
        yield _TRUTHS[text]


def _list(value: Json) -> Iterator[Json]:
    yield value if isinstance(value, list) else [value]


_CONVERSIONS: Mapping[str, Callable[[Json], Iterator[Json]]] = {
    "string": _string,
    "integer": _integer,
    "number": _number,
    "boolean": _boolean,
    "list": _list,
}
"""What a value becomes as each type; nothing, if it cannot."""
