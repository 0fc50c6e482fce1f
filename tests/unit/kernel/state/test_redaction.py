"""Redactor: secrets do not get out."""

import io
import logging

import pytest

from kernel.state.redaction import FORMS, SHOWN, RedactingFilter, Redactor

REDACTOR = Redactor()

SECRET_NAMES = (
    *("password", "DB_PASSWORD", "userPassword", "passwd", "pwd", "secret", "clientSecret"),
    *("client-secret", "token", "access_token", "accessToken", "refreshTokens", "apiKey"),
    *("API_KEY", "OPENAI_API_KEY", "X-Api-Key", "APIKey", "apikey", "private_key", "sshKey"),
    *("authorization", "Cookie", "credentials", "master_keys"),
)

HARMLESS_NAMES = (
    *("key", "keys", "primary_key", "name", "tokenizer", "max_tokens", "maxTokens", "token_count"),
    *("monkey", "secretary", "passing", "cookies_accepted_count", "keyboard", "api", "author"),
)


@pytest.mark.parametrize("name", SECRET_NAMES)
def test_names_of_secrets(name: str) -> None:
    """However a name is spelt, its words say what it is."""
    assert REDACTOR.is_secret(name)


@pytest.mark.parametrize("name", HARMLESS_NAMES)
def test_names_of_other_things(name: str) -> None:
    """A name that only contains the letters of such a word is harmless."""
    assert not REDACTOR.is_secret(name)


def test_names_of_ones_own() -> None:
    """Applications name further secrets."""
    assert Redactor(frozenset({"Kennwort"})).is_secret("kennwort")


EXAMPLES = {
    "private key": "-----BEGIN RSA PRIVATE KEY-----\nMIIabc\n-----END RSA PRIVATE KEY-----",
    "JSON web token": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0x.c2lnbmF0dXJl",
    "HTTP authorization": "Bearer abcdefghijklmnop==",
    "key of a model's provider": "sk-proj-abcdefghijklmnop1234",
    "GitHub token": "ghp_abcdefghijklmnopqrstuvwxyz",
    "GitLab token": "glpat-abcdefghijklmnopqrst",
    "AWS access key": "AKIAIOSFODNN7EXAMPLE",
    "Google key": "AIza" + "a" * 35,
    "Slack token": "xoxb-1234567890-abc",
    "password in a URL": "postgresql://ann:hunter2@host/db",
}


@pytest.mark.parametrize("form", FORMS)
def test_forms_of_secrets(form: str) -> None:
    """Each form is found within a text and inside of values, and what is around it stays."""
    shown = REDACTOR.text(f"before {EXAMPLES[form]} after")
    kept = {"HTTP authorization": "Bearer ", "password in a URL": "postgresql://ann:"}
    end = {"password in a URL": "@host/db"}
    assert f"before {kept.get(form, '')}{SHOWN}{end.get(form, '')} after" == shown
    assert shown == REDACTOR.text(shown)
    assert {"note": [shown]} == REDACTOR.value({"note": [f"before {EXAMPLES[form]} after"]})


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("password=hunter2, user=ann", f"password={SHOWN}, user=ann"),
        ('{"api_key": "a b", "n": 1}', f'{{"api_key": "{SHOWN}", "n": 1}}'),
        ("max_tokens=5", "max_tokens=5"),
        ("Authorization: Bearer abcdefgh", f"Authorization: Bearer {SHOWN}"),
        ("?token=abc&page=2", f"?token={SHOWN}&page=2"),
        ("the password is kept", "the password is kept"),
    ],
)
def test_secrets_that_texts_name(text: str, shown: str) -> None:
    """What a text says to be a secret is one."""
    assert shown == REDACTOR.text(text)


def test_values() -> None:
    """What lies under the name of a secret goes, whatever it is; truth and nothing stay."""
    value = {
        "user": {"password": "x", "has_password": True, "token": None, "pin": 7},
        "credentials": {"a": 1},
        "secrets": ["a", "b"],
        "max_tokens": 100,
    }
    assert {
        "user": {"password": SHOWN, "has_password": True, "token": None, "pin": 7},
        "credentials": SHOWN,
        "secrets": SHOWN,
        "max_tokens": 100,
    } == REDACTOR.value(value)
    assert SHOWN == REDACTOR.value("abc", "openai_api_key")
    assert "x" == value["user"]["password"]


def test_logs() -> None:
    """Neither arguments of a message nor its traceback get out with secrets in them."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(RedactingFilter(REDACTOR))
    log = logging.Logger("test")
    log.addHandler(handler)
    try:
        raise OSError("cannot reach postgresql://ann:hunter2@host/db")
    except OSError:
        log.exception("failed with %s", "password=hunter2")
    assert "hunter2" not in stream.getvalue()
    assert f"failed with password={SHOWN}" in stream.getvalue()
    assert f"postgresql://ann:{SHOWN}@host/db" in stream.getvalue()
