"""Connection files: where a kernel listens and under which key, for its clients to find.

The format is that of Jupyter ("Connection files"). Two fields are ours: ``llmspell_tcp`` and
``llmspell_ws``, where the kernel takes messages as lines (`kernel.jupyter.lines`).
"""

import contextlib
import json
import os
import secrets
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from kernel.core.errors import UserError
from kernel.core.extras import need

ZMQ = "zmq"
"""The transport by which clients do not say when they go."""

TRANSPORTS = ("tcp", "ipc")
"""What ZeroMQ goes over."""

LAST_PORT = 65535

PORTS = ("shell_port", "iopub_port", "stdin_port", "control_port", "hb_port")


@dataclass(frozen=True, slots=True)
class ConnectionInfo:
    """What a connection file says."""

    ip: str = "127.0.0.1"
    transport: str = "tcp"
    shell_port: int = 0
    iopub_port: int = 0
    stdin_port: int = 0
    control_port: int = 0
    hb_port: int = 0
    key: str = field(default="", repr=False)
    signature_scheme: str = "hmac-sha256"
    kernel_name: str = ""
    curve_publickey: str = ""
    curve_secretkey: str = field(default="", repr=False)
    llmspell_tcp: str = ""
    """``host:port``."""
    llmspell_ws: str = ""
    """``host:port``."""

    def url(self, channel: str) -> str:
        """Where ZeroMQ finds a channel; a port of 0 is any free one."""
        port = getattr(self, f"{channel}_port")
        if self.transport == "tcp":
            return f"tcp://{self.ip}:{port or '*'}"
        return f"{self.transport}://{self.ip}-{port}"

    @property
    def ports(self) -> dict[str, int]:
        """The ports of the five channels."""
        return {name: getattr(self, name) for name in PORTS}

    def listed_ports(self) -> str:
        """The five ports for people: ``shell 5001, iopub 5002, …``; empty if it has none."""
        if self.transport != "tcp" or not self.shell_port:
            return ""
        names = {name.removesuffix("_port"): port for name, port in self.ports.items()}
        return ", ".join(f"{name} {port}" for name, port in names.items())

    def with_port(self, channel: str, bound: str) -> "ConnectionInfo":
        """With the port that a socket was bound to, of its URL."""
        if self.transport != "tcp":
            return self
        return replace(self, **{f"{channel}_port": int(bound.rpartition(":")[2])})  # type: ignore[arg-type]


def new_key() -> str:
    """A key nobody can guess."""
    return str(uuid.UUID(bytes=secrets.token_bytes(16)))


def read_connection(path: Path, missing_key: str = "") -> ConnectionInfo:
    """What a connection file says; raises `UserError` for a file that is none.

    ``missing_key`` is the key where the file says none at all.
    """
    try:
        said = json.loads(path.read_text())
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise UserError(f"{path} is no connection file: {error}") from error
    if not isinstance(said, Mapping):
        raise UserError(f"{path} is no connection file: it holds no object.")
    known = {each.name: each.type for each in fields(ConnectionInfo)}
    values = {"key": missing_key, **{name: said[name] for name in said if name in known}}
    for name, value in values.items():
        if not _may_be(name, value):
            raise UserError(f"{path} is no connection file: {name} is {value!r}.")
    return ConnectionInfo(**values)


def _may_be(name: str, value: object) -> bool:
    """Whether a field may have this value, as far as that can be said without the others."""
    if name in PORTS:
        return type(value) is int and 0 <= value <= LAST_PORT
    if name == "transport":
        return value in TRANSPORTS
    return isinstance(value, str)


def write_connection(path: Path, info: ConnectionInfo) -> None:
    """Write the file so that only its owner can read it, and nobody sees half of it.

    What else stood in a file that was there (Jupyter writes more than we know) is kept.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    before: dict[str, Any] = {}
    with contextlib.suppress(OSError, ValueError):
        before = json.loads(path.read_text())
    said = {**before, **{name: value for name, value in asdict(info).items() if value != ""}}
    said["key"] = info.key
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(said, file, indent=2)
    fresh.replace(path)


def runtime_directory() -> Path:
    """Where Jupyter looks for connection files."""
    paths = need("jupyter_core.paths", "To find Jupyter's folders one", "jupyter")
    return Path(paths.jupyter_runtime_dir())


def connection_path(kernel_id: str) -> Path:
    """The connection file of a kernel."""
    return runtime_directory() / f"kernel-{kernel_id}.json"


class NoConnectionFile(UserError):
    """No kernel has a file in Jupyter's folder that is called so."""


def find_connection(kernel_id: str) -> Path:
    """The file of a running kernel, by its id or the beginning of it.

    Raises `NoConnectionFile`, or `UserError` where several are called so.
    """
    directory = runtime_directory()
    found = sorted(directory.glob(f"kernel-{kernel_id}*.json")) if kernel_id else []
    exact = [path for path in found if path.stem == f"kernel-{kernel_id}"]
    if len(exact or found) == 1:
        return (exact or found)[0]
    if found:
        names = ", ".join(path.stem.removeprefix("kernel-") for path in found)
        raise UserError(f"Several kernels begin with {kernel_id!r}: {names}.")
    raise NoConnectionFile(f"There is no kernel {kernel_id!r}: no such file in {directory}.")


def find_listener(kind: str, address: str) -> ConnectionInfo | None:
    """What the kernel says that takes lines at ``host:port``; ``kind``: ``tcp`` or ``ws``."""
    for path in sorted(runtime_directory().glob("kernel-*.json")):
        with contextlib.suppress(UserError):
            info = read_connection(path)
            if getattr(info, f"llmspell_{kind}") == address:
                return info
    return None
