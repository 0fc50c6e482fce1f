"""Keys: found in order, kept where they should be, seen nowhere."""

import json
import logging
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from kernel.core.errors import UserError
from llmspell.keys.encrypted_file import PASSPHRASE, EncryptedFileKeys
from llmspell.keys.lookup import KeyLookup, KnownKey
from llmspell.keys.store import (
    KeyStore,
    KeyStoreUnavailable,
    Secret,
    check_key,
    check_provider,
)
from llmspell.keys.system_keyring import KeyringKeys
from tests.architecture.project import ROOT
from tests.cli.conftest import CommandLine

KEY = "k-123456789"


class DictionaryKeyring:
    """A backend of the library `keyring` (its interface), in memory."""

    priority = 5

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, name: str) -> str | None:
        return self.kept.get((service, name))

    def set_password(self, service: str, name: str, password: str) -> None:
        self.kept[service, name] = password

    def delete_password(self, service: str, name: str) -> None:
        del self.kept[service, name]


class NoKeyring(DictionaryKeyring):
    """The backend of systems that have none."""

    priority = 0


def file_keys(folder: Path, passphrase: str = "a") -> EncryptedFileKeys:
    """Keys in a file."""
    return EncryptedFileKeys(folder / "keys.json", {PASSPHRASE: passphrase})


@pytest.fixture(params=["keyring", "file"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> KeyStore:
    """Every kind of place."""
    return KeyringKeys(DictionaryKeyring()) if request.param == "keyring" else file_keys(tmp_path)


def test_a_place_keeps_keys(store: KeyStore) -> None:
    """What was put is got, what was removed is gone, and the names are known."""
    assert (None, []) == (store.get("openai"), store.providers())
    store.put("openai", Secret(KEY))
    store.put("cohere", Secret("c"))
    store.put("openai", Secret("other"))
    assert Secret("other") == store.get("openai")
    assert ["cohere", "openai"] == store.providers()
    assert (True, False) == (store.remove("openai"), store.remove("openai"))
    assert (None, ["cohere"]) == (store.get("openai"), store.providers())
    assert store.remove("cohere")
    assert [] == store.providers()


def test_a_secret_is_not_shown(caplog: pytest.LogCaptureFixture) -> None:
    """Neither by print nor in a log nor in a format."""
    secret = Secret(KEY)
    logging.getLogger("tests").warning("%s %r %s", secret, secret, [secret])
    assert KEY not in f"{secret} {secret!r} {caplog.text}"
    assert KEY == secret.reveal()


def lookup(
    folder: Path, environment: dict[str, str], keyring: DictionaryKeyring | None = None
) -> KeyLookup:
    """All places, with a keyring in memory."""
    return KeyLookup(environment, KeyringKeys(keyring or DictionaryKeyring()), file_keys(folder))


def test_the_environment_is_first_then_the_keyring_then_the_file(tmp_path: Path) -> None:
    """The first place that has a key counts, and is named."""
    environment: dict[str, str] = {}
    keys = lookup(tmp_path, environment)
    assert None is keys.find("openai")
    assert "file" == keys.add("openai", Secret("in the file"), "file")
    assert "file" == keys.find("openai").origin
    assert "keyring" == keys.add("openai", Secret("in the keyring"))
    assert ("keyring", "in the keyring") == _found(keys, "openai")
    environment["OPENAI_API_KEY"] = "in the environment"
    assert ("OPENAI_API_KEY", "in the environment") == _found(keys, "openai")
    environment["MINE"] = "where the configuration says"
    found = keys.find("openai", "MINE")
    assert ("MINE", "where the configuration says") == (found.origin, found.secret.reveal())
    assert [
        KnownKey("openai", "OPENAI_API_KEY"),
        KnownKey("openai", "keyring"),
        KnownKey("openai", "file"),
    ] == keys.all()
    assert ["keyring", "file"] == keys.remove("openai")
    with pytest.raises(UserError, match="unset OPENAI_API_KEY"):
        keys.remove("openai")


def _found(keys: KeyLookup, provider: str) -> tuple[str, str]:
    found = keys.find(provider)
    return found.origin, found.secret.reveal()


def test_without_a_keyring_there_is_the_file(tmp_path: Path) -> None:
    """Keys go into the file, and who wants the keyring hears why not."""
    keys = lookup(tmp_path, {}, NoKeyring())
    assert "file" == keys.add("openai", Secret(KEY))
    with pytest.raises(KeyStoreUnavailable, match=r"no keyring\. --store file"):
        keys.add("openai", Secret(KEY), "keyring")


def test_the_file_tells_nothing(tmp_path: Path) -> None:
    """Only its owner may read it; names are in clear, keys are not."""
    file_keys(tmp_path).put("openai", Secret(KEY))
    path = tmp_path / "keys.json"
    assert 0o600 == path.stat().st_mode & 0o777
    assert KEY not in path.read_text()
    assert ["openai"] == json.loads(path.read_text())["providers"]


@pytest.mark.parametrize("field", ["data", "nonce", "providers", "passphrase"])
def test_a_file_that_was_changed_does_not_open(tmp_path: Path, field: str) -> None:
    """Neither with another passphrase nor after a change of any part, names included."""
    file_keys(tmp_path).put("openai", Secret(KEY))
    path = tmp_path / "keys.json"
    said = json.loads(path.read_text())
    passphrase = "a"
    if field == "passphrase":
        passphrase = "b"
    elif field == "providers":
        said["providers"] = ["cohere", "openai"]
    else:
        said[field] = said[field][:4] + ("A" if said[field][4] != "A" else "B") + said[field][5:]
    path.write_text(json.dumps(said))
    with pytest.raises(KeyStoreUnavailable, match="passphrase is another, or the file is damaged"):
        file_keys(tmp_path, passphrase).get("openai")


def test_a_greedy_file_is_refused(tmp_path: Path) -> None:
    """A file that asks for gigabytes of memory does not get them."""
    file_keys(tmp_path).put("openai", Secret(KEY))
    path = tmp_path / "keys.json"
    said = json.loads(path.read_text())
    said["kdf"]["n"] = 2**30
    path.write_text(json.dumps(said))
    with pytest.raises(KeyStoreUnavailable, match="damaged"):
        file_keys(tmp_path).get("openai")


def test_who_has_no_passphrase_hears_how_to_give_it(tmp_path: Path) -> None:
    """The message names the variable."""
    keys = EncryptedFileKeys(tmp_path / "keys.json", {})
    with pytest.raises(KeyStoreUnavailable, match=f"set {PASSPHRASE}"):
        keys.put("openai", Secret(KEY))
    assert not (tmp_path / "keys.json").exists()


@pytest.mark.parametrize("name", ["", "a b", "ümlaut", "../x", ":providers", "x" * 65])
def test_names_of_providers(name: str) -> None:
    """What is none is refused, and capitals do not count."""
    with pytest.raises(UserError, match="is no name of a provider"):
        check_provider(name)
    assert "openai" == check_provider("OpenAI")


@pytest.mark.parametrize("text", ["", "  \n", "a b", "a\x00b"])
def test_what_cannot_be_a_key(text: str) -> None:
    """It is refused without being shown; what ends a line does not belong to a key."""
    with pytest.raises(UserError):
        check_key(text)
    assert Secret(KEY) == check_key(f"{KEY}\n")


def test_keys_are_seen_nowhere(cli: CommandLine) -> None:
    """No command shows a key that was kept, wherever and in whatever format it might."""
    cli.environment["LLMSPELL_KEYS_PASSPHRASE"] = "p"
    cli.write("llmspell.toml", f'[providers.openai]\napi_key = "{KEY}"\n')
    asked: Sequence[Sequence[str]] = [
        ("keys", "add", "openai", "-"),
        ("keys", "list"),
        ("--trace", "trace", "keys", "list", "--output", "json"),
        ("config", "show", "--output", "json"),
        ("config", "show"),
        ("config", "validate"),
        ("config", "set", "providers.openai.api_key", KEY),
        ("doctor",),
        ("--kernel", "none", "backup", "create", "--output", "json"),
    ]
    for words in asked:
        done = cli.say(*words, text=f"{KEY}\n")
        assert 0 == done.returncode, done.stderr
        assert KEY not in done.stdout + done.stderr
    (path,) = (cli.data / "backups").glob("*")
    assert KEY.encode() not in path.read_bytes()


def test_the_systems_keyring_is_used_where_there_is_one(cli: CommandLine) -> None:
    """Through the library as it is: added, listed, and gone again."""
    cli.environment |= {
        "PYTHON_KEYRING_BACKEND": "tests.support.file_keyring.FileKeyring",
        "PYTHONPATH": str(ROOT),
        "FILE_KEYRING": str(cli.folder / "keyring.json"),
    }
    done = cli.say("keys", "add", "openai", "-", text=f"{KEY}\n")
    assert ("The key of openai is in the keyring now.\n", "") == (done.stdout, done.stderr)
    kept = json.loads((cli.folder / "keyring.json").read_text())
    assert {"llmspell/openai": KEY, "llmspell/:providers": '["openai"]'} == kept
    assert "openai    keyring" == cli.say("keys", "list").stdout.splitlines()[1]
    assert 0 == cli.say("keys", "remove", "openai").returncode
    assert "There are no keys.\n" == cli.say("keys", "list").stdout


def test_without_the_extra_the_message_names_it(tmp_path: Path) -> None:
    """Who has neither keyring nor cryptography hears what to install."""
    code = (
        "import sys; sys.modules['keyring'] = None\n"
        "sys.modules['cryptography.hazmat.primitives.ciphers.aead'] = None\n"
        "from llmspell.cli.app import main; sys.exit(main(['keys', 'add', 'openai', '-']))"
    )
    environment = {"PATH": "/usr/bin", "HOME": str(tmp_path), PASSPHRASE: "p"}
    done = subprocess.run(
        [sys.executable, "-P", "-c", code],
        env=environment,
        input=KEY,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (1, "") == (done.returncode, done.stdout)
    assert "needs the extra 'keys': pip install 'llmspell[keys]'" in done.stderr
