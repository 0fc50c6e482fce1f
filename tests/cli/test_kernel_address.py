"""The actions of kernels, with the kernel named by the options that every command takes."""

import json
from pathlib import Path

import pytest

from tests.cli.conftest import CommandLine


@pytest.fixture
def elsewhere(cli: CommandLine) -> str:
    """The address of a kernel of which this machine has no record."""
    words = ("kernel", "start", "--daemon", "--id", "lab", "--tcp", "127.0.0.1:0")
    record = json.loads(cli.say(*words, "--output", "json").stdout)
    info = json.loads(Path(record["connection_file"]).read_text())
    cli.environment["LLMSPELL_KERNEL_KEY"] = info["key"]
    return f"tcp://{info['llmspell_tcp']}"


def test_a_kernel_at_an_address_says_how_it_is(cli: CommandLine, elsewhere: str) -> None:
    """With the same figures as one of ours, in text and as an object."""
    done = cli.say("--connect", elsewhere, "kernel", "status")
    lines = done.stdout.splitlines()
    assert (0, "") == (done.returncode, done.stderr)
    assert f"The kernel at {elsewhere} is idle." == lines[0]
    assert ["clients", "cells", "uptime", "memory", "cpu"] == [
        line.split()[0] for line in lines[1:]
    ]
    done = cli.say("kernel", "status", "--connect", elsewhere, "--output", "json")
    said = json.loads(done.stdout)
    assert (elsewhere, "idle", "") == (said["address"], said["health"]["state"], said["problem"])


def test_it_is_ended_there(cli: CommandLine, elsewhere: str) -> None:
    """Its cell, and then itself; who asks afterwards hears that nobody answers."""
    assert 0 == cli.say("--connect", elsewhere, "kernel", "interrupt").returncode
    done = cli.say("--connect", elsewhere, "kernel", "stop")
    assert (0, f"The kernel at {elsewhere} ends.\n") == (done.returncode, done.stdout)
    gone = cli.say("--connect", elsewhere, "kernel", "status", "--output", "json")
    said = json.loads(gone.stdout)
    assert (4, None) == (gone.returncode, said["health"])
    assert said["problem"]


def test_a_kernel_without_zeromq_is_named_by_its_id(cli: CommandLine) -> None:
    """So start and status say how to come to a prompt there: it has no ports for Jupyter's."""
    words = ("kernel", "start", "--daemon", "--id", "lab", "--tcp", "127.0.0.1:0", "--no-zmq")
    for said in (cli.say(*words), cli.say("kernel", "status", "lab")):
        assert "  connect  llmspell kernel connect lab\n" in said.stdout
    done = cli.say("exec", "--connect", "lab", "print(6 * 7)")
    assert (0, "42\n", "") == (done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize("option", ["--kernel", "--connect"])
def test_the_id_of_one_of_ours_is_as_good_as_the_word(cli: CommandLine, option: str) -> None:
    """Either option names it where the action would take an ID."""
    cli.start_kernel("lab")
    done = cli.say(option, "lab", "kernel", "status")
    assert done.stdout.startswith("Kernel lab runs as process ")
    assert 0 == cli.say("kernel", "status", "lab", option, "lab", "--quiet").returncode
    assert "Kernel lab was stopped.\n" == cli.say(option, "lab", "kernel", "stop").stdout


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ("kernel list --connect x", "list works on no one kernel that runs; leave --connect out"),
        ("--kernel lab kernel list", "leave --kernel out; `kernel status` says how one of them is"),
        ("--kernel lab kernel start", "kernel start works on no one kernel that runs"),
        ("kernel create --connect x", "kernel create works on no one kernel that runs"),
        ("kernel serve --status --kernel x", "kernel serve works on no one kernel that runs"),
        ("kernel restart --connect x", "works on kernels of the hub; say which one by its ID"),
        ("kernel restart", "which kernel? Say its ID"),
        ("kernel status a --kernel b", "two kernels are named, 'a' and 'b'"),
        ("kernel stop --id a --connect b", "two kernels are named, 'a' and 'b'"),
        ("kernel status --kernel none", "kernel status works on a kernel; none is none"),
        ("kernel stop --all --connect tcp://127.0.0.1:1", "are about kernels of this machine"),
    ],
)
def test_what_means_nothing_is_said(cli: CommandLine, words: str, problem: str) -> None:
    """Nothing is passed over in silence: exit status 2, and the way out."""
    done = cli.say(*words.split())
    assert (2, "") == (done.returncode, done.stdout)
    assert problem in done.stderr


def test_a_kernel_that_is_not_there_is_said_to_be_unknown(cli: CommandLine) -> None:
    """By its id, whichever way it was named."""
    for option in ("--kernel", "--connect"):
        done = cli.say(option, "lab", "kernel", "stop")
        assert (1, True) == (done.returncode, "'lab'" in done.stderr), done.stderr


def test_a_folder_that_is_not_there_is_named(cli: CommandLine) -> None:
    """And not the program that was to run in it."""
    done = cli.say("kernel", "start", "--daemon", "--id", "lab", "--cwd", "nowhere")
    assert 1 == done.returncode
    assert "llmspell: A kernel cannot run in nowhere: No such file or directory.\n" == done.stderr


def test_what_is_wrong_with_a_connection_file_is_said_once(cli: CommandLine) -> None:
    """In one line."""
    cli.write("bad.json", "no json")
    done = cli.say("kernel", "start", "--connection-file", "bad.json")
    assert (1, 1) == (done.returncode, done.stderr.count("is no connection file")), done.stderr
