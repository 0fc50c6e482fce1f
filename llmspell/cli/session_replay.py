"""``llmspell session replay``: a session once more."""

import argparse
import contextlib
import json
import sys
import threading
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

from kernel.core.errors import UserError
from llmspell.cli.actions import Action
from llmspell.cli.numbers import amount, at_least_one
from llmspell.cli.progress import PERIOD, ProgressBar, progress
from llmspell.cli.results import Results
from llmspell.cli.session_looks import Ask, id_argument
from llmspell.cli.state import counted

SHOWN = 5
"""Differences of a step that are told."""

MODES = ("exact", "modified", "simulate", "debug")


def set_argument(parser: argparse.ArgumentParser) -> None:
    """What a replay changes."""
    parser.add_argument(
        "--set",
        action="append",
        type=modification,
        default=[],
        metavar="STEP.code=TEXT",
        help="change something; a value of JSON, anything else is text",
    )


def _options(parser: argparse.ArgumentParser) -> None:
    id_argument(parser)
    parser.add_argument("--mode", choices=MODES, help="exact, or modified with --set")
    parser.add_argument(
        "--from-step", type=at_least_one, metavar="N", help="compared and counted from it"
    )
    parser.add_argument("--to-step", type=at_least_one, metavar="N", help="the last one")
    parser.add_argument(
        "--stop-before", type=at_least_one, metavar="N", help="with --mode debug: where it stops"
    )
    set_argument(parser)
    parser.add_argument("--no-compare", action="store_true", help="do not compare results")
    parser.add_argument("--stop-on-error", action="store_true", help="end with the first failure")
    parser.add_argument("--timeout", type=amount, metavar="S", help="end after S seconds")
    parser.add_argument("--speed", type=float, metavar="X", help="of a simulation, 0.1 to 10")
    parser.add_argument(
        "--with-pauses",
        action="store_true",
        help="let a simulation wait between two cells as was waited",
    )


def _replay(chosen: argparse.Namespace, results: Results, ask: Ask) -> int:
    mode = chosen.mode or ("modified" if chosen.set else "exact")
    if mode != "simulate" and (chosen.with_pauses or chosen.speed is not None):
        option = "--with-pauses" if chosen.with_pauses else "--speed"
        raise UserError(f"{option} is of a simulation; write --mode simulate, or leave it out.")
    name = uuid.uuid4().hex
    try:
        with progress("Replaying") as bar, _saying_where_it_stands(bar, mode):
            answer = ask(
                "replay",
                {"action": "cancel_replay", "id": chosen.id, "correlation": name},
                correlation=name,
                id=chosen.id,
                mode=mode,
                from_step=chosen.from_step,
                to_step=chosen.to_step,
                stop_before=chosen.stop_before,
                modifications=chosen.set or None,
                compare=not chosen.no_compare,
                stop_on_error=chosen.stop_on_error,
                timeout_seconds=chosen.timeout,
                speed=chosen.speed,
                with_pauses=chosen.with_pauses or None,
            )
    except KeyboardInterrupt:
        sys.stderr.write("llmspell: the replay was cancelled\n")
        raise
    result = answer["result"]
    results.show(answer, lambda: _told(result))
    return 1 if result["failure"] else 0


def _cancel_options(parser: argparse.ArgumentParser) -> None:
    id_argument(parser)
    parser.add_argument(
        "--correlation", default="", metavar="ID", help="only this one of `session replays`"
    )


def _cancel(chosen: argparse.Namespace, results: Results, ask: Ask) -> int:
    answer = ask("cancel_replay", id=chosen.id, correlation=chosen.correlation)
    count = len(answer["cancelled"])
    said = f"Cancelled {counted(count, 'replay', 'replays')}."
    results.show(answer, said if count else "No replay of it is under way here.")
    return 0 if count else 1


def _replays(chosen: argparse.Namespace, results: Results, ask: Ask) -> int:
    answer = ask("replays", id=chosen.id)
    results.show(answer, lambda: _listed(answer))
    return 0


def _listed(answer: Mapping[str, Any]) -> Iterator[str]:
    if not answer["under_way"] and not answer["results"]:
        yield "It was not replayed."
    for each in answer["results"]:
        good, total = each["successful_replays"], each["hooks_replayed"]
        alike = each["similarity_score"]
        how = f", {alike:.1%} alike" if alike is not None else ""
        if each["different_steps"]:
            how += f", {counted(each['different_steps'], 'step', 'steps')} different"
        error = f"; it ended early: {each['error']}" if each["error"] else ""
        count = f"{good} of {counted(total, 'step', 'steps')}"
        yield f"{each['mode']}: {count} ended {_counted_as(each)}{how}{error}"
    for each in answer["under_way"]:
        where = f"; debuggers attach at {each['address']}" if each["address"] else ""
        done = f"{each['steps_done']} of {each['steps']} steps"
        yield f"{each['mode']}: under way, {done}{where}"


def _counted_as(result: Mapping[str, Any]) -> str:
    """How the steps ended that are counted as good ones."""
    return "without an error" if result["similarity_score"] is None else "as they did"


@contextlib.contextmanager
def _saying_where_it_stands(bar: ProgressBar, mode: str) -> Iterator[None]:
    """In mode debug say where a debugger attaches, as soon as the replay waits for one."""
    if mode != "debug":
        yield
        return
    from llmspell.listening import listening

    before, is_over = {*listening()}, threading.Event()

    def look() -> None:
        while not is_over.wait(PERIOD):
            for each in {*listening()} - before:
                if each.kind == "replay":
                    bar.say(
                        f"llmspell: the replay stands; attach a debugger to {each.host}:"
                        f"{each.port}, and let it go on there"
                    )
                    return

    thread = threading.Thread(target=look, name="replay-place", daemon=True)
    thread.start()
    try:
        yield
    finally:
        is_over.set()
        thread.join()


def _told(result: Mapping[str, Any]) -> Iterator[str]:
    for each in result["steps"]:
        compared = each["comparison"]
        is_other = bool(compared) and not compared["identical"]
        mark = "✗" if not each["success"] else "≠" if is_other else "✓"
        how = f"  {compared['summary']}" if is_other else ""
        reason = "" if each["success"] else each["error"].partition("\n")[0]  # not its traceback
        error = f"  {reason}" if reason else ""
        yield f"{mark} step {each['step']}: {each['status']}{how}{error}"
        for place in compared["differences"][:SHOWN] if is_other else ():
            yield f"    {place['path']}: {place['description']}"
    total, good = result["hooks_replayed"], result["successful_replays"]
    count = counted(total, "step", "steps")
    yield f"Replayed {count} ({result['mode']}); {good} ended {_counted_as(result)}."
    if result["stopped_before"]:
        yield f"Stopped before step {result['stopped_before']}."
    if result["error"]:
        yield f"It ended early: {result['error']}"
    elif result["different_steps"]:
        yield f"Different from what was recorded: {result['failure']}"


def modification(text: str) -> dict[str, Any]:
    """What ``--set`` says, as requests have it."""
    path, equals, value = text.partition("=")
    if not path or not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is no STEP.code=TEXT")
    try:
        return {"path": path, "value": json.loads(value)}
    except ValueError:
        return {"path": path, "value": value}


REPLAY_ACTIONS: Mapping[str, Action] = {
    "replay": Action(
        "Run a session again and compare; exit status 1 if output, result or status of a step "
        "differ, also where --set made them.",
        _options,
        _replay,
        (
            "llmspell session replay tuesday",
            "llmspell session replay tuesday --set '2.code=x = 5'",
            "llmspell session replay tuesday --mode debug --stop-before 3",
        ),
    ),
    "cancel": Action(
        "End the replays of a session that are under way in a kernel.",
        _cancel_options,
        _cancel,
        ("llmspell --kernel lab session cancel tuesday",),
    ),
    "replays": Action(
        "Show what came of the replays of a session, and which are under way.",
        id_argument,
        _replays,
        ("llmspell session replays tuesday",),
    ),
}
"""Words behind ``llmspell session``."""
