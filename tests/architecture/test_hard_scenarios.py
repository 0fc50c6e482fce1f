"""What is hard for a debugger of Lua, clause by clause, and the stories that show how we do it."""

import tomllib

import pytest

from tests.architecture.project import read, story_exists

SCENARIOS: dict[str, dict[str, str | list[str]]] = tomllib.loads(
    read("tests/scenarios/hard_scenarios.toml")
)
COUNT = 67


def test_numbers_are_those_of_the_list() -> None:
    """Every number of the list has an entry, and nothing else has one."""
    assert {str(number) for number in range(1, COUNT + 1)} == set(SCENARIOS)


@pytest.mark.parametrize("number", SCENARIOS)
def test_every_clause_has_a_story(number: str) -> None:
    """Each clause of a scenario names at least one test, and all named tests exist."""
    clauses = dict(SCENARIOS[number])
    assert clauses.pop("about")
    assert clauses
    stories = {
        clause: [told] if isinstance(told, str) else told for clause, told in clauses.items()
    }
    assert [] == [clause for clause, told in stories.items() if not told]
    missing = [each for told in stories.values() for each in told if not story_exists(_path(each))]
    assert [] == missing


def _path(story: str) -> str:
    """Stories of tests/scenarios are named without the folder: ``test_x.py::test_y``."""
    return story if story.startswith("tests/") else f"tests/scenarios/{story}"
