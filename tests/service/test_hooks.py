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
