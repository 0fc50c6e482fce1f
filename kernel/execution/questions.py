"""QuestionDesk: where the program asks for a line of input, and somebody may answer."""

import asyncio
from collections.abc import Callable

from kernel.execution.cells import Question
from kernel.execution.engine import InputDenied

Ask = Callable[[Question], None]
"""Puts a question to somebody."""


class WaitingQuestion:
    """Implements `Question`."""

    def __init__(self, prompt: str, is_secret: bool) -> None:
        self.prompt, self.is_secret = prompt, is_secret
        self.line: asyncio.Future[str | None] = asyncio.get_running_loop().create_future()

    @property
    def is_open(self) -> bool:
        """Whether the program still waits."""
        return not self.line.done()

    def answer(self, line: str | None) -> None:
        """Give the line; the first answer counts."""
        if self.is_open:
            self.line.set_result(line)

    def refuse(self, reason: Exception) -> None:
        """There will be none."""
        if self.is_open:
            self.line.set_exception(reason)


class QuestionDesk:
    """Implements `ScriptDoor`. Used on the loop's thread."""

    def __init__(self) -> None:
        self._ask: Ask | None = None
        self._waiting: WaitingQuestion | None = None

    def open(self, ask: Ask) -> None:
        """Somebody can be asked from now on."""
        self._ask = ask

    def close(self) -> None:
        """Nobody can be asked any more; who still waits is told so."""
        self._ask = None
        if self._waiting is not None:
            self._waiting.refuse(InputDenied("Nobody is there any more to be asked for input."))

    async def read_line(self, prompt: str, *, is_secret: bool) -> str | None:
        """Ask and wait; see `ScriptDoor`."""
        if self._ask is None:
            raise InputDenied(
                "This client does not answer questions (allow_stdin is false), "
                "so the program cannot read a line."
            )
        self._waiting = question = WaitingQuestion(prompt, is_secret)
        try:
            self._ask(question)
            return await question.line
        finally:
            self._waiting = None
            question.line.cancel()
