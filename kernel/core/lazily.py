"""made_once: a property that is made when somebody first asks for it, by one thread only."""

import threading
from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

T = TypeVar("T")

_LOCK = "_made_once"


class made_once(Generic[T]):  # noqa: N801 - used as a decorator
    """As `functools.cached_property`, for objects that several threads use.

    What it made lies in the instance's ``__dict__`` under its name, so whoever looks there knows
    whether it was made, and who sets it there has said what it is.
    """

    def __init__(self, make: Callable[[Any], T]) -> None:
        self._make = make
        self.__doc__ = make.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type) -> "made_once[T]": ...
    @overload
    def __get__(self, instance: object, owner: type) -> T: ...
    def __get__(self, instance: object | None, owner: type) -> "made_once[T] | T":
        """The value; only called while there is none."""
        if instance is None:
            return self
        made = vars(instance)
        lock = made.setdefault(_LOCK, threading.RLock())
        with lock:
            if self._name not in made:
                made[self._name] = self._make(instance)
            value: T = made[self._name]
            return value
