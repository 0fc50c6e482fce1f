"""What is wrong with a text that is no JSON."""

import json

import pytest

from kernel.core.json_text import json_problem


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "a value is missing at line 1, column 1"),
        ("{a = 1}", "a name in double quotes is missing at line 1, column 2"),
        ('{"a" 1}', "a colon is missing at line 1, column 6"),
        ("[1\n 2]", "a comma is missing at line 2, column 2"),
        ("1 2", "something stands behind the value at line 1, column 3"),
        ('["a', "a text without an end begins at line 1, column 2"),
        ('"\n"', "a text has a control character in it at line 1, column 2"),
        (r'"\x"', "a text has a backslash in it that says nothing at line 1, column 2"),
        (r'"\u12"', "a text has a \\u without four hexadecimal digits at line 1, column 3"),
    ],
)
def test_the_place_is_named(text: str, said: str) -> None:
    """With what is missing or too much there."""
    with pytest.raises(ValueError) as found:  # noqa: PT011 - its text is what this is about
        json.loads(text)
    assert said == json_problem(found.value)


def test_what_is_nested_too_deep() -> None:
    """Has no place."""
    with pytest.raises(RecursionError) as found:
        json.loads("[" * 100_000)
    assert "it is nested too deep" == json_problem(found.value)
