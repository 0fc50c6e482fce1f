"""Commands as Lua text and answers as JSON."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.core.errors import Cancelled, EvaluationFailed, StaleReference, UserError
from lua_debug.commands import ProbeFailed, decode, encode
from lua_debug.versions import VERSIONS, make_runtime

RUNTIMES = {name: make_runtime(version) for name, version in VERSIONS.items()}


def loaded(name: str, command: dict[Any, Any]) -> Any:
    return RUNTIMES[name].execute(encode(command))


@pytest.mark.parametrize("name", list(RUNTIMES))
@settings(max_examples=50, deadline=None)
@given(text=st.text(), raw=st.binary(), number=st.integers(-(2**53), 2**53))
def test_anything_arrives(name: str, text: str, raw: bytes, number: int) -> None:
    """Texts arrive as UTF-8, bytes as they are, numbers as numbers, on every Lua."""
    table = loaded(name, {"text": text, "raw": raw, "number": number, text: True})
    encoded = text.encode("utf-8").decode("latin-1")
    assert encoded == (True if text == "text" else table["text"]) or text == "text"
    assert raw.decode("latin-1") == (table["raw"] if text != "raw" else raw.decode("latin-1"))
    assert number == (table["number"] if text != "number" else number)
    assert table[encoded] is True


def test_nothing_can_be_injected() -> None:
    """What looks like Lua stays text."""
    text = '"}; os.exit() --]]\n\\'
    assert text == loaded("5.4", {"text": text})["text"]
    assert encode({"text": text}).isascii()


def test_structures() -> None:
    """Mappings, lists, booleans and floats nest; None is left out."""
    table = loaded("5.4", {"list": [1, [2]], "map": {5: {"x": True}}, "none": None, "f": 0.5})
    assert 2 == table["list"][2][1]
    assert table["map"][5]["x"] is True
    assert table["none"] is None
    assert 0.5 == table["f"]
    with pytest.raises(TypeError):
        encode({"object": object()})


def test_paths_that_are_no_text() -> None:
    """Bytes that the file system gave come back as those bytes."""
    assert "\xff" == loaded("5.4", {"path": "\udcff"})["path"]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        ('{"error":"e","kind":"user"}', UserError),
        ('{"error":"e","kind":"evaluation"}', EvaluationFailed),
        ('{"error":"e","kind":"stale","reference":5}', StaleReference),
        ('{"error":"e","kind":"cancelled"}', Cancelled),
        ('{"error":"e","kind":"internal"}', ProbeFailed),
    ],
)
def test_errors(answer: str, error: type[Exception]) -> None:
    """Each kind of failure has its exception."""
    with pytest.raises(error):
        decode(answer)


def test_results() -> None:
    """The bytes of an answer are UTF-8."""
    assert {"x": "é"} == decode('{"ok":{"x":"é"}}'.encode().decode("latin-1"))
