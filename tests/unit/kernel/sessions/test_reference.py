"""The reference of sessions says what the tables in the code say."""

import re
from dataclasses import MISSING, fields

import pytest

from kernel.sessions.access import GRANTS, NEEDED, Permission
from kernel.sessions.artifacts.model import ArtifactType
from kernel.sessions.hooked import AFTER, BEFORE
from kernel.sessions.lifecycle import LIFECYCLE, Verb
from kernel.sessions.model import Role
from kernel.sessions.policies.registry import COMPOSITIONS, POLICIES
from kernel.sessions.replay.model import Mode
from kernel.sessions.replay.schedule import SCHEDULE_LIFE, ScheduleVerb
from tests.architecture.project import read

PAGE = "docs/reference/sessions.md"


def table(head: list[str], rows: list[list[str]]) -> str:
    """Rows as Markdown has them."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def lifecycle() -> str:
    """A row for each verb, a column for each state."""
    states = [*LIFECYCLE]
    rows = [
        [f"`{verb}`", *(str(LIFECYCLE[state].get(verb, "-")) for state in states)] for verb in Verb
    ]
    return table(["verb", *(f"*{state}*" for state in states)], rows)


def schedules() -> str:
    """The same for schedules."""
    states = [*SCHEDULE_LIFE]
    rows = [
        [verb, *(str(SCHEDULE_LIFE[state].get(verb, "-")) for state in states)]
        for verb in ScheduleVerb
    ]
    return table(["", *(f"*{state}*" for state in states)], rows)


def permissions() -> str:
    """A row for each permission: who has it, and which actions need it."""
    rows = []
    for permission in Permission:
        holders = [role for role in Role if permission in GRANTS[role]]
        if permission is Permission.JOIN:
            holders = ["everybody of the tenant"]
        actions = [f"`{action}`" for action, needed in NEEDED.items() if needed is permission]
        rows.append([permission, ", ".join(holders) or "admins of the tenant", ", ".join(actions)])
    return table(["permission", "who has it", "what needs it"], rows)


@pytest.mark.parametrize("make", [lifecycle, schedules, permissions])
def test_tables_are_those_of_the_code(make) -> None:
    """The page has each table as it is."""
    wanted = make()
    assert wanted in read(PAGE), wanted


@pytest.mark.parametrize("name", POLICIES)
def test_every_policy_is_there_with_its_settings(name) -> None:
    """Each setting has a row under its policy's heading, with its default."""
    section = read(PAGE).partition(f"\n### `{name}`\n")[2].partition("\n#")[0]
    rows = dict(re.findall(r"^\| `(\w+)` \| ([^|]+) \|", section, re.MULTILINE))
    wanted = {}
    for field in fields(POLICIES[name]):
        factory = field.default_factory
        value = field.default if factory is MISSING else factory()
        wanted[field.name] = shown(value)
    assert wanted == rows


def shown(value: object) -> str:
    """A default as the page has it."""
    match value:
        case None:
            return "none"
        case tuple():
            return ", ".join(f"{each:g}" for each in value)
        case dict():
            return ", ".join(f"`{key}` {each:g}" for key, each in value.items())
        case int() | float():
            return f"{value:,g}" if value < 1e6 else f"{value:,}"
    return f"`{value}`"


@pytest.mark.parametrize(
    "word",
    [
        *COMPOSITIONS,
        *Mode,
        *ArtifactType,
        *sorted({str(point) for point in (*BEFORE.values(), *AFTER.values())}),
    ],
)
def test_every_word_is_explained(word) -> None:
    """Whoever meets a word of settings or scripts finds it on the page."""
    assert f"`{word}`" in read(PAGE)
