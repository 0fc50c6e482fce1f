"""Jupyter's own programs over the kernel: notebooks, scripts, consoles and servers."""

import json
import re
import subprocess
import sys
import urllib.request
from collections.abc import Sequence
from pathlib import Path

import nbformat
import pexpect
import pytest
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from tests.support.commands import become
from tests.support.ports import is_open

BIN = Path(sys.executable).parent

STARTS = 20
"""Consoles that are started, to see whether the first cell's output is ever lost."""


def notebook(*cells: str, tags: Sequence[str] = ()) -> nbformat.NotebookNode:
    """A notebook for our kernel; the tags are those of its first cell."""
    made = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_code_cell(cell) for cell in cells],
        metadata={
            "kernelspec": {"name": "llmspell", "display_name": "Lua", "language": "lua"},
            "language_info": {"name": "lua"},
        },
    )
    made.cells[0].metadata["tags"] = list(tags)
    return made


def outputs(made: nbformat.NotebookNode) -> list[list[str]]:
    """Texts of what each cell gave."""
    return [
        [each.get("text") or each.get("data", {}).get("text/plain", "") for each in cell.outputs]
        for cell in made.cells
    ]


def run(*command: str, cwd: Path, status: int = 0) -> str:
    """What a program of Jupyter's prints."""
    done = subprocess.run(
        [BIN / command[0], *command[1:]], cwd=cwd, capture_output=True, text=True, timeout=60
    )
    assert status == done.returncode, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_nbclient() -> None:
    """A notebook is executed, cell by cell, with what each gives."""
    made = notebook("x = 6", "print('hello')\nreturn x * 7")
    NotebookClient(made, kernel_name="llmspell", timeout=30).execute()
    assert [[], ["hello\n", "42"]] == outputs(made)
    assert [1, 2] == [cell.execution_count for cell in made.cells]


def test_nbclient_and_errors() -> None:
    """An error ends the notebook, and is told with the cell it was in."""
    made = notebook("error('no luck')", "x = 1")
    with pytest.raises(CellExecutionError, match="no luck"):
        NotebookClient(made, kernel_name="llmspell", timeout=30).execute()
    assert None is made.cells[1].execution_count


def test_nbconvert(tmp_path: Path) -> None:
    """A notebook becomes a page; one with an error only where that is allowed."""
    nbformat.write(notebook("print('into ' .. 'html')"), tmp_path / "good.ipynb")
    nbformat.write(notebook("error('oh')"), tmp_path / "bad.ipynb")
    run("jupyter-nbconvert", "--to", "html", "--execute", "good.ipynb", cwd=tmp_path)
    assert "into html" in (tmp_path / "good.html").read_text()
    run("jupyter-nbconvert", "--to", "html", "--execute", "bad.ipynb", cwd=tmp_path, status=1)
    convert = ["--to", "notebook", "--execute", "--allow-errors", "bad.ipynb", "--output", "x"]
    run("jupyter-nbconvert", *convert, cwd=tmp_path)


def test_papermill(tmp_path: Path) -> None:
    """Parameters of every kind become globals."""
    nbformat.write(
        notebook("n = 1", "return n, s, t.a[2], b, nothing", tags=["parameters"]),
        tmp_path / "in.ipynb",
    )
    parameters = {"n": 42, "s": 'a "b"\n', "t": {"a": [1, 2.5]}, "b": True, "nothing": None}
    (tmp_path / "p.yaml").write_text(json.dumps(parameters))
    run("papermill", "in.ipynb", "out.ipynb", "-f", "p.yaml", cwd=tmp_path)
    made = nbformat.read(tmp_path / "out.ipynb", 4)
    assert ['42, "a \\"b\\"\\n", 2.5, true, nil'] == outputs(made)[2]


def test_papermill_lists_parameters(tmp_path: Path) -> None:
    """Those of the tagged cell, with what it sets them to and the comments behind them."""
    cells = notebook("n = 1  -- how many\ns = 'x'", "return n", tags=["parameters"])
    nbformat.write(cells, tmp_path / "in.ipynb")
    said = run("papermill", "--help-notebook", "in.ipynb", cwd=tmp_path)
    assert re.search(r"n: Unknown type \(default 1\)\s+how many\s+s: Unknown type", said), said


def test_jupyter_run(tmp_path: Path) -> None:
    """A script's output is printed."""
    (tmp_path / "a.lua").write_text("print('from a script')")
    said = run("jupyter-run", "--kernel", "llmspell", "a.lua", cwd=tmp_path)
    assert "from a script" in said


def test_consoles_never_miss_their_first_cell(tmp_path: Path) -> None:
    """Started again and again, `jupyter console` shows what its first cell gives, and ends."""
    for number in range(STARTS):
        console = pexpect.spawn(
            str(BIN / "jupyter-console"),
            ["--kernel", "llmspell", "--simple-prompt"],
            cwd=tmp_path,
            timeout=30,
            encoding="utf-8",
        )
        console.expect(r"In \[1\]:")
        console.sendline(f"print('first', {number} + 100)")
        console.expect(f"first\\s+{number + 100}\r\n")
        console.expect(r"In \[2\]:")
        console.sendline("exit")
        console.expect(pexpect.EOF)
        console.close()


def test_a_console_asks_and_interrupts(tmp_path: Path) -> None:
    """A program's question is answered in the console, and Ctrl-C ends a loop."""
    console = pexpect.spawn(
        str(BIN / "jupyter-console"),
        ["--kernel", "llmspell", "--simple-prompt"],
        cwd=tmp_path,
        timeout=30,
        encoding="utf-8",
    )
    console.expect(r"In \[1\]:")
    console.sendline("print('got ' .. io.read())")
    console.sendline("a line")
    console.expect("got a line")
    console.expect(r"In \[2\]:")
    console.sendline("print('beg' .. 'un') while true do end")
    console.expect("begun")
    console.sendintr()
    console.expect("interrupted!")
    console.expect(r"In \[3\]:")
    console.sendline("return 1 + 1")
    console.expect("2")
    console.sendline("quit")
    console.expect(pexpect.EOF)


def test_a_server_finds_a_kernel_that_runs(tmp_path: Path) -> None:
    """A kernel nobody of Jupyter's has started is in the server's list, and is used by `run`."""
    folder = tmp_path / "external"
    folder.mkdir()
    file = folder / "kernel-ours.json"
    kernel = subprocess.Popen(
        [sys.executable, "-P", "-m", "llmspell", "kernel", "start", "--connection-file", file]
    )
    server = pexpect.spawn(
        str(BIN / "jupyter-server"),
        [
            "--no-browser",
            "--allow-root",
            "--ip=127.0.0.1",
            "--port=0",
            "--IdentityProvider.token=t",
            "--ServerApp.allow_external_kernels=True",
            f"--ServerApp.external_connection_dir={folder}",
        ],
        cwd=tmp_path,
        timeout=60,
        encoding="utf-8",
    )
    try:
        server.expect(r"http://127\.0\.0\.1:(\d+)/")
        port = int(server.match[1])
        become(lambda: is_open(port))
        request = f"http://127.0.0.1:{port}/api/kernels?token=t"
        found: list[str] = []
        for _ in range(100):
            with urllib.request.urlopen(request, timeout=30) as answer:
                found = [each["name"] for each in json.load(answer)]
            if found:
                break
            server.expect([pexpect.TIMEOUT, "kernel"], timeout=0.3)
        assert ["llmspell"] == found
        (tmp_path / "a.lua").write_text("shared = 42 print(shared)")
        assert "42" in run("jupyter-run", "--existing", str(file), "a.lua", cwd=tmp_path)
    finally:
        server.terminate(force=True)
        kernel.terminate()
        kernel.wait(30)
