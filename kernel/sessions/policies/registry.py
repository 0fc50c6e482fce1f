"""Which policies there are, and how they are made from settings.

A package brings its own through the entry point group ``llmspell.policies``: the entry's name is
the policy's, its value a frozen dataclass that inherits `Policy`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Any, cast

from pydantic import JsonValue, TypeAdapter, ValidationError

from kernel.core.errors import UserError
from kernel.sessions.policies.base import Policy, Settings
from kernel.sessions.policies.composition import Parallel, Sequential, Voting
from kernel.sessions.policies.idle import Idle
from kernel.sessions.policies.quota import Quota
from kernel.sessions.policies.rate_limit import RateLimit
from kernel.sessions.policies.timeout import Timeout
from kernel.sessions.policies.ttl import Ttl

GROUP = "llmspell.policies"

POLICIES: Mapping[str, type[Policy]] = {
    kind.name: kind for kind in (Timeout, Idle, Quota, RateLimit, Ttl)
}
"""The policies that come with the kernel, in the order in which they are asked."""

COMPOSITIONS: Mapping[str, type[Sequential]] = {
    kind.name: kind for kind in (Sequential, Parallel, Voting)
}
"""How several policies are one."""


PlainSettings = dict[str, dict[str, JsonValue]]
"""Policies by their names, each with its settings."""


def settings_of(policies: Policy) -> PlainSettings:
    """The policies that several are, with all settings; `PolicyRegistry.make_all` takes them."""
    members = policies.policies if type(policies) is Sequential else (policies,)
    return {each.name: _settings(each) for each in members}


def _settings(policy: Policy) -> dict[str, JsonValue]:
    if not isinstance(policy, Sequential):
        plain: dict[str, JsonValue] = TypeAdapter(type(policy)).dump_python(policy, mode="json")
        return plain
    members: JsonValue = {each.name: _settings(each) for each in policy.policies}
    more = {"threshold": policy.threshold} if isinstance(policy, Voting) else {}
    return {"policies": members, **more}


def default_policy() -> Policy:
    """All of `POLICIES` with their defaults, one after the other."""
    return Sequential(tuple(kind() for kind in POLICIES.values()))


class PolicyRegistry:
    """Finds policies by name: the kernel's, and those of other packages."""

    def __init__(self, entries: Sequence[EntryPoint] | None = None) -> None:
        found = entry_points(group=GROUP) if entries is None else entries
        self._entries = {entry.name: entry for entry in found if entry.name not in POLICIES}

    def names(self) -> list[str]:
        """What can be asked for."""
        return [*POLICIES, *COMPOSITIONS, *sorted(self._entries)]

    def make(self, name: str, settings: Settings) -> Policy:
        """The policy with these settings, others as by default; raises `UserError`.

        Of `COMPOSITIONS` the setting ``policies`` has names and settings of its members.
        """
        kind = self._find(name)
        if not isinstance(settings, Mapping):
            raise UserError(f"Policy {name} has names and values of settings, not {settings!r}.")
        known = [each.name for each in fields(cast("Any", kind))]
        for key in settings:
            if key not in known:
                raise UserError(f"Policy {name} has no setting {key!r}; it has {', '.join(known)}.")
        if name in COMPOSITIONS:
            return self._compose(name, **dict(settings))
        try:
            return TypeAdapter(kind).validate_python(dict(settings))
        except ValidationError as error:
            raise UserError(f"Policy {name}: {_told(error)}") from None

    def make_all(self, settings: Mapping[str, Settings]) -> Sequential:
        """Several policies, one after the other; raises `UserError` for what cannot be made."""
        return Sequential(tuple(self.make(name, each) for name, each in settings.items()))

    def _compose(self, name: str, policies: object = None, threshold: object = 0.5) -> Policy:
        if not isinstance(policies, Mapping):
            raise UserError(f"Policy {name} needs `policies`: their names and settings.")
        if not isinstance(threshold, int | float):
            raise UserError(f"Policy {name}: threshold: it is a number, not {threshold!r}.")
        members = tuple(self.make(each, settings) for each, settings in policies.items())
        return Voting(members, threshold) if name == Voting.name else COMPOSITIONS[name](members)

    def _find(self, name: str) -> type[Policy]:
        if name in POLICIES:
            return POLICIES[name]
        if name in COMPOSITIONS:
            return COMPOSITIONS[name]
        if name not in self._entries:
            raise UserError(f"There is no policy {name!r}; there are {', '.join(self.names())}.")
        entry = self._entries[name]
        try:
            kind = entry.load()
        except Exception as error:
            raise UserError(
                f"The policy {name} ({entry.value}) cannot be loaded: {error}"
            ) from error
        if not (isinstance(kind, type) and is_dataclass(kind) and hasattr(kind, "check")):
            raise UserError(f"{entry.value} is no policy: it has to be a dataclass with a `check`.")
        return cast("type[Policy]", kind)


def _told(error: ValidationError) -> str:
    parts = []
    for problem in error.errors():
        place = ".".join(str(part) for part in problem["loc"])
        parts.append(f"{place}: {problem['msg']}")
    return "; ".join(parts) + "."
