"""The documents say what is, all of it, and lead somewhere."""

import re
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

import kernel.api
from dap_server.handlers import HANDLERS
from dap_server.launch import AttachConfiguration, LaunchConfiguration
from dap_server.protocol.model import wire_name
from kernel.jupyter.blocking import BlockingKernel
from kernel.jupyter.handle import KernelHandle
from kernel.jupyter.handlers import HANDLERS as MESSAGES
from llmspell.cli.app import COMMANDS
from lua_debug.versions import VERSIONS
from tests.architecture.project import ROOT, read, story_exists, text_files
from tools.generate_docs import PAGES

DOCUMENTS = [
    "README.md",
    "CONTRIBUTING.md",
    "vscode-extension/README.md",
    *text_files(".md", under=("docs/",)),
    *PAGES,
]

FEATURES = tomllib.loads(read("docs/features.toml"))

FRAGMENT = re.compile(r"[a-z0-9+][a-z0-9-]*\.(added|changed|fixed|removed)(\.\d+)?\.md")


@pytest.mark.parametrize(("path", "page"), PAGES.items())
def test_generated_pages_are_current(path: str, page: Callable[[], str]) -> None:
    """What is checked in is what `make docs` would write."""
    assert page() == read(path), f"{path} is out of date: run make docs"


@pytest.mark.parametrize("path", DOCUMENTS)
def test_links_lead_to_files_that_exist(path: str) -> None:
    """Every relative link of a document has a target."""
    text = re.sub(r"^```.*?^```", "", read(path), flags=re.MULTILINE | re.DOTALL)
    targets = re.findall(r"\]\(([^)\s#]+)[^)]*\)", text)
    relative = [target for target in targets if "://" not in target and "command:" not in target]
    folder = (ROOT / path).parent
    assert [] == [target for target in relative if not (folder / target).exists()]


@pytest.mark.parametrize("path", text_files(".md", under=("docs/",)))
def test_every_page_can_be_reached(path: str) -> None:
    """Some other document links to the page."""
    name = Path(path).name
    others = [document for document in DOCUMENTS if document != path]
    assert any(re.search(rf"\]\([^)]*\b{re.escape(name)}", read(each)) for each in others)


@pytest.mark.parametrize("path", text_files(".md", under=("docs/decisions/",)))
def test_decisions_have_their_parts(path: str) -> None:
    """A decision says what the situation was, what was decided and what follows."""
    wanted = ["Context", "Decision", "Consequence"]
    assert wanted == re.findall(r"^## (.+)$", read(path), flags=re.MULTILINE)


@pytest.mark.parametrize(
    "argument",
    [
        str(field.alias)
        for model in (LaunchConfiguration, AttachConfiguration)
        for field in model.model_fields.values()
    ],
)
def test_every_argument_is_in_the_reference(argument: str) -> None:
    """Whoever wonders about a key of a configuration finds it."""
    assert f"`{argument}`" in read("docs/reference/launch.md")


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_in_the_readme_and_the_reference(name: str) -> None:
    """Nobody learns of a command by chance."""
    assert f"llmspell {name}" in read("README.md")
    assert f"\n## llmspell {name}\n" in read("docs/reference/commands.md")


@pytest.mark.parametrize("command", HANDLERS)
def test_every_request_is_in_the_reference(command: str) -> None:
    """Whoever wonders what is served, and which capabilities that brings, finds it."""
    (row,) = re.findall(
        rf"^\| \[`{command}`\].*$", read("docs/reference/requests.md"), re.MULTILINE
    )
    wanted = {wire_name(name) for name in HANDLERS[command].capabilities}
    assert "| yes |" in row
    assert wanted == set(re.findall(r"`(support\w+)`", row))


@pytest.mark.parametrize("label", [version.label for version in VERSIONS.values()])
def test_every_lua_version_is_named_in_the_readme(label: str) -> None:
    """Nobody has to ask whether their Lua is served."""
    assert label in read("README.md")


def test_invariants_name_their_guards() -> None:
    """Each numbered invariant of the architecture page names a test that exists."""
    text = read("docs/architecture.md").partition("\n## Invariants\n")[2].partition("\n## ")[0]
    invariants = re.findall(r"^\d+\. .*(?:\n {3}.*)*", text, flags=re.MULTILINE)
    guards = [re.findall(r"`(tests/[^`]+::[^`]+)`", each) for each in invariants]
    assert [] == [each for each, names in zip(invariants, guards, strict=True) if not names]
    assert [] == [name for names in guards for name in names if not story_exists(name)]


@pytest.mark.parametrize("kind", MESSAGES)
def test_every_message_is_in_the_reference(kind: str) -> None:
    """Whoever writes a client of the kernel finds what it serves."""
    assert f"`{kind}`" in read("docs/reference/kernel-protocol.md")


@pytest.mark.parametrize(
    "name",
    [
        *kernel.api.__all__,
        *[
            name
            for kind in (KernelHandle, BlockingKernel)
            for name in vars(kind)
            if not name.startswith("_")
        ],
    ],
)
def test_the_kernel_api_is_in_the_reference(name: str) -> None:
    """Every function and method of the front door is named."""
    assert re.search(rf"`{name}\b|## {name}\n", read("docs/reference/kernel-api.md"))


@pytest.mark.parametrize("feature", FEATURES["feature"], ids=lambda each: each["name"])
def test_claims_have_stories(feature: dict[str, object]) -> None:
    """What the comparison says about us is shown by a test; without a story there is no claim."""
    story = str(feature["story"])
    assert story_exists(story) if story else "ours" not in feature
    assert len(FEATURES["peer"]) == len(list(feature["peers"]))  # type: ignore[call-overload]


@pytest.mark.parametrize("path", text_files(".md", under=("changelog.d/",)))
def test_changelog_fragments_can_be_collected(path: str) -> None:
    """A fragment is called ``topic.kind.md`` and is a sentence."""
    assert FRAGMENT.fullmatch(Path(path).name)
    assert re.fullmatch(r"[A-Z`].*\.\n", read(path), flags=re.DOTALL)
