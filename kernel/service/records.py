"""KernelRecord: what is written down about one kernel, for whoever looks for it."""

import json
import re
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from kernel.core.errors import UserError

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")

STARTING, RUNNING, DRAINING, DEAD = "starting", "running", "draining", "dead"

UNSAID = "its process ended without a word: it was killed, or the machine went down"


class UnknownKernel(UserError):
    """No kernel of that id has been heard of."""


class AlreadyRunning(UserError):
    """A kernel of that id is there."""


@dataclass(frozen=True, slots=True)
class KernelRecord:
    """One kernel, as the file in the registry has it."""

    id: str
    """What people call it."""
    pid: int
    """Of its process."""
    started: float
    """Seconds since the epoch."""
    state: str = STARTING
    """``starting``, ``running`` or ``draining``, as it said last."""
    version: str = ""
    """Of llmspell."""
    language: str = ""
    """``lua``."""
    runtime: str = ""
    """Which version of the language, as ``--lua`` takes it."""
    connection_file: str = ""
    """Jupyter's file about where it listens and under which key."""
    owns_connection_file: bool = False
    """Whether it made the file, and so takes it away."""
    log_file: str = ""
    """Empty: it logs to stderr."""
    pid_file: str = ""
    """Empty: there is none."""
    dap: str = ""
    """``host:port`` where debuggers attach; empty: nowhere."""
    hub: int = 0
    """The process id of the hub that made it; 0: none did."""
    ended: str = ""
    """How it ended, where somebody found out; empty while it runs."""

    @property
    def is_of_others(self) -> bool:
        """Whether another program began it, with a connection file of its own."""
        ours = self.owns_connection_file or self.hub or self.log_file
        return bool(self.connection_file) and not ours

    def text(self) -> str:
        """The content of the file."""
        return json.dumps(asdict(self), indent=2) + "\n"


@dataclass(frozen=True, slots=True)
class KernelState:
    """What is known of a kernel now."""

    record: KernelRecord
    is_running: bool

    @property
    def word(self) -> str:
        """``starting``, ``running``, ``draining`` or ``dead``."""
        return self.record.state if self.is_running else DEAD

    @property
    def why(self) -> str:
        """Why it does not run; empty if it does."""
        return "" if self.is_running else self.record.ended or UNSAID


def read_record(text: str) -> KernelRecord:
    """The record in a file, also of another release; raises `ValueError` where there is none."""
    said = json.loads(text)
    if not isinstance(said, Mapping):
        raise ValueError("no object")
    kinds: Mapping[str, tuple[type, ...]] = {"float": (int, float)}
    values: dict[str, Any] = {}
    for each in fields(KernelRecord):
        name, kind = each.name, each.type if isinstance(each.type, str) else each.type.__name__
        wanted = kinds.get(kind, ({"int": int, "bool": bool, "str": str}.get(kind, str),))
        if name in said and isinstance(said[name], wanted):
            values[name] = said[name]
    try:
        return KernelRecord(**values)
    except TypeError as error:
        raise ValueError(str(error)) from error


def check_id(text: str) -> str:
    """An id that can be a file's name; raises `UserError`."""
    if not _ID.fullmatch(text):
        raise UserError(
            f"A kernel cannot be called {text!r}: up to 100 letters, digits, '.', '-' and '_', "
            "the first a letter or a digit."
        )
    return text


def new_record(kernel_id: str, pid: int, **more: Any) -> KernelRecord:  # noqa: ANN401 - its fields
    """A record of a kernel that starts now."""
    return KernelRecord(check_id(kernel_id), pid, time.time(), **more)
