"""Scope: how owners of state are written."""

import pytest

from kernel.state.scopes import FORMS, GLOBAL, BadScope, Scope, ScopeKind, script_place


@pytest.mark.parametrize("kind", ScopeKind)
@pytest.mark.parametrize("id_", ["", "7", "a:b", "ünï", ":", " "])
def test_a_scope_is_its_text(kind: ScopeKind, id_: str) -> None:
    """Every scope that can be made can be written and read."""
    try:
        scope = Scope(kind, id_)
    except BadScope:
        assert kind is ScopeKind.GLOBAL if id_ else kind is ScopeKind.USER
    else:
        assert scope == Scope.parse(str(scope))


@pytest.mark.parametrize("kind", ScopeKind)
def test_the_forms_are_those_that_are_read(kind: ScopeKind) -> None:
    """What is checked before a call is what the call takes."""
    for form in (kind.value, f"{kind.value}:*"):
        try:
            Scope.parse(form)
        except BadScope:
            assert form not in FORMS
        else:
            assert form in FORMS


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "custom:NAME"),
        ("shop", "custom:shop"),
        ("Global", "one of global, user"),
        ("user", "user:ID"),
        ("user:", "write user"),
        ("agent:", "write agent, or agent:ID"),
        ("global:7", "no id"),
    ],
)
def test_what_is_no_scope_is_refused(text: str, said: str) -> None:
    """The error says what is wrong and what to write."""
    with pytest.raises(BadScope, match=said):
        Scope.parse(text)


@pytest.mark.parametrize(
    ("scope", "key", "place"),
    [
        ("global", "a", (GLOBAL, "a")),
        ("global", ":a", (GLOBAL, ":a")),
        ("custom", ":a", (Scope(ScopeKind.CUSTOM), "a")),
        ("custom", "::a", (Scope(ScopeKind.CUSTOM), ":a")),
        ("custom:x", ":a", (Scope(ScopeKind.CUSTOM, "x"), ":a")),
        ("workflow", "w:s", (Scope(ScopeKind.WORKFLOW), "w:s")),
        ("user:7", "a", (Scope(ScopeKind.USER, "7"), "a")),
    ],
)
def test_scripts_write_places(scope: str, key: str, place: tuple[Scope, str]) -> None:
    """A colon before a key of the scope custom is not part of it."""
    assert place == script_place(scope, key)
