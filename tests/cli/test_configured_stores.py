"""A store that the configuration names and that cannot be, or cannot be opened."""

from tests.cli.conftest import CommandLine


def test_a_store_that_there_cannot_be(cli: CommandLine) -> None:
    """Whoever looks at the configuration or needs the store is told in a line; no kernel starts."""
    key, said = "runtime.state_persistence.backend_type", "redis: is no kind of store; write one of"
    cli.write("llmspell.toml", '[runtime.state_persistence]\nbackend_type = "redis"\n')
    assert f"llmspell.toml:2: {key}: {said}" in cli.say("config", "validate").stdout
    for words in ("state show", "session list", "kernel start --daemon --id lab"):
        done = cli.say(*words.split())
        assert (1, "", 1) == (done.returncode, done.stdout, len(done.stderr.splitlines()))
        assert f"llmspell: {key}: {said}" in done.stderr
    assert "There is no kernel 'lab'" in cli.say("kernel", "status", "lab").stderr


def test_a_store_that_cannot_be_opened(cli: CommandLine) -> None:
    """The kernel that needs it has never been, and says why in a line."""
    store = cli.write("letter.txt", "Dear Ann,\n" * 1000)
    more = {"LLMSPELL_STATE_BACKEND": f"sqlite:{store}"}
    assert 0 == cli.say("config", "validate", more=more).returncode
    done = cli.say("kernel", "start", "--daemon", "--id", "lab", more=more)
    assert (1, "", 1) == (done.returncode, done.stdout, len(done.stderr.splitlines()))
    assert "letter.txt" in done.stderr
    assert "There is no kernel 'lab'" in cli.say("kernel", "status", "lab").stderr


def test_a_path_that_leads_nowhere(cli: CommandLine) -> None:
    """Is found by whoever looks at the configuration, and no folder is made for it."""
    key, path = "runtime.state_persistence.backend_type", f"{cli.work}/nope/x/state.db"
    cli.write("llmspell.toml", f'[runtime.state_persistence]\nbackend_type = "sqlite:{path}"\n')
    for words in ("config validate", "state show", "kernel start --daemon --id lab"):
        done = cli.say(*words.split())
        assert 0 != done.returncode
        assert f"{key}: sqlite:{path} lies in" in done.stdout + done.stderr
    assert not (cli.work / "nope").exists()
