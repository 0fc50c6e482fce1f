"""PlainData: what JSON can say, and what may therefore leave a thread, a process or a log."""

from typing import Any, TypeAlias

PlainData: TypeAlias = Any
"""None, bool, int, float, str, and lists and dicts (with str keys) of these.

Any to the type checker, since what is in it is somebody else's.
"""
