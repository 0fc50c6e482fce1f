"""Words that are not in the tables of commands: kernels, sessions, keys, as there are now."""

from collections.abc import Callable, Iterable, Iterator, Mapping

Word = tuple[str, str]
"""A word, and what it is."""


def kernels() -> Iterator[Word]:
    """Those that run."""
    from kernel.service.registry import Registry

    for each in Registry().all():
        if each.is_running:
            yield each.record.id, f"process {each.record.pid}, Lua {each.record.runtime}"


def sessions() -> Iterator[Word]:
    """Those of this user, by their names where they have one."""
    import asyncio

    from llmspell.local_requests import local_requests

    with local_requests() as requests:
        answer = asyncio.run(requests.serve_sessions({"action": "list"}))
    for each in answer["sessions"]:
        yield each["name"] or each["id"], f"{each['status']}, {each['id'][:8]}"


def luas() -> Iterator[Word]:
    """Versions, as ``--lua`` takes them."""
    from lua_debug.versions import VERSIONS

    for each in VERSIONS.values():
        yield each.name, each.label


def config_keys() -> Iterable[Word]:
    """Keys of the configuration."""
    from llmspell.config.origins import known_keys

    return [(each, "") for each in known_keys()]


def config_sections() -> Iterable[Word]:
    """Its sections and keys."""
    from llmspell.config.origins import sections

    return [(each, "section") for each in sections()]


def scopes() -> Iterable[Word]:
    """Kinds of scopes of state."""
    from kernel.state.scopes import KINDS

    return [(each, "") for each in KINDS]


def providers() -> Iterable[Word]:
    """Providers whose keys have a variable, and those that have a key."""
    from llmspell.config.load import KEYS
    from llmspell.keys.lookup import key_lookup

    stored = dict.fromkeys(each.provider for each in key_lookup().all())
    return [(each, "") for each in dict.fromkeys([*KEYS, *stored])]


def backups() -> Iterator[Word]:
    """Backups there are."""
    from llmspell.backups.bundle import read_manifest
    from llmspell.backups.folder import SUFFIX
    from llmspell.local_requests import local_services

    with local_services() as services:
        folder = services.backup_folder.folder
    for path in sorted(folder.glob(f"*{SUFFIX}"), reverse=True):
        yield path.name.removesuffix(SUFFIX), read_manifest(path).note


SOURCES: Mapping[tuple[str, str], Callable[[], Iterable[Word]]] = {
    ("global", "kernel"): kernels,
    ("global", "connect"): kernels,
    ("kernel", "kernel"): kernels,
    ("kernel", "address"): kernels,
    ("session", "id"): sessions,
    ("config", "key"): config_keys,
    ("config", "section"): config_sections,
    ("keys", "provider"): providers,
    ("backup", "backup"): backups,
    ("", "VERSION"): luas,
    ("", "SCOPE"): scopes,
}
"""By the command and the field an argument sets, or by how it is called in the help of any."""
