"""Variables of the environment: how keys of the configuration are called there.

Loaded by what must not wait for the configuration's model; which keys there are, `overrides` says.
"""

from collections.abc import Iterable, Mapping

PREFIX = "LLMSPELL_"

SHORT_NAMES: Mapping[str, str] = {
    "LLMSPELL_ENGINE": "default_engine",
    "LLMSPELL_LUA_VERSION": "engines.lua.version",
    "LLMSPELL_DEFAULT_PROVIDER": "providers.default_provider",
    "LLMSPELL_MAX_CONCURRENT_SCRIPTS": "runtime.max_concurrent_scripts",
    "LLMSPELL_SCRIPT_TIMEOUT": "runtime.script_timeout_seconds",
    "LLMSPELL_ALLOW_FILE_ACCESS": "runtime.security.allow_file_access",
    "LLMSPELL_ALLOW_NETWORK_ACCESS": "runtime.security.allow_network_access",
    "LLMSPELL_ALLOW_PROCESS_SPAWN": "runtime.security.allow_process_spawn",
    "LLMSPELL_STATE_BACKEND": "runtime.state_persistence.backend_type",
    "LLMSPELL_SESSIONS_ENABLED": "runtime.sessions.enabled",
    "LLMSPELL_SESSIONS_USER": "runtime.sessions.user",
    "LLMSPELL_SESSIONS_TENANT": "runtime.sessions.tenant",
    "LLMSPELL_SESSIONS_ADMIN": "runtime.sessions.admin",
    "LLMSPELL_EVENTS_PERSISTENCE": "events.persistence.enabled",
}
"""Names beside those that `variable_of` gives, which stand above these."""

OTHERS: Mapping[str, str] = {
    "LLMSPELL_CONFIG": "The configuration file; -c beats it.",
    "LLMSPELL_LOG": "What is logged on stderr, as info,kernel.jupyter=debug; beats --trace.",
    "LLMSPELL_KERNEL_KEY": "The key of the kernel at a tcp:// or ws:// address of another machine.",
    "LLMSPELL_KEYS_PASSPHRASE": "Opens the file of keys where there is no keyring.",
    "LLMSPELL_KEYS_FILE": "Where the file of keys is, instead of the user's data folder.",
    "LLMSPELL_KEYS_STORE": "Where keys are put: keyring or file.",
}
"""What else users set, and what for."""


def variable_of(key: str) -> str:
    """The variable that sets a key: ``LLMSPELL_EVENTS_BUFFER_SIZE`` of ``events.buffer_size``."""
    return PREFIX + key.upper().replace(".", "_")


def value_of(key: str, environment: Mapping[str, str]) -> tuple[str, str]:
    """What a variable says of a key, and which one; empty texts if none does."""
    shorter = (name for name, each in SHORT_NAMES.items() if each == key)
    for name in (variable_of(key), *shorter):
        if value := environment.get(name):
            return value, name
    return "", ""


def are_set(environment: Mapping[str, str], places: Iterable[str]) -> bool:
    """Whether a variable sets one of these keys, or a key in one of these sections."""
    names = [variable_of(each) for each in places]
    sections = tuple(f"{each}_" for each in names)
    given = [name for name in environment if name.startswith(PREFIX) and environment[name]]
    full = (variable_of(SHORT_NAMES[each]) if each in SHORT_NAMES else each for each in given)
    return any(each in names or each.startswith(sections) for each in full)
