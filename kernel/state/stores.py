"""STORES: what a store's URL may be, and what each kind is opened by."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qsl

from kernel.core.clock import Clock, SystemClock
from kernel.core.errors import UserError
from kernel.core.extras import need
from kernel.state.durability import Durability
from kernel.state.lmdb import MAP_SIZE, LmdbStore
from kernel.state.memory import MemoryStore
from kernel.state.postgres import PostgresStore, name_of
from kernel.state.sqlite import SqliteStore
from kernel.state.store import StateStore

_log = logging.getLogger(__name__)

Settings = Mapping[str, str]
Open = Callable[[Clock], StateStore]


@dataclass(frozen=True, slots=True)
class StoreKind:
    """A kind of store."""

    form: str
    """How its URL is written."""
    read: Callable[[str, Settings], Open]
    """Gives what opens it, by what comes behind the scheme, without and as settings."""
    settings: tuple[str, ...] = ()
    """What may be set behind the question mark."""
    extra: str | None = None
    """The extra that it needs."""


def open_store(url: str, clock: Clock | None = None) -> StateStore:
    """The store that a URL names.

    Raises `UserError` if the URL means nothing, `ExtraMissing`, or `StoreUnavailable`.
    """
    opened = _read(url)(clock or SystemClock())
    # The location of a server has a password in it, perhaps.
    _log.debug("opened the store %s", url.partition(":")[0] if "//" in url else url)
    return opened


def check_store(url: str) -> None:
    """Raise what `open_store` raises for a URL that can name no store; nothing is opened."""
    _read(url)


def _read(url: str) -> Open:
    scheme, _, location = url.partition(":")
    kind = STORES.get("postgresql" if scheme == "postgres" else scheme)
    if kind is None:
        forms = ", ".join(each.form for each in STORES.values())
        named = f"{scheme}: is no kind of store" if scheme else f"{url!r} is the URL of no store"
        raise UserError(f"{named}; write one of {forms}.")
    settings: Settings = {}
    if kind.settings:
        location, _, query = location.partition("?")
        settings = dict(parse_qsl(query, keep_blank_values=True))
        if unknown := sorted(settings.keys() - set(kind.settings)):
            raise UserError(
                f"{unknown[0]} is no setting of {scheme}:; there are {', '.join(kind.settings)}."
            )
    return kind.read(location, settings)


def _memory(location: str, _settings: Settings) -> Open:
    if location:
        raise UserError(f"memory: takes nothing behind it, and {location!r} is there.")
    return MemoryStore


def _sqlite(location: str, settings: Settings) -> Open:
    busy = _number("busy", settings.get("busy", "30"))
    durability, path = _durability(settings), _path("sqlite", location)
    return lambda clock: SqliteStore(path, clock, durability=durability, busy_seconds=busy)


def _lmdb(location: str, settings: Settings) -> Open:
    size = _number("size", settings["size"]) * 2**30 if "size" in settings else MAP_SIZE
    durability, path = _durability(settings), _path("lmdb", location)
    need("lmdb", "The store 'lmdb:'", "lmdb")
    return lambda clock: LmdbStore(path, clock, durability=durability, map_size=int(size))


def _postgres(location: str, _settings: Settings) -> Open:
    url = f"postgresql:{location}"
    name_of(url)
    return lambda clock: PostgresStore(url, clock)


STORES = {
    "memory": StoreKind("memory:", _memory),
    "sqlite": StoreKind("sqlite:PATH", _sqlite, ("durability", "busy")),
    "lmdb": StoreKind("lmdb:PATH", _lmdb, ("durability", "size"), "lmdb"),
    "postgresql": StoreKind("postgresql://…", _postgres, extra="postgres"),
}


def _path(scheme: str, location: str) -> Path:
    if not location:
        raise UserError(f"{scheme}: needs the path of a file behind it, as in {scheme}:state.db.")
    path = Path(location).expanduser()
    folder = path.absolute().parent
    if not folder.exists() and not folder.parent.exists():  # a mistyped path, most likely
        raise UserError(
            f"{scheme}:{location} lies in {folder}, and there is no folder {folder.parent}; "
            "make it, or correct the path."
        )
    return path


def _durability(settings: Settings) -> Durability:
    text = settings.get("durability", Durability.PROCESS.value)
    try:
        return Durability(text)
    except ValueError:
        ways = " or ".join(each.value for each in Durability)
        raise UserError(f"durability is {text!r}; it must be {ways}.") from None


def _number(name: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = -1
    if not 0 < number < 1_000_000:
        raise UserError(f"{name} is {text!r}; it must be a number above 0.")
    return number
