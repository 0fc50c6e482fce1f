"""Logging: a line for every time a point is reached, with its correlation id."""

import json
import logging
from dataclasses import dataclass, field

from kernel.core.plain import PlainData
from kernel.hooks.base import HookDetails
from kernel.hooks.results import CONTINUE, HookResult
from kernel.state.redaction import Redactor

LOGGER = "llmspell.hooks"


@dataclass(frozen=True, slots=True)
class LoggingHook:
    """Writes ``BeforeToolExecution tool calculator [M]`` to a logger, and changes nothing.

    ``shows_data``: data follow as JSON, without secrets and cut off after ``longest`` characters.
    Errors are written at ``WARNING``.
    """

    level: int = logging.INFO
    shows_data: bool = False
    longest: int = 500
    logger: logging.Logger = field(default_factory=lambda: logging.getLogger(LOGGER))
    redactor: Redactor = field(default_factory=Redactor)

    def __call__(self, details: HookDetails) -> HookResult:
        """Write the line, where anybody reads it."""
        level = self.level if details.error is None else logging.WARNING
        if self.logger.isEnabledFor(level):
            self.logger.log(
                level,
                "%s %s %s%s%s",
                details.point.name,
                details.component.type,
                details.component.name,
                f" [{details.correlation_id}]" if details.correlation_id else "",
                self._rest(details),
                extra={
                    "hook_point": details.point.name,
                    "component": details.component.name,
                    "correlation_id": details.correlation_id,
                },
            )
        return CONTINUE

    def _rest(self, details: HookDetails) -> str:
        said = ""
        if details.error is not None:
            said = f": {self.redactor.text(str(details.error))}"
        return said + (f": {self._shown(details.data)}" if self.shows_data else "")

    def _shown(self, data: PlainData) -> str:
        try:
            text = json.dumps(self.redactor.value(data), ensure_ascii=False)
        except (TypeError, ValueError):
            text = self.redactor.text(repr(data))
        return text if len(text) <= self.longest else f"{text[: self.longest]}…"
