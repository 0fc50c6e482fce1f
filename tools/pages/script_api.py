"""The reference of the script API, and the library made of it for other language servers."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from kernel.core.catalogue import Function, Member, Table
from llmspell.script_api.catalogue import AVAILABLE, PARTS, part_of_catalogue, script_catalogue
from llmspell.script_api.meta_library import library_file
from tools.pages.markdown import mark, table

INTRODUCTION = """
# Script API

The globals of scripts: agents, tools, workflows, state and what belongs to them.

**{available} of them {is_are} there in this release; {missing} are not.**
A script that calls one of those fails with *attempt to index a nil value (global 'Agent')*.
They are described here because the language server and `llmspell meta` know them already, so that scripts written for a later release, or for the Rust implementation, can be read and edited with completion and documentation.

- There now: {there}.
- Not there yet: {not_there}.

The language server speaks of them only where the setting `scriptApi.enable` is true.
It is false by default, and will be true as soon as the globals exist: to offer what fails when it is called would mislead.

`llmspell meta DIRECTORY` writes all of this as a `---@meta` library for [LuaLS](https://luals.github.io) and EmmyLua; name the directory in their `workspace.library`.

A name with `?` may be left out.
`:` before a function means that it is called with a colon.
"""


def script_api_page() -> str:
    """The whole page."""
    everything = script_catalogue().global_names
    missing = sorted(everything - AVAILABLE)
    introduction = INTRODUCTION.format(
        available=_number(len(AVAILABLE)),
        is_are="is" if len(AVAILABLE) == 1 else "are",
        missing=len(missing),
        there=", ".join(f"`{name}`" for name in sorted(AVAILABLE)),
        not_there=", ".join(f"`{name}`" for name in missing),
    )
    parts = [mark("llmspell/script_api/*.toml"), introduction]
    for part in PARTS:
        catalogue = part_of_catalogue(part)
        if catalogue.values:
            parts += ["\n## Values\n\n", _members(catalogue.values)]
        for each in catalogue.tables.values():
            parts += [f"\n## {each.name}\n\n{_sentences(each)}", _members(each.members)]
        for each in catalogue.types.values():
            parts += [f"\n### {each.name}\n\n{_sentences(each)}", _members(each.members)]
    return "".join(parts)


def library_pages() -> Mapping[str, Callable[[], str]]:
    """The files of the library and what makes each."""
    return {f"llmspell/script_api/meta/{part}.lua": partial(library_file, part) for part in PARTS}


def _number(count: int) -> str:
    return {1: "One"}.get(count, str(count))


def _sentences(told: Table) -> str:
    return f"{told.doc}\n\n"


def _members(members: tuple[Member, ...]) -> str:
    return table(["", "meaning"], list(_rows(members))) if members else ""


def _rows(members: tuple[Member, ...]) -> Iterator[list[str]]:
    for member in members:
        colon = ":" if isinstance(member, Function) and member.is_method else ""
        notes = [f"The same as `{member.alias_of}`."] if member.alias_of else []
        notes += [f"Do not use it: {member.deprecated}."] if member.deprecated else []
        if isinstance(member, Function):
            notes += [f"`{each.name}`: {each.doc}" for each in member.parameters if each.doc]
        yield [f"`{colon}{member.label}`", " ".join([member.doc, *notes])]
