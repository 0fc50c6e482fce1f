"""What is logged on stderr: ``--trace LEVEL``, or ``LLMSPELL_LOG=info,kernel.jupyter=debug``."""

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass, field

from kernel.state.redaction import RedactingFilter, Redactor
from llmspell.cli.global_options import TRACES, UsageError
from llmspell.cli.parsing import near

FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"

LOOP = "asyncio"

TRACE = 5
"""Below DEBUG: everything that libraries log."""

LEVELS: Mapping[str, int] = {
    "off": logging.ERROR,
    "error": logging.ERROR,
    "warn": logging.WARNING,
    "warning": logging.WARNING,
    "info": logging.INFO,
    "debug": logging.DEBUG,
    "trace": TRACE,
}
"""Words for levels; ``off`` leaves errors."""


@dataclass(frozen=True, slots=True)
class LogLevels:
    """From which level on loggers are heard."""

    usual: int = logging.WARNING
    named: Mapping[str, int] = field(default_factory=dict)
    """By the beginning of a logger's name, whole words of it."""

    def of(self, logger: str) -> int:
        """The level of a logger: that of the longest name it begins with."""
        name = logger
        while name not in self.named and "." in name:
            name = name.rpartition(".")[0]
        return self.named.get(name, self.usual)

    @property
    def lowest(self) -> int:
        """The level at which somebody is heard."""
        return min([self.usual, *self.named.values()])


def read_levels(text: str, usual: int = logging.WARNING) -> LogLevels:
    """Levels as ``LLMSPELL_LOG`` has them; raises `UsageError`.

    Parts are separated by commas: a level for all, or ``LOGGER=LEVEL``; names may be written with
    ``::`` as well as with dots.
    """
    named: dict[str, int] = {}
    for part in (each.strip() for each in text.split(",")):
        if not part:
            continue
        name, equals, word = (each.strip() for each in part.replace("::", ".").rpartition("="))
        if word.lower() not in LEVELS:
            hint = near(word.lower(), TRACES)
            raise UsageError(
                f"LLMSPELL_LOG has {part!r}: {word!r} is no level{hint}; "
                f"levels are {', '.join(TRACES)}"
            )
        if equals:
            named[name] = LEVELS[word.lower()]
        else:
            usual = LEVELS[word.lower()]
    return LogLevels(usual, named)


def with_quiet_loop(levels: LogLevels) -> LogLevels:
    """The same; at ``debug`` without what the event loop says of itself, unless it is named."""
    usual = logging.INFO if levels.usual == logging.DEBUG else levels.usual
    return LogLevels(levels.usual, {LOOP: usual, **levels.named})


def log_to_stderr(trace: str, variable: str) -> None:
    """Let loggers be heard on stderr, without secrets; ``variable`` beats ``trace``."""
    logging.addLevelName(TRACE, "TRACE")
    levels = with_quiet_loop(read_levels(variable, LEVELS[trace or "warn"]))
    # A descriptor of its own: what a kernel or a debugger captures of 2 is the program's.
    handler = logging.StreamHandler(os.fdopen(os.dup(2), "w", buffering=1))
    handler.setFormatter(logging.Formatter(FORMAT))
    handler.addFilter(lambda record: record.levelno >= levels.of(record.name))
    handler.addFilter(RedactingFilter(Redactor()))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(levels.lowest)
