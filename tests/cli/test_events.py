"""The audit log on the command line, in a kernel and without one."""

import json

import pytest

from tests.cli.conftest import CommandLine

KEPT = "[events.persistence]\nenabled = true\n"


@pytest.mark.parametrize("store", ["", 'store = "sqlite:audit.sqlite"\n'])
def test_what_happened_is_read(cli: CommandLine, store: str) -> None:
    """By a kernel that writes it, and when that has ended: with its message, by names."""
    cli.write("llmspell.toml", KEPT + store)
    cli.start_kernel("lab")
    assert 0 == cli.say("exec", "--kernel", "lab", "Event.publish('shop.sold', {n = 1})").returncode
    show = ("events", "show", "--pattern", "shop.*", "--output", "json")
    answers = (json.loads(cli.say(*show).stdout)["events"] for _ in range(100))
    (event,) = next(each for each in answers if each)  # it is written a moment later
    assert ("shop.sold", 1) == (event["name"], event["data"]["data"]["n"])
    assert 0 == cli.say("kernel", "stop", "lab").returncode
    message = event["correlation_id"]
    (again,) = json.loads(cli.say(*show, "--message", message).stdout)["events"]
    assert event == again
    names = [
        each["name"]
        for each in json.loads(
            cli.say("events", "show", "--message", message, "--output", "json").stdout
        )["events"]
    ]
    expected = ["execution.started", "shop.sold", "execution.finished"]
    assert expected == [each for each in names if each in expected]
    life = json.loads(
        cli.say("events", "show", "--pattern", "lifecycle.kernel_*", "--output", "json").stdout
    )["events"]
    parts = ["started", "ready", "stopping", "stopped"]
    assert [f"lifecycle.kernel_{each}" for each in parts] == [each["name"] for each in life]
    assert {"lab"} == {each["data"]["kernel"] for each in life}
    lines = cli.say("events", "show", "--last", "1").stdout.splitlines()
    assert ["NUMBER", "TIME", "NAME", "MESSAGE", "DATA"] == lines[0].split()
    assert 2 == len(lines)


def test_nothing_is_kept_unless_that_was_asked_for(cli: CommandLine) -> None:
    """Whoever looks is told what to write into the configuration."""
    said = cli.say("events", "show")
    assert (0, True) == (said.returncode, "[events.persistence]" in said.stdout)
    wrong = cli.say("events", "show", "--since", "yesterday")
    assert (2, True) == (wrong.returncode, "write 2026-01-31" in wrong.stderr)
