"""Golden transcripts: commands and what they say, with what changes from run to run masked."""

import os
import re
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.cli.columns import laid_out, taken_apart
from tests.cli.conftest import CommandLine

FOLDER = Path(__file__).parent / "golden"

RESET = "RESET_GOLDEN"
"""Set to anything: what is said is what is golden from then on."""

MASKS: Sequence[tuple[str, str]] = (
    (r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "UUID"),
    (r"\b[0-9a-f]{32,}\b", "HASH"),
    (r"\b20\d{6}T\d{6}-[0-9a-f]{6}\b", "BACKUP"),
    (r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\dZ?", "TIME"),
    (r"(?m)^\d+(  TIME  \w+\.\S+)  \w+", r"N\1  MESSAGE"),  # events: the kernel has its own
    (
        r'"(created|updated|ended|archived|activated|time|last_activity|started|at|bytes|pid|'
        r"active_seconds|total_duration|seconds|run_seconds|first|last|start|busy_until|"
        r'taken|file_bytes)": '
        r"-?\d+(\.\d+)?(e[-+]?\d+)?",
        r'"\1": NUMBER',
    ),
    (r'"operations": \{(?!"llm_call").*?\}\}', '"operations": OPERATIONS'),
    (r"(?m)^( *)(created|updated): [\d.]+$", r"\1\2: NUMBER"),
    (r"(?m)^mode: (embedded|connected)$", "mode: MODE"),
    (r"(active seconds +|run seconds +)[\d.e-]+", r"\1NUMBER"),
    (r"\b\d+ bytes\b", "N bytes"),
    (r"process \d+", "process PID"),
    (r"\b0\.\d+\.\d+[.\w]*\b", "VERSION"),
    (r'"(python|lupa|platform|version|boot)": "[^"]*"', r'"\1": "\1"'),
    (
        r'"(memory|uptime|idle_for|cpu|executes|errors|requests|events|output)": [\d.]+',
        r'"\1": NUMBER',
    ),
    (r"((?:uptime|memory|cpu) +)[^\n]*", r"\1…"),
    (r"\b(shell|iopub|stdin|control|hb) \d+", r"\1 PORT"),
    (r'"(shell|iopub|stdin|control|hb)_port": \d+', r'"\1_port": 0'),
    (r"\b\d+s\b", "AGEs"),
    (r"\b[\d.]+ (µs|ms|s)\b", "DURATION"),
    (r"(operations +)\d+", r"\1N"),
    (r"\bSchedule [0-9a-f]{12}\b", "Schedule HASH"),
    (r"(?m)^[0-9a-f]{12}( +(?:cron|interval))\b", r"HASH\1"),
    (r'"(next_run|hub)": [\d.]+', r'"\1": NUMBER'),
    (r"\b\d+ entries(, \d+ blocks| and \d+ blocks)", r"N entries\1"),  # some are the kernel's own
    (r'"entries": \d+', '"entries": NUMBER'),
    (r"(BACKUP +TIME +)\d+", r"\1N"),
    (r"llmspell\.toml:\d+", "llmspell.toml:LINE"),  # of a template that grows
    (r'"line": \d{3,}', '"line": 0'),
    (r"sections are [^;]*;", "sections are …;"),
    (r'"health": \{.*\}, "problem"', '"health": {}, "problem"'),  # what a kernel says of itself
    (r"((?:lab|other) +)\d+( +running)", r"\1PID\2"),
    (r'"mode": "(embedded|connected)"', '"mode": "MODE"'),
    (r'"sequence": \d+', '"sequence": 0'),
    (r'"number": \d+, "name"', '"number": 0, "name"'),
    (r"\bHASH-\d+", "HASH-N"),
    (r'"session_id": "[^"]*"', '"session_id": "SESSION"'),
    (r'"correlation(_id)?": "[^"]*"', r'"correlation\1": "CORRELATION"'),
)
"""What is replaced, in this order."""


def transcript(cli: CommandLine, story: Sequence[str], options: Sequence[str] = ()) -> str:
    """What the commands of a story say, one after the other; ``options`` go with each of them.

    ``$ID`` stands for the last id that was told in JSON.
    """
    said, number = [], ""
    for line in story:
        words, _, text = line.partition(" <<< ")
        done = cli.say(*options, *shlex.split(words.replace("$ID", number)), text=text)
        number = next(iter(re.findall(r'"id": "([^"]+)"', done.stdout)), number)
        said.append(f"$ llmspell {line}\n")
        said += [f"{each}\n" for each in taken_apart(done.stdout.splitlines())]
        said += [f"! {each}\n" for each in done.stderr.splitlines()]
        if done.returncode:
            said.append(f"[{done.returncode}]\n")
    return masked("".join(said), cli)


def masked(text: str, cli: CommandLine) -> str:
    """A transcript that is the same every time."""
    places = ((cli.work, "WORK"), (cli.home, "HOME"), (cli.folder, "FOLDER"))
    for place, name in (*places, (sys.executable, "PYTHON")):
        text = text.replace(str(place), name)
    for pattern, replacement in MASKS:
        text = re.sub(pattern, replacement, text)
    return "".join(f"{line.rstrip()}\n" for line in [*laid_out(text.splitlines())][:-1])


def golden(name: str, said: str) -> str:
    """The golden text of this name; what was ``said`` becomes it where that is asked for."""
    path = FOLDER / f"{name}.txt"
    if os.environ.get(RESET):
        path.write_text(said, "utf-8")
    return path.read_text("utf-8")
