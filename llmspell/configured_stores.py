"""The stores that a configuration names: which they are, and whether they can be."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from kernel.core.clock import Clock
from kernel.core.errors import UserError
from kernel.state.store import StateStore
from kernel.state.stores import check_store, open_store

if TYPE_CHECKING:
    from llmspell.config.model import Configuration

STATE = "runtime.state_persistence.backend_type"
EVENTS = "events.persistence.store"


def state_url(configuration: "Configuration", own: str) -> str:
    """The URL of the store of state; ``own``: what ``sqlite`` alone stands for."""
    chosen = configuration.runtime.state_persistence
    kind = chosen.backend_type if chosen.enabled else "memory"
    if kind == "sqlite":
        return own
    return kind if ":" in kind or not kind else f"{kind}:"


def open_named(key: str, url: str, clock: Clock) -> StateStore:
    """As `open_store`; what is wrong with the URL is said with the key that names it."""
    try:
        return open_store(url, clock)
    except UserError as error:
        raise UserError(f"{key}: {error}") from error


def check_stores(configuration: "Configuration") -> Iterator[tuple[str, str]]:
    """Each key that names a store that cannot be, and why; nothing is opened."""
    named = {STATE: state_url(configuration, "memory:")}
    if configuration.events.persistence.store:
        named[EVENTS] = configuration.events.persistence.store
    for key, url in named.items():
        try:
            check_store(url)
        except UserError as error:
            yield key, str(error)
