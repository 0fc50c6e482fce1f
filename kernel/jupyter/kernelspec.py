"""Kernelspecs: the files by which Jupyter knows a kernel and how to start it ("Kernel specs")."""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kernel.core.errors import UserError
from kernel.core.extras import need
from kernel.jupyter.messages import PROTOCOL_VERSION


@dataclass(frozen=True, slots=True)
class KernelSpec:
    """What ``kernel.json`` says."""

    argv: Sequence[str]
    """The command; ``{connection_file}`` in it is replaced by Jupyter."""
    display_name: str
    language: str
    has_debugger: bool = False
    env: Mapping[str, str] = field(default_factory=dict)
    metadata: Mapping[str, Any] = field(default_factory=dict)
    """What else is said about it."""

    def content(self) -> dict[str, Any]:
        """The object in the file."""
        return {
            "argv": list(self.argv),
            "display_name": self.display_name,
            "language": self.language,
            "interrupt_mode": "message",
            "kernel_protocol_version": PROTOCOL_VERSION,
            "env": dict(self.env),
            "metadata": {
                "debugger": self.has_debugger,
                "supported_encryption": ["curve"],
                **self.metadata,
            },
        }


def user_prefix() -> Path:
    """Where a user's own kernels are; raises `UserError` without Jupyter's package."""
    paths = need("jupyter_core.paths", "A user's kernelspec", "jupyter")
    return Path(paths.jupyter_data_dir())


def environment_prefix(prefix: str = sys.prefix) -> Path:
    """Where the kernels of a Python environment (or of ``prefix``) are."""
    return Path(prefix) / "share" / "jupyter"


def install_kernelspec(
    spec: KernelSpec, name: str, data: Path, files: Mapping[str, bytes] | None = None
) -> Path:
    """Write the spec under ``data``, and ``files`` (logos) beside it; the folder it is in.

    What was there under this name is replaced. Raises `UserError` where that cannot be.
    """
    if not name or set(name) - _NAME:
        raise UserError(f"A kernel cannot be called {name!r}: letters, digits, '.', '-' and '_'.")
    folder = data / "kernels" / name.lower()
    written = {**(files or {}), "kernel.json": _json(spec.content())}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for file, content in written.items():
            fresh = folder / f".{file}.{os.getpid()}"
            fresh.write_bytes(content)
            fresh.replace(folder / file)
    except OSError as error:
        raise UserError(f"{folder} cannot be written: {error.strerror}") from error
    return folder


_NAME = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_")


def _json(value: Mapping[str, Any]) -> bytes:
    return (json.dumps(value, indent=2) + "\n").encode()
