"""The log of a kernel in the background: one file, a few older ones, a level that can be switched.

What C libraries and children write to the descriptors 1 and 2 goes to the same file, also after a
rotation. The files are for their owner alone: they may tell what code wrote.
"""

import contextlib
import logging
import logging.handlers
import os
import sys
from io import TextIOWrapper
from pathlib import Path

from kernel.core.errors import UserError

FORMAT = "%(asctime)s %(process)d %(levelname)-7s %(name)s: %(message)s"

LEVELS = ("debug", "info", "warning", "error")

SIZE = 10 * 2**20
"""Bytes of a log after which a new one is begun."""

COUNT = 5
"""Older logs that are kept."""


class DaemonLog(logging.handlers.RotatingFileHandler):
    """A rotating log that the descriptors 1 and 2 follow, where they lead to it."""

    def __init__(self, path: Path, size: int = SIZE, count: int = COUNT) -> None:
        super().__init__(path, maxBytes=size, backupCount=count, encoding="utf-8")
        self.setFormatter(logging.Formatter(FORMAT))

    def adopt_output(self) -> None:
        """Lead the descriptors 1 and 2 to the log."""
        with contextlib.suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        self._follow([1, 2])

    def doRollover(self) -> None:  # noqa: N802 - the library's
        """Begin a new file."""
        following = [each for each in (1, 2) if self._leads_here(each)]
        super().doRollover()
        self._follow(following)

    def reopen(self) -> None:
        """Somebody else has moved the file away: begin a new one under its name."""
        self.acquire()
        try:
            following = [each for each in (1, 2) if self._leads_here(each)]
            if self.stream is not None:
                self.stream.close()
            self.stream = self._open()
            self._follow(following)
        finally:
            self.release()

    def _leads_here(self, descriptor: int) -> bool:
        try:
            return self.stream is not None and os.path.samestat(
                os.fstat(descriptor), os.fstat(self.stream.fileno())
            )
        except (OSError, ValueError):
            return False

    def _follow(self, descriptors: list[int]) -> None:
        if self.stream is not None:
            for descriptor in descriptors:
                os.dup2(self.stream.fileno(), descriptor)

    def _open(self) -> TextIOWrapper:
        descriptor = os.open(self.baseFilename, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        return TextIOWrapper(open(descriptor, "ab"), self.encoding, write_through=True)


def log_to_file(path: Path, level: str, size: int = SIZE, count: int = COUNT) -> DaemonLog:
    """Let all loggers of the process write to a file; raises `UserError` where that cannot be."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        log = DaemonLog(path, size, count)
    except OSError as error:
        raise UserError(f"The log {path} cannot be written: {error.strerror}") from error
    root = logging.getLogger()
    root.addHandler(log)
    root.setLevel(level.upper())
    return log


def redact_logs(names: frozenset[str] = frozenset()) -> None:
    """Have all handlers of the process leave secrets out, of messages and of tracebacks.

    ``names``: of secrets besides those that are known.
    """
    from kernel.state.redaction import RedactingFilter, Redactor

    redacting = RedactingFilter(Redactor(names))
    for handler in logging.getLogger().handlers:
        if not any(isinstance(each, RedactingFilter) for each in handler.filters):
            handler.addFilter(redacting)


class LevelSwitch:
    """Switches a logger between its level and DEBUG."""

    def __init__(self, logger: logging.Logger | None = None) -> None:
        self._logger = logger or logging.getLogger()
        self._usual = self._logger.level

    @property
    def name(self) -> str:
        """The level now, in small letters."""
        return logging.getLevelName(self._logger.level).lower()

    def toggle(self) -> str:
        """Switch; the level that is in force now."""
        is_debug = self._logger.level == logging.DEBUG
        usual = self._usual if self._usual != logging.DEBUG else logging.INFO
        self._logger.setLevel(usual if is_debug else logging.DEBUG)
        return self.name
