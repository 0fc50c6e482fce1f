"""Where a kernel listens is said by itself and by its status."""

import json
import re
import subprocess

from tests.cli.conftest import DEADLINE, CommandLine
from tests.support.commands import LLMSPELL


def test_a_kernel_in_the_foreground_says_where_it_listens(cli: CommandLine) -> None:
    """Its connection file and its five ports, on stderr; a file of its own name as well."""
    for words in (("--id", "lab"), ("--connection-file", "own.json")):
        process = subprocess.Popen(
            [*LLMSPELL, "kernel", "start", *words],
            cwd=cli.work,
            env=cli.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stderr is not None
        lines = [process.stderr.readline(), process.stderr.readline()]
        path = lines[0].removeprefix("llmspell: to connect: --existing ").strip()
        said = json.loads((cli.work / path).read_text())
        process.terminate()
        out, _ = process.communicate(timeout=DEADLINE)
        assert (f"llmspell: ports: {_listed(said)}\n", "") == (lines[1], out)


def test_status_says_ports_and_cpu(cli: CommandLine) -> None:
    """As text and as JSON, the same as the connection file."""
    cli.start_kernel("lab")
    text = cli.say("kernel", "status", "lab").stdout
    said = json.loads(cli.say("kernel", "status", "lab", "--output", "json").stdout)
    ports = json.loads((cli.folder / "jupyter" / "kernel-lab.json").read_text())
    assert said["ports"] == {name: ports[name] for name in said["ports"]}
    assert 5 == len(said["ports"])
    assert f"  ports    {_listed(ports)}\n" in text
    assert re.search(r"^  cpu      \d+\.\d s, \d+% of one while it is up$", text, re.MULTILINE)


def _listed(ports: dict[str, object]) -> str:
    names = ("shell", "iopub", "stdin", "control", "hb")
    return ", ".join(f"{each} {ports[f'{each}_port']}" for each in names)
