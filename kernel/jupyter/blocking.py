"""BlockingKernel: a kernel for code without a loop, with the methods of `BlockingKernelClient`.

What works with jupyter_client's class works with this one: requests give the id of their message,
or with ``reply=True`` the reply; messages are dictionaries; ``get_…_msg`` raise `queue.Empty`.
"""

import asyncio
import queue
import time
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from kernel.core.loop import EventLoop
from kernel.jupyter.client import KernelClient
from kernel.jupyter.handle import Execution, KernelHandle
from kernel.jupyter.inbox import Inbox
from kernel.jupyter.messages import Channel, Message, as_dictionary

T = TypeVar("T")

Hook = Callable[[dict[str, Any]], object]
"""Given a message."""

ToHandle = Callable[[], Coroutine[Any, Any, KernelHandle]]


class BlockingKernel:
    """Used from any thread but the loop's."""

    def __init__(self, make_handle: ToHandle, loop: EventLoop | None = None) -> None:
        """Connect (or start a kernel) by ``make_handle``, on a loop in a thread of its own."""
        self._loop = loop or EventLoop()
        self._owns_loop = loop is None
        self._loop.start()
        self._replies: dict[str, queue.Queue[dict[str, Any]]] = {}
        try:
            self.handle = self._wait(make_handle())
        except BaseException:
            self._end_loop()
            raise
        self._client: KernelClient = self.handle.client
        self._inbox = self._wait(self._make_inbox())
        self.allow_stdin = True
        self._has_left = False

    # --- requests -------------------------------------------------------------------------------

    def execute(
        self,
        code: str,
        silent: bool = False,
        store_history: bool = True,
        user_expressions: Mapping[str, str] | None = None,
        allow_stdin: bool | None = None,
        stop_on_error: bool = True,
        reply: bool = False,
        timeout: float | None = None,
    ) -> Any:
        """Run code."""
        content = {
            "code": code,
            "silent": silent,
            "store_history": store_history,
            "user_expressions": dict(user_expressions or {}),
            "allow_stdin": self.allow_stdin if allow_stdin is None else allow_stdin,
            "stop_on_error": stop_on_error,
        }
        return self._request("execute_request", content, reply, timeout)

    def execute_interactive(
        self,
        code: str,
        silent: bool = False,
        store_history: bool = True,
        user_expressions: Mapping[str, str] | None = None,
        allow_stdin: bool | None = None,
        stop_on_error: bool = True,
        timeout: float | None = None,
        output_hook: Hook | None = None,
        stdin_hook: Hook | None = None,
    ) -> Execution:
        """Run code to the end of its output; what it gave, as `KernelHandle.execute` has it.

        In this thread ``output_hook`` is given each message that is published about it, and
        ``stdin_hook`` each question, to be answered by `input`; without it code that asks gets an
        error. Nothing of it is left for ``get_…_msg``. Raises `TimeoutError`.
        """
        asks = stdin_hook is not None and allow_stdin is not False
        heard: queue.Queue[Message | None] = queue.Queue()
        running = self._loop.submit(
            self.handle.execute(
                code,
                silent=silent,
                store_history=store_history,
                expressions=user_expressions,
                stop_on_error=stop_on_error,
                answer_input=_answered_by_input if asks else None,
                hear=heard.put,
            )
        )
        running.add_done_callback(lambda _: heard.put(None))
        hooks = {Channel.IOPUB: output_hook, Channel.STDIN: stdin_hook}
        deadline = None if timeout is None else time.monotonic() + timeout
        try:
            while (message := heard.get(timeout=_left(deadline))) is not None:
                hook = hooks.get(Channel(message.channel))
                if hook is not None:
                    hook(as_dictionary(message))
        except queue.Empty:
            raise TimeoutError(f"The code did not end within {timeout:g} s.") from None
        finally:
            running.cancel()
        return running.result()

    def complete(
        self,
        code: str,
        cursor_pos: int | None = None,
        reply: bool = False,
        timeout: float | None = None,
    ) -> Any:
        """Ways to go on."""
        content = {"code": code, "cursor_pos": len(code) if cursor_pos is None else cursor_pos}
        return self._request("complete_request", content, reply, timeout)

    def inspect(
        self,
        code: str,
        cursor_pos: int | None = None,
        detail_level: int = 0,
        reply: bool = False,
        timeout: float | None = None,
    ) -> Any:
        """What is known of a thing."""
        position = len(code) if cursor_pos is None else cursor_pos
        content = {"code": code, "cursor_pos": position, "detail_level": detail_level}
        return self._request("inspect_request", content, reply, timeout)

    def is_complete(self, code: str, reply: bool = False, timeout: float | None = None) -> Any:
        """Whether code is whole."""
        return self._request("is_complete_request", {"code": code}, reply, timeout)

    def history(
        self,
        raw: bool = True,
        output: bool = False,
        hist_access_type: str = "range",
        reply: bool = False,
        timeout: float | None = None,
        **arguments: Any,
    ) -> Any:
        """Cells that were run."""
        if hist_access_type == "range":
            arguments = {"session": 0, "start": 0, **arguments}
        content = {"raw": raw, "output": output, "hist_access_type": hist_access_type, **arguments}
        return self._request("history_request", content, reply, timeout)

    def kernel_info(self, reply: bool = False, timeout: float | None = None) -> Any:
        """What the kernel is."""
        return self._request("kernel_info_request", {}, reply, timeout)

    def comm_info(
        self, target_name: str | None = None, reply: bool = False, timeout: float | None = None
    ) -> Any:
        """The comms there are."""
        content = {} if target_name is None else {"target_name": target_name}
        return self._request("comm_info_request", content, reply, timeout)

    def shutdown(
        self, restart: bool = False, reply: bool = False, timeout: float | None = None
    ) -> Any:
        """End the kernel."""
        content = {"restart": restart}
        return self._request("shutdown_request", content, reply, timeout, Channel.CONTROL)

    def interrupt(self, reply: bool = False, timeout: float | None = None) -> Any:
        """End the cell that runs."""
        return self._request("interrupt_request", {}, reply, timeout, Channel.CONTROL)

    def debug(
        self,
        command: str,
        arguments: Mapping[str, Any] | None = None,
        timeout: float | None = None,
    ) -> Mapping[str, Any]:
        """A request of the Debug Adapter Protocol, as `KernelHandle.debug` makes it."""
        return self._wait(self.handle.debug(command, arguments), timeout)

    def sessions(
        self, action: str = "list", timeout: float | None = None, **arguments: Any
    ) -> Mapping[str, Any]:
        """Ask for the kernel's sessions, as `KernelHandle.sessions` does."""
        return self._wait(self.handle.sessions(action, **arguments), timeout)

    def state(
        self, action: str = "show", timeout: float | None = None, **arguments: Any
    ) -> Mapping[str, Any]:
        """Ask for what the kernel keeps, as `KernelHandle.state` does."""
        return self._wait(self.handle.state(action, **arguments), timeout)

    def input(self, string: str) -> None:
        """Answer the question that came last."""
        message = self._client.write(Channel.STDIN, "input_reply", {"value": string})
        self._loop.call_soon(self._client.send, message)

    # --- what comes back ------------------------------------------------------------------------

    def get_shell_msg(self, timeout: float | None = None) -> dict[str, Any]:
        """The next reply."""
        return as_dictionary(self._inbox.get(Channel.SHELL, timeout))

    def get_iopub_msg(self, timeout: float | None = None) -> dict[str, Any]:
        """The next thing published."""
        return as_dictionary(self._inbox.get(Channel.IOPUB, timeout))

    def get_stdin_msg(self, timeout: float | None = None) -> dict[str, Any]:
        """The next question."""
        return as_dictionary(self._inbox.get(Channel.STDIN, timeout))

    def get_control_msg(self, timeout: float | None = None) -> dict[str, Any]:
        """The next reply on control."""
        return as_dictionary(self._inbox.get(Channel.CONTROL, timeout))

    @property
    def unread(self) -> int:
        """Characters and bytes that wait to be got, with what each message takes beside them."""
        return self._inbox.size

    # --- life -----------------------------------------------------------------------------------

    def start_channels(self) -> None:
        """They are there."""

    @property
    def channels_running(self) -> bool:
        """Whether the kernel has not been left."""
        return self._loop.is_running and not self._has_left

    @property
    def hb_channel(self) -> "Heartbeat":
        """Says whether the kernel's process answers."""
        return Heartbeat(self)

    def wait_for_ready(self, timeout: float | None = None) -> None:
        """Raises `KernelLost` if the kernel does not answer in time."""
        self._wait(self._client.wait_ready(60.0 if timeout is None else timeout))

    def is_alive(self) -> bool:
        """Whether the kernel's process answers."""
        return self._wait(self.handle.is_alive())

    def stop_channels(self) -> None:
        """Leave the kernel; harmless when done twice."""
        if self.channels_running:
            self._has_left = True
            self._wait(self.handle.close())
            self._end_loop()

    def __enter__(self) -> "BlockingKernel":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop_channels()

    # --- between the threads --------------------------------------------------------------------

    def _request(
        self,
        kind: str,
        content: Mapping[str, Any],
        reply: bool,
        timeout: float | None,
        channel: str = Channel.SHELL,
    ) -> Any:
        message = self._client.write(channel, kind, content)
        if reply:
            self._replies[message.id] = queue.Queue()
        self._loop.call_soon(self._client.send, message)
        if not reply:
            return message.id
        try:
            return self._replies[message.id].get(timeout=timeout)
        except queue.Empty:
            raise TimeoutError(f"No answer to {kind} within {timeout} s.") from None
        finally:
            del self._replies[message.id]

    def _take(self, inbox: Inbox, message: Message) -> None:
        if self._client.is_awaited(message):
            return
        waiting = self._replies.get(str(message.parent_header.get("msg_id", "")))
        if waiting is not None and message.channel in (Channel.SHELL, Channel.CONTROL):
            waiting.put(as_dictionary(message))
        else:
            inbox.put(message)

    async def _make_inbox(self) -> Inbox:
        """The inbox; it fills from the loop's next step on, which may come before it is ours."""
        inbox = Inbox(self._client.room, asyncio.get_running_loop(), self._left_out)
        self._client.hear_all = partial(self._take, inbox)
        return inbox

    def _left_out(self, missed: int) -> Message:
        text = f"[{missed} messages were left out: this client read too slowly.]\n"
        content = {"name": "stderr", "text": text}
        return self._client.write(Channel.IOPUB, "stream", content)

    def _wait(self, coroutine: Coroutine[Any, Any, T], timeout: float | None = None) -> T:
        return self._loop.run_coroutine(coroutine, timeout)

    def _end_loop(self) -> None:
        if self._owns_loop:
            self._loop.stop()


@dataclass(frozen=True, slots=True)
class Heartbeat:
    """What `BlockingKernelClient.hb_channel` tells; nothing has to be started or stopped."""

    kernel: BlockingKernel

    def is_beating(self) -> bool:
        """Whether the kernel's process answers now."""
        return self.kernel.channels_running and self.kernel.is_alive()

    def is_alive(self) -> bool:
        """Whether anybody could be asked."""
        return self.kernel.channels_running


async def _answered_by_input(_prompt: str, _is_secret: bool) -> str | None:
    """The line comes another way: somebody calls `BlockingKernel.input`."""
    await asyncio.Event().wait()
    return None


def _left(deadline: float | None) -> float | None:
    return None if deadline is None else max(0.0, deadline - time.monotonic())
