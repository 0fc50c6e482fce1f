"""Greeter: says what a kernel is while its program is still being loaded.

Clients ask that first (``kernel_info_request``) and wait for the answer before they show anything;
nothing in it depends on the program. Everything else waits until the kernel is there, and so does
the word that the kernel is idle: JupyterLab takes that for the sign that it can debug.
"""

from collections.abc import Sequence

from kernel.jupyter.messages import Channel, Content, Message, Writer

ANSWERED = "kernel_info_request"


class Greeter:
    """Answers for a kernel that is being made, under the same name. Used on the loop's thread."""

    def __init__(self, content: Content) -> None:
        """``content``: that of a ``kernel_info_reply``."""
        self.writer = Writer()
        """The kernel's, for when it is there."""
        self.has_spoken = False
        """Whether somebody has been told that the kernel starts."""
        self._content = content
        self._owed: list[Message] = []
        """What was answered and is not said to be over."""
        self._begun: set[str] = set()
        """Requests for the kernel that are said to have begun."""
        self._waiting: dict[str, str] = {}
        """Requests on shell that wait for the kernel: their ids, and whose they are."""

    def welcome(self, subscription: str = "") -> Message:
        """What tells a client that it hears everything from now on (JEP 65)."""
        return self.writer.message(Channel.IOPUB, "iopub_welcome", {"subscription": subscription})

    def answer(self, message: Message) -> Message | None:
        """The reply to a message; None: it is for the kernel."""
        if message.type != ANSWERED:
            return None
        kind = ANSWERED.replace("request", "reply")
        return self.writer.message(message.channel, kind, self._content, message.header)

    def begin(self, message: Message) -> Sequence[Message]:
        """What is published when a message has come, in this order.

        For those that wait as well: a console takes an earlier idle for the end of its cell.
        """
        if message.type == ANSWERED:
            self._owed.append(message)
        else:
            self._begun.add(message.id)
            if message.channel == Channel.SHELL:
                self._waiting[message.id] = message.session
        first = [] if self.has_spoken else [self._status("starting", None)]
        self.has_spoken = True
        return [*first, self._status("busy", message)]

    def has_told(self, published: Message) -> bool:
        """Whether this was told already; asked once about each message the kernel publishes."""
        about = published.parent_header.get("msg_id")
        if about not in self._begun or published.content.get("execution_state") != "busy":
            return False
        self._begun.remove(about)
        return True

    def settle(self, published: Message | None = None) -> Sequence[Message]:
        """What is said to be over, now that the kernel is there and has published this.

        For a client that has sent a cell meanwhile only after that, since it may take any word of
        an end for the cell's.
        """
        if published is not None and published.content.get("execution_state") == "idle":
            self._waiting.pop(str(published.parent_header.get("msg_id")), None)
        busy = set(self._waiting.values())
        over = [each for each in self._owed if each.session not in busy]
        self._owed = [each for each in self._owed if each.session in busy]
        return [self._status("idle", each) for each in over]

    def _status(self, state: str, about: Message | None) -> Message:
        parent = None if about is None else about.header
        return self.writer.message(Channel.IOPUB, "status", {"execution_state": state}, parent)
