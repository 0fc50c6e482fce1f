"""Rules about files: how long they are and what no file may say."""

import ast
import re
import tempfile
from pathlib import Path

import pytest

from tests.architecture.project import LOCKS, PACKAGES, ROOT, read, text_files, tracked_files

LIMIT = 400
MEDIAN = 160

CODE = (".py", ".lua", ".c", ".h", ".inc", ".ts", ".js", ".el", ".sh")
TEXT = (*CODE, ".md", ".toml", ".json", ".txt", ".yml", ".in", "Makefile", "run", ".npmrc")


@pytest.mark.parametrize("path", text_files(*CODE))
def test_no_file_is_too_long(path: str) -> None:
    """No file written by hand is longer than 400 lines."""
    assert len(read(path).splitlines()) <= LIMIT


def test_the_usual_file_is_short() -> None:
    """Half of the modules of the packages fit on a few screens."""
    lengths = sorted(
        len(read(path).splitlines())
        for path in text_files(".py", ".lua", under=tuple(f"{name}/" for name in PACKAGES))
    )
    assert lengths[len(lengths) // 2] <= MEDIAN


def test_names_say_what_is_in_a_file() -> None:
    """No module is called after being useful in general."""
    vague = re.compile(r"(^|_)(utils?|helpers?|common|misc|enhanced|integrated|base_\w+)$")
    named = [path for path in text_files(*CODE) if vague.search(Path(path).stem)]
    assert [] == named


@pytest.mark.parametrize("path", [*text_files(*TEXT), *LOCKS])
def test_no_file_knows_the_machine_it_was_written_on(path: str) -> None:
    """No file names a folder of this machine; `/tmp`, where a clone may lie, is on all of them."""
    text = read(path)
    places = (ROOT, ROOT.parent, Path.home())
    folders = {f"{it}/" for it in places if it not in (Path("/"), Path(tempfile.gettempdir()))}
    assert [] == [folder for folder in sorted(folders) if folder in text]


@pytest.mark.parametrize("path", LOCKS)
def test_no_lock_names_a_registry(path: str) -> None:
    """What is pinned can be fetched from any mirror."""
    assert [] == re.findall(r'"resolved"|^--.*url', read(path), flags=re.MULTILINE)


@pytest.mark.parametrize("path", text_files(*CODE))
def test_nothing_is_left_for_later(path: str) -> None:
    """Code is finished: what is missing is an issue, not a mark in a comment."""
    marks = "|".join(["TO" + "DO", "FIX" + "ME", "XX" + "X", "raise NotImplemented" + "Error"])
    assert [] == re.findall(rf"\b(?:{marks})\b", read(path))


def test_every_package_says_it_is_typed() -> None:
    """Type checkers of users find our types."""
    assert [] == [name for name in PACKAGES if f"{name}/py.typed" not in tracked_files()]


@pytest.mark.parametrize("path", text_files(".py", under=("tests/",)))
def test_every_test_says_what_it_promises(path: str) -> None:
    """A test has a docstring: one sentence that is true as long as it passes."""
    silent = [
        node.name
        for node in ast.walk(ast.parse(read(path)))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and node.name.startswith("test_")
        and not ast.get_docstring(node)
    ]
    assert [] == silent
