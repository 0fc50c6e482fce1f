"""The policies of a kernel's sessions, as the configuration has them."""

from collections.abc import Mapping
from typing import Any

from kernel.sessions.policies.base import Policy
from kernel.sessions.policies.composition import Sequential
from kernel.sessions.policies.registry import POLICIES, PolicyRegistry
from llmspell.config.sections.runtime import SessionsConfig

SHORT_FORMS: Mapping[str, tuple[str, str]] = {
    "max_artifacts_per_session": ("quota", "artifacts"),
    "session_timeout_seconds": ("timeout", "seconds"),
}
"""Fields of ``[runtime.sessions]``, and which setting of which policy they stand for."""


def session_policy(chosen: SessionsConfig, registry: PolicyRegistry) -> Policy:
    """All policies that come with the kernel and those named besides, one after the other.

    Raises `UserError` for policies and settings there are not.
    """
    settings: dict[str, dict[str, Any]] = {name: {} for name in POLICIES}
    for field in chosen.model_fields_set & SHORT_FORMS.keys():
        name, setting = SHORT_FORMS[field]
        settings[name][setting] = getattr(chosen, field)
    for name, told in chosen.policies.items():
        settings.setdefault(name, {}).update(told)
    return Sequential(tuple(registry.make(name, each) for name, each in settings.items()))
