"""The unit by which systemd runs a kernel or a hub (systemd.unit(5), systemd.service(5))."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from kernel.core.errors import UserError

WATCHDOG = 30
"""Seconds without a sign of life after which systemd starts the service anew."""

SPARE = 10
"""Seconds beyond its patience that a service has to end in."""


@dataclass(frozen=True, slots=True)
class Unit:
    """What is said about a service."""

    description: str
    command: Sequence[str]
    is_of_user: bool = True
    """Whether the user's own manager runs it (``systemctl --user``), or the system's."""
    account: str = ""
    """The user that the system's manager runs it as."""
    patience: float = 10.0
    """Seconds it takes to end in order."""
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: str = ""
    """Its working directory; empty: the home directory."""


def unit_text(unit: Unit) -> str:
    """The content of the unit's file; raises `UserError` for what no unit can say."""
    if not unit.is_of_user and not unit.account:
        raise UserError("A service of the system needs an account to run as: --account NAME.")
    if unit.is_of_user and unit.account:
        raise UserError("A service of a user runs as that user: --account goes with --system.")
    service = {
        "Type": "notify",
        "NotifyAccess": "main",
        "ExecStart": " ".join(_quoted(word) for word in unit.command),
        "WorkingDirectory": unit.folder or "%h" if unit.is_of_user else unit.folder or "~",
        "Restart": "on-failure",
        "WatchdogSec": str(WATCHDOG),
        "TimeoutStopSec": f"{unit.patience + SPARE:g}",
        "KillMode": "mixed",
        "UMask": "0077",
    }
    if not unit.is_of_user:
        service |= {
            "User": unit.account,
            "RuntimeDirectory": "llmspell",
            "RuntimeDirectoryMode": "0700",
            "RuntimeDirectoryPreserve": "yes",
            "NoNewPrivileges": "yes",
            "PrivateTmp": "yes",
        }
    environment = dict(unit.environment)
    if not unit.is_of_user:  # such an account has no session that would make the folder
        environment.setdefault("XDG_RUNTIME_DIR", "/run/llmspell")
    lines = [f"{name}={value}" for name, value in service.items()]
    lines += [f"Environment={_quoted(f'{name}={value}')}" for name, value in environment.items()]
    wanted = "default.target" if unit.is_of_user else "multi-user.target"
    return "\n".join(
        [
            "[Unit]",
            f"Description={unit.description}",
            *([] if unit.is_of_user else ["After=network.target"]),
            "",
            "[Service]",
            *lines,
            "",
            "[Install]",
            f"WantedBy={wanted}",
            "",
        ]
    )


def _quoted(word: str) -> str:
    """A word as systemd reads it: ``%`` and ``$`` mean something to it, quotes as in a shell."""
    if "\n" in word:
        raise UserError(f"A unit cannot say {word!r}: it has lines.")
    text = word.replace("%", "%%").replace("$", "$$")
    if text == shlex.quote(text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
