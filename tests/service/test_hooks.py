"""Functions of scripts are asked in a kernel that is a process of its own."""

import pytest

from kernel.core.errors import UserError
from tests.service.conftest import Kernels


def test_a_script_of_a_served_kernel_is_asked(kernels: Kernels) -> None:
    """Clients hear its reasons, and what it keeps when the kernel ends is there for the next."""
    record = kernels.start("one")
    with kernels.client(record) as client:
        client.execute_interactive("""
            Hook.register("SessionStart", function(it)
                if it.data.name == "secret" then return {type = "cancel", reason = "not here"} end
            end)
            Hook.register("PreMessageHandle", function(it)
                if it.data.content.code == "os.exit()" then return "cancel" end
            end)
            Hook.register("SystemShutdown", function(it) State.set("last", "goodbye") end)
        """)
        with pytest.raises(UserError, match="not here"):
            client.sessions("create", name="secret")
        done = client.execute_interactive("os.exit()")
        assert done.error is not None
        assert "at PreMessageHandle" in done.error.message
    kernels.say("stop", "one")
    record = kernels.start("one")
    with kernels.client(record) as client:
        (entry,) = client.state("show", key="last")["entries"]
        assert "goodbye" == entry["value"]
    kernels.say("stop", "one")


def test_what_hooks_write_is_output_of_their_cell(kernels: Kernels) -> None:
    """What is written behind a cell, or where it failed, comes before that cell is over."""
    record = kernels.start("one")
    with kernels.client(record) as client:
        client.execute_interactive("""
            Hook.register("PreCodeExecution", function(it) print("before") end)
            Hook.register("PostCodeExecution", function(it) io.write("after ", it.data.count) end)
            Hook.register("ExecutionError", function(it) io.write("failed") end)
        """)
        for count in (2, 3, 4):
            done = client.execute_interactive("print('cell')")
            assert f"before\ncell\nafter {count}" == done.stdout
        assert "before\nfailed" == client.execute_interactive("error('no')").stdout
    kernels.say("stop", "one")


def test_what_hooks_write_follows_the_message_of_their_cell(kernels: Kernels) -> None:
    """Also where the next cell waits already."""
    record = kernels.start("one")
    with kernels.client(record) as client:
        client.execute_interactive("""
            Hook.register("PostCodeExecution", function(it) io.write("after ", it.data.count) end)
        """)
        sent = [client.execute("io.write('cell ')") for _ in range(5)]
        written = dict.fromkeys(sent, "")
        idle = ""
        while idle != sent[-1]:
            told = client.get_iopub_msg(timeout=60)
            parent, content = told["parent_header"]["msg_id"], told["content"]
            if told["msg_type"] == "stream":
                assert parent != idle
                written[parent] += content["text"]
            elif content.get("execution_state") == "idle":
                idle = parent
    assert [f"cell after {count}" for count in range(2, 7)] == [*written.values()]
    kernels.say("stop", "one")
