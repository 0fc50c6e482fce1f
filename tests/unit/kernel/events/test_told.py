"""What the reference says of an event is so: the code tells it, or it is marked as not told."""

import ast
from pathlib import Path

from kernel.events import names
from kernel.events.names import NAMES, UNTOLD

ROOT = Path(names.__file__).parents[2]

PRODUCERS = ("kernel", "llmspell", "lua_debug")


def made() -> set[str]:
    """The classes that the code makes events of, and those in tables that it makes them by."""
    found: set[str] = set()
    for package in PRODUCERS:
        for path in (ROOT / package).rglob("*.py"):
            if path.parent.name != "events":
                for node in ast.walk(ast.parse(path.read_text())):
                    found |= _made_at(node)
    return found


def _made_at(node: ast.AST) -> set[str]:
    if isinstance(node, ast.Call):
        return {_name(node.func)}
    return {_name(each) for each in node.values} if isinstance(node, ast.Dict) else set()


def _name(node: ast.AST | None) -> str:
    if isinstance(node, ast.Name):
        return node.id
    return node.attr if isinstance(node, ast.Attribute) else ""


def test_every_event_is_told_but_those_that_are_marked() -> None:
    """An event that nothing makes has a reason, and one that is made has none."""
    classes = made()
    told = {name for name, kind in NAMES.items() if kind.__name__ in classes}
    assert NAMES.keys() - UNTOLD.keys() == told
