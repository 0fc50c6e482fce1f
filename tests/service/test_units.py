"""The units for systemd, judged by systemd itself where it is there."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from kernel.core.errors import UserError
from kernel.service.systemd import Unit, unit_text
from tests.service.conftest import Kernels


@pytest.mark.parametrize(
    "words",
    [
        ("--id", "one", "--lua", "5.3", "--max-clients", "3", "--dap-port", "0"),
        ("--hub",),
        ("--system", "--account", "root", "--id", "two", "--cwd", "/"),
    ],
)
def test_systemd_has_nothing_against_a_unit(kernels: Kernels, words: tuple[str, ...]) -> None:
    """`systemd-analyze verify` is silent about what the command writes."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("there is no systemd-analyze")
    path = kernels.folder / "llmspell.service"
    done = kernels.say("systemd-unit", *words, "--file", str(path))
    assert (0, "") == (done.returncode, done.stderr)
    manager = ["--user"] if "--system" not in words else []
    checked = subprocess.run(
        ["systemd-analyze", "verify", *manager, str(path)],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**kernels.env, "SYSTEMD_LOG_LEVEL": "warning"},
    )
    assert 0 == checked.returncode, checked.stderr
    assert "llmspell.service" not in checked.stderr


def test_a_unit_starts_the_kernel_that_was_described(kernels: Kernels) -> None:
    """The command in it takes the options that were given, and no others."""
    done = kernels.say("systemd-unit", "--id", "one", "--lua", "5.3", "--idle-timeout", "60")
    (line,) = [each for each in done.stdout.splitlines() if each.startswith("ExecStart=")]
    assert line.endswith(" -P -m llmspell kernel start --id one --lua 5.3 --idle-timeout 60")
    assert "\nType=notify\n" in done.stdout


def test_a_unit_finds_the_files_of_whoever_wrote_it(kernels: Kernels) -> None:
    """Configuration, state, logs and connection files are where they are for the command."""
    kernels.env.update(XDG_CONFIG_HOME="/c", XDG_DATA_HOME="/d", XDG_STATE_HOME="/s")
    kernels.env.update(JUPYTER_RUNTIME_DIR="/j", LLMSPELL_CONFIG="/c.toml")
    lines = set(kernels.say("systemd-unit", "--id", "one").stdout.splitlines())
    for said in (
        "XDG_CONFIG_HOME=/c",
        "XDG_DATA_HOME=/d",
        "XDG_STATE_HOME=/s",
        "JUPYTER_RUNTIME_DIR=/j",
        "LLMSPELL_CONFIG=/c.toml",
    ):
        assert f"Environment={said}" in lines


def test_a_file_that_is_there_stays(tmp_path: Path, kernels: Kernels) -> None:
    """Unless it is to be written over."""
    path = tmp_path / "a.service"
    path.write_text("mine")
    refused = kernels.say("systemd-unit", "--file", str(path))
    assert (1, "mine") == (refused.returncode, path.read_text())
    assert "--force writes over it" in refused.stderr
    assert 0 == kernels.say("systemd-unit", "--file", str(path), "--force").returncode


def test_the_format_is_no_file(tmp_path: Path, kernels: Kernels) -> None:
    """``--output`` means here what it means everywhere, and the file is told as an object."""
    path = tmp_path / "a.service"
    done = kernels.say("systemd-unit", "-o", str(path), "--output", "json")
    assert str(path) == json.loads(done.stdout)["written"]
    assert [path] == [*tmp_path.glob("*service")]
    done = kernels.say("systemd-unit", "--output", "json")
    assert json.loads(done.stdout)["unit"].startswith("[Unit]")


def test_what_systemd_would_read_otherwise_is_quoted() -> None:
    """Percent signs, dollars, quotes and spaces mean themselves."""
    text = unit_text(Unit("it", ["/bin/a b", "50%", "$HOME", 'say "hi"', "plain"]))
    assert 'ExecStart="/bin/a b" 50%% "$$HOME" "say \\"hi\\"" plain' in text
    with pytest.raises(UserError, match="it has lines"):
        unit_text(Unit("it", ["a\nb"]))
    with pytest.raises(UserError, match="--account NAME"):
        unit_text(Unit("it", ["a"], is_of_user=False))
