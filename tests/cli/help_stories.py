"""Stories about help, mistakes and the configuration (`tests.cli.stories`)."""

from collections.abc import Mapping, Sequence

OF_HELP: Mapping[str, Sequence[str]] = {
    "help": (
        "help session replay",
        "state show --help",
        "kernel stop --help",
        "version --output jsn",
        "version --kernel lab",
        "kernel strat",
        "kernel list",
        "kernel list --output json",
        "kernel status nobody",
        "session",
    ),
    "config": (
        "config init",
        "config init",
        "config validate",
        "config set runtime.script_timeout_seconds 60",
        "config set runtime.script_timeout_secs 60",
        "config set runtime.script_timeout_seconds soon",
        "config set providers.openai.api_key sk-aaaaaaaaaaaaaaaaaaaaaaaa",
        "config set debug.level debug --output json",
        "config show --changed",
        "config show --changed --output json",
        "config show runtime.script_timeout_seconds",
        "config show engines.lua --format yaml",
        "config show runtme",
        "config validate --output json",
        "config validate -f wrong.toml",
        "config validate -f wrong.toml --output json",
        "config validate -f broken.toml",
        "-c none.toml config show",
    ),
}
