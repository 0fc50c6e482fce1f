"""What the security hook refuses, and what it takes out."""

from pathlib import Path
from typing import Any

import pytest

from kernel.hooks.base import Component, HookCancelled, HookDetails
from kernel.hooks.builtin.security import SecurityHook, SecurityRules
from kernel.hooks.points import CODE_EXECUTION
from kernel.hooks.results import CONTINUE, Cancel
from tests.support.hooks import Bench, details


@pytest.mark.parametrize(
    ("data", "found"),
    [
        ({"path": "/etc/shadow"}, "the path /etc/shadow"),
        ({"path": "/srv/../etc/shadow"}, "the path /srv/../etc/shadow"),
        ({"arguments": {"files": ["a.txt", "~/.ssh/id_rsa"]}}, "the path ~/.ssh/id_rsa"),
        ({"anything": "/etc/shadow"}, "the path /etc/shadow"),
        ({"url": "http://169.254.169.254/latest/meta-data"}, "the host 169.254.169.254"),
        ({"text": "see https://db.internal/x please"}, "the host db.internal"),
        ({"url": "http://user@METADATA.google.internal./"}, "the host metadata.google.internal"),
        ({"url": "file:///etc/shadow"}, "the path /etc/shadow"),
        ({"url": "http://[bad"}, "the address http://[bad, which is none"),
        ({"host": "Secret.Internal"}, "the host Secret.Internal"),
        ({"command": "rm -rf build"}, "the command rm"),
        ({"command": "ls | /bin/rm x"}, "the command rm"),
        ({"cmd": "true && sudo id"}, "the command sudo"),
        ({"command": "echo $(shutdown now)"}, "the command shutdown"),
        ({"command": "cat /etc/shadow"}, "the path /etc/shadow"),
        ({"command": "echo 'open; rm x"}, "the command rm"),
    ],
)
def test_what_is_refused(data: Any, found: str) -> None:
    """Paths, hosts and commands are found in whatever form; the refusal names them."""
    assert Cancel(f"calculator must not use {found}.") == SecurityHook()(details(data))


@pytest.mark.parametrize(
    "data",
    [
        {"path": "notes/rm.txt"},
        {"text": "rm is a command"},
        {"url": "https://example.org/internal"},
        {"command": "ls -l /var/tmp"},
        {"number": 7, "flag": True, "none": None},
        "2 + 2",
        None,
    ],
)
def test_what_is_allowed(data: Any) -> None:
    """Other things pass."""
    assert CONTINUE is SecurityHook()(details(data))


CELL = HookDetails(CODE_EXECUTION.before, Component("cell", "4"))


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("return io.open('/etc/shadow')", "the path /etc/shadow"),
        ('local a = "/srv/../etc/shadow"', "the path /srv/../etc/shadow"),
        ("io.lines[[~/.ssh/id_rsa]]", "the path ~/.ssh/id_rsa"),
        ("io.lines[==[\n.env]==]", "the path .env"),
        ("--[[it's]] io.open('/etc/shadow')", "the path /etc/shadow"),
        ("-- don't [[\nio.open('/etc/shadow')", "the path /etc/shadow"),
        ("os.execute('rm -rf x')", "the command rm"),
        ("os.execute 'cd x; /bin/rm y'", "the command rm"),
        ("io.popen([[cat /etc/shadow]])", "the path /etc/shadow"),
        ("os.execute('git push -f')", "the command git push -f"),
        ("get('http://db.internal/x')", "the host db.internal"),
    ],
)
def test_what_is_refused_of_code(code: str, found: str) -> None:
    """Texts in a cell, and in expressions behind it, are looked at; the refusal is about it."""
    hook = SecurityHook(SecurityRules(commands=["rm", "git push *-f*"]))
    for data in ({"code": code}, {"code": "", "expressions": {"x": code}}):
        assert Cancel(f"The cell must not use {found}.") == hook(CELL.with_data(data))


@pytest.mark.parametrize(
    "code",
    [
        "print('rm is a command')",
        "execute = 'rm'",
        "return 6 / 3 .. '/tmp/x' -- it's",
        "os.execute('git push')",
        "io.open('/etc/' .. 'shadow')",
    ],
)
def test_what_is_allowed_of_code(code: str) -> None:
    """Commands are what is called as such; what is put together is not seen."""
    hook = SecurityHook(SecurityRules(commands=["rm", "git push *-f*"]))
    assert CONTINUE is hook(CELL.with_data({"code": code}))


def test_links_are_followed(tmp_path: Path) -> None:
    """A link to what is not allowed is not allowed."""
    (tmp_path / "secret").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "secret")
    hook = SecurityHook(SecurityRules(paths=[str(tmp_path.resolve() / "secret")]))
    assert isinstance(hook(details({"path": str(tmp_path / "link")})), Cancel)
    assert CONTINUE is hook(details({"path": str(tmp_path / "other")}))


@pytest.mark.parametrize("way", ["loop", "thread"])
def test_secrets_do_not_leave(way: str) -> None:
    """Results go on without secrets, and without a change where there are none."""
    bench = Bench(way)
    SecurityHook().register(bench.registry)
    bench.outcomes = [{"token": "abc", "text": "key sk-abcdefghijklmnopqrstuv"}, {"text": "plain"}]
    first, second = bench.guard(), bench.guard()
    assert {"token": "[redacted]", "text": "key [redacted]"} == first
    assert {"text": "plain"} == second


def test_it_cannot_be_passed_over() -> None:
    """Where the hook itself fails, nothing is done; it is asked before all others."""
    bench = Bench()
    (before, *_) = SecurityHook().register(bench.registry)
    other = bench.before(CONTINUE)
    assert (before, other) == bench.registry.at(before.point)
    assert before.is_required
    with pytest.raises(HookCancelled, match="must not use the command rm"):
        bench.guard(details({"command": "rm x"}))
    assert [] == bench.done
