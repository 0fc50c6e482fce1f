"""The reference of the script API, and the library made of it for other language servers."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from kernel.core.catalogue import Function, Member, Table
from llmspell.script_api.catalogue import PARTS, available, part_of_catalogue, script_catalogue
from llmspell.script_api.meta_library import library_file
from tools.pages.markdown import mark, table

INTRODUCTION = """
# Script API

The globals of scripts: state, sessions, events, hooks, agents, tools and what belongs to them.

**{available} of them are there in this release; {missing} are not.**
A script that calls one of those fails with *attempt to index a nil value (global 'Agent')*.
They are described here because the language server and `llmspell meta` know them already, so that scripts written for a later release, or for the Rust implementation, can be read and edited with completion and documentation.

- There now: {there}.
- Not there yet: {not_there}.

[How values cross between Lua and the kernel](values.md) says which values functions take and give, and how mistakes are told.

The language server speaks of the globals that are there, unless the setting `scriptApi.enable` is false, and of the others where `scriptApi.later` is true.

`llmspell meta DIRECTORY` writes all of this as a `---@meta` library for [LuaLS](https://luals.github.io) and EmmyLua; name the directory in their `workspace.library`.

A name with `?` may be left out.
`:` before a function means that it is called with a colon.
"""


def script_api_page() -> str:
    """The whole page."""
    everything = script_catalogue().global_names
    there = available()
    missing = sorted(everything - there)
    introduction = INTRODUCTION.format(
        available=len(there),
        missing=len(missing),
        there=", ".join(f"`{name}`" for name in sorted(there)),
        not_there=", ".join(f"`{name}`" for name in missing),
    )
    parts = [mark("llmspell/script_api"), introduction]
    for part in PARTS:
        catalogue = part_of_catalogue(part)
        if catalogue.values:
            parts += ["\n## Values\n\n", _members(catalogue.values)]
        for each in catalogue.tables.values():
            called = f"`{each.call.label}`: {each.call.doc}\n\n" if each.call else ""
            parts += [f"\n## {each.name}\n\n{_sentences(each)}{called}", _members(each.members)]
        for each in catalogue.types.values():
            parts += [f"\n### {each.name}\n\n{_sentences(each)}", _members(each.members)]
    return "".join(parts)


def library_pages() -> Mapping[str, Callable[[], str]]:
    """The files of the library and what makes each."""
    return {f"llmspell/script_api/meta/{part}.lua": partial(library_file, part) for part in PARTS}


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
