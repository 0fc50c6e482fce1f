"""Commands about the terminal itself: help, history, files, events, time."""

import os
import textwrap
from typing import TYPE_CHECKING

from kernel.jupyter.broadcast import EVENT_REQUEST
from kernel.jupyter.messages import Channel
from kernel.repl.states import READY, State
from kernel.repl.table import BadCommand, Command, Group
from kernel.repl.timing import duration

if TYPE_CHECKING:
    from kernel.repl.repl import Repl

COLUMN = 22
"""Where the sentences begin in the list of commands."""

SHOWN = 20
"""Entries of the history that are shown without being asked for more."""

BASICS = (
    "Type code to run it. A command begins with a dot (.help), or with db: or debug:.",
    "While the program stands in the debugger, debug commands need no dot; !CODE is always code.",
    "Enter alone repeats a step. Ctrl-C clears the line, interrupts what runs, and kills at the "
    "second press.",
    "Tab completes, F1 explains, Alt-Enter takes the lines as they are, Ctrl-R searches.",
)


async def show_help(repl: "Repl", text: str) -> None:
    """All commands, or one."""
    if text:
        repl.say(help_of(repl.table.find(text.lstrip("."))))
        return
    width = min(repl.terminal.size[0], 100) - 1
    lines = [*(textwrap.fill(each, width) for each in BASICS), ""]
    paint = repl.terminal.styles.paint
    for group in Group:
        lines.append(paint("heading", group.value))
        for command in repl.table.commands:
            if command.group is group:
                names = ", ".join((command.name, *command.short))
                lines.append(
                    textwrap.fill(
                        command.help,
                        width,
                        initial_indent=f"  {names:<{COLUMN}}",
                        subsequent_indent=" " * (COLUMN + 2),
                    )
                )
        lines.append("")
    lines.append(".help NAME says more.\n")
    await repl.terminal.page("\n".join(lines))


def help_of(command: Command) -> str:
    """All there is to say about one command."""
    lines = [f".{command.name} {command.arguments}".rstrip(), command.help]
    if command.short:
        lines.append(f"Short: {', '.join(command.short)}")
    if command.when != frozenset(State):
        lines.append(f"While the program is {' or '.join(sorted(command.when))}.")
    if command.repeats:
        lines.append("Enter alone does it again.")
    if command.more:
        lines += ["", command.more]
    return "\n".join(lines)


async def leave(repl: "Repl", text: str) -> None:
    """Leave, with a status if one is said."""
    if text and not text.isdecimal():
        raise BadCommand(f"{text!r} is no exit status; it is a number from 0 to 255.")
    repl.end(int(text or 0) & 0xFF)


async def show_history(repl: "Repl", text: str) -> None:
    """The last cells, or those that contain a text."""
    if text.isdecimal() or not text:
        found = await repl.kernel.history("tail", count=int(text or SHOWN))
    else:
        found = await repl.kernel.history("search", pattern=f"*{_glob(text)}*", count=SHOWN)
    lines = []
    for each in found:
        first, *rest = each.code.splitlines() or [""]
        number = repl.terminal.styles.paint("number", f"{each.session:>4}/{each.line:<4}")
        lines += [f"{number} {first}", *(f"{'':9} {line}" for line in rest)]
    if lines:
        await repl.terminal.page("\n".join(lines) + "\n")
    else:
        repl.say("There is nothing in the history." if not text else f"Nothing contains {text}.")


def _glob(text: str) -> str:
    return "".join(f"[{char}]" if char in "*?[" else char for char in text)


async def clear_history(repl: "Repl", _text: str) -> None:
    """Forget all cells of the past, and what was typed."""
    await repl.kernel.clear_history()
    if repl.typed_lines is not None:
        await repl.typed_lines.clear()
    repl.terminal.forget()
    repl.say("The history is empty.")


async def change_folder(repl: "Repl", text: str) -> None:
    """To another folder."""
    folder = os.path.expanduser(text or "~")
    try:
        os.chdir(folder)
    except OSError as error:
        raise BadCommand(f"{folder}: {error.strerror}.") from error
    repl.say(os.getcwd())


async def show_folder(repl: "Repl", _text: str) -> None:
    """Where we are."""
    repl.say(os.getcwd())


async def list_files(repl: "Repl", text: str) -> None:
    """What is in a folder."""
    folder = os.path.expanduser(text or ".")
    try:
        found = sorted(os.scandir(folder), key=lambda each: each.name)
    except OSError as error:
        raise BadCommand(f"{folder}: {error.strerror}.") from error
    for each in found:
        if not each.name.startswith("."):
            is_folder = each.is_dir()
            style = "place" if is_folder else ""
            repl.say(repl.terminal.styles.paint(style, each.name + "/" * is_folder))


async def events(repl: "Repl", text: str) -> None:
    """Show the kernel's events as they happen."""
    patterns = [] if text == "off" else text.split() or ["*"]
    request = {"patterns": patterns}
    reply = await repl.kernel.client.request(Channel.CONTROL, EVENT_REQUEST, request)
    if reply.content.get("status") != "ok":
        raise BadCommand(str(reply.content.get("evalue", "This kernel tells no events.")))
    repl.view.events = tuple(patterns)
    repl.say(f"Events: {', '.join(patterns) or 'off'}")


async def trace(repl: "Repl", text: str) -> None:
    """Show each message that comes from the kernel."""
    repl.view.shows_trace = _switch(text, repl.view.shows_trace)
    repl.say(f"Messages are {'shown' if repl.view.shows_trace else 'not shown'}.")


async def time_code(repl: "Repl", text: str) -> None:
    """How long code takes; on, off: after each cell."""
    if text in ("on", "off", ""):
        repl.timing.shows_each = _switch(text, repl.timing.shows_each)
        repl.say(f"Times are {'shown' if repl.timing.shows_each else 'not shown'}.")
        return
    if repl.state not in READY:
        raise BadCommand("A cell runs; .time CODE needs an idle program.")
    began = repl.timing.clock()
    done = repl.cells.execute(text)
    done.add_done_callback(lambda _: repl.say(f"({duration(repl.timing.clock() - began)})"))


async def performance(repl: "Repl", text: str) -> None:
    """What cells took; on, off: a warning after slow ones."""
    if text in ("on", "off"):
        repl.timing.warns = text == "on"
        repl.say(f"Slow cells are {'' if repl.timing.warns else 'not '}warned of.")
        return
    repl.say(repl.timing.summary())


async def others(repl: "Repl", text: str) -> None:
    """Whether what other clients cause is shown."""
    repl.view.shows_others = _switch(text, repl.view.shows_others)
    shown = "shown" if repl.view.shows_others else "not shown"
    repl.say(f"What other clients cause is {shown}.")


async def pager(repl: "Repl", text: str) -> None:
    """Whether what is longer than the screen is paged."""
    repl.terminal.has_pager = _switch(text, repl.terminal.has_pager)
    paged = "paged" if repl.terminal.has_pager else "written as it is"
    repl.say(f"What is longer than the screen is {paged}.")


async def language(repl: "Repl", _text: str) -> None:
    """Which language, and which version of it."""
    repl.say(repl.kernel.language.full_label)


def _switch(text: str, was: bool) -> bool:
    if text not in ("", "on", "off"):
        raise BadCommand(f"{text!r} is neither on nor off.")
    return not was if not text else text == "on"


COMMANDS = (
    Command("help", show_help, Group.TERMINAL, "List the commands, or say all about one.", ("h",),
            "[COMMAND]", is_debug=True, completes="command", alone=("?",)),
    Command("exit", leave, Group.TERMINAL, "Leave, with a status.", ("quit", "q"), "[STATUS]",
            is_debug=True),
    Command("history", show_history, Group.TERMINAL,
            "The last cells, as many as you say, or those that contain a text.", ("hist",),
            "[N | TEXT]"),
    Command("clear-history", clear_history, Group.TERMINAL,
            "Forget the cells of the past, and all that was typed."),
    Command("cd", change_folder, Group.TERMINAL, "Go to another folder.", (), "[FOLDER]",
            completes="file"),
    Command("pwd", show_folder, Group.TERMINAL, "Say which folder this is."),
    Command("ls", list_files, Group.TERMINAL, "List a folder.", (), "[FOLDER]", completes="file"),
    Command("events", events, Group.TERMINAL, "Show the kernel's events as they happen.", (),
            "[PATTERN … | off]"),
    Command("trace", trace, Group.TERMINAL, "Show each message that comes from the kernel.", (),
            "[on|off]"),
    Command("others", others, Group.TERMINAL, "Show what other clients of the kernel cause.", (),
            "[on|off]"),
    Command("pager", pager, Group.TERMINAL,
            "Show what is longer than the screen in $PAGER (less), or write it as it is.", (),
            "[on|off]"),
    Command("time", time_code, Group.RUN, "Say how long code takes; on, off: after each cell.", (),
            "[CODE | on | off]", completes="code"),
    Command("perf", performance, Group.RUN,
            "Say what cells took; on, off: warn of slow ones.", (), "[on|off]"),
    Command("lua", language, Group.TERMINAL, "Say which version of the language this is.",
            ("language",)),
)  # fmt: skip
