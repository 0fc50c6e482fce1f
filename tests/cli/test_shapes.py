"""What the reference says of results for programs is what commands write."""

import json
import re
import shlex
from collections.abc import Iterator

import pytest

from llmspell.cli.global_options import separate
from tests.cli.stories import ALONE, SHARED
from tests.cli.transcripts import FOLDER
from tools.pages.results import RESULTS
from tools.pages.shapes import misfits, shapes

MASKED = re.compile(r": NUMBER\b")


def results() -> Iterator[tuple[str, str]]:
    """Command lines of the golden transcripts with what they wrote as JSON."""
    for name in (*SHARED, *ALONE):
        line = ""
        for text in (FOLDER / f"{name}.txt").read_text("utf-8").splitlines():
            if text.startswith("$ llmspell "):
                line = text.removeprefix("$ llmspell ").partition(" <<< ")[0]
            elif text.startswith(("{", "[{")) and "json" in line:
                yield line, MASKED.sub(": 0", text)


def documented(line: str) -> str:
    """The shape that the reference has for a command line."""
    _, given = separate(shlex.split(line))
    words = [each for each in given if not each.startswith("-")]
    if words[0] == "doctor":
        return RESULTS["doctor FILE:LINE" if len(words) > 1 else "doctor"]
    if line.startswith("kernel start"):
        return RESULTS["kernel start --daemon"]
    for name, shape in RESULTS.items():
        actions = [each.strip() for each in name.removeprefix(words[0]).split(",")]
        if name.split()[0] == words[0] and (name == words[0] or words[1] in actions):
            return shape
    raise AssertionError(f"The reference has no shape of: {line}")


@pytest.mark.parametrize(("line", "text"), [*dict(results()).items()])
def test_shapes_are_as_documented(line: str, text: str) -> None:
    """Every field is named, in each object of a list and in objects within, and none is missing."""
    found = json.loads(text)
    for each in found if isinstance(found, list) else [found]:
        assert [] == [*misfits(each, shapes(documented(line)))], documented(line)


@pytest.mark.parametrize(
    ("shape", "value", "expected"),
    [
        ("{a, b?, c|d}", {"a": 1, "c": 2}, []),
        ("{a, b?}", {"b": 1, "e": 2}, [".a is missing", ".e is not told"]),
        ("{a, …}", {"a": 1, "e": 2}, []),
        ("{rows: [{n, m?}]}", {"rows": [{"n": 1}, {"m": 2}]}, [".rows[1].n is missing"]),
        ("{rows: […]}", {"rows": 1}, [".rows: no list"]),
        ("{one: {n}|null}", {"one": None}, []),
        ("{one: {n}}", {"one": {"k": {}}}, [".one.n is missing", ".one.k is not told"]),
        ("{a}, with --b {b}", {"b": 1}, []),
    ],
)
def test_misfits_are_seen(shape: str, value: object, expected: list[str]) -> None:
    """What these tests say of a result is itself right."""
    assert expected == [*misfits(value, shapes(shape))]


def test_every_command_with_results_is_documented() -> None:
    """Of each there is a shape, and stories have it written."""
    assert {"run", "exec", "kernel", "state", "session", "config", "keys", "backup"} <= {
        line.split()[0] for line, _ in results()
    }
