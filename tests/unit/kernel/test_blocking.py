"""BlockingKernel: a kernel for code without a loop."""

import queue
import threading
from collections.abc import Coroutine
from typing import Any

import pytest

from kernel.api import BlockingKernel, start_blocking_kernel, start_embedded_kernel
from kernel.core.loop import EventLoop
from kernel.jupyter.handle import KernelHandle, RequestFailed
from tests.support.toy_engine import ToyEngine


@pytest.fixture
def kernel():
    with start_blocking_kernel(ToyEngine) as made:
        yield made


def test_messages_are_as_jupyter_client_gives_them(kernel: BlockingKernel) -> None:
    """A request gives its id; the reply and what is published are got from their queues."""
    message = kernel.execute("print a")
    reply = kernel.get_shell_msg(timeout=10)
    assert (message, "execute_reply", "ok") == (
        reply["parent_header"]["msg_id"],
        reply["msg_type"],
        reply["content"]["status"],
    )
    kinds = [kernel.get_iopub_msg(timeout=10)["msg_type"] for _ in range(4)]
    assert ["status", "execute_input", "stream", "status"] == kinds
    with pytest.raises(queue.Empty):
        kernel.get_iopub_msg(timeout=0.01)


def test_what_comes_while_it_is_made_is_kept() -> None:
    """Another client's output may come before the class that keeps it is whole."""

    class Hasty(EventLoop):
        """Behind each step of the making, lets the kernel publish something."""

        def run_coroutine(
            self, coroutine: Coroutine[Any, Any, Any], timeout: float | None = None
        ) -> Any:
            made = super().run_coroutine(coroutine, timeout)
            handles.extend([made] if isinstance(made, KernelHandle) else ())
            if made is not None:  # what closes it gives nothing
                super().run_coroutine(handles[0].info(), 10)
            return made

    handles: list[KernelHandle] = []
    loop = Hasty()
    with BlockingKernel(lambda: start_embedded_kernel(ToyEngine), loop) as kernel:
        assert "status" == kernel.get_iopub_msg(timeout=10)["msg_type"]
    loop.stop()


def test_replies_at_once(kernel: BlockingKernel) -> None:
    """With ``reply`` the call waits for the answer."""
    assert "ok" == kernel.execute("x = 7", reply=True, timeout=10)["content"]["status"]
    assert ["x"] == kernel.complete("x", reply=True, timeout=10)["content"]["matches"]
    assert kernel.inspect("x", reply=True, timeout=10)["content"]["found"]
    assert "toy" == kernel.kernel_info(reply=True)["content"]["language_info"]["name"]
    assert "incomplete" == kernel.is_complete("a \\", reply=True)["content"]["status"]
    assert [[1, 1, "x = 7"]] == kernel.history(reply=True)["content"]["history"]
    assert {} == kernel.comm_info(reply=True)["content"]["comms"]
    assert kernel.is_alive()


def test_answers_to_questions(kernel: BlockingKernel) -> None:
    """The question is got, and answered by `input`."""
    kernel.execute("ask name?")
    assert "name?" == kernel.get_stdin_msg(timeout=10)["content"]["prompt"]
    kernel.input("Ada")
    assert "ok" == kernel.get_shell_msg(timeout=10)["content"]["status"]


def test_running_to_the_end(kernel: BlockingKernel) -> None:
    """What a cell gave, in one piece."""
    done = kernel.execute_interactive("print a\nwarn b", timeout=10)
    assert ("a\n", "b\n", "ok") == (done.stdout, done.stderr, done.status)


def test_running_to_the_end_with_hooks(kernel: BlockingKernel) -> None:
    """The arguments are those of jupyter_client; hooks are called in this thread."""
    published: list[str] = []
    threads: set[int] = set()

    def hear(message: dict[str, Any]) -> None:
        published.append(message["msg_type"])
        threads.add(threading.get_ident())

    def answer(message: dict[str, Any]) -> None:
        assert "name?" == message["content"]["prompt"]
        threads.add(threading.get_ident())
        kernel.input("Ada")

    done = kernel.execute_interactive(
        "x = 7\nask name?",
        user_expressions={"seven": "x"},
        timeout=10,
        output_hook=hear,
        stdin_hook=answer,
    )
    assert "got Ada\n" == done.stdout
    assert "7" == done.expressions["seven"].data["text/plain"]  # type: ignore[union-attr]
    assert ["status", "execute_input", "stream", "status"] == published
    assert {threading.get_ident()} == threads
    refused = kernel.execute_interactive("ask ?", allow_stdin=False, stdin_hook=answer, timeout=10)
    assert "error" == refused.status
    with pytest.raises(TimeoutError):
        kernel.execute_interactive("loop", timeout=0.01)
    kernel.interrupt(reply=True, timeout=10)
    assert kernel.is_alive()


def test_what_was_waited_for_is_not_got_again(kernel: BlockingKernel) -> None:
    """Replies and output of a cell that was run to its end are no answers to later requests."""
    kernel.execute_interactive("print a", timeout=10)
    with pytest.raises(RequestFailed, match="does not serve session_request"):
        kernel.sessions()
    message = kernel.execute("print b")
    assert message == kernel.get_shell_msg(timeout=10)["parent_header"]["msg_id"]
    assert "ok" == kernel.interrupt(reply=True, timeout=10)["content"]["status"]
    with pytest.raises(queue.Empty):
        kernel.get_control_msg(timeout=0.01)


def test_debugging_without_a_loop(kernel: BlockingKernel) -> None:
    """The request reaches the kernel, which says here that it has no debugger."""
    with pytest.raises(RequestFailed, match="no debugger"):
        kernel.debug("debugInfo", timeout=10)


def test_interrupt_and_shutdown(kernel: BlockingKernel) -> None:
    """Both are answered while a cell runs."""
    kernel.execute("loop")
    assert "ok" == kernel.interrupt(reply=True, timeout=10)["content"]["status"]
    assert "Interrupted" == kernel.get_shell_msg(timeout=10)["content"]["ename"]
    assert "ok" == kernel.shutdown(reply=True, timeout=10)["content"]["status"]
    assert not kernel.is_alive()
