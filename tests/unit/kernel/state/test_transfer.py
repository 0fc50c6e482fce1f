"""Export and import: nothing is lost, and nothing happens by halves."""

import json
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kernel.core.errors import UserError
from kernel.core.extras import ExtraMissing
from kernel.core.progress import Progress, watched
from kernel.state.formats import FORMATS, UnreadableText, format_of, from_toml, to_toml
from kernel.state.memory import MemoryStore
from kernel.state.redaction import Redactor
from kernel.state.scopes import GLOBAL, BadScope, Scope
from kernel.state.state import State
from kernel.state.store import Entry
from kernel.state.transfer import BadDocument, Existing, Imported, export_state, import_state
from tests.support.clocks import ManualClock
from tests.support.store_model import content
from tests.unit.kernel.state.test_values import VALUES

ANN = Scope.parse("user:ann")
NAMES = st.text(min_size=1, max_size=30).filter(lambda text: "\0" not in text)


def entries(store: MemoryStore) -> dict[tuple[str, str], tuple[str, float | None]]:
    """What a transfer keeps of a store; the order of an object's keys is not among it."""
    return {place: (_plain(e.value), e.expires) for place, e in content(store).items()}


def _plain(data: bytes) -> str:
    try:
        return json.dumps(json.loads(data), sort_keys=True)
    except ValueError:
        return repr(data)


@pytest.mark.parametrize("form", FORMATS)
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50
)
@given(content=st.dictionaries(NAMES, VALUES, max_size=4))
def test_values_go_through_every_format(form: str, content: dict[str, object]) -> None:
    """What is exported and imported is the same, whatever the values and the keys are."""
    clock = ManualClock()
    there, here = State(MemoryStore(clock), clock), State(MemoryStore(clock), clock)
    for key, value in content.items():
        there.put(Scope.parse(f"user:{key}"), key, value)
    done = import_state(here, export_state(there, form), form)
    assert entries(there.store) == entries(here.store)
    assert len(content) == len(done.created)


@given(VALUES)
def test_toml_loses_nothing(value: object) -> None:
    """null, large numbers and keys with dollars come back as they were."""
    assert repr(value) == repr(from_toml(to_toml(value)))


@given(
    st.dictionaries(
        st.sampled_from(["$null", "$$null", "$integer", "$", "a"]), st.none() | st.just("7")
    )
)
def test_toml_tells_tables_from_what_it_has_no_word_for(value: object) -> None:
    """A table that looks like a null is still a table."""
    assert value == from_toml(to_toml(value))


@pytest.mark.parametrize("form", FORMATS)
def test_bytes_and_lives_go_along(form: str, state: State, clock: ManualClock) -> None:
    """What is no JSON goes as base64; what has a life keeps its end."""
    state.put(GLOBAL, "short", [None, 2**70], ttl=10.5)
    state.store.put("user:ann", "photo", b"\xff\x00raw", expires=clock.now() + 5)
    state.store.put("_kernel", "own", b"1")
    here = State(MemoryStore(clock), clock)
    text = export_state(state, form)
    assert ["global/short", "user:ann/photo"] == import_state(here, text, form).created
    state.store.delete("_kernel", "own")
    assert entries(state.store) == entries(here.store)
    clock.advance(7)
    again = import_state(State(MemoryStore(clock), clock), text, form)
    assert (["global/short"], ["user:ann/photo"]) == (again.created, again.expired)


def test_scopes_can_be_chosen(state: State) -> None:
    """Only they are in the document, also when they are empty."""
    state.put(GLOBAL, "a", 1)
    state.put(ANN, "b", 2)
    document = json.loads(export_state(state, "json", [ANN, Scope.parse("agent")]))
    assert {"user:ann": {"b": {"value": 2}}, "agent": {}} == document["scopes"]


def test_secrets_stay_at_home(state: State) -> None:
    """With a redactor they are not in the text, and importing the text does not destroy them."""
    state.put(ANN, "login", {"name": "ann", "password": "hunter2"})
    state.put(ANN, "api_key", "abc")
    state.put(ANN, "age", 7)
    state.store.put("user:ann", "raw", b"\xffhunter2")
    before = content(state.store)
    text = export_state(state, "yaml", redactor=Redactor())
    assert not {"hunter2", "abc", "aHVudGVyMg"} & set(text.replace("'", " ").split())
    assert "hunter2" not in text
    done = import_state(state, text, "yaml", Existing.REPLACE)
    wanted = ["user:ann/api_key", "user:ann/login", "user:ann/raw"]
    assert Imported(redacted=wanted, same=["user:ann/age"]) == done
    assert before == content(state.store)


DOCUMENT = """
format: llmspell-state
version: 1
scopes:
  global: {same: {value: {x: 1, y: 2}}, other: {value: new}, fresh: {value: null}}
  agent: {}
"""


@pytest.fixture
def filled(state: State) -> State:
    """What meets the document."""
    state.put(GLOBAL, "same", {"y": 2.0, "x": 1})
    state.put(GLOBAL, "other", "old")
    state.put(GLOBAL, "more", 1)
    state.put(Scope.parse("agent"), "a", 1)
    state.put(ANN, "untouched", 1)
    return state


@pytest.mark.parametrize("is_dry_run", [False, True])
@pytest.mark.parametrize(
    ("existing", "wanted", "left"),
    [
        (
            Existing.OVERWRITE,
            Imported(created=["global/fresh"], changed=["global/other"], same=["global/same"]),
            {"fresh": None, "more": 1, "other": "new", "same": {"x": 1, "y": 2}},
        ),
        (
            Existing.KEEP,
            Imported(created=["global/fresh"], kept=["global/other"], same=["global/same"]),
            {"fresh": None, "more": 1, "other": "old", "same": {"x": 1, "y": 2}},
        ),
        (
            Existing.REPLACE,
            Imported(
                created=["global/fresh"],
                changed=["global/other"],
                same=["global/same"],
                deleted=["global/more", "agent/a"],
            ),
            {"fresh": None, "other": "new", "same": {"x": 1, "y": 2}},
        ),
    ],
)
def test_what_is_there_already(filled, existing, wanted, left, is_dry_run) -> None:
    """It is overwritten, kept or replaced; a dry run says the same and does nothing."""
    before = content(filled.store)
    assert wanted == import_state(filled, DOCUMENT, "yaml", existing, is_dry_run=is_dry_run)
    if is_dry_run:
        assert before == content(filled.store)
    else:
        assert left == dict(filled.items(GLOBAL))
        assert 1 == filled.get(ANN, "untouched")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "no JSON"),
        ("[]", "no exported state"),
        ('{"format": "llmspell-state", "version": 2}', "version 2, not 1"),
        ('{"format": "llmspell-state", "version": 1}', "scopes must be a table"),
    ],
)
def test_documents_of_another_kind(state: State, text: str, said: str) -> None:
    """The error says what is wrong with the document."""
    with pytest.raises(UserError, match=said):
        import_state(state, text, "json")


@pytest.mark.parametrize(
    ("scope", "content", "said"),
    [
        ("global", {"value": 1, "base64": ""}, r"scopes\.global\.b must have either"),
        ("global", {}, "either a value or base64"),
        ("global", {"value": 1, "ttl": 5}, "has 'ttl'"),
        ("global", {"value": 1, "expires": "soon"}, r"scopes\.global\.b\.expires"),
        ("global", {"value": 1, "expires": True}, "seconds since 1970"),
        ("global", {"base64": "%"}, "must be a text in base64"),
        ("global", {"base64": 7}, "must be a text in base64"),
        ("global", 7, r"scopes\.global\.b must be a table"),
    ],
)
def test_one_bad_entry_stops_all(state: State, scope: str, content: object, said: str) -> None:
    """The error names the place, and nothing of the document was put."""
    tables = {"global": {"a": {"value": 1}, "b": content}}
    text = json.dumps({"format": "llmspell-state", "version": 1, "scopes": tables})
    with pytest.raises(BadDocument, match=said):
        import_state(state, text, "json")
    assert [] == state.scopes()


def test_values_that_yaml_has_and_json_has_not(state: State) -> None:
    """A date without quotes is not silently something else."""
    text = DOCUMENT.replace("value: new", "value: 2026-01-01")
    with pytest.raises(BadDocument, match=r"scopes\.global\.other: .* is of type date"):
        import_state(state, text, "yaml")
    with pytest.raises(BadScope):
        import_state(state, DOCUMENT.replace("agent", "agents"), "yaml")


@pytest.mark.parametrize(
    ("form", "text"),
    [("yaml", "a: [1"), ("yaml", "a: !!python/none 1"), ("toml", "a ="), ("json", "[" * 100_000)],
)
def test_unreadable_texts(form: str, text: str) -> None:
    """The parser's own words come through as an error for the user."""
    with pytest.raises(UnreadableText, match=f"no {form.upper()}"):
        format_of(form).read(text)


def test_formats_are_known_by_files_too() -> None:
    """The end of a file's name is enough, and what is no format is refused by name."""
    assert FORMATS["yaml"] is format_of("state.YML")
    with pytest.raises(UserError, match="there are json, yaml, toml"):
        format_of("state.xml")


@pytest.mark.parametrize("form", ["yaml", "toml"])
def test_missing_extras_are_named(form, state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has not installed it learns what to install."""
    for module in ("yaml", "tomli_w"):
        monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(ExtraMissing, match=r"llmspell\[formats\]"):
        export_state(state, form)


def test_imports_are_told(store: MemoryStore, clock: ManualClock) -> None:
    """Listeners hear of what an import changed, and of a dry run nothing."""
    heard = []
    state = State(store, clock, changed=heard.append)
    import_state(state, DOCUMENT, "yaml", is_dry_run=True)
    assert [] == heard
    import_state(state, DOCUMENT, "yaml")
    assert ["fresh", "other", "same"] == sorted(each.key for each in heard)
    assert Entry(b'"new"', 1, clock.now()) == store.get("global", "other")


def test_entries_are_counted_as_they_go(state: State) -> None:
    """An export and an import say how many entries are done of how many."""
    for key in "abc":
        state.put(GLOBAL, key, key)
    heard: list[Progress] = []
    with watched(heard.append):
        text = export_state(state, "json")
    expected = [Progress(done, 3, "entries") for done in range(4)]
    assert expected == heard
    heard.clear()
    with watched(heard.append):
        import_state(state, text, "json")
    assert expected == heard
