"""State, asked for as data."""

from typing import Any

import pytest

from kernel.core.errors import UserError
from kernel.state.requests import StateRequests
from kernel.state.scopes import GLOBAL, Scope
from kernel.state.state import State

pytestmark = pytest.mark.anyio

ANN = Scope.parse("user:ann")


@pytest.fixture
def requests(state: State) -> StateRequests:
    """Three values in two scopes."""
    state.put(GLOBAL, "color", "red", ttl=60)
    state.put(ANN, "api_key", "sk-abcdef")
    state.put(ANN, "color", "blue")
    return StateRequests(state)


async def ask(requests: StateRequests, action: str, **arguments: Any) -> Any:
    return await requests.serve({"action": action, **arguments})


async def test_show_tells_all(requests: StateRequests, state: State) -> None:
    """Each entry comes with its scope, its version and its times."""
    first = (await ask(requests, "show", scope="global"))["entries"][0]
    expected = {
        "scope": "global",
        "key": "color",
        "value": "red",
        "version": 1,
        "updated": state.now(),
        "expires": state.now() + 60,
    }
    assert expected == first


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, ["global/color", "user:ann/api_key", "user:ann/color"]),
        ({"scope": "user:ann"}, ["user:ann/api_key", "user:ann/color"]),
        ({"key": "color"}, ["global/color", "user:ann/color"]),
        ({"prefix": "api"}, ["user:ann/api_key"]),
        ({"limit": 1}, ["global/color"]),
        ({"scope": None, "limit": None, "key": "api_key"}, ["user:ann/api_key"]),
    ],
)
async def test_show_finds(
    requests: StateRequests, arguments: dict[str, Any], expected: list[str]
) -> None:
    """Scope, key, prefix and limit say which entries; null is as if nothing was said."""
    said = await ask(requests, "show", **arguments)
    assert expected == [f"{each['scope']}/{each['key']}" for each in said["entries"]]
    assert said["is_complete"] is (arguments.get("limit") is None)


async def test_secrets_are_asked_for(requests: StateRequests) -> None:
    """Nobody sees a secret by the way, and the entry says that there is one."""
    hidden = (await ask(requests, "show", key="api_key"))["entries"][0]
    assert ("[redacted]", True) == (hidden["value"], hidden["redacted"])
    shown = (await ask(requests, "show", key="api_key", secrets=True))["entries"][0]
    assert "sk-abcdef" == shown["value"]
    assert "sk-abcdef" not in (await ask(requests, "export"))["text"]
    assert "sk-abcdef" in (await ask(requests, "export", secrets=True))["text"]


async def test_bytes_of_others(requests: StateRequests, state: State) -> None:
    """What is no JSON is shown as what it is, to those who may see secrets."""
    state.put_bytes(GLOBAL, "raw", b"\xff")
    assert "" == (await ask(requests, "show", key="raw"))["entries"][0]["base64"]
    assert "/w==" == (await ask(requests, "show", key="raw", secrets=True))["entries"][0]["base64"]


@pytest.mark.parametrize(
    ("arguments", "left"),
    [
        ({}, []),
        ({"scope": "user:ann"}, ["global"]),
        ({"key": "color"}, ["user:ann"]),
        ({"scope": "user:ann", "prefix": "api"}, ["global", "user:ann"]),
    ],
)
async def test_clear(
    requests: StateRequests, state: State, arguments: dict[str, Any], left: list[str]
) -> None:
    """Clears what is said and nothing else, and says how much that was."""
    before = sum(len(state.keys(scope)) for scope in state.scopes())
    cleared = (await ask(requests, "clear", **arguments))["cleared"]
    kept = {str(scope): state.keys(scope) for scope in state.scopes() if state.keys(scope)}
    assert left == sorted(kept)
    assert before - cleared == sum(map(len, kept.values()))


@pytest.mark.parametrize("form", ["json", "yaml", "toml"])
async def test_export_and_import(requests: StateRequests, state: State, form: str) -> None:
    """What is exported comes back as it was."""
    text = (await ask(requests, "export", format=form, secrets=True))["text"]
    await ask(requests, "clear")
    done = await ask(requests, "import", text=text, format=form)
    assert (3, [], "red") == (done["imported"], done["changed"], state.get(GLOBAL, "color"))


async def test_import_without_merging(requests: StateRequests, state: State) -> None:
    """What is in the scopes of the text but not in it goes, unless it is merged or tried only."""
    text = (await ask(requests, "export", scope="global"))["text"]
    state.put(GLOBAL, "extra", 1)
    assert [] == (await ask(requests, "import", text=text))["deleted"]
    tried = await ask(requests, "import", text=text, merge=False, dry_run=True)
    assert (["global/extra"], 1) == (tried["deleted"], state.get(GLOBAL, "extra"))
    await ask(requests, "import", text=text, merge=False)
    assert ["color"] == state.keys(GLOBAL)


async def test_scopes(requests: StateRequests) -> None:
    """The scopes there are, and how much is in each."""
    expected = [{"scope": "global", "entries": 1}, {"scope": "user:ann", "entries": 2}]
    assert expected == (await ask(requests, "scopes"))["scopes"]


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ({"action": "shw"}, "There is no action 'shw'; did you mean 'show'?"),
        ({}, "There is no action 'None'; there are show"),
        ({"action": "show", "scop": "x"}, "show: There is no argument 'scop'; did you mean"),
        ({"action": "show", "key": 3}, "show: key is 3; it must be a valid string."),
        ({"action": "show", "secrets": "yes"}, "show: secrets is 'yes'; it must be a valid boo"),
        ({"action": "show", "limit": 0}, "show: limit is 0; it must be greater than or equal"),
        ({"action": "show", "scope": "globl"}, "There is no scope 'globl'; did you mean 'global'"),
        ({"action": "show", "scope": "mine"}, "written custom:mine"),
        ({"action": "show", "scope": "user"}, "needs an id: user:ID"),
        ({"action": "show", "key": "colour"}, "no key 'colour'; did you mean 'color'?"),
        ({"action": "clear", "key": "colour"}, "no key 'colour'; did you mean 'color'?"),
        ({"action": "export", "format": "xml"}, "export: format is 'xml'; it must be 'json', 'ya"),
        ({"action": "import"}, "import needs 'text'."),
        ({"action": "import", "text": "{"}, "no JSON"),
    ],
)
async def test_refusals(requests: StateRequests, content: dict[str, Any], expected: str) -> None:
    """What cannot be done is refused with what there is instead."""
    with pytest.raises(UserError) as refused:
        await requests.serve(content)
    assert expected in str(refused.value)
