"""The files that cells are known by to debuggers."""

import subprocess
import sys
from pathlib import Path

import pytest

from kernel.execution.cell_files import CellFiles, murmur2


def test_the_oldest_files_of_cells_go(tmp_path) -> None:
    """Those that were run last stay; one that is run again is written again."""
    files = CellFiles(str(tmp_path), kept=2)
    paths = [files.write(f"return {number}") for number in range(3)]
    assert [None, "return 1", "return 2"] == [files.read(path) for path in paths]
    files.write("return 1")
    files.write("return 0")
    assert ["return 0", "return 1", None] == [files.read(path) for path in paths]
    files.close()


def test_what_was_left_behind_is_taken_away(tmp_path) -> None:
    """The folder of a process that was killed goes when another ends; those in use stay."""
    code = (
        "import os, sys; from kernel.execution.cell_files import CellFiles; "
        "CellFiles(sys.argv[1]).write('return 1'); os._exit(0)"
    )
    subprocess.run([sys.executable, "-c", code, tmp_path], check=True, timeout=60)
    one, other = CellFiles(str(tmp_path)), CellFiles(str(tmp_path))
    assert 3 == len(list(tmp_path.iterdir()))
    stranger = tmp_path / "something"
    stranger.mkdir()
    path = one.write("return 2")
    other.close()
    other.close()
    assert {Path(path).parent, stranger} == set(tmp_path.iterdir())
    assert "return 2" == one.read(path)
    one.close()
    assert [stranger] == list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", 3990065800),
        ("a", 2167009006),
        ("print(1)", 3773950048),
        ("é", 2171970256),
        ("local x = 1\nprint(x)\n", 3043780693),
    ],
)
def test_the_hash_is_the_one_that_notebooks_compute(text, expected):
    """The values JupyterLab's own function gives for the same texts and seed."""
    assert expected == murmur2(text.encode())
