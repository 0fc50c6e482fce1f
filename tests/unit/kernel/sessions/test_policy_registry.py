"""Policies are found by name and made from settings, those of other packages, too."""

from importlib.metadata import EntryPoint

import pytest

from kernel.core.errors import UserError
from kernel.sessions.gate import PolicyRefused
from kernel.sessions.policies.composition import Parallel, Sequential, Voting
from kernel.sessions.policies.idle import Idle
from kernel.sessions.policies.registry import POLICIES, PolicyRegistry, default_policy
from kernel.sessions.policies.ttl import Ttl
from tests.support.sessions import OWNER, make_kit


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("voting", {}, "Policy voting needs `policies`"),
        ("voting", {"policies": {}, "threshold": "most"}, "Policy voting: threshold: it is a"),
        ("parallel", {"policies": {"ttl": 5}}, "Policy ttl has names and values of settings"),
        ("sequential", {"policies": {"ttl": {"x": 1}}}, "Policy ttl has no setting 'x'"),
        ("nothing", {}, "There is no policy 'nothing'; there are timeout, idle, quota"),
        ("ttl", {"second": 1}, "Policy ttl has no setting 'second'; it has seconds"),
        ("ttl", {"seconds": -1}, "Policy ttl: seconds: Input should be greater than 0"),
        ("ttl", {"seconds": "soon"}, "Policy ttl: seconds: Input should be a valid number"),
        ("idle", {"then": "explode"}, "Policy idle: then: Input should be 'suspend'"),
        ("quota", {"artifacts": -1}, "Policy quota: artifacts: "),
        ("rate_limit", {"burst": float("nan")}, "Policy rate_limit: burst: "),
    ],
)
def test_settings_that_make_no_sense_are_refused_by_name(name, settings, message) -> None:
    """A mistake in a configuration is told with the policy and the key."""
    with pytest.raises(UserError, match=f"^{message}"):
        PolicyRegistry().make(name, settings)
    kit = make_kit()
    with pytest.raises(UserError, match=f"^{message}"):
        kit.services.sessions.create(OWNER, "work", policies={name: settings})


def test_the_default_is_all_policies_with_the_documented_settings() -> None:
    """Nobody has to configure anything to be protected."""
    policy = default_policy()
    assert isinstance(policy, Sequential)
    assert [*POLICIES.values()] == [type(each) for each in policy.policies]
    timeout, idle, quota, rates, ttl = policy.policies
    assert (3600, 60, (300, 60)) == (timeout.seconds, timeout.grace_seconds, timeout.warn_seconds)
    assert (900, 86_400) == (idle.seconds, ttl.seconds)
    assert (1024, 1_000_000, 100_000) == (
        quota.memory_mb,
        quota.tokens,
        quota.tokens_per_operation,
    )
    assert (10_000, 100.0, (0.5, 0.75, 0.9)) == (quota.operations, quota.cost, quota.alerts)
    assert (1000, 100, 1.5) == (rates.per_minute, rates.session_per_minute, rates.burst)
    assert {"llm_call": 60, "tool_execution": 120, "state_update": 30_000} == rates.operations


def entry(value: str, name: str = "weekdays") -> EntryPoint:
    """As the metadata of a package has it."""
    return EntryPoint(name, f"tests.support.sample_policy:{value}", "llmspell.policies")


def test_other_packages_bring_policies() -> None:
    """A policy of an entry point is made by name, with its settings, for any session."""
    registry = PolicyRegistry([entry("Weekdays")])
    kit = make_kit(registry=registry)
    made = kit.services.sessions.create(OWNER, "work", policies={"weekdays": {"word": "Sunday"}})
    with pytest.raises(PolicyRefused, match="It is Sunday"):
        kit.services.runs.admit(OWNER, made.id)
    assert "weekdays" == registry.names()[-1]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("Missing", "cannot be loaded"),
        ("ALSO_NOTHING", "is no policy"),
        ("Nothing", "is no policy"),
    ],
)
def test_an_entry_that_is_no_policy_is_named(value, message) -> None:
    """Whoever installed a broken package learns which."""
    with pytest.raises(UserError, match=message):
        PolicyRegistry([entry(value)]).make("weekdays", {})


def test_no_package_replaces_what_the_kernel_has() -> None:
    """An entry point called like a policy of the kernel is passed over."""
    registry = PolicyRegistry([entry("Weekdays", "ttl")])
    assert isinstance(registry.make("ttl", {}), Ttl)


@pytest.mark.parametrize("threshold", [0, -1, 1.1])
def test_a_vote_needs_a_sensible_threshold(threshold) -> None:
    """A vote that nobody or more than all could win is refused."""
    with pytest.raises(UserError, match="above 0 and up to 1"):
        Voting((), threshold)


def test_compositions_are_settings_too() -> None:
    """Several policies can be one by name, and in each other."""
    registry = PolicyRegistry([])
    members = {"ttl": {"seconds": 5}, "parallel": {"policies": {"idle": {}}}}
    made = registry.make("voting", {"policies": members, "threshold": 1})
    assert Voting((Ttl(5), Parallel((Idle(),))), 1) == made
    assert Sequential((Ttl(),)) == registry.make("sequential", {"policies": {"ttl": {}}})
