"""A script with all globals of the kernel, over services in memory."""

import json
from pathlib import Path

from kernel.events.model import KernelEvent
from llmspell.script_api.services import LocalServices
from llmspell.script_api.tables import ScriptStart, make_tables
from tests.support.host_scripts import HostScript


class Told(HostScript):
    """A script with all globals over services in memory, and what it displays."""

    def __init__(
        self, lua: str, folder: Path, words: tuple[str, ...] = (), configuration: str = ""
    ) -> None:
        """``configuration``: more of the file of settings."""
        self.file = folder / "llmspell.toml"
        backups = json.dumps(str(folder / "backups"))
        self.file.write_text(
            f"[runtime.state_persistence.backup]\nbackup_dir = {backups}\n"
            '[providers.echo]\napi_key = "hush"\nmodel = "small"\n' + configuration
        )
        self.services = LocalServices(self.file)
        self.shown: list[KernelEvent] = []
        super().__init__(
            lua, make_tables(self.services, ScriptStart("s.lua", words, self.shown.append))
        )

    def close(self) -> None:
        """Give runtime, loop and services back."""
        super().close()
        self.services.close()
