"""Commands that look at a program, most of them where it stands."""

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from kernel.repl.places import Place, parse_place
from kernel.repl.states import LOOKING, STOPPED
from kernel.repl.stop_commands import list_breakpoints
from kernel.repl.table import BadCommand, Command, Group, Run, count_of
from kernel.repl.wording import counted

if TYPE_CHECKING:
    from kernel.repl.repl import Repl

LISTED = 10
"""Lines shown at once."""

LIBRARY = "standard library"
DEFAULT_LIMITS: Mapping[str, int] = {"depth": 6, "entries": 100}
"""What the kernel writes of a value where nobody says more."""
UNLIMITED = 100_000
_LIMIT = re.compile(r"\d+|unlimited")


async def where(repl: "Repl", text: str) -> None:
    """The stack, the innermost frame first."""
    debugging = repl.debugging
    await debugging.read_frames_again()
    most = count_of(text, len(debugging.frames))
    lines = []
    for number, frame in enumerate(debugging.frames[:most]):
        mark = "*" if number == debugging.chosen else " "
        lines.append(f"{mark}{number:>2}  {repl.stop_view.place(frame)}")
    if most < len(debugging.frames):
        lines.append(f"    … {len(debugging.frames) - most} more")
    await repl.terminal.page("\n".join(lines) + "\n")


async def up(repl: "Repl", text: str) -> None:
    """To the caller's frame."""
    debugging, count = repl.debugging, count_of(text)
    debugging.require_stop()
    last = len(debugging.frames) - 1
    if count and debugging.chosen >= last:
        raise BadCommand("This is the outermost frame; down goes back.")
    await _choose(repl, min(debugging.chosen + count, last))


async def down(repl: "Repl", text: str) -> None:
    """Back towards where the program stands."""
    count = count_of(text)
    repl.debugging.require_stop()
    if count and not repl.debugging.chosen:
        raise BadCommand("This is the innermost frame; up goes to its caller.")
    await _choose(repl, max(repl.debugging.chosen - count, 0))


async def choose_frame(repl: "Repl", text: str) -> None:
    """A frame by its number, or say which it is."""
    await _choose(repl, count_of(text, repl.debugging.chosen))


async def _choose(repl: "Repl", number: int) -> None:
    debugging = repl.debugging
    debugging.require_stop()
    if not 0 <= number < len(debugging.frames):
        last = len(debugging.frames) - 1
        there = f"there are 0 to {last}" if last > 0 else "0 is the only one"
        raise BadCommand(f"There is no frame {number}; {there}.")
    debugging.chosen = number
    frame = debugging.frame
    if frame.path:
        debugging.sources.current = frame.path
    repl.listed = None
    repl.say(f"Frame {number}: {repl.stop_view.place(frame)}")
    await repl.stop_view.show_lines(frame, 0)


async def list_source(repl: "Repl", text: str) -> None:
    """Lines around the current one, from a place, or the ones after those listed last."""
    debugging = repl.debugging
    current = 0
    if text:
        first_text, _, last_text = text.partition(",")
        place = parse_place(first_text)
        path, line = await _listed_place(repl, place)
        first = max(1, line - LISTED // 2) if not last_text else line
        last = int(last_text) if last_text.strip().isdecimal() else first + LISTED - 1
        lines = await debugging.sources.lines(path)
    elif repl.listed is not None:
        path, first = repl.listed
        last = first + LISTED - 1
        lines = await debugging.sources.lines(path)
    elif debugging.frame_id is not None:
        frame = debugging.frame
        path, first = frame.path, max(1, frame.line - LISTED // 2)
        last = first + LISTED - 1
        lines = await debugging.sources.lines_of(frame)
    else:
        path = await debugging.sources.resolve(None)
        first, last = 1, LISTED
        lines = await debugging.sources.lines(path)
    if debugging.frame_id is not None and debugging.frame.path == path:
        current = debugging.frame.line
    if last < first:
        raise BadCommand(f"Line {last} is not behind line {first}; list FIRST,LAST.")
    if first > len(lines):
        repl.listed = None
        raise BadCommand(f"{debugging.sources.shown(path)} has {len(lines)} lines.")
    debugging.sources.current = path or debugging.sources.current
    repl.listed = (path, repl.stop_view.show_range(lines, first, last, current))


async def _listed_place(repl: "Repl", place: Place) -> tuple[str, int]:
    """A path and a line; a function is looked for in its file, or in the current one and cells."""
    sources = repl.debugging.sources
    if place.line is not None:
        return await sources.resolve(place.file), place.line
    if place.function is None:
        raise BadCommand("list LINE, FILE:LINE, FUNCTION or FIRST,LAST; alone, what comes next.")
    paths = [await sources.resolve(place.file)] if place.file else await sources.likely()
    for path in paths:
        text = "\n".join(await sources.lines(path))
        if (line := repl.language.function_named(text, place.function)) is not None:
            return path, line
    looked = place.file or "the current file or a cell"
    raise BadCommand(f"No function {place.function} is defined in {looked}; list FILE:FUNCTION "
                     "looks in another file.")  # fmt: skip


async def list_function(repl: "Repl", _text: str) -> None:
    """The whole function that is looked at."""
    frame = repl.debugging.frame
    lines = await repl.debugging.sources.lines_of(frame)
    if not lines:
        raise BadCommand("The source of this function cannot be had.")
    first, last = repl.language.function_lines("\n".join(lines), frame.line)
    text, _ = repl.stop_view.range_text(lines, first, last, frame.line)
    await repl.terminal.page(text)


async def show_locals(repl: "Repl", text: str) -> None:
    """The locals of the frame; with a name, those that begin so."""
    await _scope(repl, "locals", text, "There are no locals here.")


async def show_upvalues(repl: "Repl", text: str) -> None:
    """What the function has from outside."""
    await _scope(repl, "upvalues", text, "The function has no upvalues.")


async def show_globals(repl: "Repl", text: str) -> None:
    """The globals, without the library."""
    if repl.state not in LOOKING:
        found = await repl.debugging.ask("inspectVariables")
        variables = found.get("variables", [])
        await show_named(repl, variables, text, "There are no globals of yours.")
        return
    await _scope(repl, "globals", text, "There are no globals of yours.")


async def show_arguments(repl: "Repl", _text: str) -> None:
    """What the function was called with."""
    await repl.debugging.read_frames_again()
    _, _, rest = repl.debugging.frame.name.partition("(")
    repl.say(rest.removesuffix(")") or "No arguments.")


async def _scope(repl: "Repl", wanted: str, begin: str, nothing: str) -> None:
    found: list[Mapping[str, Any]] = []
    for scope in await repl.debugging.scopes():
        if str(scope["name"]).lower().startswith(wanted):
            found += await repl.debugging.variables_of(scope)
    await show_named(repl, found, begin, nothing)


async def show_named(
    repl: "Repl", found: Sequence[Mapping[str, Any]], begin: str, nothing: str
) -> None:
    """Variables with their values, those whose names begin so; ``nothing`` if there are none."""
    shown = [it for it in found if it["name"].startswith(begin) and it["name"] != LIBRARY]
    width = max((len(str(it["name"])) for it in shown), default=0)
    lines = []
    for it in shown:
        name = repl.terminal.styles.paint("name", f"{it['name']:<{width}}")
        lines.append(f"{name} = {repl.terminal.styles.code(str(it['value']))}\n")
    await repl.terminal.page("".join(lines) or f"{nothing}\n")


async def show_returned(repl: "Repl", _text: str) -> None:
    """What the function that was finished last has returned."""
    debugging = repl.debugging
    if debugging.chosen or not await repl.stop_view.show_returned(debugging.frame):
        raise BadCommand("No function was left by the last step; finish shows what one returns.")


async def set_depth(repl: "Repl", text: str) -> None:
    """How much of a value print, display and values at a stop write."""
    words = text.split()
    if len(words) > 2 or not all(_LIMIT.fullmatch(word) for word in words):
        raise BadCommand("depth [DEPTH [ENTRIES]]: numbers, or unlimited.")
    for name, word in zip(("depth", "entries"), words, strict=False):
        set_limit(repl, name, word)
    limits = {**DEFAULT_LIMITS, **repl.debugging.limits}
    depth, entries = limits["depth"], limits["entries"]
    deep = "as deep as they are" if depth == UNLIMITED else f"{counted(depth, 'table')} deep"
    wide = "all" if entries == UNLIMITED else "the first"
    of_each = "entries" if entries == UNLIMITED else counted(entries, "entry", "entries")
    repl.say(f"Values are written {deep}, with {wide} {of_each} of each table.")


def set_limit(repl: "Repl", name: str, word: str) -> None:
    """Set a limit of what is written of a value; ``word`` is a number, 0 or unlimited for none."""
    count = int(word) if word.isdecimal() else 0
    repl.debugging.limits[name] = min(count or UNLIMITED, UNLIMITED)


async def print_value(repl: "Repl", text: str) -> None:
    """The whole value of an expression; ``print/x`` in hexadecimal."""
    if text.startswith("/"):
        form, _, expression = text[1:].partition(" ")
        if form != "x":
            raise BadCommand(f"There is no form /{form}; there is /x, hexadecimal.")
        said = await repl.debugging.evaluate(expression, format={"hex": True})
        repl.say(repl.terminal.styles.code(str(said.get("result", ""))))
        return
    if not text:
        raise BadCommand("What shall be printed? print EXPRESSION")
    value = await repl.debugging.value(text)
    await repl.terminal.page(f"{repl.terminal.styles.code(value)}\n")


async def what_is(repl: "Repl", text: str) -> None:
    """What the kernel knows of a name: type, signature, documentation."""
    said = await repl.typing_help.explain(text, len(text))
    if not said:
        raise BadCommand(f"Nothing is known of {text or 'nothing'!r}.")
    await repl.terminal.page(f"{said}\n")


async def chained(_repl: "Repl", _text: str) -> None:
    """Refused: an error here has no other behind it."""
    raise BadCommand("Errors have no others behind them; where shows how the program came to this "
                     "one, .postmortem looks at the last that nobody caught.")  # fmt: skip


async def display(repl: "Repl", text: str) -> None:
    """Show an expression at each stop; without one, all of them now."""
    debugging = repl.debugging
    if text:
        number = max(debugging.displays, default=0) + 1
        debugging.displays[number] = text
    elif not debugging.displays:
        repl.say("There are no displays; display EXPRESSION makes one.")
    if debugging.stop is not None:
        await repl.stop_view.show_displays()
    else:
        for number, expression in debugging.displays.items():
            repl.say(f"{number}: {expression}")


async def undisplay(repl: "Repl", text: str) -> None:
    """Take displays away, all without a number."""
    numbers = [int(word) for word in text.split() if word.isdecimal()] or [*repl.debugging.displays]
    for number in numbers:
        if repl.debugging.displays.pop(number, None) is None:
            raise BadCommand(f"There is no display {number}.")


async def threads(repl: "Repl", _text: str) -> None:
    """The threads: for Lua, the coroutines."""
    said = await repl.debugging.ask("threads")
    stop = repl.debugging.stop
    for each in said.get("threads", []):
        mark = "*" if stop is not None and each["id"] == stop.thread else " "
        repl.say(f"{mark}{each['id']:>3}  {each['name']}")


async def choose_thread(repl: "Repl", text: str) -> None:
    """Look at the stack of another thread."""
    if not text:
        await threads(repl, "")
        return
    debugging = repl.debugging
    debugging.require_stop()
    if not text.isdecimal() or int(text) == 0:
        raise BadCommand(f"{text!r} is no thread; threads lists them.")
    await debugging.choose_thread(int(text))
    await _choose(repl, debugging.chosen)


async def info(repl: "Repl", text: str) -> None:
    """About the kernel, or about one thing."""
    kinds: Mapping[str, Run] = {
        "breakpoints": list_breakpoints, "display": display, "threads": threads,
        "locals": show_locals, "args": show_arguments, "frame": choose_frame,
        "globals": show_globals, "source": _source, "upvalues": show_upvalues,
    }  # fmt: skip
    if text:
        found = [name for name in kinds if name.startswith(text)]
        if len(found) != 1:
            raise BadCommand(f"info {text!r} is not one of {', '.join(kinds)}.")
        await kinds[found[0]](repl, "")
        return
    said = await repl.kernel.info()
    version = f"{said.get('implementation')} {said.get('implementation_version')}"
    count = len(repl.debugging.breakpoints)
    repl.say(f"kernel       {repl.settings.kernel} ({version})")
    repl.say(f"language     {repl.kernel.language.full_label}")
    repl.say(f"state        {repl.state}")
    repl.say(f"session      {repl.kernel.client.session}")
    repl.say(f"debugger     {'attached' if repl.debugging.is_open else 'not attached yet'}")
    repl.say(f"breakpoints  {count}")


async def _source(repl: "Repl", _text: str) -> None:
    frame = repl.debugging.frame
    repl.say(f"{frame.path or frame.source}:{frame.line}")


COMMANDS = (
    Command("where", where, Group.LOOK, "The stack of calls.", ("w", "bt", "backtrace"), "[COUNT]",
            when=LOOKING, is_debug=True, alone=("trace",)),
    Command("up", up, Group.LOOK, "To the caller's frame.", (), "[COUNT]", when=LOOKING,
            is_debug=True, repeats=True),
    Command("down", down, Group.LOOK, "Back from the caller's frame.", ("do",), "[COUNT]",
            when=LOOKING, is_debug=True, repeats=True),
    Command("frame", choose_frame, Group.LOOK, "Look at a frame by its number.", ("f",), "[N]",
            when=LOOKING, is_debug=True),
    Command("list", list_source, Group.LOOK,
            "Source around the current line, from a place, or what comes next.", ("l",),
            "[PLACE | FIRST,LAST]", is_debug=True, repeats=True, completes="place"),
    Command("longlist", list_function, Group.LOOK, "The source of the whole function.", ("ll",),
            when=LOOKING, is_debug=True),
    Command("locals", show_locals, Group.LOOK, "The locals of the frame.", ("lo",), "[BEGINNING]",
            when=LOOKING, is_debug=True),
    Command("args", show_arguments, Group.LOOK, "What the function was called with.", ("a",),
            when=LOOKING, is_debug=True),
    Command("upvalues", show_upvalues, Group.LOOK, "What the function has from outside.", ("uv",),
            "[BEGINNING]", when=LOOKING, is_debug=True),
    Command("globals", show_globals, Group.LOOK, "The globals, without the library.", ("gl",),
            "[BEGINNING]", is_debug=True),
    Command("print", print_value, Group.LOOK, "The whole value of an expression; /x: hexadecimal.",
            ("p", "pp"), "[/x] EXPR", is_debug=True, completes="code"),
    Command("retval", show_returned, Group.LOOK, "What the function that was left has returned.",
            ("rv",), when=STOPPED, is_debug=True),
    Command("depth", set_depth, Group.LOOK,
            "How many tables deep, and with how many entries of each, values are written by print, "
            "display and at stops; `set print elements N` and `set print max-depth N` do it, too.",
            (), "[DEPTH [ENTRIES]]", is_debug=True),
    Command("whatis", what_is, Group.LOOK, "What is known of a name: type, signature, text.",
            ("?", "inspect"), "NAME", is_debug=True, completes="code"),
    Command("display", display, Group.LOOK, "Show an expression at each stop.", ("disp",),
            "[EXPR]", is_debug=True, completes="code"),
    Command("undisplay", undisplay, Group.LOOK, "Show it no more; without numbers, none.", (),
            "[N …]", is_debug=True),
    Command("exceptions", chained, Group.LOOK, "Refused, with what can be done instead.", (),
            is_debug=True),
    Command("threads", threads, Group.LOOK, "The coroutines.", (), is_debug=True),
    Command("thread", choose_thread, Group.LOOK, "Look at the stack of a coroutine.", ("t",),
            "[N]", is_debug=True),
    Command("info", info, Group.LOOK, "About the kernel; or breakpoints, display, threads, locals, "
            "args, upvalues, globals, frame, source.", ("i",), "[ABOUT]", is_debug=True),
)  # fmt: skip
