"""The script API is one set of data, honest about what is there."""

import re

import pytest

from kernel.core.catalogue import Function
from kernel.state.scopes import ScopeKind
from llmspell.script_api.catalogue import PARTS, available, script_catalogue
from llmspell.script_api.meta_library import library_file
from lua_debug.versions import VERSIONS, make_runtime
from tests.support.commands import llmspell, write

SEED = (
    "JSON ARGS arg Tool Agent Workflow State Session Artifact RAG Debug Hook Event Streaming "
    "Replay Config Provider Logger"
)


def test_every_global_of_the_seed_is_described():
    """What scripts of the Rust implementation use has an entry."""
    assert {*SEED.split(), "display", "Comm"} == script_catalogue().global_names


def test_available_is_what_scripts_have(tmp_path):
    """The list of what is there is what a running script finds."""
    names = sorted(script_catalogue().global_names)
    listed = ", ".join(f"'{name}'" for name in names)
    write(tmp_path, "s.lua", f"for _, n in ipairs{{{listed}}} do if _G[n] then print(n) end end")
    assert available() == set(llmspell("run", "s.lua", cwd=tmp_path).stdout.split())


def test_types_that_are_named_are_described():
    """A signature names no type that has no entry."""
    catalogue = script_catalogue()
    tables = [*catalogue.tables.values(), *catalogue.types.values()]
    written = [
        text
        for table in tables
        for each in table.members
        for text in (
            [*(p.type for p in each.parameters), *each.returns]
            if isinstance(each, Function)
            else [each.type]
        )
    ]
    named = {name for text in written for name in re.findall(r"\b[A-Z]\w+", text)}
    assert set() == named - catalogue.types.keys()


def test_every_entry_says_what_it_is():
    """Each global, type and member has a sentence."""
    catalogue = script_catalogue()
    tables = [*catalogue.tables.values(), *catalogue.types.values()]
    entries = [*catalogue.values, *tables, *(each for table in tables for each in table.members)]
    assert [] == [each for each in entries if not each.doc.endswith((".", "…"))]


def test_all_scopes_are_named():
    """What takes a scope says which there are."""
    (save,) = script_catalogue().tables["State"].find("save")
    assert isinstance(save, Function)
    said = save.parameters[0].doc.partition(";")[0]
    assert [kind.value for kind in ScopeKind] == said.split(", ")


def test_other_names_lead_to_names():
    """An alias names a member of the same table."""
    catalogue = script_catalogue()
    for table in [*catalogue.tables.values(), *catalogue.types.values()]:
        aliases = [each for each in table.members if each.alias_of]
        assert [] == [each for each in aliases if not table.find(each.alias_of)]


@pytest.mark.parametrize("part", PARTS)
def test_library_files_are_lua(part):
    """Each file of the library runs under Lua 5.4, and defines the globals it describes."""
    runtime = make_runtime(VERSIONS["5.4"])
    runtime.execute(library_file(part).encode("utf-8"))
    defined = set(re.findall(r"^([A-Z]\w*) = \{\}", library_file(part), flags=re.MULTILINE))
    assert all(runtime.globals()[name] is not None for name in defined)


def test_the_command_writes_the_library(tmp_path):
    """`llmspell meta` writes the files and says where they are."""
    done = llmspell("meta", "a/library", cwd=tmp_path)
    assert [f"a/library/{part}.lua" for part in PARTS] == done.stdout.split()
    assert library_file("tools") == (tmp_path / "a/library/tools.lua").read_text("utf-8")


def test_a_folder_that_cannot_be_made(tmp_path):
    """The command says which folder it could not write."""
    write(tmp_path, "taken", "")
    done = llmspell("meta", "taken", cwd=tmp_path)
    assert (1, "llmspell: taken cannot be written: File exists.\n") == (
        done.returncode,
        done.stderr,
    )
