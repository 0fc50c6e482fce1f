"""Sessions that a kernel has recorded are replayed, in it and without it."""

import json
import re
import signal
import subprocess
import time

import pytest

from dap_server.client import DapClient
from tests.cli.conftest import DEADLINE, CommandLine
from tests.support.commands import LLMSPELL

pytestmark = pytest.mark.long


def test_it_ends_as_it_did(recorded: CommandLine) -> None:
    """Every cell gives again what it gave, random numbers too, with a kernel and without one."""
    expected = [
        "✓ step 1: ok",
        "✓ step 2: ok",
        "✓ step 3: error",
        "Replayed 3 steps (exact); 3 ended as they did.",
    ]
    assert expected == recorded.say("session", "replay", "tuesday").stdout.splitlines()
    recorded.start_kernel("other")
    done = recorded.say("--kernel", "other", "session", "replay", "tuesday")
    assert (0, expected, "") == (done.returncode, done.stdout.splitlines(), done.stderr)


def test_steps_are_chosen_and_changed(recorded: CommandLine) -> None:
    """From a step to a step; a changed cell differs, and its differences are told."""
    words = ("session", "replay", "tuesday", "--output", "json")
    some = json.loads(recorded.say(*words, "--from-step", "2", "--to-step", "2").stdout)
    assert [2] == [each["step"] for each in some["result"]["steps"]]
    done = recorded.say(*words, "--set", "1.code=error('no')")
    changed = json.loads(done.stdout)["result"]
    assert (1, "modified") == (done.returncode, changed["mode"])
    assert [False, False, True] == [each["success"] for each in changed["steps"]]
    assert not changed["steps"][0]["comparison"]["identical"]


@pytest.mark.parametrize("kernel", ["other", "none"])
def test_what_differs_is_a_failure(cli: CommandLine, kernel: str) -> None:
    """Other output or another result is status 1, says where, and stays so in what is listed."""
    cli.start_kernel("other")
    cli.say("session", "use", "tuesday", "--create")
    cli.say("exec", "--kernel", "other", 'print("a") return 1')
    cli.say("exec", "--kernel", "other", "print({}, print) return {}")
    asked = ("--kernel", kernel, "session", "replay", "tuesday")
    same = cli.say(*asked)
    assert (0, "Replayed 2 steps (exact); 2 ended as they did.") == (
        same.returncode,
        same.stdout.splitlines()[-1],
    )
    done = cli.say(*asked, "--set", '1.code=print("b") return 2')
    assert (1, "") == (done.returncode, done.stderr)
    lines = done.stdout.splitlines()
    assert [
        "≠ step 1: ok  62.5% alike, different in 2 places",
        "✓ step 2: ok",
        "Replayed 2 steps (modified); 2 ended as they did.",
        "Different from what was recorded: 1 of 2 steps gave something else.",
    ] == [each for each in lines if not each.startswith("    ")]
    assert 2 == len([each for each in lines if each.startswith("    ")])
    told = json.loads(cli.say(*asked, "--set", "1.code=return 1", "--output", "json").stdout)
    result = told["result"]
    assert (False, 1, "1 of 2 steps gave something else.", "") == (
        result["identical"],
        result["different_steps"],
        result["failure"],
        result["error"],
    )
    left = cli.say("--kernel", kernel, "session", "replays", "tuesday").stdout.splitlines()
    assert left[1].endswith(", 1 step different")
    assert 0 == cli.say(*asked, "--set", "1.code=return 2", "--no-compare").returncode
    assert 1 == cli.say(*asked, "--set", "1.code=error('oh')", "--no-compare").returncode


def test_a_schedule_counts_what_differs(cli: CommandLine) -> None:
    """A run by itself that gave something else is a failed one, and the last error says so."""
    cli.start_kernel("other")
    cli.say("session", "use", "tuesday", "--create")
    cli.say("exec", "--kernel", "other", "print(State ~= nil) return 1")
    words = ("session", "schedule", "tuesday", "--after", "0", "--set", "1.code=return 2")
    assert 0 == cli.say(*words).returncode
    asked = ("session", "schedules", "tuesday", "--output", "json")
    answers = (json.loads(cli.say(*asked).stdout)["schedules"][0] for _ in range(200))
    ended = next(each for each in answers if each["runs"])
    assert ("failed", 1, "1 of 1 step gave something else.") == (
        ended["state"],
        ended["failed_runs"],
        ended["last_error"],
    )


def test_it_is_told_again(recorded: CommandLine) -> None:
    """A simulation runs nothing, and is no failure because a cell was one."""
    done = recorded.say("session", "replay", "tuesday", "--mode", "simulate", "--speed", "10")
    assert 0 == done.returncode
    assert "Replayed 3 steps (simulate); 2 ended without an error." in done.stdout
    listed = recorded.say("session", "replays", "tuesday").stdout
    assert "simulate: 2 of 3 steps ended without an error\n" == listed


def test_only_a_simulation_has_a_speed(recorded: CommandLine) -> None:
    """Whoever asks for one elsewhere is told, and nothing is run."""
    for words in (("--speed", "2"), ("--with-pauses",), ("--speed", "2", "--mode", "debug")):
        done = recorded.say("session", "replay", "tuesday", *words)
        assert (1, "") == (done.returncode, done.stdout)
        assert f"llmspell: {words[0]} is of a simulation" in done.stderr


@pytest.mark.parametrize("kernel", ["none", "other"])
def test_it_says_where_a_debugger_attaches(recorded: CommandLine, kernel: str) -> None:
    """In mode debug it stands before a step, with a kernel and without; then it goes on."""
    if kernel == "other":
        recorded.start_kernel("other")
    words = ("--kernel", kernel, "session", "replay", "tuesday", "--mode", "debug")
    process = subprocess.Popen(
        [*LLMSPELL, *words, "--stop-before", "2"],
        cwd=recorded.work,
        env=recorded.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    said = process.stderr.readline()
    found = re.search(r"attach a debugger to 127\.0\.0\.1:(\d+)", said)
    assert found is not None, said
    with DapClient.connect(int(found[1]), deadline=60) as dap:
        dap.attach()
        assert dap.wait_for_stop() is not None
        assert "1" == dap.evaluate("x")
        dap.ask("continue", {"threadId": 1})
        dap.disconnect()
    out, err = process.communicate(timeout=60)
    assert (0, "") == (process.returncode, err)
    assert "Replayed 3 steps (debug); 3 ended as they did.\nStopped before step 2.\n" in out


ENDLESS = "io.open('BEGUN', 'w'):close() while true do pcall(function() while true do end end) end"


@pytest.mark.parametrize("kernel", ["other", "none"])
@pytest.mark.parametrize("mode", ["modified", "debug"])
def test_ctrl_c_ends_it_where_it_runs(recorded: CommandLine, kernel: str, mode: str) -> None:
    """It ends with 130, in a kernel too, whether it runs or stands; what it came to is kept."""
    recorded.start_kernel("other")
    words = ("--mode", "debug", "--stop-before", "2") if mode == "debug" else endless(recorded)
    asked = ("--kernel", kernel, "session", "replay", "tuesday")
    process = subprocess.Popen(
        [*LLMSPELL, *asked, *words],
        cwd=recorded.work,
        env=recorded.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    if mode == "debug":
        assert "attach a debugger" in process.stderr.readline()
    else:
        wait_for_the_endless(recorded, process)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert (130, "") == (process.returncode, out), err
    assert err.endswith("llmspell: the replay was cancelled\n")
    left = recorded.say("--kernel", "other", "session", "replays", "tuesday").stdout
    assert f"{mode}: 1 of 1 step ended as they did, 100.0% alike; it ended early: " in left
    assert "under way" not in left


def endless(cli: CommandLine) -> tuple[str, str]:
    """The words that make the second step one that does not end."""
    return "--set", f"2.code={ENDLESS.replace('BEGUN', str(cli.work / 'begun'))}"


def wait_for_the_endless(cli: CommandLine, process: subprocess.Popen[str]) -> None:
    """Until that step runs."""
    until = time.monotonic() + DEADLINE
    while not (cli.work / "begun").exists():
        assert time.monotonic() < until
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.05)


def test_a_replay_is_ended_from_elsewhere(recorded: CommandLine) -> None:
    """`session cancel` ends what another command has begun, which says so."""
    recorded.start_kernel("other")
    words = ("session", "replay", "tuesday", *endless(recorded))
    process = subprocess.Popen(
        [*LLMSPELL, *words],
        cwd=recorded.work,
        env=recorded.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    wait_for_the_endless(recorded, process)
    done = recorded.say("session", "cancel", "tuesday")
    assert (0, "Cancelled 1 replay.\n") == (done.returncode, done.stdout)
    out, err = process.communicate(timeout=60)
    assert (1, "") == (process.returncode, err)
    assert out.endswith("It ended early: The replay was cancelled.\n")
    nothing = recorded.say("session", "cancel", "tuesday")
    assert (1, "No replay of it is under way here.\n") == (nothing.returncode, nothing.stdout)


def test_its_history_is_readable(recorded: CommandLine) -> None:
    """Each cell is a line with its number, its end and its code."""
    lines = recorded.say("session", "history", "tuesday", "--after", "1").stdout.splitlines()
    assert ["[1] ok: x = 1 print(x)", "[3] error: error('oh')"] == [
        lines[place].split("  ")[-1].strip() for place in (0, 2)
    ]


@pytest.mark.parametrize("kernel", ["other", "none"])
def test_it_is_replayed_by_itself(recorded: CommandLine, kernel: str) -> None:
    """When that is, is said, listed and taken back, with a kernel and without one."""
    recorded.start_kernel("other")
    words = ("--kernel", kernel, "session")
    done = recorded.say(*words, "schedule", "tuesday", "--cron", "0 3 * * *")
    assert (0, "") == (done.returncode, done.stderr)
    assert "it is replayed at" in done.stdout
    done = recorded.say(*words, "schedule", "tuesday", "--every", "3600", "--output", "json")
    made = json.loads(done.stdout)["schedule"]
    lines = recorded.say(*words, "schedules", "tuesday").stdout.splitlines()
    assert {"cron", "interval"} == {line.split()[1] for line in lines[1:]}
    done = recorded.say(*words, "unschedule", "tuesday", made["id"][:9])
    assert f"Schedule {made['id'][:12]} runs no more.\n" == done.stdout
    listed = json.loads(recorded.say(*words, "schedules", "tuesday", "--output", "json").stdout)
    assert {"scheduled", "cancelled"} == {each["state"] for each in listed["schedules"]}
    refused = recorded.say(*words, "schedule", "tuesday")
    assert (1, "") == (refused.returncode, refused.stdout)
    assert "when is it to run?" in refused.stderr


def test_what_is_scheduled_runs_in_a_kernel(recorded: CommandLine) -> None:
    """A kernel in the background that uses sessions replays what is due; the result is kept."""
    recorded.start_kernel("other")
    words = ("--kernel", "other", "session")
    assert 0 == recorded.say(*words, "schedule", "tuesday", "--after", "0").returncode

    asked = (*words, "schedules", "tuesday", "--output", "json")
    answers = (json.loads(recorded.say(*asked).stdout)["schedules"][0] for _ in range(200))
    ended = next(each for each in answers if each["state"] == "completed")
    assert (1, 0, "") == (ended["runs"], ended["failed_runs"], ended["last_error"])
    for kernel in ("other", "none"):
        lines = recorded.say("--kernel", kernel, "session", "replays", "tuesday").stdout
        assert "exact: 3 of 3 steps ended as they did, 100.0% alike\n" == lines
    never = recorded.say("--kernel", "none", "session", "create", "fresh")
    assert 0 == never.returncode
    assert "It was not replayed.\n" == recorded.say("session", "replays", "fresh").stdout


def test_its_trail_says_who_did_what(recorded: CommandLine) -> None:
    """What was done and what was refused, by verbs."""
    assert 0 == recorded.say("session", "suspend", "tuesday").returncode
    assert 1 == recorded.say("session", "suspend", "tuesday").returncode
    lines = [
        line.split()[2:5]
        for line in recorded.say("session", "trail", "tuesday").stdout.splitlines()
    ]
    assert ["local", "create", "done"] == lines[1]
    assert ["local", "suspend", "done"] in lines
    asked = ("session", "trail", "tuesday", "--verb", "create", "--output", "json")
    (record,) = json.loads(recorded.say(*asked).stdout)["records"]
    assert ("local", True) == (record["actor"], record["is_done"])
