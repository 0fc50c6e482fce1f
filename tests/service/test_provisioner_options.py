"""What a kernelspec says of the hub, and kernels that outlive whoever asked for them."""

import asyncio
import json
import signal
from collections.abc import Iterator
from typing import Any

import pytest

from kernel.service.provisioner import HubProvisioner
from tests.service.conftest import Kernels, has_ended

jupyter_client = pytest.importorskip("jupyter_client", reason="needs the extra jupyter-tests")

DEADLINE = 60.0


@pytest.fixture
def anyio_backend() -> str:
    """The loop is asyncio's."""
    return "asyncio"


@pytest.fixture
def hub(kernels: Kernels, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kernels]:
    """A hub that runs, in the folders that this process uses as well."""
    for name in ("XDG_RUNTIME_DIR", "XDG_DATA_HOME", "JUPYTER_RUNTIME_DIR", "JUPYTER_DATA_DIR"):
        monkeypatch.setenv(name, kernels.env[name])
    (kernels.folder / "jupyter").mkdir()
    assert 0 == kernels.say("serve", "--daemon").returncode
    yield kernels
    kernels.say("serve", "--stop")


def spec_of(kernels: Kernels, *words: str) -> dict[str, Any]:
    """What ``kernel install`` writes."""
    done = kernels.say("install", "--name", "hubbed", *words)
    assert (0, "") == (done.returncode, done.stderr)
    (path,) = kernels.folder.glob("share/kernels/hubbed/kernel.json")
    return dict(json.loads(path.read_text()))


def test_everything_asked_for_is_in_the_kernelspec(kernels: Kernels) -> None:
    """Options about libraries and limits reach the hub, and no hub is started elsewhere."""
    limits = ("--libraries", "full", "--idle-timeout", "60", "--max-clients", "2")
    file = kernels.folder / "hub.sock"
    words = ("--provisioner", "--survives", "--hub-socket", str(file), "--lua", "5.1")
    config = spec_of(kernels, *words, *limits)["metadata"]["kernel_provisioner"]["config"]
    config.pop("hub_command")
    assert config == {
        "runtime": "5.1",
        "libraries": "full",
        "idle_timeout": 60,
        "max_clients": 2,
        "survives": True,
        "socket": str(file),
        "starts_hub": False,
    }
    argv = spec_of(kernels, *limits)["argv"]
    assert list(limits) == argv[argv.index("--libraries") : argv.index("--lua")]


def test_options_that_need_a_hub(kernels: Kernels) -> None:
    """Without the provisioner they are refused instead of forgotten."""
    done = kernels.say("install", "--survives")
    assert 1 == done.returncode
    assert "need --provisioner" in done.stderr


def manager(kernels: Kernels) -> Any:
    """A manager of Jupyter's for a kernel of the hub."""
    return jupyter_client.AsyncKernelManager(
        kernel_name="hubbed", connection_file=str(kernels.folder / "jupyter" / "kernel-k.json")
    )


async def until_ended(pid: int) -> None:
    """Wait for the end of a process."""
    async with asyncio.timeout(DEADLINE):
        while not has_ended(pid):
            await asyncio.sleep(0.05)


async def value(client: Any, code: str) -> str:
    """What a cell gives, as text."""
    found: list[str] = []

    def hear(message: dict[str, Any]) -> None:
        if message["msg_type"] == "execute_result":
            found.append(message["content"]["data"]["text/plain"])

    await client.execute_interactive(code, output_hook=hear, timeout=DEADLINE)
    return "".join(found)


@pytest.mark.anyio
@pytest.mark.parametrize("survives", [True, False])
async def test_kernels_that_survive(hub: Kernels, survives: bool) -> None:
    """When the connection to the hub ends, a kernel goes on or ends, as the kernelspec says."""
    spec_of(hub, "--provisioner", "--libraries", "full", *["--survives"] * survives)
    one = manager(hub)
    await one.start_kernel()
    client = one.client()
    client.start_channels()
    await client.wait_for_ready(timeout=DEADLINE)
    assert '"table"' == await value(client, "x = 1 return type(debug.getregistry())")
    pid = one.provisioner.pid
    await one.provisioner._hub.close()  # as when the process ends
    if survives:
        assert "1" == await value(client, "return x")
        assert not has_ended(pid)
    else:
        await until_ended(pid)
    client.stop_channels()


@pytest.mark.anyio
async def test_a_kernel_is_found_again(hub: Kernels) -> None:
    """Another process of Jupyter's goes on with a kernel by what the first one has noted of it."""
    spec_of(hub, "--provisioner", "--survives")
    one = manager(hub)
    await one.start_kernel()
    noted = await one.provisioner.get_provisioner_info()
    await one.provisioner._hub.close()
    two = manager(hub)
    two.load_connection_file()
    again = HubProvisioner(
        kernel_id="another", kernel_spec=two.kernel_spec, parent=two, survives=True
    )
    await again.load_provisioner_info(noted)
    assert again.has_process
    assert await again.poll() is None
    await again.send_signal(signal.SIGKILL)
    assert -signal.SIGKILL == await asyncio.wait_for(again.wait(), DEADLINE)
    await until_ended(int(noted["pid"]))
    await again.cleanup()


@pytest.mark.anyio
async def test_a_kernel_that_is_not_found_again(hub: Kernels) -> None:
    """One that has ended meanwhile is no process, and signals to it are harmless."""
    spec_of(hub, "--provisioner", "--survives")
    one = manager(hub)
    await one.start_kernel()
    noted = await one.provisioner.get_provisioner_info()
    await one.shutdown_kernel(now=True)
    hub.say("serve", "--stop")
    two = manager(hub)
    again = HubProvisioner(kernel_id="another", kernel_spec=one.kernel_spec, parent=two)
    await again.load_provisioner_info(noted)
    assert not again.has_process
    assert 0 == await again.poll()
    await again.send_signal(signal.SIGTERM)
