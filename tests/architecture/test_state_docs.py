"""The page about state names everything that there is to choose."""

import re
from dataclasses import fields

import pytest

from kernel.state.breaker import BreakerSettings, Circuit
from kernel.state.durability import Durability
from kernel.state.formats import FORMATS
from kernel.state.names import MAX_BYTES
from kernel.state.scopes import ScopeKind
from kernel.state.stored_vectors import BOUND
from kernel.state.stores import STORES
from kernel.state.transfer import Existing
from kernel.state.values import DEEPEST
from kernel.state.vectors import Metric
from tests.architecture.project import read

PAGE = read("docs/reference/state.md")


def rows(heading: str) -> list[list[str]]:
    """The cells of the tables under a heading, without those of other headings."""
    section = PAGE.partition(f"\n{heading}\n")[2]
    section = re.split(r"^#+ ", section, maxsplit=1, flags=re.MULTILINE)[0]
    return [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in section.splitlines()
        if line.startswith("|")
    ]


def named(heading: str) -> set[str]:
    """What the first cells name as code."""
    return {name for row in rows(heading) for name in re.findall(r"^`([^`]+)`$", row[0])}


def test_every_store_and_setting_has_a_row() -> None:
    """And no other has one."""
    wanted = {kind.form for kind in STORES.values()}
    wanted |= {setting for kind in STORES.values() for setting in kind.settings}
    assert wanted == named("## Stores")


@pytest.mark.parametrize("scheme", STORES)
def test_rows_of_stores_are_right(scheme: str) -> None:
    """Each names the extra that it needs, and its settings name it."""
    kind = STORES[scheme]
    (row,) = [row for row in rows("## Stores") if row[0] == f"`{kind.form}`"]
    assert row[-1] == (f"extra `{kind.extra}`" if kind.extra else "")
    of_it = {row[0].strip("`") for row in rows("## Stores") if f"`{scheme}`" in row[1]}
    assert set(kind.settings) == of_it
    survives = [row[0] for row in rows("### What survives")]
    assert any(cell.startswith(f"`{scheme}:`") for cell in survives)


def test_every_scope_has_a_row() -> None:
    """And no other has one."""
    assert {kind.value for kind in ScopeKind} == named("## Scopes")


def test_every_format_has_a_row() -> None:
    """So has each thing that an import does with what is there."""
    wanted = {*FORMATS, *(each.value for each in Existing)}
    assert wanted == named("## Export and import")


@pytest.mark.parametrize("field", fields(BreakerSettings), ids=lambda field: field.name)
def test_settings_of_the_breaker_have_rows(field) -> None:
    """With their defaults."""
    (row,) = [row for row in rows("## When a store fails") if row[0] == f"`{field.name}`"]
    assert float(row[1]) == field.default


@pytest.mark.parametrize(
    "words",
    [
        *(f"durability={each.value}" for each in Durability),
        *(f"`{each.value}`" for each in (*Circuit, *Metric)),
        f"at most {MAX_BYTES} bytes",
        f"at most {DEEPEST} levels",
        f"Up to {BOUND:,} vectors",
    ],
)
def test_figures_and_names_are_current(words: str) -> None:
    """What the text says is what the code does."""
    assert words in PAGE


def test_the_example_works(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever copies the first example gets no error."""
    monkeypatch.chdir(tmp_path)
    example = re.findall(r"^```python\n(.*?)^```", PAGE, flags=re.MULTILINE | re.DOTALL)[0]
    names: dict[str, object] = {}
    exec(compile(example, "state.md", "exec"), names)
    assert (tmp_path / "state.db").exists()
