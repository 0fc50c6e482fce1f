"""The table of hook points."""

import ast
from pathlib import Path

import pytest

from kernel.core.errors import UserError
from kernel.hooks import points
from kernel.hooks.points import FROM_LUA, LATER, POINTS, Guarded, Kind, custom_point, find_point

GUARDED = [each for each in vars(points).values() if isinstance(each, Guarded)]


def test_scripts_know_23_points() -> None:
    """Scripts register at the points of agents, tools and workflows, and two of the system."""
    assert 23 == len(FROM_LUA)
    assert {"SystemStartup", "ToolValidation", "WorkflowRollback", "AgentError"} <= set(FROM_LUA)


@pytest.mark.parametrize("name", ["BeforeToolExecution", "PreBreakpoint", "SessionStart"])
def test_points_are_found_by_name(name: str) -> None:
    """A name leads to its point."""
    assert name == find_point(name).name


def test_an_unknown_point_is_refused() -> None:
    """The message names it, and the points there are."""
    with pytest.raises(UserError, match=r"Unknown hook point: BeforeLunch\. There are SystemS"):
        find_point("BeforeLunch")


def test_what_was_meant_is_said() -> None:
    """Where a point has nearly this name, that one is told instead of all."""
    with pytest.raises(UserError, match=r"BeforeCodeExecution\. Did you mean PreCodeExecution\?"):
        find_point("BeforeCodeExecution")


def test_points_of_ones_own() -> None:
    """Anybody can have a point, but not one that takes a name of the kernel's."""
    assert ("MyPoint", "custom") == (custom_point("MyPoint").name, custom_point("MyPoint").group)
    with pytest.raises(UserError, match="call your own something else"):
        custom_point("SystemStartup")


@pytest.mark.parametrize("guarded", GUARDED, ids=lambda each: each.before.name)
def test_operations_are_guarded_by_points_of_the_right_kind(guarded: Guarded) -> None:
    """What is asked before an operation is a point before something, and so on."""
    error = guarded.error
    assert (Kind.BEFORE, Kind.AFTER) == (guarded.before.kind, guarded.after.kind)
    assert error is None or error.kind is Kind.ERROR


def test_every_point_says_when_it_is() -> None:
    """No point is without its sentence."""
    assert [] == [name for name, point in POINTS.items() if not point.doc.endswith(".")]


ROOT = Path(points.__file__).parents[2]
CONSTANTS = {name: each for name, each in vars(points).items() if isinstance(each, Guarded)}


def asked() -> set[str]:
    """The points that the code names: each by itself, or by the operation that it belongs to."""
    words: set[str] = set()
    for package in ("kernel", "llmspell"):
        for path in (ROOT / package).rglob("*.py"):
            if path.parent.name not in ("hooks", "builtin") or path.name == "hooked_state.py":
                words |= _named(ast.parse(path.read_text()))
    named = words & POINTS.keys()
    for constant in words & CONSTANTS.keys():
        guarded = CONSTANTS[constant]
        named |= {each.name for each in (guarded.before, guarded.after, guarded.error) if each}
    return named


def _named(tree: ast.AST) -> set[str]:
    """Names that are used, and texts; what is imported or said in a docstring is not."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            found.add(node.id)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            found.add(node.value)
    return found


def test_hooks_are_asked_at_every_point_but_those_of_later_releases() -> None:
    """What the reference says of a point is so: it is in use, or it is not."""
    assert POINTS.keys() - LATER.keys() == asked()
