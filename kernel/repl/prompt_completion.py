"""KernelCompleter: ways to go on, as the REPL knows them, for prompt_toolkit."""

from collections.abc import AsyncGenerator, Iterable
from typing import Protocol

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

from kernel.repl.terminal import Assistant

DETAIL = 60
"""Characters of a signature that are shown beside a name."""


class Assisted(Protocol):
    """Has somebody to ask, who comes after it is made."""

    assistant: Assistant


class KernelCompleter(Completer):
    """Asks `Assistant.complete`."""

    def __init__(self, terminal: Assisted) -> None:
        self._terminal = terminal

    def get_completions(self, document: Document, event: CompleteEvent) -> Iterable[Completion]:  # noqa: ARG002
        """They come from `get_completions_async`."""
        return ()

    async def get_completions_async(
        self,
        document: Document,
        complete_event: CompleteEvent,  # noqa: ARG002 - the base's
    ) -> AsyncGenerator[Completion, None]:
        """Those of the kernel, in its order."""
        cursor = document.cursor_position
        for each in await self._terminal.assistant.complete(document.text, cursor):
            detail = each.detail or each.kind
            if len(detail) > DETAIL:
                detail = detail[: DETAIL - 1] + "…"
            yield Completion(each.text, each.start - cursor, display_meta=detail)
