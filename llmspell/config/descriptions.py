"""What the keys of the configuration mean: read from the model's source when somebody asks."""

import ast
import inspect
import textwrap
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from pydantic import BaseModel

from llmspell.config.sections.base import KEPT_FOR_LATER, is_kept_for_later


@cache
def descriptions(section: type[BaseModel]) -> Mapping[str, str]:
    """By key, the text that stands below it in the class, in one line.

    What is kept for later is said in front of it.
    """
    (definition,) = ast.parse(textwrap.dedent(inspect.getsource(section))).body
    assert isinstance(definition, ast.ClassDef)
    found: dict[str, str] = {}
    name = ""
    for each in definition.body:
        match each:
            case ast.Expr(value=ast.Constant(value=str() as text)) if name:
                found[name] = _marked(section, name, " ".join(text.split()))
        is_key = isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name)
        name = each.target.id if is_key else ""  # type: ignore[attr-defined]
    return MappingProxyType(found)


def section_description(section: type[BaseModel]) -> str:
    """What a section is about, in one line."""
    return " ".join((section.__doc__ or "").split())


def _marked(section: type[BaseModel], name: str, text: str) -> str:
    if not is_kept_for_later(section.model_fields[name]):
        return text
    return f"({KEPT_FOR_LATER[0].upper()}{KEPT_FOR_LATER[1:]}.) {text}"
