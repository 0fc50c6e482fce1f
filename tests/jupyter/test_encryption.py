"""Kernels that Jupyter starts with CURVE keys."""

from collections.abc import Iterator

import pytest
import zmq
from jupyter_client.manager import KernelManager

DEADLINE = 60


@pytest.fixture
def manager() -> Iterator[KernelManager]:
    """Of a kernel that must encrypt."""
    made = KernelManager(kernel_name="llmspell", transport_encryption="required")
    made.start_kernel()
    yield made
    made.shutdown_kernel(now=True)


def test_a_kernel_that_must_encrypt_runs_cells(manager: KernelManager) -> None:
    """Jupyter starts it with keys, and its client is heard on all channels."""
    assert manager.curve_publickey
    client = manager.blocking_client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=DEADLINE)
        heard: list[str] = []
        reply = client.execute_interactive(
            "print(io.read())",
            timeout=DEADLINE,
            output_hook=lambda message: heard.append(message["content"].get("text", "")),
            stdin_hook=lambda _: client.input("Ada"),
        )
        assert ("ok", "Ada\n") == (reply["content"]["status"], "".join(heard))
        assert client.hb_channel is not None
    finally:
        client.stop_channels()
    manager.interrupt_kernel()
    assert manager.is_alive()


def test_who_has_no_keys_hears_nothing(manager: KernelManager) -> None:
    """A client that does not encrypt is not let in, though it can sign."""
    client = manager.blocking_client()
    client.curve_publickey = client.curve_secretkey = None
    client.start_channels()
    client.shell_channel.socket.sndtimeo = 3000  # who is not let in cannot send, either
    try:
        with pytest.raises((RuntimeError, zmq.Again)):
            client.wait_for_ready(timeout=3)
    finally:
        client.stop_channels()
