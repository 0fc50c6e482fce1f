"""Commands about variables, sessions and what is kept."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kernel.core.errors import UserError
from kernel.repl.answers import table_of
from kernel.repl.look_commands import set_limit, show_named
from kernel.repl.session_file import SessionFile, can_return, kept, terms_of
from kernel.repl.states import LOOKING, READY, State
from kernel.repl.table import BadCommand, Command, Group
from kernel.repl.wording import counted

if TYPE_CHECKING:
    from kernel.repl.repl import Repl

_SET = re.compile(r"(?P<name>.+?)\s*=(?!=)\s*(?P<value>.+)|(?P<word>\S+)\s+(?P<rest>.+)", re.S)
_VAR = re.compile(r"^var(?:iable)?\s+(?=[A-Za-z_][\w.\[\]\"':]*\s*=(?!=))")
"""gdb's ``set var i = 3``."""
_PRINT = re.compile(r"p(?:rint)?\s+(?P<name>elements|max-depth)\s+(?P<count>\d+|unlimited)")
"""gdb's limits of what is printed."""
_LIMITS = {"elements": "entries", "max-depth": "depth"}
REMEMBERED = 1000
"""Cells that a session file keeps."""


async def show_variables(repl: "Repl", text: str) -> None:
    """The program's globals with their values."""
    found = await _variables(repl)
    shown = [it for it in found if text in str(it["name"])]
    await show_named(repl, shown, "", "There are no variables of yours.")


async def set_variable(repl: "Repl", text: str) -> None:
    """Assign: in the frame where the program stands, to a global otherwise."""
    if limit := _PRINT.fullmatch(text):
        set_limit(repl, _LIMITS[limit["name"]], limit["count"])
        return
    found = _SET.fullmatch(_VAR.sub("", text))
    if found is None:
        raise BadCommand("set NAME VALUE, or set NAME = VALUE")
    name, value = found["name"] or found["word"], found["value"] or found["rest"]
    if repl.state in LOOKING:
        where = {"frameId": repl.debugging.frame.id}
        said = await repl.debugging.ask(
            "setExpression", {"expression": name, "value": value, **where}
        )
        repl.say(f"{name} = {repl.terminal.styles.code(str(said.get('value', value)))}")
        return
    if repl.state is State.RUNNING:
        raise BadCommand("A cell runs; pause it first.")
    await repl.cells.run_silently(repl.language.assignment(name, value))


async def unset_variable(repl: "Repl", text: str) -> None:
    """Take globals away."""
    names = text.split()
    for name in names:
        if not repl.language.is_name(name):
            raise BadCommand(f"{name!r} is no name of a variable.")
    if not names:
        raise BadCommand("unset NAME …")
    await repl.cells.run_silently(repl.language.removal(names))


async def reset(repl: "Repl", _text: str) -> None:
    """Take all globals away."""
    names = [str(it["name"]) for it in await _variables(repl)]
    await repl.cells.run_silently(repl.language.fresh_start(names))
    count = len(names)
    repl.say(f"{counted(count, 'variable')} {'is' if count == 1 else 'are'} gone.")


async def save(repl: "Repl", text: str) -> None:
    """Write the session to a file."""
    path = _path(text)
    names = [str(it["name"]) for it in await _variables(repl)]
    names = [name for name in names if repl.language.is_name(name)]
    expression = repl.language.snapshot(names)
    done = await repl.debugging.ask("evaluate", {"expression": expression, "context": "clipboard"})
    variables = repl.language.read_snapshot(str(done.get("result", "")))
    past = await repl.kernel.history("tail", count=REMEMBERED)
    debugging = repl.debugging
    file = SessionFile(
        language=repl.kernel.language.name,
        working_dir=os.getcwd(),
        variables=variables.values,
        unsaved=variables.unsaved,
        history=[each.code for each in past],
        breakpoints=[kept(it) for it in debugging.breakpoints],
        displays=[*debugging.displays.values()],
        catch=dict(debugging.filters),
        debug_context=_context(repl),
    )
    file.write(path)
    repl.saved_in = str(path.absolute())
    saved = len(names) - len({it.name for it in variables.unsaved if it.name in names})
    repl.say(f"Saved {saved} of {counted(len(names), 'variable')} and "
             f"{counted(len(file.breakpoints), 'breakpoint')} in {path}.")  # fmt: skip
    for it in variables.unsaved:
        repl.warn(f"  not saved: {it.name} {it.reason}")


async def load(repl: "Repl", text: str) -> None:
    """Take a session from a file."""
    path = _path(text)
    file = SessionFile.read(path)
    saved_in = str(path.absolute())
    if file.language != repl.kernel.language.name:
        raise BadCommand(f"{path} is of {file.language}, not of {repl.kernel.language.name}.")
    for code in repl.language.restoring(file.variables):
        await repl.cells.run_silently(code)
    if file.working_dir and os.path.isdir(file.working_dir):
        os.chdir(file.working_dir)
    debugging, count = repl.debugging, 0
    known = debugging.displays.values()
    displays = [each for each in file.displays if each not in known]
    debugging.displays.update(enumerate(displays, max(debugging.displays, default=0) + 1))
    there = [kept(it) for it in debugging.breakpoints]
    for said in file.breakpoints:
        kind, where, more = terms_of(path, said)
        if said in there:
            count += 1
        elif can_return(said):
            await debugging.breakpoints.add(kind, where, **more)
            count += 1
        else:
            repl.warn(f"  not set again: the watch of {said.get('label') or where}")
    if file.catch:
        debugging.filters.update(file.catch)
        await debugging.put_filters()
    repl.terminal.remember(file.history)
    repl.saved_in = saved_in
    names = file.variables.get("names", file.variables)
    repl.say(f"Loaded {counted(len(names), 'variable')} and {counted(count, 'breakpoint')} "
             f"from {path}.")  # fmt: skip


def _context(repl: "Repl") -> dict[str, Any] | None:
    debugging = repl.debugging
    if debugging.stop is None or not debugging.frames:
        return None
    frames = [
        {"name": it.name, "source": debugging.sources.shown(it.path, it.source), "line": it.line}
        for it in debugging.frames
    ]
    return {"reason": debugging.stop.reason, "frames": frames}


async def sessions(repl: "Repl", text: str) -> None:
    """Ask for the kernel's sessions."""
    await _asked(repl, repl.kernel.sessions, text or "list")


async def artifacts(repl: "Repl", text: str) -> None:
    """Ask for what sessions keep."""
    await _asked(repl, repl.kernel.sessions, f"artifacts {text}".strip())


async def state(repl: "Repl", text: str) -> None:
    """Ask for what scripts keep in the kernel."""
    await _asked(repl, repl.kernel.state, text or "show")


async def _asked(repl: "Repl", ask: Any, text: str) -> None:  # noqa: ANN401 - a bound method
    action, *words = text.split()
    arguments = dict(word.split("=", 1) for word in words if "=" in word)
    if any("=" not in word for word in words):
        raise BadCommand("What stands behind the action is NAME=VALUE.")
    try:
        said = await ask(action, **arguments)
    except UserError as error:
        raise BadCommand(str(error)) from error
    await repl.terminal.page(table_of(said))


async def _variables(repl: "Repl") -> list[Mapping[str, Any]]:
    said = await repl.debugging.ask("inspectVariables")
    return [it for it in said.get("variables", []) if not str(it["name"]).startswith("[[")]


def _path(text: str) -> Path:
    if not text:
        raise BadCommand("Which file?")
    return Path(os.path.expanduser(text))


COMMANDS = (
    Command("vars", show_variables, Group.PROGRAM, "The globals of the program.", ("variables",),
            "[TEXT]"),
    Command("set", set_variable, Group.PROGRAM, "Assign, in the frame where the program stands.",
            (), "NAME [=] VALUE", is_debug=True, completes="code"),
    Command("unset", unset_variable, Group.PROGRAM, "Take globals away.", (), "NAME …", when=READY,
            completes="variable"),
    Command("reset", reset, Group.PROGRAM, "Take all globals away, and load modules anew.",
            when=READY),
    Command("save", save, Group.PROGRAM,
            "Write variables, history and breakpoints to a file; say what cannot be kept.", (),
            "FILE", completes="file"),
    Command("load", load, Group.PROGRAM, "Take a session from such a file.", (), "FILE", when=READY,
            completes="file"),
    Command("sessions", sessions, Group.PROGRAM, "The kernel's sessions.", (),
            "[ACTION NAME=VALUE …]"),
    Command("artifacts", artifacts, Group.PROGRAM, "What sessions keep.", (), "[NAME=VALUE …]"),
    Command("state", state, Group.PROGRAM, "What scripts keep in the kernel.", (),
            "[ACTION NAME=VALUE …]"),
)  # fmt: skip
