"""News: what the kernel publishes, as far as it says what the program does."""

from typing import TYPE_CHECKING

from kernel.jupyter.links import KernelLost
from kernel.jupyter.messages import Channel, Message
from kernel.repl.messages import is_counted

if TYPE_CHECKING:
    from kernel.repl.repl import Repl


class News:
    """Hears the kernel's messages for one REPL. Used on the loop's thread."""

    def __init__(self, repl: "Repl") -> None:
        self._repl = repl
        self.others: set[str] = set()
        """The cells of other clients that run, by their messages."""

    def hear(self, message: Message) -> None:
        """Show a message, and take notice of it."""
        repl = self._repl
        repl.view.show(message)
        if message.channel != Channel.IOPUB:
            return
        content, parent = message.content, message.parent_header
        is_own = parent.get("session") == repl.kernel.client.session
        match message.type:
            case "execute_input":
                if is_counted(content):
                    repl.debugging.sources.ran(content["execution_count"], str(content["code"]))
                if not is_own:
                    self.others.add(str(parent.get("msg_id")))
                    repl.changed()
            case "status" if content["execution_state"] == "idle":
                self.others.discard(str(parent.get("msg_id")))
                repl.changed()
            case "status" if content["execution_state"] == "restarting":
                self._restarting()
            case "shutdown_reply" if not is_own:
                self._shut_down(is_restart=content.get("restart") is True)

    def _restarting(self) -> None:
        repl = self._repl
        repl.debugging.lose()
        self.others.clear()
        repl.warn(f"The program was started anew; its variables are gone.{self._way_back()}")
        repl.start(self._attach_again())

    def _shut_down(self, *, is_restart: bool) -> None:
        repl = self._repl
        if is_restart:
            repl.warn("The kernel is started anew by another client; its variables are gone.")
            return
        # It answers nothing any more, and whoever waits would wait in vain.
        repl.kernel.client.lose(KernelLost("The kernel was shut down by another client."))

    def _way_back(self) -> str:
        repl = self._repl
        if repl.saved_in is None:
            return ""
        shown = repl.debugging.sources.shown(repl.saved_in)
        return f" .load {shown} brings back what was saved."

    async def _attach_again(self) -> None:
        debugging, settings = self._repl.debugging, self._repl.settings
        if len(debugging.breakpoints) or debugging.filters or settings.shows_stops:
            await debugging.open()
