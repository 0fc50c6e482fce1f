"""The hub: kernels on request over a socket, each in a process of its own."""

import asyncio
import json
import os
import signal
import socket
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kernel.core.errors import UserError
from kernel.service.hub_client import HubClient, HubGone, ask_hub
from kernel.service.orders import Create, OneKernel, decoded
from tests.service.conftest import Kernels, has_ended, reply_to
from tests.support.commands import become

Story = Callable[[HubClient], Awaitable[None]]


@pytest.fixture
def hub(kernels: Kernels) -> Iterator[Kernels]:
    done = kernels.say("serve", "--daemon", "--max-kernels", "3")
    assert (0, "") == (done.returncode, done.stderr)
    yield kernels
    kernels.say("serve", "--stop")


def path(kernels: Kernels) -> Path:
    return kernels.runtime / "llmspell" / "hub.sock"


def tell(kernels: Kernels, story: Story) -> None:
    """Run a story with a connection to the hub."""

    async def run() -> None:
        client = await HubClient.connect(path(kernels))
        try:
            async with asyncio.timeout(100):
                await story(client)
        finally:
            await client.close()

    asyncio.run(run())


def test_kernels_are_made_used_and_ended_on_request(hub: Kernels) -> None:
    """Two at once, in processes of their own, with the hub's word on how each ended."""

    async def story(client: HubClient) -> None:
        first, second = await asyncio.gather(
            client.ask("create", kernel="a"), client.ask("create", kernel="b", runtime="luajit")
        )
        assert len({first["pid"], second["pid"], os.getpid()}) == 3
        names = {each["id"]: each["running"] for each in (await client.ask("list"))["kernels"]}
        assert {"a": True, "b": True} == names
        waiting = asyncio.ensure_future(client.ask("wait", kernel="b"))
        await client.ask("signal", kernel="b", signal=int(signal.SIGKILL))
        assert ("it was killed by SIGKILL", -9) == (
            (await waiting)["how"],
            (await waiting)["exit_status"],
        )
        stopped = await client.ask("stop", kernel="a")
        assert (False, 0) == (stopped["running"], stopped["exit_status"])

    tell(hub, story)
    assert "Kernel b does not run: it was killed by SIGKILL." in hub.say("status", "b").stdout
    assert ["b.json"] == [each.name for each in hub.registry.folder.iterdir()]
    assert [] == list((hub.folder / "jupyter").iterdir())


def test_a_restart_keeps_the_ports_and_the_key(hub: Kernels) -> None:
    """Clients stay where they are; variables are gone; the files are still the kernel's to take."""
    made = json.loads(hub.say("create", "--id", "a", "--json").stdout)
    before = Path(made["connection_file"]).read_text()
    with hub.client(made) as client:
        client.execute_interactive("x = 1")
        assert 0 == hub.say("restart", "a").returncode
        assert "nil\n" == client.execute_interactive("print(x)").stdout
    assert before == Path(made["connection_file"]).read_text()
    assert made["pid"] != hub.registry.find("a").record.pid
    hub.say("stop", "a")
    assert [] == list((hub.folder / "jupyter").iterdir())


def test_a_restart_forgets_what_was_kept(hub: Kernels) -> None:
    """Also for the start after next, when the restarted kernel has kept nothing."""
    made = json.loads(hub.say("create", "--id", "a", "--json").stdout)
    with hub.client(made) as client:
        client.execute_interactive("x = 1")
        assert 0 == hub.say("restart", "a").returncode
    os.kill(hub.registry.find("a").record.pid, signal.SIGKILL)
    become(lambda: not hub.registry.find("a").is_running)
    again = json.loads(hub.say("create", "--id", "a", "--json").stdout)
    with hub.client(again) as client:
        assert "nil\n" == client.execute_interactive("print(x)").stdout


def test_a_cell_is_interrupted(hub: Kernels) -> None:
    """By the word `interrupt`."""
    made = json.loads(hub.say("create", "--id", "a", "--json").stdout)
    with hub.client(made) as client:
        message = client.execute("while true do end")

        async def story(connection: HubClient) -> None:
            await connection.ask("interrupt", kernel="a")

        become(lambda: hub.status("a")["health"]["state"] == "busy")
        tell(hub, story)
        assert "Interrupted" == reply_to(client, message)["ename"]


def test_what_cannot_be_done_is_said(hub: Kernels) -> None:
    """Wrong words, ids that are taken or unknown, more than there may be, kernels that fail."""

    async def story(client: HubClient) -> None:
        async def refusal(action: str, **arguments: object) -> str:
            with pytest.raises(UserError) as caught:
                await client.ask(action, **arguments)
            return str(caught.value)

        assert "There is no action 'dance'" in await refusal("dance")
        assert "kernel is missing." == await refusal("stop")
        assert "kernel is 5; it must be of type str." == await refusal("status", kernel=5)
        assert "This hub has made no kernel 'x'." == await refusal("interrupt", kernel="x")
        assert "6.0" in await refusal("create", kernel="c", runtime="6.0")
        await client.ask("create", kernel="a")
        assert "Kernel 'a' runs already" in await refusal("create", kernel="a")
        await client.ask("create", kernel="b")
        await client.ask("create", kernel="c")
        assert "This hub has 3 kernels" in await refusal("create", kernel="d")

    tell(hub, story)


def test_a_lease_ends_with_its_connection(hub: Kernels) -> None:
    """Whoever ordered a kernel and is gone without a word leaves none behind."""
    made: dict[str, Any] = {}

    async def story(client: HubClient) -> None:
        made.update(await client.ask("create", kernel="a", is_leased=True))
        made["other"] = (await client.ask("create", kernel="b"))["pid"]

    tell(hub, story)
    become(lambda: has_ended(made["pid"]))
    assert not has_ended(made["other"])


def test_kernels_end_with_their_hub(hub: Kernels) -> None:
    """In order when it is stopped, by themselves when it was killed; another can be started."""
    first = json.loads(hub.say("create", "--id", "a", "--json").stdout)
    again = hub.say("serve", "--daemon")
    assert (0, "The hub runs already.\n") == (again.returncode, again.stdout)
    (state,) = hub_states(hub)
    os.kill(state.record.pid, signal.SIGKILL)
    become(lambda: has_ended(first["pid"]))
    asked = hub.say("serve", "--status")
    assert (3, True) == (asked.returncode, asked.stdout.startswith("No hub runs (its process"))
    assert 1 == hub.say("create").returncode
    with pytest.raises(HubGone):
        ask_hub(path(hub), "list")
    assert 0 == hub.say("serve", "--daemon").returncode
    second = json.loads(hub.say("create", "--id", "a", "--json").stdout)
    assert 0 == hub.say("serve", "--stop").returncode
    assert has_ended(second["pid"])
    assert [] == list((hub.folder / "jupyter").iterdir())


def hub_states(kernels: Kernels) -> list[Any]:
    from kernel.service.registry import Registry

    return Registry(kernels.runtime / "llmspell" / "hub").all()


def test_the_socket_is_its_owners_and_bears_rubbish(hub: Kernels) -> None:
    """Nobody else can connect; what is no request is answered with what is wrong."""
    assert 0o600 == path(hub).stat().st_mode & 0o777
    with socket.socket(socket.AF_UNIX) as peer:
        peer.settimeout(30)
        peer.connect(str(path(hub)))
        peer.sendall(b'rubbish\n[1]\n{"id": 7, "action": "list"}\n')
        said = peer.makefile().readline, json.loads
        answers = [said[1](said[0]()) for _ in range(3)]
        by_id = {each["id"]: each for each in answers}
        assert {None, 7} == set(by_id)
        assert (False, True) == (by_id[None]["ok"], by_id[7]["ok"])


def test_orders_are_checked() -> None:
    """What is missing or of another type is said by name; what is not known is left aside."""
    assert Create(kernel="a", idle_timeout=3.0) == decoded(
        Create, {"kernel": "a", "idle_timeout": 3, "action": "create"}
    )
    assert Create(env={"A": "b"}) == decoded(Create, {"env": {"A": "b"}})
    with pytest.raises(UserError, match=r"^env must have texts as names and as values\.$"):
        decoded(Create, {"env": {"A": 1}})
    with pytest.raises(UserError, match=r"^max_clients is True; it must be of type int\.$"):
        decoded(Create, {"max_clients": True})
    with pytest.raises(UserError, match=r"^kernel is missing\.$"):
        decoded(OneKernel, {})
