"""``llmspell kernel systemd-unit``: a kernel or the hub as a service of systemd."""

import argparse
import os
from collections.abc import Callable, Mapping
from pathlib import Path

from kernel.core.errors import UserError
from llmspell.cli.kernel_service import add_service_options, libraries_option, service_words

AddOptions = Callable[[argparse.ArgumentParser], None]
Run = Callable[[argparse.Namespace], int]

CARRIED = (
    "JUPYTER_RUNTIME_DIR",
    "LLMSPELL_CONFIG",
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_STATE_HOME",
)
"""Variables that say where a kernel's files are, taken over from whoever writes the unit."""


def _unit_options(parser: argparse.ArgumentParser) -> None:
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--user", action="store_true", help="for `systemctl --user` (the default)")
    where.add_argument("--system", action="store_true", help="for the system's manager")
    parser.add_argument("--account", default="", metavar="NAME", help="with --system: run as NAME")
    parser.add_argument("--hub", action="store_true", help="a hub instead of a kernel")
    parser.add_argument(
        "-o", "--file", type=Path, metavar="FILE", help="write it there instead of stdout"
    )
    parser.add_argument("--force", action="store_true", help="also over a file that is there")
    parser.add_argument("--lua", default="", metavar="VERSION", help="5.1 … 5.5, luajit (5.4)")
    libraries_option(parser)
    parser.add_argument(
        "--connection-file", type=Path, metavar="FILE", help="bind the ports that it says"
    )
    add_service_options(parser)


def _unit(chosen: argparse.Namespace) -> int:
    from kernel.service.records import check_id
    from kernel.service.systemd import Unit, unit_text
    from llmspell.kernel_service import command

    name = check_id(chosen.id or "default")
    if chosen.hub:
        words = ["serve"]
    else:
        words = ["start", "--id", name, *service_words(chosen)]
        if chosen.log_file is not None:
            words += ["--log-file", str(chosen.log_file.absolute())]
    unit = Unit(
        description="llmspell hub of kernels" if chosen.hub else f"llmspell kernel {name}",
        command=command("kernel", *words),
        is_of_user=not chosen.system,
        account=chosen.account,
        patience=chosen.drain,
        environment={each: os.environ[each] for each in CARRIED if each in os.environ},
        folder=str(chosen.cwd.absolute()) if chosen.cwd else "",
    )
    return _write(unit_text(unit), chosen)


def _write(text: str, chosen: argparse.Namespace) -> int:
    path: Path | None = chosen.file
    if path is None:
        chosen.results.show({"unit": text}, text.removesuffix("\n"))
        return 0
    if path.exists() and not chosen.force:
        raise UserError(f"{path} is there already; --force writes over it.")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror}") from error
    manager = "systemctl" if chosen.system else "systemctl --user"
    next_words = f"{manager} daemon-reload && {manager} enable --now {path.name}"
    chosen.results.show(
        {"written": str(path), "next": next_words}, f"Wrote {path}. Next: {next_words}"
    )
    return 0


UNIT_ACTIONS: Mapping[str, tuple[str, AddOptions, Run]] = {
    "systemd-unit": ("Write a kernel, or the hub, as a service of systemd.", _unit_options, _unit),
}
"""Words behind ``llmspell kernel``: summary, options, what to do."""
