"""Commands about where the program stops: breakpoints, watched values, errors."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from kernel.core.errors import UserError
from kernel.repl.breakpoints import DATA, FUNCTION, LINE, Breakpoint
from kernel.repl.places import Place, Wanted, parse_place, parse_wanted
from kernel.repl.states import State
from kernel.repl.table import BadCommand, Command, Group
from kernel.repl.wording import counted

if TYPE_CHECKING:
    from kernel.repl.repl import Repl


async def set_break(repl: "Repl", text: str) -> None:
    """``break PLACE [if COND] [hit N] [log TEXT]``; without a place at the current line."""
    await _add(repl, parse_wanted(text), is_temporary=False)


async def set_temporary(repl: "Repl", text: str) -> None:
    """As ``break``, for one stop."""
    await _add(repl, parse_wanted(text), is_temporary=True)


async def _add(repl: "Repl", wanted: Wanted, *, is_temporary: bool) -> None:
    debugging = repl.debugging
    place = wanted.place
    if place.is_here:
        frame = debugging.frame
        place = Place(frame.path, frame.line)
    terms = {
        "condition": wanted.condition,
        "hit": wanted.hit,
        "log": wanted.log,
        "is_temporary": is_temporary,
    }
    await debugging.open()
    warning = ""
    if place.function is not None:
        where = await _function(repl, place)
        label = place.function if place.file is None else f"{place.file}:{place.function}"
        made = await debugging.breakpoints.add(FUNCTION, where, label=label, **terms)
    else:
        path = await debugging.sources.resolve(place.file)
        warning = await check_line(repl, path, place.line)
        if not place.line:
            raise BadCommand(warning or "Lines are counted from 1.")
        made = await debugging.breakpoints.add(LINE, path, line=place.line, **terms)
    kind = "Temporary breakpoint" if is_temporary else "Breakpoint"
    note = f" ({made.message})" if made.message and not made.is_verified else ""
    repl.say(f"{kind} {made.number} at {place_of(repl, made)}{note}")
    if warning:  # it may come to be, and so the breakpoint is kept
        repl.warn(warning)


async def check_line(repl: "Repl", path: str, line: int | None) -> str:
    """What is wrong with a line that its source does not have; nothing where that is not known."""
    sources = repl.debugging.sources
    sources.forget()  # the file may have grown
    try:
        count = len(await sources.lines(path))
    except UserError:
        return ""
    if line is None or 1 <= line <= max(count, 1):
        return ""
    return f"There is no line {line}; {sources.shown(path)} has {counted(count, 'line')}."


async def _function(repl: "Repl", place: Place) -> str:
    """A function as the kernel wants it; raises `BadCommand` where its file has none of the name.

    A file that is there is looked through for the word, since a breakpoint on a name that is
    misspelt would wait for ever.
    """
    assert place.function is not None
    if place.file is None:
        return place.function
    path = await repl.debugging.sources.resolve(place.file)
    word = re.split(r"[.:]", place.function)[-1]
    text = "\n".join(await repl.debugging.sources.lines(path))
    if not re.search(rf"\b{re.escape(word)}\b", text):
        raise BadCommand(
            f"{place.file} defines no function {place.function}; break {place.file}:LINE stops at "
            "a line of it."
        )
    return f"{path}:{place.function}"


def place_of(repl: "Repl", it: Breakpoint) -> str:
    """Where a breakpoint is, for people."""
    if it.kind == LINE:
        return f"{repl.debugging.sources.shown(it.where)}:{it.line}"
    return it.label or it.where


async def watch(repl: "Repl", text: str) -> None:
    """Stop when the value of a variable or a field changes."""
    await add_watch(repl, text)


async def add_watch(repl: "Repl", text: str) -> Breakpoint:
    """A watched value; raises `BadCommand` where it cannot be watched."""
    expression, _, condition = text.partition(" if ")
    if not expression.strip():
        raise BadCommand("What shall be watched? watch NAME [if CONDITION]")
    debugging = repl.debugging
    await debugging.open()
    question = {"name": expression.strip()}
    if debugging.frame_id is not None:
        question["frameId"] = debugging.frame_id  # type: ignore[assignment]
    said = await debugging.ask("dataBreakpointInfo", question)
    if not said.get("dataId"):
        raise BadCommand(f"{expression.strip()} cannot be watched: {said.get('description')}")
    made = await debugging.breakpoints.add(
        DATA, str(said["dataId"]), label=expression.strip(), condition=condition.strip() or None
    )
    note = f" ({made.message})" if made.message else ""
    repl.say(f"Watch {made.number}: {expression.strip()}{note}")
    return made


async def catch(repl: "Repl", text: str) -> None:
    """Choose the errors to stop on."""
    debugging = repl.debugging
    await debugging.open()
    kind, _, condition = text.partition(" if ")
    words = kind.split()
    if words in (["off"], ["none"]):
        debugging.filters.clear()
    elif words:
        for word in words:
            if word not in debugging.known_filters:
                known = ", ".join(debugging.known_filters)
                raise BadCommand(f"There is no kind of errors {word!r}; there are {known}, off.")
            debugging.filters[word] = condition.strip() or None
    if words:
        await debugging.put_filters()
    shown = [f"{name} if {it}" if it else name for name, it in debugging.filters.items()]
    repl.say(f"Stops on errors: {', '.join(shown) or 'none'}")


async def set_condition(repl: "Repl", text: str) -> None:
    """Give a breakpoint a condition, or take it away."""
    number, _, condition = text.partition(" ")
    it = repl.debugging.breakpoints.find(_number(number))
    it.condition = condition.strip() or None
    await repl.debugging.breakpoints.put(it)
    repl.say(_line(repl, it))


async def ignore(repl: "Repl", text: str) -> None:
    """Pass over the next hits of a breakpoint."""
    number, _, count = text.partition(" ")
    it = repl.debugging.breakpoints.find(_number(number))
    left = _number(count or "1")
    it.ignored, it.has_ignored = left, False
    await repl.debugging.breakpoints.put(it)
    repl.say(_line(repl, it))


async def set_commands(repl: "Repl", text: str) -> None:
    """Lines to be carried out at each stop of a breakpoint, up to ``end``."""
    numbers = [it.number for it in repl.debugging.breakpoints]
    if not text and not numbers:
        raise BadCommand("There is no breakpoint yet; set one with break.")
    it = repl.debugging.breakpoints.find(_number(text) if text else numbers[-1])
    it.commands.clear()
    repl.collecting = it
    repl.say(f"Lines for breakpoint {it.number}; `end` ends them.")
    repl.terminal.refresh()


async def silent(_repl: "Repl", _text: str) -> None:
    """Refused elsewhere than before a breakpoint's commands, where it is no command of its own."""
    raise BadCommand("silent is the first of a breakpoint's commands; its stops are not shown.")


async def delete(repl: "Repl", text: str) -> None:
    """Take breakpoints away."""
    for it in _chosen(repl, text):
        await repl.debugging.breakpoints.remove(it)
        repl.say(f"Deleted {it.number}.")


async def enable(repl: "Repl", text: str) -> None:
    """Have breakpoints count again."""
    await _switch(repl, text, is_enabled=True)


async def disable(repl: "Repl", text: str) -> None:
    """Keep breakpoints without stopping at them."""
    await _switch(repl, text, is_enabled=False)


async def _switch(repl: "Repl", text: str, *, is_enabled: bool) -> None:
    for it in _chosen(repl, text):
        it.is_enabled = is_enabled
        await repl.debugging.breakpoints.put(it)
        repl.say(_line(repl, it))


async def list_breakpoints(repl: "Repl", _text: str = "") -> None:
    """All breakpoints."""
    book = repl.debugging.breakpoints
    if not len(book):
        repl.say("There are no breakpoints; .break FILE:LINE sets one.")
    for it in book:
        repl.say(_line(repl, it))
        for line in it.commands:
            repl.say(f"       {line}")


async def delete_at(repl: "Repl", text: str) -> None:
    """Take away the breakpoints at a place, or clear the screen and what a failed cell has left."""
    if not text:
        repl.terminal.clear()
        giving_up = repl.debugging.give_up_remains()
        if repl.state is State.RUNNING:  # the cell may not hear it for long
            repl.start(giving_up)
        else:
            await giving_up
        return
    place = parse_place(text)
    if place.function is not None:
        where = await _function(repl, place)
        found = [it for it in repl.debugging.breakpoints if it.where == where]
    else:
        path = await repl.debugging.sources.resolve(place.file)
        found = [
            it for it in repl.debugging.breakpoints if (it.where, it.line) == (path, place.line)
        ]
    if not found:
        raise BadCommand(f"There is no breakpoint at {text}.")
    for it in found:
        await repl.debugging.breakpoints.remove(it)
        repl.say(f"Deleted {it.number}.")


def _line(repl: "Repl", it: Breakpoint) -> str:
    kind = "watch" if it.kind == DATA else "temporary" if it.is_temporary else "break"
    parts = [f"{it.number:>3}  {kind:9}  {place_of(repl, it)}"]
    parts += [f"{word} {said}" for word, said in _terms(it) if said]
    if not it.is_enabled:
        parts.append("(disabled)")
    elif not it.is_verified:
        parts.append(f"({it.message or 'pending'})")
    if it.hits:
        parts.append(f"[stopped {counted(it.hits, 'time')}]")
    return "  ".join(parts)


def _terms(it: Breakpoint) -> Sequence[tuple[str, str | None]]:
    ignored = str(it.ignored) if it.ignored and not it.has_ignored else None
    return (("if", it.condition), ("ignore", ignored), ("hit", it.hit), ("log", it.log))


def _chosen(repl: "Repl", text: str) -> list[Breakpoint]:
    book = repl.debugging.breakpoints
    if not text.strip():
        raise BadCommand("Which? Numbers of breakpoints, or `all`; .breakpoints lists them.")
    if text.strip() == "all":
        return list(book)
    return [book.find(_number(word)) for word in text.replace(",", " ").split()]


def _number(text: str) -> int:
    if not text.strip().isdecimal():
        raise BadCommand(f"{text.strip() or 'nothing'!r} is no number.")
    return int(text)


BREAK_FORMS = """\
break script.lua:12            a line of a file (the suffix may be left out)
break 12                       a line of the current file
break In[3]:2                  a line of a cell
break shop.total               a function, by name
break shop.lua:total           the function of that file
break 12 if n > 5              where a condition holds
break 12 hit 3                 the third time of each run (also >3, >=3, %3: every third)
break 12 log total is {sum}    write a message and go on
break                          where the program stands"""

COMMANDS = (
    Command("break", set_break, Group.STOPS, "Stop at a line or a function.", ("b",),
            "[PLACE] [if COND] [hit N] [log TEXT]", BREAK_FORMS, is_debug=True, completes="place"),
    Command("tbreak", set_temporary, Group.STOPS, "The same, for one stop only.", ("tb",),
            "[PLACE] [if COND]", is_debug=True, completes="place"),
    Command("breakpoints", list_breakpoints, Group.STOPS, "List the breakpoints.", ("bl",),
            is_debug=True),
    Command("condition", set_condition, Group.STOPS,
            "Give a breakpoint a condition; without one, take it away.", ("cond",), "N [COND]",
            is_debug=True),
    Command("ignore", ignore, Group.STOPS, "Pass over the next COUNT hits of a breakpoint.", (),
            "N [COUNT]",
            "Hits are counted anew from here, and those passed over count for `hit`, too: with\n"
            "hit %4 and ignore 1 5 it stops at the eighth. Until it has stopped, each run begins\n"
            "with ignoring; from then on none does.", is_debug=True),
    Command("commands", set_commands, Group.STOPS,
            "Type lines that are carried out at each stop of a breakpoint, up to `end`.", (),
            "[N]", is_debug=True),
    Command("silent", silent, Group.STOPS,
            "The first of a breakpoint's commands: its stops are not shown.", (), is_debug=True),
    Command("delete", delete, Group.STOPS, "Take breakpoints away.", ("d", "del"),
            "N … or all", is_debug=True),
    Command("enable", enable, Group.STOPS, "Have breakpoints count again.", ("en",), "N … or all",
            is_debug=True),
    Command("disable", disable, Group.STOPS, "Keep breakpoints without stopping there.", ("dis",),
            "N … or all", is_debug=True),
    Command("watch", watch, Group.STOPS, "Stop when the value of a variable or field changes.",
            ("wa",), "NAME [if COND]", is_debug=True, completes="variable"),
    Command("unwatch", delete, Group.STOPS, "Take a watch away.", (), "N", is_debug=True),
    Command("catch", catch, Group.STOPS, "Choose the errors to stop on; without a word, say which.",
            (), "[uncaught|caught|all|off] [if COND]", is_debug=True),
    Command("clear", delete_at, Group.TERMINAL,
            "Clear the screen, and give up what a failed cell has left; with a place, take the "
            "breakpoints there away.", ("cls", "cl"),
            "[PLACE]", is_debug=True, completes="place"),
)  # fmt: skip
