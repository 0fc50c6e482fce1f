"""OpenQuestion: what a program has asked, and the client whose answer counts."""

from kernel.execution.cells import Question
from kernel.jupyter.messages import Message

END_OF_INPUT = "\x04"
"""The line that stands for the end of input."""


class OpenQuestion:
    """One at a time; the next takes the place of one without an answer."""

    def __init__(self) -> None:
        self._asked: tuple[Question, str] | None = None

    def put(self, question: Question, session: str) -> None:
        """The client of this session is to answer; whoever else does is not heard."""
        self._asked = question, session

    def take(self, message: Message) -> None:
        """A message on stdin: perhaps the answer."""
        if self._asked is None or message.type != "input_reply":
            return
        question, session = self._asked
        value = message.content.get("value")
        if message.session == session and isinstance(value, str):
            self._asked = None
            question.answer(None if value == END_OF_INPUT else value)

    def give_up(self, session: str) -> None:
        """The client of this session is gone: what it was asked has no answer."""
        if self._asked is not None and self._asked[1] == session:
            question, self._asked = self._asked[0], None
            question.answer(None)
