"""Commands that run the program: scripts, cells, steps."""

import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from kernel.core.errors import UserError
from kernel.execution.engine import Call, CompletenessStatus
from kernel.repl.breakpoints import LINE
from kernel.repl.places import parse_place
from kernel.repl.states import LOOKING, READY, RUNNING, STOPPED, State
from kernel.repl.stop_commands import add_watch, check_line
from kernel.repl.table import BadCommand, Command, Group, count_of

if TYPE_CHECKING:
    from kernel.repl.repl import Repl

UNCAUGHT = "uncaught"

POST_MORTEM = (
    "Its frames are kept with their variables when it fails; nothing is run again.\n"
    "where, up, down, list, locals, upvalues, print and code work there; assignments change what\n"
    "is kept. continue goes back. It is given up when another cell fails, or by .clear."
)


async def run_script(repl: "Repl", text: str) -> None:
    """Run a file as a cell, with arguments."""
    await _run(repl, text, stops_first=False)


async def start_script(repl: "Repl", text: str) -> None:
    """The same, and stop at its first line."""
    await _run(repl, text, stops_first=True)


async def _run(repl: "Repl", text: str, *, stops_first: bool) -> None:
    words = _words(text)
    if not words and repl.cells.last is not None and repl.cells.last[1]:
        words = [repl.cells.last[1]]
    if not words:
        raise BadCommand("Which file? run FILE [ARGUMENT …]")
    path = os.path.realpath(os.path.expanduser(words[0]))
    if not os.path.isfile(path) and os.path.isfile(path + repl.language.suffix):
        path += repl.language.suffix
    code = repl.language.script(_read(path))
    repl.debugging.sources.current = path
    repl.debugging.sources.forget()
    await repl.debugging.breakpoints.begin_anew()
    undo = await _stop_on_errors(repl) if stops_first or repl.stops_on_errors else None
    if stops_first:
        await _stop_first(repl)
    task = repl.cells.execute(
        code, path=path, arguments=words[1:], call=Call(words[0]), is_debugged=stops_first
    )
    if undo:
        task.add_done_callback(lambda _: repl.start(_no_more_errors(repl)))


async def _stop_first(repl: "Repl") -> None:
    """The next code that runs stops before its first line."""
    await repl.debugging.open()
    repl.stop_view.expects_start = True
    await repl.debugging.ask("pause", {"threadId": 1})


async def _stop_on_errors(repl: "Repl") -> bool:
    """Whether uncaught errors stop the program from now on, and did not before."""
    try:
        await repl.debugging.open()
    except UserError:
        return False
    if UNCAUGHT in repl.debugging.filters or UNCAUGHT not in repl.debugging.known_filters:
        return False
    repl.debugging.filters[UNCAUGHT] = None
    await repl.debugging.put_filters()
    return True


async def _no_more_errors(repl: "Repl") -> None:
    repl.debugging.filters.pop(UNCAUGHT, None)
    await repl.debugging.put_filters()


async def post_mortem(repl: "Repl", text: str) -> None:
    """Look at the cell that failed last, where it did; on, off: stop on errors of scripts."""
    if text in ("on", "off"):
        repl.stops_on_errors = text == "on"
        repl.say(f"Scripts {'stop' if text == 'on' else 'do not stop'} where an error is raised.")
        return
    if text:
        raise BadCommand(f"{text!r} is neither on nor off.")
    if repl.state not in READY:
        raise BadCommand("A cell runs; .postmortem looks at one that has failed.")
    await repl.look_back()


async def step(repl: "Repl", text: str) -> None:
    """Into the next call."""
    await _steps(repl, "stepIn", text)


async def next_(repl: "Repl", text: str) -> None:
    """Over calls."""
    await _steps(repl, "next", text)


async def _steps(repl: "Repl", command: str, text: str) -> None:
    for _ in range(count_of(text) - 1):
        stop = await repl.next_stop(command)
        if stop is None:
            return
        if stop.reason != "step":
            repl.stopped(stop)
            return
    await repl.debugging.resume(command)


async def finish(repl: "Repl", text: str) -> None:
    """To the caller, whose next stop shows what was returned."""
    if text:
        raise BadCommand("finish has nothing behind it; with `!` before all of it a line is code.")
    await repl.debugging.resume("stepOut")


async def continue_(repl: "Repl", text: str) -> None:
    """To the next stop; with a number, past as many stops less one."""
    if repl.state is State.OVER:
        repl.debugging.look_away()
        return
    for _ in range(count_of(text) - 1):
        if await repl.next_stop("continue") is None:
            return
    await repl.debugging.resume("continue")


async def jump(_repl: "Repl", _text: str) -> None:
    """Refused: there is no way to do it that keeps what the language promises."""
    raise BadCommand(
        "Lua has no way to go on at another line: its locals live from line to line, and nothing "
        "moves a function that is at work. until LINE runs to a line, set changes variables."
    )


async def until(repl: "Repl", text: str) -> None:
    """To a later line: out of a loop, or to the line that is said."""
    debugging = repl.debugging
    if text:
        place = parse_place(text)
        if place.line is None:
            raise BadCommand("until LINE or FILE:LINE; without one, to a later line.")
        path = await debugging.sources.resolve(place.file)
        if warning := await check_line(repl, path, place.line):
            raise BadCommand(warning)
        await debugging.breakpoints.add(LINE, path, line=place.line, is_temporary=True)
        await debugging.resume("continue")
        return
    begun, depth = debugging.frame, len(debugging.frames)
    while True:
        stop = await repl.next_stop("next")
        if stop is None:
            return
        await debugging.read_frames()
        here = debugging.frame
        is_back = len(debugging.frames) == depth and here.line <= begun.line
        if stop.reason != "step" or len(debugging.frames) < depth or not is_back:
            repl.stopped(stop)
            return


async def pause(repl: "Repl", _text: str) -> None:
    """Stop the program where it is."""
    await repl.debugging.open()
    await repl.debugging.ask("pause", {"threadId": 1})


async def interrupt(repl: "Repl", text: str) -> None:
    """End the cell that runs."""
    await repl.kernel.interrupt(force=text == "force")


async def kill(repl: "Repl", _text: str) -> None:
    """End the cell that stands in the debugger."""
    stop = repl.debugging.require_stop()
    await repl.kernel.interrupt()
    await repl.wait_resumed(stop)


async def interact(repl: "Repl", _text: str) -> None:
    """Take all lines as code in the frame, until ``exit``."""
    repl.debugging.require_stop()
    repl.is_interacting = True
    repl.say("All lines are code now; `exit` leaves.")
    repl.terminal.refresh()


async def source(repl: "Repl", text: str) -> None:
    """Carry out the lines of a file: commands, and code, which goes on until it is whole."""
    if not text:
        raise BadCommand("Which file? source FILE")
    held: list[str] = []
    for line in _read(os.path.expanduser(text)).splitlines():
        held.append(line)
        answer = await repl.typing_help.check("\n".join(held))
        if answer.status is not CompletenessStatus.INCOMPLETE:
            await _enter(repl, held)
    if held:
        await _enter(repl, held)


async def _enter(repl: "Repl", held: list[str]) -> None:
    text = "\n".join(held)
    held.clear()
    await repl.enter(text)
    await repl.settle()


async def run_code(repl: "Repl", text: str) -> None:
    """Take text as code, whatever it looks like."""
    await repl.run_code(text)


async def watch_first(repl: "Repl", text: str) -> None:
    """Watch a value, or where that cannot be, show it at each stop.

    What has no value yet may be a global, or a local that is not there before its line.
    """
    try:
        await add_watch(repl, text)
        expression = text.partition(" if ")[0].strip()
        if repl.debugging.stop is None or await repl.debugging.value(expression) != "nil":
            return
        repl.warn(f"{expression} has no value yet; a global of the name is watched, and what it is "
                  "where the program stands is displayed.")  # fmt: skip
    except UserError as error:
        expression = text
        repl.warn(f"{error}; it is displayed instead.")
    number = max(repl.debugging.displays, default=0) + 1
    repl.debugging.displays[number] = expression
    await repl.stop_view.show_displays()


def _read(path: str) -> str:
    try:
        return Path(path).read_bytes().decode("utf-8", "surrogateescape")
    except OSError as error:
        raise BadCommand(f"{path} cannot be read: {error.strerror}.") from error


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError as error:
        raise BadCommand(f"{text!r}: {error}.") from error


COMMANDS = (
    Command("run", run_script, Group.RUN,
            "Run a file, as a cell that breakpoints are hit in; without a file, the last one.",
            ("r", "restart"), "[FILE [ARGUMENT …]]", when=READY, is_debug=True, completes="file"),
    Command("start", start_script, Group.RUN, "The same, and stop at the first line that runs.", (),
            "[FILE [ARGUMENT …]]", when=READY, is_debug=True, completes="file"),
    Command("source", source, Group.RUN, "Carry out the lines of a file: commands and code.", (),
            "FILE", is_debug=True, completes="file"),
    Command("eval", run_code, Group.RUN,
            "Take the rest of the line as code, also where it looks like a command; so does `!`.",
            (), "CODE", is_debug=True, completes="code"),
    Command("interrupt", interrupt, Group.RUN,
            "End the cell that runs; `force` also one that hears nothing.", (), "[force]",
            when=RUNNING, is_debug=True),
    Command("kill", kill, Group.RUN, "End the cell that stands in the debugger.", ("k",),
            when=STOPPED, is_debug=True),
    Command("postmortem", post_mortem, Group.RUN,
            "Look at the cell that failed last, where it did; on, off: scripts stop on errors.",
            ("pm",), "[on|off]", POST_MORTEM, is_debug=True),
    Command("step", step, Group.STEPS, "To the next line, into calls.", ("s", "si"), "[COUNT]",
            when=STOPPED, is_debug=True, repeats=True),
    Command("next", next_, Group.STEPS, "To the next line, over calls.", ("n",), "[COUNT]",
            when=STOPPED, is_debug=True, repeats=True),
    Command("finish", finish, Group.STEPS, "To the caller; shows what was returned.",
            ("fin", "out"), when=STOPPED, is_debug=True, repeats=True, alone=("return",)),
    Command("jump", jump, Group.STEPS, "Refused, with what can be done instead.", ("j",), "LINE",
            when=STOPPED, is_debug=True),
    Command("until", until, Group.STEPS, "To a later line, as out of a loop; or to a given line.",
            ("unt", "u"), "[PLACE]", when=STOPPED, is_debug=True, repeats=True, completes="place"),
    Command("continue", continue_, Group.STEPS,
            "To the next stop; from a cell that has failed, back to the prompt.", ("c", "cont"),
            "[COUNT]", when=LOOKING, is_debug=True, repeats=True),
    Command("pause", pause, Group.STEPS, "Stop the program where it is.", (), when=RUNNING,
            is_debug=True),
    Command("interact", interact, Group.LOOK, "Take all lines as code in this frame, to `exit`.",
            (), when=LOOKING, is_debug=True),
    Command("watch-or-display", watch_first, Group.STOPS,
            "Watch a value, or show it at each stop where it cannot be watched.", (), "EXPR",
            is_debug=True, completes="variable"),
)  # fmt: skip
